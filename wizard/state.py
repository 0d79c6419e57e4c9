"""The state file: what this deployment is, what it owns, and what it was about to do.

It is written ahead of every change: the intent is on disk before AWS is asked, the outcome replaces
it afterwards. A file is replaced in one step (temporary file, fsync, rename, fsync of the folder), so
a kill leaves the old one or the new one; the one before it stays beside it as `.backup`. It holds no
secret: tokens are in a file of their own (`tokens`), here are only their SHA-256 digests.
"""

from __future__ import annotations

import dataclasses
import glob
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from wizard import __version__
from wizard.errors import BusyError, StateError

SCHEMA = 1

Facts = dict[str, Any]
Origin = Literal["created", "adopted"]
RecordStatus = Literal["creating", "updating", "present", "deleting"]
Stage = Literal["setting up", "deployed", "rolling back", "rolled back"]


@dataclass(frozen=True)
class Pins:
    """What a deployment never changes: other credentials, regions or endpoints are refused.

    `id` is in the ownership tag of everything we create. `endpoint_url` is an emulator's, None on AWS;
    `local` says that it is the embedded one, whose URL is looked up anew at every command.
    """

    id: str
    name: str
    account: str
    partition: str
    region: str
    endpoint_url: str | None = None
    local: bool = False


@dataclass(frozen=True)
class Record:
    """One resource: how it came to us, how it was last seen, how it was before us, what we intend."""

    status: RecordStatus
    origin: Origin
    facts: Facts = field(default_factory=dict)
    before: Facts | None = None
    changed_at: str = ""


@dataclass(frozen=True)
class TokenDigest:
    """A token that the endpoint accepts: only its SHA-256, with the label that tells clients apart."""

    label: str
    sha256: str
    created_at: str


