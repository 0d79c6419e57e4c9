"""One writer at a time: a lock beside the state file that says who holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wizard.errors import BusyError
from wizard.state.files import beside, write_private_file
from wizard.state.model import backup_path, now, unwritable


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the state file for one run. The lock goes with its process, however that ends.

    Raises:
        BusyError: another living process holds it.
        StateError: the folder cannot be written.
    """
    lock_path = path.with_name(path.name + ".lock")
    holder_path = _holder_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _locked_file(lock_path)
    except BlockingIOError:
        raise BusyError(
            what=f"Another run holds the state file {path}.",
            why=f"It is {_holder(holder_path)}.",
            next_step="Wait until it ends, then run the same command again.",
        ) from None
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        try:
            write_private_file(
                holder_path, f"process {os.getpid()} on {os.uname().nodename}, since {now()}\n"
            )
        except OSError as error:
            raise unwritable(path, error) from error
        _sweep(path)
        yield
    finally:
        holder_path.unlink(missing_ok=True)
        with suppress(OSError):  # a folder that is read-only by now keeps it; nobody holds it then
            lock_path.unlink()
        os.close(lock)


def _locked_file(path: Path) -> int:
    """The descriptor of the lock's file, which whoever holds it removes at the end.

    Who opened the file before it was removed has a lock on nothing: the next one makes a new file.

    Raises:
        BlockingIOError: another process holds it.
    """
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), path.stat()):
                    return lock
        except OSError:
            os.close(lock)
            raise
        os.close(lock)


def _sweep(path: Path) -> None:
    """Remove what killed runs had half written, a token among it; only the holder of the lock may.

    Whole names are compared: `prod.eu` in the same folder has a lock of its own.
    """
    ours = (path, backup_path(path), _holder_path(path), beside(path, ".token"), beside(path, ".rotation"))
    names = {kept.name for kept in ours}
    for half_written in path.parent.glob(".*.tmp"):
        name, _, process_id = half_written.name[1 : -len(".tmp")].rpartition(".")
        if name in names and process_id.isdigit():
            half_written.unlink(missing_ok=True)


def _holder_path(path: Path) -> Path:
    return path.with_name(path.name + ".holder")


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "a process that just began"
    except OSError:
        return "a process that just began"
