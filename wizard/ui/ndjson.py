"""`setup --json` and `rollback --json`: one JSON object a line, for programs, beside what people see.

`.github/JSON.md` documents every line and its keys; a test holds both together. Every line has its `type` and
`at`, the time in UTC (ISO 8601). The last one is a result or an error. No line holds a token.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wizard.engine import progress
from wizard.engine.progress import Event
from wizard.errors import WizardError

if TYPE_CHECKING:
    from wizard.engine.plan import Plan
    from wizard.identity import DeploymentId


@dataclass(frozen=True)
class PlannedStep:
    """A resource that is not left as it is: `action`, `reasons` and `with_parent` are the plan's."""

    phase: str
    resource: str
    title: str
    action: str
    reasons: tuple[str, ...]
    with_parent: bool


@dataclass(frozen=True)
class Planned:
    """What is about to be done; nothing has been changed yet."""

    deployment: str
    account: str
    region: str
    steps: tuple[PlannedStep, ...]
    unchanged: int
    checks: tuple[str, ...]
    changes_url: bool
    notes: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class SetUp:
    """The end of a setup. `seconds` is from the first change to the last proof."""

    deployment: str
    account: str
    region: str
    dry_run: bool
    endpoint: str | None
    former_endpoint: str | None
    closed: bool
    changes: int
    verified: tuple[str, ...]
    stored: str | None
    token_file: str
    seconds: float
    exit_code: int = 0


@dataclass(frozen=True)
class Fate:
    """What became of a resource, or will after `--dry-run`."""

    key: str
    title: str
    fate: str
    reason: str


@dataclass(frozen=True)
class RolledBack:
    """The end of a rollback. `events` and `bytes` are those that `--delete-events` deletes."""

    deployment: str
    stage: str
    dry_run: bool
    resources: tuple[Fate, ...]
    unknown: tuple[str, ...]
    events: int
    bytes: int
    exit_code: int = 0


@dataclass(frozen=True)
class Failed:
    """The end of a run that did not get there."""

    what: str
    why: str
    next_step: str
    exit_code: int
    link: str | None


Line = Event | Planned | SetUp | RolledBack | Failed
Tell = Callable[[Line], None]
TYPES: Mapping[type, str] = {
    Planned: "plan",
    progress.PhaseStarted: "phase_started",
    progress.PhaseDone: "phase_done",
    progress.PhaseFailed: "phase_failed",
    progress.PhaseStopped: "phase_stopped",
    progress.ChangeStarted: "change_started",
    progress.ChangeDone: "change_done",
    progress.Waiting: "waiting",
    progress.Kept: "kept",
    progress.Noticed: "noticed",
    SetUp: "result",
    RolledBack: "result",
    Failed: "error",
}


def teller(complete: Callable[[str], str]) -> Tell:
    """Writes lines to standard output.

    Args:
        complete: completes the commands that a message quotes.
    """

    def tell(line: Line) -> None:
        try:
            sys.stdout.write(json.dumps(as_document(line, complete)) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            # Who read them has gone, in the midst of a run: that goes on to an end that can be told.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return tell


def as_document(line: Line, complete: Callable[[str], str] = str) -> dict[str, Any]:
    """The line as it is written."""
    fields = {field.name: _plain(getattr(line, field.name), complete) for field in dataclasses.fields(line)}
    return {"type": TYPES[type(line)], "at": datetime.now(UTC).isoformat(), **fields}


def failed(error: WizardError) -> Failed:
    """The last line of a run that ended with this error."""
    return Failed(error.what, error.why, error.next_step, int(error.exit_code), error.link)


def planned(plan: Plan, identity: DeploymentId) -> Planned:
    """The line before the first change."""
    steps = plan.steps
    return Planned(
        identity.name,
        identity.account,
        identity.region,
        steps=tuple(
            PlannedStep(
                step.phase,
                step.key,
                step.title,
                step.action.kind,
                step.action.reasons,
                step.action.with_parent,
            )
            for step in steps
            if step.action.kind != "nothing"
        ),
        unchanged=sum(step.action.kind == "nothing" and bool(step.seen.facts) for step in steps),
        checks=tuple(check for phase in plan.phases for check in phase.checks_to_run),
        changes_url=plan.changes_url,
        notes=tuple(note for phase in plan.phases for note in phase.notes),
        unknown=plan.unknown_keys,
    )


def _plain(value: Any, complete: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return complete(value)
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, WizardError):
        return _plain(value.as_dict(), complete)
    if isinstance(value, dict):
        return {key: _plain(part, complete) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part, complete) for part in value]
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name), complete) for f in dataclasses.fields(value)}
    return value