@dataclass
class State:
    """The whole file. `serial` grows by one with every write."""

    pins: Pins
    settings: dict[str, Any] = field(default_factory=dict)
    stage: Stage = "setting up"
    tokens: list[TokenDigest] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    checks: dict[str, Facts] = field(default_factory=dict)
    phases: dict[str, dict[str, Any]] = field(default_factory=dict)
    serial: int = 0

    def as_json(self) -> dict[str, Any]:
        """The file's content."""
        return {"schema": SCHEMA, "wizard_version": __version__, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> State:
        """The state that `as_json` made.

        Raises:
            KeyError, TypeError, ValueError: the document is not one of ours.
        """
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']} was written by another version of the wizard")
        if document["stage"] not in get_args(Stage):
            raise ValueError(f"nobody knows the stage {document['stage']!r}")
        return cls(
            pins=Pins(**document["pins"]),
            settings=dict(document["settings"]),
            stage=document["stage"],
            tokens=[TokenDigest(**token) for token in document["tokens"]],
            records={key: Record(**record) for key, record in document["records"].items()},
            checks=dict(document["checks"]),
            phases=dict(document["phases"]),
            serial=int(document["serial"]),
        )


def now() -> str:
    """The time as it stands in the file: UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def write_private_file(path: Path, text: str, *, backup: Path | None = None) -> None:
    """Replace a file in one step, readable by its owner alone; what it held goes to `backup`.

    Raises:
        OSError: the disk is full, the folder is read-only, …; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
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
    os.link(path, step)
    step.replace(backup)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def backup_path(path: Path) -> Path:
    """Where the state before the last write is kept."""
    return path.with_name(path.name + ".backup")


def load(path: Path) -> State | None:
    """Read a state file; None when there is none.

    Raises:
        StateError: it cannot be read, or is not one of ours; the file is left as it is.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(
            what=f"The state file {path} cannot be read.",
            why=f"{error.strerror if isinstance(error, OSError) else 'It is not text'}.",
            next_step="Make it readable, or name another one with --state.",
        ) from error
    try:
        return State.from_json(json.loads(text))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _corrupt(path, error) from error


def _corrupt(path: Path, error: Exception) -> StateError:
    reason = str(error) if isinstance(error, ValueError) else f"Something is missing in it: {error}"
    backup = backup_path(path)
    restore = f"Take the last good copy with `cp {backup} {path}`, or " if _is_good(backup) else ""
    command = "rebuild it from the tags in AWS with `eventtrack-wizard recover`."
    return StateError(
        what=f"The state file {path} is corrupt; it was left as it is.",
        why=f"{reason}.",
        next_step=restore + command if restore else command[0].upper() + command[1:],
    )


def _is_good(path: Path) -> bool:
    try:
        State.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


class Store:
    """The one writer of a state file. Every method that changes something has saved it when it returns."""

    def __init__(self, path: Path, state: State) -> None:
        self.path = path
        self.state = state

    def save(self) -> None:
        """Write the file.

        Raises:
            StateError: the disk is full or the folder cannot be written.
        """
        self.state.serial += 1
        text = json.dumps(self.state.as_json(), indent=2) + "\n"
        try:
            write_private_file(self.path, text, backup=backup_path(self.path))
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def known(self) -> dict[str, Facts]:
        """The last facts of every resource: ids that only the file knows."""
        return {key: record.facts for key, record in self.state.records.items()}

    def record(self, key: str) -> Record | None:
        """What is known of a resource."""
        return self.state.records.get(key)

    def intend(
        self,
        key: str,
        status: RecordStatus,
        *,
        origin: Origin,
        before: Facts | None,
        outdates: Collection[str] = (),
    ) -> None:
        """Write down a change that is about to be made, and that the checks `outdates` prove nothing now."""
        known = self.state.records.get(key)
        facts = known.facts if known else {}
        self.state.records[key] = Record(status, origin, facts, before, now())
        for check in outdates:
            self.state.checks.pop(check, None)
        self.save()

    def settle(self, key: str, facts: Facts, *, origin: Origin, before: Facts | None) -> None:
        """Write down what stands in AWS now; writes nothing when that is what the file says."""
        known = self.state.records.get(key)
        if known and (known.status, known.origin, known.facts) == ("present", origin, facts):
            return
        changed_at = known.changed_at if known and known.status != "present" else now()
        self.state.records[key] = Record("present", origin, facts, before, changed_at or now())
        self.save()

    def forget(self, key: str) -> None:
        """Write down that a resource is gone, or is no longer ours to care for."""
        if self.state.records.pop(key, None) is not None:
            self.save()

    def pass_check(self, key: str, facts: Facts) -> None:
        """Write down that a check passed."""
        self.state.checks[key] = {**facts, "passed_at": now()}
        self.save()

    def finish_phase(self, key: str, seconds: float) -> None:
        """Write down when a phase was finished and how long it took."""
        self.state.phases[key] = {"finished_at": now(), "seconds": round(seconds, 2)}
        self.save()

    def enter(self, stage: Stage) -> None:
        """Write down how far the deployment is as a whole."""
        if self.state.stage != stage:
            self.state.stage = stage
            self.save()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the state file for one run. The lock goes with its process, however that ends.

    Raises:
        BusyError: another living process holds it.
        StateError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock_path = path.with_name(path.name + ".lock")
    holder_path = path.with_name(path.name + ".holder")
    lock = FileLock(lock_path, timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise BusyError(
            what=f"Another run holds the state file {path}.",
            why=f"It is {_holder(holder_path)}.",
            next_step="Wait until it ends, then run the same command again.",
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        try:
            write_private_file(
                holder_path, f"process {os.getpid()} on {os.uname().nodename}, since {now()}\n"
            )
        except OSError as error:
            raise _unwritable(path, error) from error
        _sweep(path)
        yield
    finally:
        holder_path.unlink(missing_ok=True)
        lock.release()


def _sweep(path: Path) -> None:
    """Remove what killed runs had half written, a token among it; only the holder of the lock may."""
    for kept in (path, path.with_suffix(".token"), path.with_suffix(".rotation")):
        for half_written in path.parent.glob(f".{glob.escape(kept.name)}.*.tmp"):
            half_written.unlink(missing_ok=True)


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "a process that just began"
    except OSError:
        return "a process that just began"


def _unwritable(path: Path, error: OSError) -> StateError:
    return StateError(
        what=f"The state file {path} cannot be written.",
        why=f"{error.strerror or error}.",
        next_step="Nothing more was changed. Free some space or make the folder writable, then run the same"
        " command again; or name another place with --state.",
    )
