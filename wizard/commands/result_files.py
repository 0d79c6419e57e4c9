"""Files that commands write for the operator: complete, or not there, and never over another one unasked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wizard.errors import UsageError

STANDARD_OUTPUT = Path("-")


def refuse_existing(file: Path, *, overwrite: bool) -> None:
    """Before anything is read for it.

    Raises:
        UsageError: the file exists, and is not to be replaced; it is a folder, a device or a pipe; there
            cannot be one of its name.
    """
    try:
        is_there, is_folder, is_file = file.exists(), file.is_dir(), file.is_file()
    except OSError as error:  # a name that is too long, for one
        raise _unwritable(file, error) from error
    if is_folder:
        raise UsageError(
            what=f"{file} is a folder.", why="A file is written.", next_step="Name a file, for example in it."
        )
    if is_there and not is_file:
        raise UsageError(
            what=f"{file} is no file but a device, a pipe or the like.",
            why="A file is written beside it and takes its place.",
            next_step="Name a file, for example in this folder.",
        )
    if is_there and not overwrite:
        raise _exists(file)


@contextmanager
def replaced(file: Path, *, overwrite: bool) -> Iterator[Path]:
    """A path beside `file`, which takes its place if all goes well, or that of what a link leads to; readable
    by its owner alone, because events tell of persons.

    Raises:
        UsageError: it cannot be written, or is not to be replaced and was made by somebody meanwhile.
    """
    target = Path(os.path.realpath(file))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.touch(0o600)
        yield temporary
        if not overwrite:
            _claim(target)
        temporary.replace(target)
    except OSError as error:
        raise _unwritable(file, error) from error
    finally:
        with suppress(OSError):  # it is not there, or cannot be
            temporary.unlink()


def _claim(target: Path) -> None:
    try:
        target.touch(0o600, exist_ok=False)
    except FileExistsError:
        raise _exists(target) from None


def _exists(file: Path) -> UsageError:
    return UsageError(
        what=f"{file} exists already.",
        why="No command writes over a file by itself.",
        next_step="Name another file, or add --overwrite.",
    )


def _unwritable(file: Path, error: OSError) -> UsageError:
    return UsageError(
        what=f"{file} cannot be written.",
        why=f"{error.strerror or error}.",
        next_step="Name a file in a folder that exists, on a disk that has room.",
    )
