"""What stands in AWS now, and what is therefore to be done: for setup, dry run, status and rollback.

Reads only. The state file is asked for ids that only it knows, never for whether a thing is there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from wizard.aws.retry import retry
from wizard.engine.decide import ABSENT, Action, Consent, Seen, decide
from wizard.engine.graph import Workers, walk, workers_for
from wizard.errors import ConflictError, CredentialsError, WizardError
from wizard.phases import PHASES, Phase
from wizard.resources.base import AnyResource, Deployment
from wizard.state.store import Store

Found = TypeVar("Found")
PhaseStatus = Literal["done", "drift", "incomplete", "not started", "unknown"]
# Reads are allowed as many as come: nothing has to be waited for between them.
LOOKS_AT_A_TIME = 8
ACCOUNT = "whose account it is"
# Seconds after which a plan is looked at again before it is carried out: the operator was thinking.
PLAN_IS_OLD = 30.0


@dataclass(frozen=True)
class Step:
    """One resource in a plan: how it stands and what is to be done.

    `note` says why the operator cannot have it here.
    """

    phase: str
    resource: AnyResource
    title: str
    seen: Seen
    action: Action
    note: str | None = None

    @property
    def key(self) -> str:
        """The resource's key."""
        return self.resource.key

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is not as desired, in words."""
        waiting = self.seen.facts and self.resource.not_ready(self.seen.facts)
        reasons = () if self.action.kind == "nothing" else self.action.reasons
        return (*reasons, waiting) if waiting else reasons


@dataclass(frozen=True)
class PhasePlan:
    """One phase: its resources, its checks that are due, and the sum of it."""

    key: str
    title: str
    status: PhaseStatus
    steps: tuple[Step, ...]
    checks_due: tuple[str, ...] = ()
    finished_at: str | None = None
    seconds: float | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything that is not as it should be, in words."""
        found = tuple(sentence for step in self.steps for sentence in step.sentences)
        return found + tuple(f"{check}: not proved since the last change" for check in self.checks_due)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the operator cannot have here, and why."""
        return tuple(step.note for step in self.steps if step.note)


@dataclass(frozen=True)
class Plan:
    """What is to be done, phase by phase in the order of the table.

    Attributes:
        made_at: the clock's time of the look.
        unknown_keys: records of the state file that this version does not know; they are kept.
    """

    phases: tuple[PhasePlan, ...]
    made_at: float = 0.0
    unknown_keys: tuple[str, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """Of all phases."""
        return [step for phase in self.phases for step in phase.steps]

    @property
    def in_order(self) -> bool:
        """Whether there is nothing to do."""
        return all(phase.status == "done" for phase in self.phases)

    @property
    def conflicts(self) -> list[ConflictError]:
        """What is in the way."""
        return [step.action.error for step in self.steps if isinstance(step.action.error, ConflictError)]

    @property
    def failures(self) -> list[WizardError]:
        """Why some things could not be looked at."""
        return [
            step.action.error for step in self.steps if step.action.kind == "unknown" and step.action.error
        ]

    def is_old(self, now: float) -> bool:
        """Whether AWS should be looked at again before the plan is carried out."""
        return now - self.made_at > PLAN_IS_OLD


def make_plan(
    at: Deployment,
    store: Store,
    *,
    consent: Consent = Consent(),  # noqa: B008  frozen
    remove: bool = False,
    phases: Sequence[Phase] = PHASES,
    workers: Workers | None = None,
) -> Plan:
    """Look at every resource, side by side, and decide what to do about it.

    Args:
        remove: nothing is desired: what a rollback does. Only what the state file knows is looked at.
        workers: who looks; None: threads.

    Raises:
        CredentialsError: the credentials died.
    """
    for key, facts in store.known().items():
        at.known.setdefault(key, facts)
    for key, facts in store.state.checks.items():
        at.known.setdefault(key, facts)
    look = Look(at, store, phases, remove=remove, ask_to_keep=remove and not consent.delete_events)
    seen = look.at_all(workers)
    actions: dict[str, Action] = {}
    planned = []
    for phase in phases:
        steps = []
        for resource in phase.resources:
            action = decide(
                resource,
                at,
                desired=None if remove else resource.desired(at),
                seen=seen.get(resource.key, ABSENT),
                record=store.record(resource.key),
                parent=parent_action(resource, actions, store),
                consent=consent,
            )
            actions[resource.key] = action
            title = resource.title(at)
            reason = None if remove else resource.absence_reason(at)
            note = f"no {title}: {reason}" if reason else None
            steps.append(Step(phase.key, resource, title, seen.get(resource.key, ABSENT), action, note))
        planned.append(_sum_up(phase, tuple(steps), at, store))
    known = {resource.key for phase in PHASES for resource in phase.resources}
    known |= {resource.key for phase in phases for resource in phase.resources}
    unknown = tuple(key for key in store.known() if key not in known)
    return Plan(tuple(planned), at.aws.clock.time(), unknown)


def parent_action(resource: AnyResource, actions: dict[str, Action], store: Store) -> Action | None:
    """What was decided about a resource's parent; one outside of the table stays as it is written down."""
    if resource.parent is None or resource.parent in actions:
        return actions.get(resource.parent or "")
    record = store.record(resource.parent)
    return Action("nothing", origin=record.origin, before=record.before) if record else None


