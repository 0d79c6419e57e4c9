"""The state file: what this deployment is, what it owns, and what it was about to do.

It is written ahead of every change (`store`): the intent is on disk before AWS is asked. It holds no
secret: tokens are in a file of their own (`tokens`), here are only their SHA-256 digests.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from wizard import __version__
from wizard.errors import NewerStateError, StateError
from wizard.identity import DeploymentId
from wizard.settings.table import typed

SCHEMA = 1
# The label of a deployment's own first token.
DEFAULT_LABEL = "default"

Facts = dict[str, Any]
Origin = Literal["created", "adopted"]
# "creating untagged": AWS refuses tags in the create call, so that only the record says whose it is.
RecordStatus = Literal["creating", "creating untagged", "updating", "present", "deleting"]
Lifecycle = Literal["setting up", "deployed", "rolling back", "rolled back"]


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
    """The whole file.

    Attributes:
        announced_api: the id of the API whose URL the operator was told at the end of a setup, so that a
            later one can say that it has changed.
        serial: grows by one with every write.
    """

    identity: DeploymentId
    settings: dict[str, Any] = field(default_factory=dict)
    lifecycle: Lifecycle = "setting up"
    tokens: list[TokenDigest] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    checks: dict[str, Facts] = field(default_factory=dict)
    phases: dict[str, dict[str, Any]] = field(default_factory=dict)
    announced_api: str | None = None
    serial: int = 0

    def as_json(self) -> dict[str, Any]:
        """The file's content. Names in the file are older than those in the code, and stay."""
        return {
            "schema": SCHEMA,
            "wizard_version": __version__,
            "pins": vars(self.identity),
            "settings": self.settings,
            "stage": self.lifecycle,
            "tokens": [vars(token) for token in self.tokens],
            "records": {key: vars(record) for key, record in self.records.items()},
            "checks": self.checks,
            "phases": self.phases,
            "announced_api": self.announced_api,
            "serial": self.serial,
        }

    def as_text(self) -> str:
        """The file: one line a value, one line a record. A run writes it some twenty times, and the
        standard library's own indentation takes ten times as long."""
        return _laid_out(self.as_json(), depth=2) + "\n"

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> State:
        """The state that `as_json` made.

        Raises:
            KeyError, TypeError, ValueError: the document is not one of ours.
        """
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']} was written by another version of the wizard")
        typed(document["settings"])  # a value of another type is damage, whatever its rule says
        if document["stage"] not in get_args(Lifecycle):
            raise ValueError(f"nobody knows the lifecycle {document['stage']!r}")
        return cls(
            identity=DeploymentId(**document["pins"]),
            settings=dict(document["settings"]),
            lifecycle=document["stage"],
            tokens=[TokenDigest(**token) for token in document["tokens"]],
            records={key: Record(**record) for key, record in document["records"].items()},
            checks=dict(document["checks"]),
            phases=dict(document["phases"]),
            announced_api=_announced_api(document),
            serial=int(document["serial"]),
        )


def _announced_api(document: Mapping[str, Any]) -> str | None:
    """Version 0.1.0 did not write down what was announced; what a setup has ended with, was."""
    announced, record = document.get("announced_api"), document["records"].get("api")
    if announced is None and record is not None and document["stage"] == "deployed":
        announced = record["facts"].get("id")
    return None if announced is None else str(announced)


def _laid_out(value: Any, depth: int, indent: str = "") -> str:
    """JSON with one line a member down to `depth`."""
    if not depth or not isinstance(value, dict) or not value:
        return json.dumps(value)
    inner = indent + "  "
    members = (
        f"{inner}{json.dumps(key)}: {_laid_out(member, depth - 1, inner)}" for key, member in value.items()
    )
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def now() -> str:
    """The time as it stands in the file: UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


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
        document = json.loads(text)
        _refuse_newer(path, document)
        return State.from_json(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _corrupt(path, error) from error


def _refuse_newer(path: Path, document: Mapping[str, Any]) -> None:
    """A file of a later version may say what this one would lose."""
    schema = document["schema"]
    if isinstance(schema, int) and schema > SCHEMA:
        raise NewerStateError(
            what=f"The state file {path} was written by a newer version of the wizard.",
            why=f"It is of version {document.get('wizard_version')}, this is {__version__};"
            f" its schema is {schema}, this one knows {SCHEMA}.",
            next_step="Upgrade to that version or a later one, the way you installed this one."
            " The file was left as it is.",
        )


def required(path: Path) -> State:
    """The state, which must be there.

    Raises:
        StateError: it is not, or it cannot be used.
    """
    state = load(path)
    if state is not None:
        return state
    above = further_up(path)
    raise StateError(
        what=f"There is no deployment here: {path} does not exist.",
        why=f"There is one further up, in {above}."
        if above
        else "Every deployment has a state file, made by setup in the folder where it ran.",
        next_step=f"Run the same command with --state {shlex.quote(str(above))}, or in that folder."
        if above
        else "Run `eventtrack-wizard setup`, go to its folder, or name the file with --state.",
    )


def further_up(path: Path) -> Path | None:
    """The nearest file of this name in a folder above, as it is named from here; None for a path that
    names a folder."""
    if path.name != str(path):
        return None
    folders = [".."] * (len(Path.cwd().parents))
    above = (Path(*folders[:height], path.name) for height in range(1, len(folders) + 1))
    return next((found for found in above if found.is_file()), None)


def _corrupt(path: Path, error: Exception) -> StateError:
    missing = f"Something is missing in it: {error}" if isinstance(error, KeyError) else "It is no state file"
    reason = str(error) if isinstance(error, ValueError) else missing
    backup = backup_path(path)
    restore = f"Take the last good copy with `cp {backup} {path}`, or " if _is_good(backup) else ""
    place = " --local" if _is_local(path) else ""
    command = f"rebuild it from the tags in AWS with `eventtrack-wizard recover{place}`."
    return StateError(
        what=f"The state file {path} is corrupt; it was left as it is.",
        why=f"{reason}.",
        next_step=restore + command if restore else command[0].upper() + command[1:],
    )


def _is_local(path: Path) -> bool:
    """What a corrupt file may still say."""
    try:
        return re.search(rb'"local": true', path.read_bytes()) is not None
    except OSError:
        return False


def _is_good(path: Path) -> bool:
    try:
        State.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


def unwritable(path: Path, error: OSError) -> StateError:
    """What to tell the operator when the state file, or something beside it, cannot be written."""
    return StateError(
        what=f"The state file {path} cannot be written.",
        why=f"{error.strerror or error}.",
        next_step="Nothing more was changed. Free some space or make the folder writable, then run the same"
        " command again; or name another place with --state.",
    )
