"""What there is to say about the embedded local AWS."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from wizard.local.folder import DataFolder
from wizard.local.inspection import memory_bytes
from wizard.local.lifecycle import own_health, url_of
from wizard.local.losses import ended_unsaved


@dataclass(frozen=True)
class LocalAwsStatus:
    """What there is to say; the fields of a running one are None when it does not run.

    Attributes:
        version: that of MiniStack: the running one, else the installed one, else None.
        killed: it does not run, because it was killed before it had saved what it held.
    """

    running: bool
    url: str | None
    port: int | None
    process_id: int | None
    data_folder: Path
    log_path: Path
    version: str | None
    started_at: datetime | None
    uptime_seconds: float | None
    memory_bytes: int | None
    killed: bool = False


def status(data_folder: Path | None = None) -> LocalAwsStatus:
    """Everything there is to say about it. Never starts anything."""
    folder = DataFolder.at(data_folder)
    record = folder.read_record()
    health = None if record is None else own_health(folder, record)
    if record is None or health is None:
        return _stopped(folder)
    process_id = folder.read_process_id()
    return LocalAwsStatus(
        running=True,
        url=url_of(record.port),
        port=record.port,
        process_id=process_id,
        data_folder=folder.path,
        log_path=folder.log_path,
        version=health.version,
        started_at=datetime.fromtimestamp(record.started_at, UTC),
        uptime_seconds=max(0.0, time.time() - record.started_at),
        memory_bytes=None if process_id is None else memory_bytes(process_id),
    )


def _stopped(folder: DataFolder) -> LocalAwsStatus:
    return LocalAwsStatus(
        running=False,
        url=None,
        port=None,
        process_id=None,
        data_folder=folder.path,
        log_path=folder.log_path,
        version=_installed_version(),
        started_at=None,
        uptime_seconds=None,
        memory_bytes=None,
        killed=ended_unsaved(folder),
    )


def _installed_version() -> str | None:
    try:
        return metadata.version("ministack")
    except metadata.PackageNotFoundError:
        return None
