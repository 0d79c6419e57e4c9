"""What stands in AWS now, held against what is desired: for `status`, `--dry-run` and the plan of a setup.

Reads only. The state file is asked for ids that only it knows, never for whether a thing is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from wizard.aws.retry import retry
from wizard.engine.ownership import claim
from wizard.errors import ConflictError, CredentialsError, WizardError
from wizard.phases import PHASES, Phase
from wizard.resources.base import Context, Resource
from wizard.state.model import Store

Verdict = Literal["as set up", "drift", "absent", "foreign", "unknown"]
PhaseStatus = Literal["done", "drift", "incomplete", "not started", "unknown"]
THREADS = 8


@dataclass(frozen=True)
class Observation:
    """One resource as it stands. `sentences` say what differs, is missing, in the way or unknown."""

    key: str
    title: str
    verdict: Verdict
    sentences: tuple[str, ...] = ()
    adopting: bool = False
    conflict: ConflictError | None = None
    failure: WizardError | None = None


@dataclass(frozen=True)
class PhaseObservation:
    """One phase: its resources, its checks that are due, and the sum of it."""

    key: str
    title: str
    status: PhaseStatus
    resources: tuple[Observation, ...]
    checks_due: tuple[str, ...] = ()
    finished_at: str | None = None
    seconds: float | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything that is not as it should be, in words."""
        found = tuple(sentence for resource in self.resources for sentence in resource.sentences)
        return found + tuple(f"{check}: not proved since the last change" for check in self.checks_due)


@dataclass(frozen=True)
class Plan:
    """The nine phases as they stand."""

    phases: tuple[PhaseObservation, ...] = field(default_factory=tuple)

    @property
    def in_order(self) -> bool:
        """Whether there is nothing to do."""
        return all(phase.status == "done" for phase in self.phases)

    @property
    def conflicts(self) -> list[ConflictError]:
        """What is in the way."""
        return [item.conflict for item in self.resources if item.conflict is not None]

    @property
    def failures(self) -> list[WizardError]:
        """Why some things could not be looked at."""
        return [item.failure for item in self.resources if item.failure is not None]

    @property
    def resources(self) -> list[Observation]:
        """Of all phases."""
        return [resource for phase in self.phases for resource in phase.resources]


def observe(context: Context, store: Store, *, side_by_side: bool, adopt: bool = False) -> Plan:
    """Look at every resource.

    Args:
        side_by_side: read on several threads with the ids that the state file knows (fast); otherwise
            one after the other, each read using what the ones before it found.

    Raises:
        CredentialsError: the credentials died.
    """
    context.remember(store.known())

    def look(resource: Resource) -> Observation:
        return _observe_one(resource, context, store, adopt=adopt)

    resources = [resource for phase in PHASES for resource in phase.resources]
    observations = _side_by_side(context, look, resources) if side_by_side else map(look, resources)
    by_key = {observation.key: observation for observation in observations}
    return Plan(tuple(_sum_up(phase, by_key, context, store) for phase in PHASES))


def _side_by_side(
    context: Context, look: Callable[[Resource], Observation], resources: list[Resource]
) -> Iterable[Observation]:
    context.aws.open_clients()
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(look, resources))


def _observe_one(resource: Resource, context: Context, store: Store, *, adopt: bool) -> Observation:
    title = resource.title(context)
    try:
        facts = retry(
            lambda: resource.read(context),
            clock=context.aws.clock,
            on_wait=lambda *_: None,
            doing=f"look at the {title}",
        )
    except CredentialsError:
        raise
    except ConflictError as error:
        return Observation(resource.key, title, "foreign", (error.what,), conflict=error)
    except WizardError as error:
        return Observation(resource.key, title, "unknown", (f"{error.what} {error.why}",), failure=error)
    if facts is None:
        context.known.pop(resource.key, None)
        return Observation(resource.key, title, "absent", (f"{title} is missing",))
    context.known[resource.key] = facts
    try:
        mine = claim(resource, facts, context, store, adopt=adopt)
    except ConflictError as error:
        return Observation(resource.key, title, "foreign", (error.what,), conflict=error)
    adopting = mine.origin == "adopted" and store.record(resource.key) is None
    sentences = resource.drift(resource.desired(context), facts)
    if reason := resource.not_ready(facts):
        sentences = (*sentences, reason)
    return Observation(resource.key, title, "drift" if sentences else "as set up", sentences, adopting)


def _sum_up(phase: Phase, by_key: dict[str, Observation], context: Context, store: Store) -> PhaseObservation:
    resources = tuple(by_key[resource.key] for resource in phase.resources)
    due = tuple(check.title(context) for check in phase.checks if check.key not in store.state.checks)
    finished = store.state.phases.get(phase.key, {})
    return PhaseObservation(
        phase.key,
        phase.title,
        _status(resources, due, started=bool(finished) or any(store.record(item.key) for item in resources)),
        resources,
        due,
        finished.get("finished_at"),
        finished.get("seconds"),
    )


def _status(resources: tuple[Observation, ...], due: tuple[str, ...], *, started: bool) -> PhaseStatus:
    verdicts = {resource.verdict for resource in resources}
    if "unknown" in verdicts:
        return "unknown"
    if verdicts <= {"as set up"} and not due:
        return "done"
    if not started:
        return "not started"
    return "drift" if verdicts & {"drift", "absent", "foreign"} else "incomplete"
