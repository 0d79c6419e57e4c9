"""The engine: bring every resource of every phase to what is desired, whatever happened before.

For each resource it reads, compares, writes down what it is about to do, does it, and reads again until
nothing differs. A first run, a resume after a kill, a repair and "nothing to do" are this one path:
what AWS shows decides what is done, the state file only remembers what AWS cannot tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from wizard.aws.error_rules import Wait
from wizard.aws.retry import NotYet, retry
from wizard.engine.ownership import Claim, claim
from wizard.engine.progress import (
    Change,
    ChangeDone,
    ChangeStarted,
    Listener,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    Waiting,
)
from wizard.errors import WizardError
from wizard.phases import PHASES, Phase
from wizard.resources.base import Check, Context, Resource, SubResource
from wizard.state.model import Facts, RecordStatus, Store

NOT_VISIBLE = Wait("AWS does not show yet what it has just made", 60)
NOT_TAKEN = Wait("AWS does not show the change yet", 60)
NOT_READY_TIMEOUT = 300.0
# Create, then at most two rounds of updates, before AWS is given time.
ROUNDS = 4


class Engine:
    """Applies the phases to the account of `context`.

    Args:
        context: account, settings, tokens; its `known` is kept up to date here.
        store: the state file, locked by this process.
        listen: is told everything, in order.
        adopt: the operator has agreed to use things that stood there before.
    """

    def __init__(
        self,
        context: Context,
        store: Store,
        listen: Listener,
        *,
        adopt: bool = False,
        phases: Sequence[Phase] = PHASES,
    ) -> None:
        self.context = context
        self.store = store
        self.changes = 0
        self._listen = listen
        self._adopt = adopt
        self._phases = phases
        self._phase = ""
        self._answered: set[str] = set()
        context.aws.on_wait = self._on_wait
        context.remember(store.known())

    def apply(self) -> None:
        """Bring everything to what is desired; returns when every phase is done and every check passed.

        Raises:
            WizardError: a phase failed. What was done is in the state file; applying again continues.
        """
        self.apply_phases()
        self.store.enter("deployed")

    def apply_phases(self) -> None:
        """Bring the phases that the engine was given to what is desired; says nothing about the others.

        Raises:
            WizardError: see `apply`.
        """
        for phase in self._phases:
            self._apply_phase(phase)

    def _apply_phase(self, phase: Phase) -> None:
        self._phase, changes_before, begun = phase.key, self.changes, time.monotonic()
        self._listen(PhaseStarted(phase.key))
        try:
            for resource in phase.resources:
                self._converge(resource)
            for check in phase.checks:
                self._prove(check)
        except WizardError as error:
            self._listen(PhaseFailed(phase.key, error, time.monotonic() - begun))
            raise
        changes, seconds = self.changes - changes_before, time.monotonic() - begun
        if changes or phase.key not in self.store.state.phases:
            self.store.finish_phase(phase.key, seconds)
        self._listen(PhaseDone(phase.key, changes, seconds))

    def _converge(self, resource: Resource) -> None:
        retry(
            lambda: self._step(resource),
            clock=self.context.aws.clock,
            on_wait=self._on_wait,
            doing=f"set up the {resource.title(self.context)}",
        )

    def _step(self, resource: Resource) -> None:
        """Read and change until nothing differs. Begins with a read, so it may be repeated at any time."""
        for _ in range(ROUNDS):
            facts = resource.read(self.context)
            if facts is None:
                self._create(resource)
            elif self._is_in_order(resource, facts):
                return
        raise NotYet(NOT_TAKEN)

    def _create(self, resource: Resource) -> None:
        """An unanswered create is sent again after a read has shown that it did not happen; others never."""
        if resource.key in self._answered or isinstance(resource, SubResource):
            raise NotYet(NOT_VISIBLE)
        self._change(
            resource, "create", "creating", Claim("created", None), (), lambda: resource.create(self.context)
        )
        self._answered.add(resource.key)

    def _is_in_order(self, resource: Resource, facts: Facts) -> bool:
        mine = claim(resource, facts, self.context, self.store, adopt=self._adopt)
        if reason := resource.not_ready(facts):
            raise NotYet(Wait(reason, NOT_READY_TIMEOUT))
        self.context.known[resource.key] = facts
        desired = resource.desired(self.context)
        reasons = resource.drift(desired, facts)
        if not reasons:
            self.store.settle(resource.key, facts, origin=mine.origin, before=mine.before)
            return True
        change = self._kind_of_change(resource, mine)
        self._change(
            resource,
            change,
            "updating",
            mine,
            () if change == "create" else reasons,
            lambda: resource.update(self.context, desired, facts),
        )
        return False

    def _kind_of_change(self, resource: Resource, mine: Claim) -> Change:
        """What the operator calls it: a setting of something new is made, not changed."""
        if self.store.record(resource.key) is not None:
            return "update"
        return "create" if mine.origin == "created" else "adopt"

    def _change(
        self,
        resource: Resource,
        change: Change,
        status: RecordStatus,
        mine: Claim,
        reasons: tuple[str, ...],
        act: Callable[[], None],
    ) -> None:
        title = resource.title(self.context)
        self.store.intend(
            resource.key, status, origin=mine.origin, before=mine.before, outdates=self._later_checks()
        )
        self._listen(ChangeStarted(self._phase, resource.key, change, title, reasons))
        begun = time.monotonic()
        act()
        self.changes += 1
        self._listen(ChangeDone(self._phase, resource.key, change, title, time.monotonic() - begun))

    def _later_checks(self) -> list[str]:
        """The checks that a change in the present phase makes due again: its own and those after it."""
        keys = [phase.key for phase in self._phases]
        later = self._phases[keys.index(self._phase) :]
        return [check.key for phase in later for check in phase.checks]

    def _prove(self, check: Check) -> None:
        """A proof stands until the next change in its phase or one before."""
        if check.key in self.store.state.checks:
            return
        if reason := check.closed(self.context):
            self._listen(Noticed(self._phase, f"not checked: {reason}"))
            self.store.pass_check(check.key, {"closed": reason})
            return
        title, begun = check.title(self.context), time.monotonic()
        self._listen(ChangeStarted(self._phase, check.key, "check", title))
        facts = retry(
            lambda: check.run(self.context),
            clock=self.context.aws.clock,
            on_wait=self._on_wait,
            doing=f"finish the check: {title}",
        )
        self.store.pass_check(check.key, facts)
        self._listen(ChangeDone(self._phase, check.key, "check", title, time.monotonic() - begun))

    def _on_wait(self, reason: str, elapsed: float, timeout: float) -> None:
        self._listen(Waiting(self._phase, reason, elapsed, timeout))
