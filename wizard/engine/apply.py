"""The engine: carries out a plan, step by step, side by side where nothing has to be waited for.

A first run, a resume after a kill, a repair, an option that was switched off and "nothing to do" are one
path: what AWS shows decides what is done, the state file only remembers what AWS cannot tell. At the end
everything is looked at once more: that look is the proof. What is done about one resource: `converge`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from wizard.aws.retry import retry
from wizard.engine.converge import STILL_THERE, Convergence
from wizard.engine.decide import Consent
from wizard.engine.failures import summed_up
from wizard.engine.graph import Walk, Workers, walk, workers_for
from wizard.engine.look import ACCOUNT, phases_that_matter
from wizard.engine.order import LOOK, Order, final_looks, leaving, outdated_checks, setup_order
from wizard.engine.phase_tracker import PhaseTracker
from wizard.engine.plan import Plan, make_plan
from wizard.engine.progress import Listener
from wizard.engine.removal_order import removal_order
from wizard.errors import Interrupted, WaitTimeoutError, WizardError
from wizard.phases import PHASES, Phase
from wizard.resources.base import AnyResource, Check, Deployment
from wizard.state.store import Store

# Seconds that AWS is given to show a change, before it is made once more, and at last given up.
LOOK_TIMEOUTS = (4.0, 15.0, 60.0)
# Measured at 80 ms a call beside a straight script (`tests/benchmarks`): 1.65, 0.89, 0.83, 0.83 of it for
# 1, 3, 6, 10 jobs.
DEFAULT_JOBS = 6

WorkersFor = Callable[[int, Sequence[str]], Workers]


class Engine:
    """Carries out plans of one deployment.

    Args:
        at: account, settings, tokens; its `known` is kept up to date here.
        store: the state file, locked by this process.
        listen: is told everything; never called twice at once.
        consent: what the operator has agreed to.
        phases: the table.
        jobs: steps at a time; 1 is the plain order.
        workers_for: who carries out the steps.
    """

    def __init__(
        self,
        at: Deployment,
        store: Store,
        listen: Listener,
        *,
        consent: Consent = Consent(),  # noqa: B008  frozen
        phases: Sequence[Phase] = PHASES,
        jobs: int = DEFAULT_JOBS,
        workers_for: WorkersFor = workers_for,
    ) -> None:
        self.at = at
        self.store = store
        self._changed: set[str] = set()
        self._listen = listen
        self._consent = consent
        self._phases = phases_that_matter(phases, at, store)
        self._jobs = jobs
        self._workers_for = workers_for
        self._resources: dict[str, AnyResource] = {
            resource.key: resource for phase in self._phases for resource in phase.resources
        }
        self._checks: dict[str, Check] = {
            check.key: check for phase in self._phases for check in phase.checks
        }

    @property
    def changes(self) -> int:
        """How many resources were changed so far."""
        return len(self._changed)

    def plan(self, *, remove: bool = False) -> Plan:
        """What stands and what is to be done. Reads only.

        Raises:
            CredentialsError: the credentials died.
        """
        return make_plan(
            self.at,
            self.store,
            consent=self._consent,
            remove=remove,
            phases=self._phases,
            workers=self._workers_for(self._jobs, [ACCOUNT, *self._resources]),
        )

    def apply(self, plan: Plan | None = None) -> None:
        """Bring everything to what is desired; returns when every phase is done and every check passed.

        Raises:
            WizardError: a phase failed. What was done is in the state file; applying again continues.
        """
        self.apply_phases(plan)
        self.store.enter("deployed")

    def apply_phases(self, plan: Plan | None = None) -> None:
        """Bring the phases that the engine was given to what is desired; says nothing about the others.

        Raises:
            WizardError: see `apply`.
        """
        run = self._run_of(plan or self.plan(), removing=False)
        order = {
            **setup_order(self._phases, leaving(self._phases, self.at)),
            **final_looks(self._phases),
        }
        for number, seconds in enumerate(LOOK_TIMEOUTS):
            unproved: list[WaitTimeoutError] = []
            run.look_again = number > 0
            found = self._walk(run, order, self._phases, seconds, unproved)
            found.raise_failure_of_everything()
            if found.failed:
                raise summed_up(_wizard_errors(found))
            if not unproved:
                return
        raise summed_up(unproved)

    def roll_back(self, plan: Plan | None = None) -> Plan:
        """Delete what the deployment made, give back what it adopted; returns the plan that was carried out.

        What cannot be removed does not hold up the rest.

        Raises:
            CredentialsError: the credentials died; nothing more is tried with them.
            WizardError: something could not be removed. Running again continues.
        """
        self.store.enter("rolling back")
        plan = plan or self.plan(remove=True)
        run = self._run_of(plan, removing=True)
        found = self._walk(run, removal_order(plan), tuple(reversed(self._phases)), STILL_THERE.timeout)
        found.raise_failure_of_everything()
        self.store.forget(_gone(run, plan, found))
        self.store.flush()
        if found.failed:
            raise summed_up(_wizard_errors(found), rollback=True)
        self.store.end_rollback()
        return _as_carried_out(plan, run)

    def _run_of(self, plan: Plan, *, removing: bool) -> Convergence:
        outdates = outdated_checks(self._phases, leaving(self._phases, self.at))
        return Convergence.of_plan(
            plan, self.at, self.store, self._consent, self._resources, outdates, removing=removing
        )

    def _walk(
        self,
        run: Convergence,
        order: Order,
        phases: Sequence[Phase],
        look_timeout: float,
        unproved: list[WaitTimeoutError] | None = None,
    ) -> Walk:
        """All steps once.

        Args:
            unproved: collects what AWS does not show in time; None: that is a failure.
        """
        tracker = self._tracker_for(run, order, phases)
        run.begin_walk(tracker)
        self.at.aws.on_wait = tracker.waiting

        def work(key: str) -> None:
            if key.startswith(LOOK):
                self._look_once_more(run, key.removeprefix(LOOK), look_timeout, tracker, unproved)
                return
            with tracker.step(key):
                if key in self._checks:
                    self._prove(self._checks[key], tracker)
                else:
                    run.converge(key)

        def stopped(key: str, because: str) -> None:
            if not key.startswith(LOOK):
                tracker.stopped(
                    key, f"the {self._title(because)} failed" if because else "the run was stopped"
                )

        try:
            found = walk(order, work, self._workers_for(self._jobs, list(order)), on_stopped=stopped)
        except Interrupted:
            self.store.flush()
            raise
        self._changed |= tracker.changed
        if all(isinstance(error, (Exception, Interrupted)) for error in found.failed.values()):
            self.store.flush()
        return found

    def _tracker_for(self, run: Convergence, order: Order, phases: Sequence[Phase]) -> PhaseTracker:
        keys = {phase.key: [item.key for item in phase.resources] for phase in phases}
        for phase in phases:
            keys[phase.key] += [check.key for check in phase.checks]
        phase_of = {key: phase for phase, found in keys.items() for key in found if key in order}

        def done(phase: str, changes: int, seconds: float) -> None:
            if not run.removing and (changes or phase not in self.store.state.phases):
                self.store.finish_phase(phase, seconds)

        return PhaseTracker(phase_of, [phase.key for phase in phases], self._listen, done)

    def _title(self, key: str) -> str:
        key = key.removeprefix(LOOK)
        return (self._resources.get(key) or self._checks[key]).title(self.at)

    def _prove(self, check: Check, tracker: PhaseTracker) -> None:
        """A proof stands until the next change of what it needs."""
        if check.key in self.store.state.checks:
            return
        if reason := check.skip_reason(self.at):
            tracker.notice(check.key, f"not checked: {reason}")
            self.store.pass_check(check.key, {"closed": reason})
            return
        title = check.title(self.at)
        with tracker.change(check.key, "check", title):
            facts = retry(
                lambda: check.run(self.at.looking_anew()),
                clock=self.at.aws.clock,
                on_wait=tracker.waiting,
                doing=f"finish the check: {title}",
            )
        self.at.known[check.key] = facts
        self.store.pass_check(check.key, facts)

    def _look_once_more(
        self,
        run: Convergence,
        key: str,
        timeout: float,
        tracker: PhaseTracker,
        unproved: list[WaitTimeoutError] | None,
    ) -> None:
        try:
            run.prove(key, timeout)
        except WizardError as error:
            if isinstance(error, WaitTimeoutError) and unproved is not None:
                unproved.append(error)
                return
            tracker.failed(key, error)
            raise


def _gone(run: Convergence, plan: Plan, found: Walk) -> set[str]:
    """What was deleted or given back; what stays is still ours, in the file and by its tag.

    A part is gone with its parent, and stays with it.
    """
    ended = {
        step.key
        for step in plan.steps
        if run.actions[step.key].kind in ("delete", "restore", "forget")
        and not {step.key, LOOK + step.key} & {*found.failed, *found.stopped}
    }
    parents = {step.key: step.resource.parent for step in plan.steps if step.action.with_parent}
    return {key for key in ended if parents.get(key, key) in ended}


def _as_carried_out(plan: Plan, run: Convergence) -> Plan:
    """With what has become of each: what arrived on the way can keep a bucket that was to be deleted."""
    phases = tuple(
        replace(phase, steps=tuple(replace(step, action=run.actions[step.key]) for step in phase.steps))
        for phase in plan.phases
    )
    return replace(plan, phases=phases)


def _wizard_errors(found: Walk) -> list[WizardError]:
    return [error for error in found.failed.values() if isinstance(error, WizardError)]
