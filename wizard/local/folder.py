"""The data folder of the embedded local AWS: what lies where, written so that a kill leaves it readable."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from wizard.local.errors import LocalAwsError
from wizard.state.files import write_private_file

HOME_VARIABLE = "EVENTTRACK_LOCAL_HOME"
LOG_LIMIT_BYTES = 2_000_000
# Longer than the slowest start or stop of another process.
LOCK_TIMEOUT_SECONDS = 90.0


@dataclass(frozen=True)
class Record:
    """One start: written before the process exists, completed after, and kept for its port.

    Attributes:
        instance: a random id that the health answer of this very start repeats.
        started_at: seconds since the epoch.
        process_started: when the kernel says the process began; tells a reused process id.
        saved_before: `DataFolder.saved_at` at this start: a later one shows that the process has saved what
            it held.
    """

    port: int
    instance: str
    started_at: float
    process_started: str | None = None
    saved_before: float | None = None


@dataclass(frozen=True)
class DataFolder:
    """Names of everything in the folder; only `prepare` creates it."""

    path: Path

    @classmethod
    def at(cls, path: Path | None) -> DataFolder:
        """The folder given, or the one of the environment, or the user's data folder."""
        return cls((path or _default_path()).expanduser().absolute())

    @property
    def record_path(self) -> Path:
        return self.path / "process.json"

    @property
    def process_id_path(self) -> Path:
        return self.path / "process.pid"

    @property
    def alive_path(self) -> Path:
        """Locked by MiniStack itself for as long as it lives."""
        return self.path / "alive"

    @property
    def log_path(self) -> Path:
        return self.path / "ministack.log"

    @property
    def state_path(self) -> Path:
        return self.path / "state"

    @property
    def losses_path(self) -> Path:
        """What killed processes have lost (`losses`)."""
        return self.path / "losses.json"

    @property
    def objects_path(self) -> Path:
        return self.path / "objects"

    @property
    def temporary_path(self) -> Path:
        """Where MiniStack unpacks functions; the owner's alone, unlike /tmp."""
        return self.path / "tmp"

    def prepare(self) -> None:
        """Create the folder for its owner alone.

        Raises:
            LocalAwsError: the folder cannot be written, or holds somebody else's files.
        """
        try:
            if self._holds_foreign_files():
                raise LocalAwsError(
                    what=f"{self.path} cannot hold the data of the embedded local AWS.",
                    why="The folder already holds other files, and a reset would have to delete in it.",
                    next_step=f"Set {HOME_VARIABLE} to an empty or a new folder.",
                )
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.alive_path.touch(mode=0o600)
        except OSError as error:
            raise unusable(self.path, error) from error

    def is_ours(self) -> bool:
        """Whether `prepare` made this folder, so that we may delete in it."""
        try:
            return self.alive_path.exists()
        except OSError as error:
            raise unusable(self.path, error) from error

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let one process at a time start, stop or wipe.

        Raises:
            LocalAwsError: another process has held the lock for `LOCK_TIMEOUT_SECONDS`.
        """
        import filelock

        lock = filelock.FileLock(self.path / "lock", timeout=LOCK_TIMEOUT_SECONDS, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise LocalAwsError(
                what="The embedded local AWS is being started or stopped by another process.",
                why=f"It has held {lock.lock_file} for {LOCK_TIMEOUT_SECONDS:.0f} seconds.",
                next_step="Wait for that process, or end it, and run the command again.",
            ) from error
        except OSError as error:
            raise unusable(self.path, error) from error
        try:
            yield
        finally:
            lock.release()

    def read_record(self) -> Record | None:
        """The last start, or None if there was none or its file is damaged: then it is simply begun anew."""
        try:
            content = json.loads(self.record_path.read_text(encoding="utf-8"))
            known = {field.name: content[field.name] for field in fields(Record) if field.name in content}
            record = Record(**known)
            return replace(record, port=int(record.port), started_at=float(record.started_at))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_record(self, record: Record) -> None:
        """Replace the record of the last start."""
        write_private_file(self.record_path, json.dumps(asdict(record), indent=2))

    def saved_at(self) -> float | None:
        """When MiniStack has last saved what it held, in seconds since the epoch; None: never."""
        try:
            return max((path.stat().st_mtime for path in self.state_path.glob("*.json")), default=None)
        except FileNotFoundError:  # a reset deletes all of them at this moment
            return None

    def read_losses(self) -> str:
        """What `write_losses` wrote, as text; an empty list if there is none."""
        try:
            return self.losses_path.read_text(encoding="utf-8")
        except OSError:
            return "[]"

    def write_losses(self, losses: Sequence[Sequence[float]]) -> None:
        """Replace what is known of losses."""
        write_private_file(self.losses_path, json.dumps(losses))

    def read_process_id(self) -> int | None:
        """The id that the starting shell wrote, or None."""
        try:
            return int(self.process_id_path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def open_log(self) -> int:
        """A descriptor that appends to the log, after moving a log that has grown too large aside."""
        with contextlib.suppress(FileNotFoundError):
            if self.log_path.stat().st_size > LOG_LIMIT_BYTES:
                self.log_path.replace(self.log_path.with_suffix(".log.1"))
        return os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of the log, or what to say instead of them."""
        try:
            with self.log_path.open("rb") as file:
                file.seek(max(0, self.log_path.stat().st_size - 8192))
                text = file.read().decode(errors="replace")
        except OSError:
            return "(no log)"
        return "\n".join(text.strip().splitlines()[-lines:]) or "(the log is empty)"

    def empty_temporary(self) -> None:
        """Begin with an empty one: a killed MiniStack leaves its unpacked functions there."""
        shutil.rmtree(self.temporary_path, ignore_errors=True)
        self.temporary_path.mkdir(mode=0o700, exist_ok=True)

    def wipe(self) -> None:
        """Delete all that MiniStack has saved; port and log stay. Only when it does not run."""
        self.forget_losses()
        for path in (self.state_path, self.objects_path, self.temporary_path):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(path)

    def forget_losses(self) -> None:
        """Of what was forgotten on purpose nobody need hear that it was lost before."""
        self.losses_path.unlink(missing_ok=True)

    def _holds_foreign_files(self) -> bool:
        # In this order: another start that prepares the folder meanwhile makes `alive` before all else.
        return self.path.is_dir() and any(self.path.iterdir()) and not self.is_ours()


def _default_path() -> Path:
    if chosen := os.environ.get(HOME_VARIABLE):
        return Path(chosen)
    import platformdirs

    return platformdirs.user_data_path("eventtrack-wizard") / "local-aws"


def unusable(path: Path, error: Exception) -> LocalAwsError:
    """The error to raise when the operating system refuses something in the folder."""
    reason = error.strerror if isinstance(error, OSError) else None
    return LocalAwsError(
        what=f"The data folder of the embedded local AWS cannot be used: {path}",
        why=f"{reason or error}.",
        next_step=f"Make the folder writable, or set {HOME_VARIABLE} to another one.",
    )