def matters(resource: AnyResource, at: Deployment, store: Store) -> bool:
    """Whether a setup looks at it: a part that is neither desired nor written down cannot be ours."""
    written_down = store.record(resource.key) is not None
    return written_down or resource.parent is None or resource.desired(at) is not None


class Look:
    """One look at the resources of a table.

    A part is looked at after its parent where the state file does not know that, because only then its id
    is known, and an absent parent has no parts.
    """

    def __init__(
        self,
        at: Deployment,
        store: Store,
        phases: Sequence[Phase],
        *,
        remove: bool = False,
        ask_to_keep: bool = False,
    ) -> None:
        self._at = at.looking_anew()
        self._store = store
        self._remove = remove
        self._ask_to_keep = ask_to_keep
        self._resources = {resource.key: resource for phase in phases for resource in phase.resources}
        self._seen: dict[str, Seen] = {}

    def at_all(self, workers: Workers | None = None) -> dict[str, Seen]:
        """What was found, by key; what need not be looked at is left out.

        Raises:
            CredentialsError: the credentials died.
        """
        needs = {
            key: self._after(resource) for key, resource in self._resources.items() if self._counts(resource)
        }
        steps = {ACCOUNT: (), **needs}
        found = walk(steps, self._look_at, workers or workers_for(LOOKS_AT_A_TIME, steps))
        if ACCOUNT in found.failed:
            raise found.failed[ACCOUNT]
        found.raise_failure_of_everything()
        return self._seen

    def _counts(self, resource: AnyResource) -> bool:
        """A rollback looks at what is written down, and not at parts that go with what we made."""
        if not self._remove:
            return matters(resource, self._at, self._store)
        record, parent = self._store.record(resource.key), self._store.record(resource.parent)
        goes = resource.goes_with_parent and parent is not None and parent.origin == "created"
        return record is not None and not goes

    def _after(self, resource: AnyResource) -> list[str]:
        after = [resource.answer_of] if resource.answer_of else []
        sources = (resource.parent, *resource.ids_of)
        return after + [key for key in sources if key and not self._at.known.get(key)]

    def _look_at(self, key: str) -> None:
        if key == ACCOUNT:
            self._at.verify()
            return
        resource = self._resources[key]
        try:
            facts = self._read(resource)
            self._seen[key] = Seen(facts, self._keep_reason(resource, facts))
        except CredentialsError:
            raise
        except WizardError as error:
            self._seen[key] = Seen(error=error)

    def _read(self, resource: AnyResource) -> dict[str, object] | None:
        parent = self._seen.get(resource.parent or "")
        if parent is not None and parent.facts is None and parent.error is None:
            facts = None
        else:
            facts = look_at(resource, self._at, lambda: resource.read(self._at))
        remember(self._at, resource, facts)
        return facts

    def _keep_reason(self, resource: AnyResource, facts: dict[str, object] | None) -> str | None:
        record = self._store.record(resource.key)
        if facts is None or not self._ask_to_keep or record is None or record.origin == "adopted":
            return None
        return look_at(resource, self._at, lambda: resource.keep_reason(self._at, facts))


def remember(at: Deployment, resource: AnyResource, facts: dict[str, object] | None) -> None:
    """Keep the last facts of a resource for those that need them."""
    if facts is None:
        at.known.pop(resource.key, None)
    else:
        at.known[resource.key] = facts


def look_at(resource: AnyResource, at: Deployment, step: Callable[[], Found]) -> Found:
    """Wait while AWS cannot answer."""
    return retry(step, clock=at.aws.clock, on_wait=at.aws.on_wait, doing=f"look at the {resource.title(at)}")


def _sum_up(phase: Phase, steps: tuple[Step, ...], at: Deployment, store: Store) -> PhasePlan:
    due = tuple(check.title(at) for check in phase.checks if check.key not in store.state.checks)
    finished = store.state.phases.get(phase.key, {})
    started = bool(finished) or any(store.record(step.key) for step in steps)
    status = _status(steps, due, started=started)
    return PhasePlan(
        phase.key, phase.title, status, steps, due, finished.get("finished_at"), finished.get("seconds")
    )


def _status(steps: Collection[Step], due: tuple[str, ...], *, started: bool) -> PhaseStatus:
    kinds = {step.action.kind for step in steps}
    waiting = any(step.sentences for step in steps if step.action.kind == "nothing")
    if "unknown" in kinds:
        return "unknown"
    if kinds <= {"nothing"} and not waiting and not due:
        return "done"
    if not started:
        return "not started"
    return "incomplete" if kinds <= {"nothing"} and not waiting else "drift"
