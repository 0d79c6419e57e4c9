"""Start, find, stop and reset the embedded local AWS; the package docstring has the idea."""

from __future__ import annotations

import http.client
import subprocess
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from wizard.local import process
from wizard.local.errors import LocalAwsError
from wizard.local.folder import DataFolder, Record, unusable
from wizard.local.health import Health, post_reset, read_health
from wizard.local.losses import note_loss
from wizard.local.ports import LOOPBACK, free_ports, is_free

START_TIMEOUT_SECONDS = 30.0
START_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class LocalAws:
    """A running embedded local AWS. Its URL may differ after the next start: ask `find` again."""

    url: str
    port: int
    process_id: int
    data_folder: Path


def start(data_folder: Path | None = None, preferred_port: int | None = None) -> LocalAws:
    """The embedded local AWS, started if it does not run; at once if it does.

    Args:
        data_folder: where everything is kept; the user's own data folder by default.
        preferred_port: tried before the port of the last start; another free one if it is taken.

    Raises:
        LocalAwsError: the extra is missing, the folder cannot be used, or it does not become healthy.
    """
    folder = DataFolder.at(data_folder)
    running = find(folder.path)
    if running is not None:
        return running
    folder.prepare()
    with folder.exclusive():
        try:
            return _adopt(folder) or _start_anew(folder, preferred_port)
        except (OSError, subprocess.SubprocessError) as error:
            raise unusable(folder.path, error) from error


def find(data_folder: Path | None = None) -> LocalAws | None:
    """The embedded local AWS if it runs and answers, else None. Never starts anything."""
    folder = DataFolder.at(data_folder)
    record = folder.read_record()
    process_id = folder.read_process_id()
    if record is None or process_id is None or own_health(folder, record) is None:
        return None
    return LocalAws(url_of(record.port), record.port, process_id, folder.path)


def stop(data_folder: Path | None = None) -> bool:
    """End it so that the next start finds everything again; False if it was not running.

    Raises:
        LocalAwsError: it does not end.
    """
    folder = DataFolder.at(data_folder)
    if not process.is_alive(folder):
        return False
    with folder.exclusive():
        if not process.is_alive(folder):
            return False
        process.end(folder)
        return True


def reset(data_folder: Path | None = None) -> None:
    """Wipe everything in it: in the running process, or on disk when it is stopped.

    Raises:
        LocalAwsError: it runs but does not answer, or files cannot be deleted.
    """
    folder = DataFolder.at(data_folder)
    if not folder.is_ours():
        return  # never used, so nothing here is ours to delete
    with folder.exclusive():
        try:
            if process.is_alive(folder):
                _reset_running(folder)
            else:
                folder.wipe()
        except (OSError, http.client.HTTPException) as error:
            raise LocalAwsError(
                what="The embedded local AWS could not be wiped.",
                why=f"{error}.",
                next_step="Run `eventtrack-wizard local stop`, then `eventtrack-wizard local reset`.",
            ) from error


def _adopt(folder: DataFolder) -> LocalAws | None:
    """What a start that was killed left behind, once it is healthy; one that hangs is ended."""
    if not process.is_alive(folder):
        return None
    running = _wait_until_healthy(folder)
    if running is None and process.is_alive(folder):
        process.end(folder)
    return running


def _start_anew(folder: DataFolder, preferred_port: int | None) -> LocalAws:
    process.require_installed()
    note_loss(folder)
    last = folder.read_record()
    for port in free_ports(preferred_port, None if last is None else last.port):
        # Twice: a program that had the port for a moment only may have been in the way of the first attempt.
        running = _try_port(folder, port) or _try_port(folder, port)
        if running is not None:
            return running
        if is_free(port):
            raise _not_started(folder, "Its process ended at once, twice.")
        # Somebody took the port after we had looked: the next one.
    raise _not_started(folder, "No port on 127.0.0.1 is free.")


def _try_port(folder: DataFolder, port: int) -> LocalAws | None:
    """A start on this port; None if its process ends, as it does when the port is taken."""
    instance = f"eventtrack-wizard/{uuid.uuid4()}"
    record = Record(port, instance, started_at=time.time(), saved_before=folder.saved_at())
    folder.empty_temporary()
    process_started = process.launch(folder, record)
    folder.write_record(replace(record, process_started=process_started))
    running = _wait_until_healthy(folder)
    if running is None and process.is_alive(folder):
        process.end(folder)
        raise _not_started(folder, f"It did not answer within {START_TIMEOUT_SECONDS:.0f} seconds.")
    return running


def _wait_until_healthy(folder: DataFolder) -> LocalAws | None:
    """The local AWS as soon as it answers; None if its process ends or the time is up."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while process.is_alive(folder) and time.monotonic() < deadline:
        running = find(folder.path)
        if running is not None:
            return running
        time.sleep(START_POLL_SECONDS)
    return None


def _reset_running(folder: DataFolder) -> None:
    running = _wait_until_healthy(folder)
    if running is None:
        raise OSError("It runs but does not answer")
    post_reset(running.port)
    folder.forget_losses()
    record = folder.read_record()
    if record is not None:  # its saves are deleted, too: the next one will be the first
        folder.write_record(replace(record, saved_before=None))


def own_health(folder: DataFolder, record: Record) -> Health | None:
    """The health answer, if our process lives and the answer is from that very start."""
    if not process.is_alive(folder):
        return None
    health = read_health(record.port)
    return health if health is not None and health.instance == record.instance else None


def url_of(port: int) -> str:
    """Where the local AWS on this port is reached."""
    return f"http://{LOOPBACK}:{port}"


def _not_started(folder: DataFolder, why: str) -> LocalAwsError:
    return LocalAwsError(
        what="The embedded local AWS does not start.",
        why=f"{why} The end of its log {folder.log_path}:\n{folder.log_tail()}",
        next_step="Run the command again; if it fails again, `eventtrack-wizard local reset` begins anew.",
    )
