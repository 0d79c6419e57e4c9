"""Files that are replaced in one step and readable by their owner alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def beside(path: Path, suffix: str) -> Path:
    """The file of another kind that belongs to `path`: `state.json` has `state.token`, `prod.eu` has
    `prod.eu.token`, so that no two files ever share one."""
    return path.with_suffix(suffix) if path.suffix == ".json" else path.with_name(path.name + suffix)


def write_private_file(path: Path, content: str | bytes, *, backup: Path | None = None) -> None:
    """Replace a file in one step, readable by its owner alone; what it held goes to `backup`.

    Raises:
        OSError: the disk is full, the folder is read-only, …; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        if backup is not None and path.exists():
            _link(path, backup)
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _link(path: Path, backup: Path) -> None:
    """A second name for the present file, made in one step as well."""
    step = backup.with_name(f".{backup.name}.{os.getpid()}.tmp")
    step.unlink(missing_ok=True)
    try:
        os.link(path, step)
    except OSError:
        # Some file systems know no second names (exFAT, many shares).
        shutil.copyfile(path, step)
        step.chmod(0o600)
    step.replace(backup)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
