"""What is to be done about what stands in AWS: for setup, dry run, status and rollback. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wizard.engine.decide import ABSENT, Action, Consent, Kind, Seen, decide
from wizard.engine.graph import Workers
from wizard.engine.look import Look, phases_that_matter
from wizard.engine.order import leaving, outdated_checks
from wizard.errors import ConflictError, WizardError
from wizard.phases import PHASES, Phase
from wizard.resources.base import AnyResource, Deployment
from wizard.state.store import Store

PhaseStatus = Literal["done", "drift", "incomplete", "not started", "unknown"]
# Seconds after which a plan is looked at again before it is carried out: the operator was thinking.
PLAN_IS_OLD = 30.0
# Kinds of actions about what is not desired, whose reasons say nothing of what they are about.
UNWANTED: frozenset[Kind] = frozenset({"delete", "restore", "keep", "forget"})
STILL_THERE = "still stands and is not wanted any more"


@dataclass(frozen=True)
class Step:
    """One resource in a plan: how it stands and what is to be done.

    `note` says why the operator cannot have it here. `is_unset` and `remark` are the resource's.
    """

    phase: str
    resource: AnyResource
    title: str
    seen: Seen
    action: Action
    note: str | None = None
    is_unset: bool = False
    remark: str | None = None

    @property
    def key(self) -> str:
        """The resource's key."""
        return self.resource.key

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is not as desired, in words."""
        waiting = self.seen.facts and self.resource.not_ready(self.seen.facts)
        said = self.action.kind != "nothing" or self.action.changes_url
        reasons = self.action.reasons if said else ()
        return (*reasons, waiting) if waiting else reasons

    @property
    def statements(self) -> tuple[str, ...]:
        """The same for where the title does not stand above it; of parts their whole speaks."""
        action = self.action
        if action.kind not in UNWANTED:
            return self.sentences
        if action.with_parent:
            return ()
        reasons = (STILL_THERE,) if action.kind == "delete" else action.reasons
        return tuple(f"{self.title} {reason}" for reason in reasons)


@dataclass(frozen=True)
class PhasePlan:
    """One phase: its resources, its checks, and the sum of it.

    Attributes:
        checks_due: not proved since the last change.
        checks_to_run: those, and the ones that a planned change will make due; a run proves them.
    """

    key: str
    title: str
    status: PhaseStatus
    steps: tuple[Step, ...]
    checks_due: tuple[str, ...] = ()
    finished_at: str | None = None
    seconds: float | None = None
    checks_to_run: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything that is not as it should be, in words."""
        found = tuple(statement for step in self.steps for statement in step.statements)
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
    def remarks(self) -> list[str]:
        """What the operator should know although nothing differs."""
        return [step.remark for step in self.steps if step.remark]

    @property
    def changes(self) -> list[Step]:
        """What AWS has to be changed for."""
        return [step for step in self.steps if step.action.is_change]

    @property
    def in_order(self) -> bool:
        """Whether there is nothing to do."""
        return all(phase.status == "done" for phase in self.phases)

    @property
    def changes_url(self) -> bool:
        """Whether clients have to be told another URL."""
        return any(step.action.changes_url for step in self.steps)

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
    phases = phases_that_matter(phases, at, store)
    look = Look(at, store, phases, remove=remove, ask_to_keep=remove and not consent.delete_events)
    seen = look.at_all(workers)
    steps = _decided(phases, at, store, seen, consent, remove=remove)
    every_step = [step for found in steps.values() for step in found]
    outdated = set() if remove else _outdated(phases, at, every_step)
    sums = tuple(_sum_up(phase, steps[phase.key], at, store, outdated) for phase in phases)
    known = {resource.key for phase in PHASES for resource in phase.resources}
    known |= {resource.key for phase in phases for resource in phase.resources}
    unknown = tuple(key for key in store.known() if key not in known)
    return Plan(sums, at.aws.clock.time(), unknown)


def _decided(
    phases: Sequence[Phase],
    at: Deployment,
    store: Store,
    seen: Mapping[str, Seen],
    consent: Consent,
    *,
    remove: bool,
) -> dict[str, tuple[Step, ...]]:
    """By phase, what is to be done about each resource."""
    actions: dict[str, Action] = {}
    steps: dict[str, list[Step]] = {phase.key: [] for phase in phases}
    for phase in phases:
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
            found = seen.get(resource.key, ABSENT)
            is_unset = resource.is_unset(at)
            remark = resource.remark(at, found.facts) if found.facts and not remove else None
            steps[phase.key].append(Step(phase.key, resource, title, found, action, note, is_unset, remark))
    return {key: tuple(found) for key, found in steps.items()}


def _outdated(phases: Sequence[Phase], at: Deployment, steps: Collection[Step]) -> set[str]:
    """The checks that the planned changes will make due, by key: the rule by which a run drops them."""
    outdates = outdated_checks(phases, leaving(phases, at))
    return {check for step in steps if step.action.is_change for check in outdates[step.key]}


def parent_action(resource: AnyResource, actions: dict[str, Action], store: Store) -> Action | None:
    """What was decided about a resource's parent; one outside of the table stays as it is written down."""
    if resource.parent is None or resource.parent in actions:
        return actions.get(resource.parent or "")
    record = store.record(resource.parent)
    return Action("nothing", origin=record.origin, before=record.before) if record else None


def _sum_up(
    phase: Phase, steps: tuple[Step, ...], at: Deployment, store: Store, outdated: Collection[str]
) -> PhasePlan:
    unproved = [check for check in phase.checks if check.key not in store.state.checks]
    to_run = [check for check in phase.checks if check in unproved or check.key in outdated]
    due = tuple(check.title(at) for check in unproved)
    finished = store.state.phases.get(phase.key, {})
    started = bool(finished) or any(store.record(step.key) for step in steps)
    status = _status(steps, due, started=started)
    return PhasePlan(
        phase.key,
        phase.title,
        status,
        steps,
        due,
        finished.get("finished_at"),
        finished.get("seconds"),
        checks_to_run=tuple(check.title(at) for check in to_run if not check.skip_reason(at)),
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
