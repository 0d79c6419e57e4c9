"""The engine: carries out a plan, step by step, side by side where nothing has to be waited for.

A step reads (or takes what the plan has just seen), decides, writes down what it is about to do, does it,
and decides again until nothing differs. A first run, a resume after a kill, a repair, an option that was
switched off and "nothing to do" are this one path: what AWS shows decides what is done, the state file only
remembers what AWS cannot tell. At the end everything is looked at once more: that look is the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from wizard.aws.error_rules import Wait
from wizard.aws.retry import NotYet, retry
from wizard.engine.decide import ABSENT, Action, Consent, Seen, decide
from wizard.engine.failures import summed_up
from wizard.engine.graph import Walk, Workers, walk, workers_for
from wizard.engine.order import final_looks, outdated_checks, removal_order, setup_order
from wizard.engine.phase_tracker import PhaseTracker
from wizard.engine.plan import ACCOUNT, Plan, Step, make_plan, parent_action, remember
from wizard.engine.progress import Change, Listener
from wizard.errors import ConflictError, Interrupted, WaitTimeoutError, WizardError
from wizard.phases import PHASES, Phase
from wizard.resources.base import Answers, AnyResource, Check, Deployment, SubResource
from wizard.state.model import Facts, RecordStatus
from wizard.state.store import Store

NOT_VISIBLE = Wait("AWS does not show yet what it has just made", 60)
NOT_TAKEN = Wait("AWS does not show the change yet", 60)
STILL_THERE = Wait("AWS is still deleting it", 180)
NOT_READY_TIMEOUT = 300.0
# Create, then at most two rounds of updates, before AWS is given time.
ROUNDS = 4
# Seconds that AWS is given to show a change, before it is made once more, and at last given up.
LOOK_TIMEOUTS = (4.0, 15.0, 60.0)
# Measured: more threads save nothing, because the longest chain decides (`tests/benchmarks`).
DEFAULT_JOBS = 6
LOOK = "look at "

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
        self.changes = 0
        self._listen = listen
        self._consent = consent
        self._phases = phases
        self._jobs = jobs
        self._workers_for = workers_for
        self._resources: dict[str, AnyResource] = {
            resource.key: resource for phase in phases for resource in phase.resources
        }
        self._checks: dict[str, Check] = {check.key: check for phase in phases for check in phase.checks}
        self._outdates = outdated_checks(phases)
        self._removing = False
        self._planned: dict[str, Step] = {}
        self._actions: dict[str, Action] = {}
        self._created: set[str] = set()
        self._new: set[str] = set()
        self._unproved: set[str] = set()
        self._look_timeout = LOOK_TIMEOUTS[0]
        self._is_last_round = False
        self._answers: dict[str, Answers] = {}

    def plan(self, *, remove: bool = False) -> Plan:
        """What stands and what is to be done. Reads only.

        Raises:
            CredentialsError: the credentials died.
        """
        order = [ACCOUNT, *self._resources]
        return make_plan(
            self.at,
            self.store,
            consent=self._consent,
            remove=remove,
            phases=self._phases,
            workers=self._workers_for(self._jobs, order),
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
        self._removing = False
        self._begin(plan or self.plan())
        order = {**setup_order(self._phases), **final_looks(self._phases, LOOK)}
        for number, seconds in enumerate(LOOK_TIMEOUTS, start=1):
            self._look_timeout, self._unproved = seconds, set()
            found = self._walk(order, self._phases)
            found.raise_failure_of_everything()
            if found.failed:
                raise summed_up(_wizard_errors(found))
            if not self._unproved:
                return
            self._planned.clear()
            self._is_last_round = number == len(LOOK_TIMEOUTS) - 1

    def roll_back(self, plan: Plan | None = None) -> Plan:
        """Delete what the deployment made, give back what it adopted; returns the plan that was carried out.

        What cannot be removed does not hold up the rest.

        Raises:
            CredentialsError: the credentials died; nothing more is tried with them.
            WizardError: something could not be removed. Running again continues.
        """
        self._removing = True
        self.store.enter("rolling back")
        plan = plan or self.plan(remove=True)
        self._begin(plan)
        found = self._walk(removal_order(plan), tuple(reversed(self._phases)))
        found.raise_failure_of_everything()
        self._forget(plan, found)
        if found.failed:
            raise summed_up(_wizard_errors(found), rollback=True)
        self.store.end_rollback()
        return plan

    def _begin(self, plan: Plan) -> None:
        fresh = not plan.is_old(self.at.aws.clock.time())
        self._planned = {step.key: step for step in plan.steps} if fresh else {}
        self._actions = {step.key: step.action for step in plan.steps}
        self._created.clear()
        self._is_last_round = False

    def _walk(self, order: dict[str, tuple[str, ...]], phases: Sequence[Phase]) -> Walk:
        phase_of = {
            key: phase.key
            for phase in phases
            for key in (*(item.key for item in phase.resources), *(item.key for item in phase.checks))
            if key in order
        }
        names = [phase.key for phase in phases]
        self._new.clear()
        self._answers.clear()
        self._tracker = PhaseTracker(phase_of, names, self._listen, self._phase_done)
        self.at.aws.on_wait = self._tracker.waiting
        try:
            found = walk(
                order, self._run, self._workers_for(self._jobs, list(order)), on_stopped=self._stopped
            )
        except Interrupted:
            self.store.flush()
            raise
        self.changes += self._tracker.changes
        if all(isinstance(error, (Exception, Interrupted)) for error in found.failed.values()):
            self.store.flush()
        return found

    def _run(self, key: str) -> None:
        if key.startswith(LOOK):
            self._prove_resource(key.removeprefix(LOOK))
            return
        with self._tracker.step(key):
            if key in self._checks:
                self._prove(self._checks[key])
            else:
                self._converge(self._resources[key])

    def _stopped(self, key: str, because: str) -> None:
        if not key.startswith(LOOK):
            title = self._title(because) if because else ""
            self._tracker.stopped(key, f"needs the {title}" if title else "the run was stopped")

    def _title(self, key: str) -> str:
        key = key.removeprefix(LOOK)
        return (self._resources.get(key) or self._checks[key]).title(self.at)

    def _phase_done(self, phase: str, changes: int, _seconds: float) -> None:
        if not self._removing and (changes or phase not in self.store.state.phases):
            self.store.finish_phase(phase, _seconds)

    # One resource.

    def _converge(self, resource: AnyResource) -> None:
        """Every attempt after the first begins with a read, so it may be repeated at any time."""
        attempts = 0

        def attempt() -> None:
            nonlocal attempts
            attempts += 1
            first = self._first_sight(resource) if attempts == 1 else None
            self._bring(resource, first or self._see(resource, reuse=attempts == 1))

        doing = "remove" if self._removing else "set up"
        self._retry(attempt, f"{doing} the {resource.title(self.at)}")

    def _first_sight(self, resource: AnyResource) -> Seen | None:
        """What needs no further look: what the plan has just seen, and parts of what was just created."""
        planned = self._planned.get(resource.key)
        if self._removing:
            return planned.seen if planned and planned.seen.error is None else None
        if resource.parent in self._new:
            if not isinstance(resource, SubResource):
                return ABSENT
            facts = resource.with_new_parent(self.at)
            return Seen(facts) if facts is not None else None
        if any(key in self._new for key in resource.ids_of):
            return None
        parent = self._planned.get(resource.parent or "")
        stood = resource.parent not in self._resources or (
            parent is not None and parent.seen.facts is not None
        )
        return planned.seen if planned and stood and planned.seen.error is None else None

    def _see(self, resource: AnyResource, *, reuse: bool = False) -> Seen:
        """Read it; `reuse` an answer that has told it, too, since the last change."""
        source = resource.answer_of or resource.key
        answers = self._answers.get(source) if reuse and resource.answer_of else None
        at = replace(self.at, answers=answers) if answers else self.at.looking_anew()
        facts = resource.read(at)
        self._answers[source] = at.answers
        keep = None
        if self._removing and facts is not None and not self._consent.delete_events:
            keep = resource.keep_reason(at, facts)
        return Seen(facts, keep)

    def _bring(self, resource: AnyResource, seen: Seen) -> None:
        for _ in range(ROUNDS):
            remember(self.at, resource, seen.facts)
            action = self._decide(resource, seen)
            if action.error is not None:
                raise action.error
            if seen.facts is not None and (reason := resource.not_ready(seen.facts)) and not self._removing:
                raise NotYet(Wait(reason, NOT_READY_TIMEOUT))
            self._actions[resource.key] = action
            if not action.is_change:
                self._settle(resource, action, seen)
                return
            seen = self._change(resource, action, seen)
            if self._removing:
                return
        raise NotYet(NOT_TAKEN)

    def _decide(self, resource: AnyResource, seen: Seen) -> Action:
        return decide(
            resource,
            self.at,
            desired=None if self._removing else resource.desired(self.at),
            seen=seen,
            record=self.store.record(resource.key),
            parent=parent_action(resource, self._actions, self.store),
            consent=self._consent,
        )

    def _settle(self, resource: AnyResource, action: Action, seen: Seen) -> None:
        if action.kind == "keep":
            if not action.with_parent:
                reason = action.reasons[0]
                self._tracker.notice(resource.key, f"{resource.title(self.at)} stays: {reason}")
        elif not self._removing:
            self._write_down(resource, action, seen)

    def _write_down(self, resource: AnyResource, action: Action, seen: Seen) -> None:
        """What stands and is desired; what is not desired any more is not ours to care for."""
        if seen.facts is None or resource.desired(self.at) is None:
            self.store.forget([resource.key])
        else:
            self.store.settle(resource.key, seen.facts, origin=action.origin, before=action.before)

    def _change(self, resource: AnyResource, action: Action, seen: Seen) -> Seen:
        """One change, written down beforehand; returns what is there now."""
        if seen.facts is None and (resource.key in self._created or isinstance(resource, SubResource)):
            # An answered create is not sent again; an unanswered one is, after a read has not found it.
            raise NotYet(NOT_VISIBLE)
        self.store.intend(
            resource.key,
            _status_during(action, seen),
            origin=action.origin,
            before=action.before,
            outdates=self._outdates.get(resource.key, ()),
        )
        change, title = self._word_for(resource, action), resource.title(self.at)
        reasons = () if change == "create" else action.reasons
        with self._tracker.change(resource.key, change, title, reasons):
            facts = self._act(resource, action, seen)
        self._forget_answers(resource)
        if facts is not None or action.kind == "delete":
            remember(self.at, resource, facts)
            return Seen(facts)
        return ABSENT if self._removing else self._see(resource)

    def _word_for(self, resource: AnyResource, action: Action) -> Change:
        """What the operator calls it: a setting of something new is made, not changed."""
        if action.kind == "update" and self.store.record(resource.key) is None:
            return "create"
        if action.kind == "update" and resource.parent in self._new:
            return "create"
        return action.kind if action.kind in ("create", "adopt", "delete", "restore") else "update"

    def _act(self, resource: AnyResource, action: Action, seen: Seen) -> Facts | None:
        """The facts afterwards, None where they must be read (or there are none)."""
        observed = seen.facts
        if observed is None:
            facts: Facts | None = resource.create(self.at, resource.desired(self.at) or {})
            self._created.add(resource.key)
            self._new.add(resource.key)
            return facts
        if action.kind in ("delete", "recreate"):
            resource.delete(self.at, observed)
            self._created.discard(resource.key)
            return None
        desired = action.before if action.kind == "restore" else resource.desired(self.at)
        complete = resource.update(self.at, desired or {}, observed, action.difference)
        changed = {name: (desired or {})[name] for name in action.difference}
        return {**observed, **changed} if complete else None

    def _forget_answers(self, resource: AnyResource) -> None:
        for key in list(self._answers):
            if key in (resource.key, resource.answer_of) or (
                resource.chain and self._resources[key].chain == resource.chain
            ):
                self._answers.pop(key, None)

    # The proofs.

    def _prove(self, check: Check) -> None:
        """A proof stands until the next change of what it needs."""
        if check.key in self.store.state.checks:
            return
        if reason := check.skip_reason(self.at):
            self._tracker.notice(check.key, f"not checked: {reason}")
            self.store.pass_check(check.key, {"closed": reason})
            return
        title = check.title(self.at)
        with self._tracker.change(check.key, "check", title):
            facts = self._retry(lambda: check.run(self.at.looking_anew()), f"finish the check: {title}")
        self.at.known[check.key] = facts
        self.store.pass_check(check.key, facts)

    def _prove_resource(self, key: str) -> None:
        """The last look: everything is as desired, or gone; what AWS does not show yet is waited for."""
        resource = self._resources[key]
        if self._is_proved_by_plan(key):
            return
        attempts = 0

        def look() -> None:
            nonlocal attempts
            attempts += 1
            self._look_once_more(resource, reuse=attempts == 1)

        try:
            self._retry(look, f"see the {resource.title(self.at)} as it should be")
        except WaitTimeoutError as error:
            if self._is_last_round or self._removing:
                self._tracker.failed(key, error)
                raise
            self._unproved.add(key)
        except WizardError as error:
            self._tracker.failed(key, error)
            raise

    def _is_proved_by_plan(self, key: str) -> bool:
        """Where nothing was changed, the look that the plan was made from is the last one."""
        return not self._tracker.changes and key in self._planned

    def _look_once_more(self, resource: AnyResource, *, reuse: bool) -> None:
        seen = self._see(resource, reuse=reuse)
        action = self._decide(resource, replace(seen, keep_reason=None))
        if self._removing:
            self._expect_gone(resource, action, seen)
            return
        if isinstance(action.error, ConflictError):
            raise action.error
        settled = action.kind in ("nothing", "keep")
        if not settled or (seen.facts is not None and resource.not_ready(seen.facts)):
            raise NotYet(Wait(NOT_TAKEN.reason, self._look_timeout))
        remember(self.at, resource, seen.facts)
        if action.kind == "nothing" and seen.facts is not None:
            self._write_down(resource, action, seen)

    def _expect_gone(self, resource: AnyResource, action: Action, seen: Seen) -> None:
        """Late log lines bring a deleted log group back, so it is deleted once more."""
        if action.kind == "delete" and resource.auto_created and seen.facts is not None:
            resource.delete(self.at, seen.facts)
        if action.kind in ("delete", "restore"):
            raise NotYet(STILL_THERE)

    def _forget(self, plan: Plan, found: Walk) -> None:
        """Write down what is gone or given back; what stays is still ours, in the file and by its tag."""
        gone = {
            step.key
            for step in plan.steps
            if self._actions[step.key].kind in ("delete", "restore", "forget")
            and step.key not in found.failed
            and step.key not in found.stopped
            and LOOK + step.key not in found.failed
            and LOOK + step.key not in found.stopped
        }
        for step in plan.steps:
            parent = step.resource.parent
            if step.action.with_parent and parent in self._resources and parent not in gone:
                gone.discard(step.key)
        self.store.forget(gone)
        self.store.flush()

    def _retry(self, step: Callable[[], Any], doing: str) -> Any:
        return retry(step, clock=self.at.aws.clock, on_wait=self._tracker.waiting, doing=doing)


def _status_during(action: Action, seen: Seen) -> RecordStatus:
    if action.kind in ("delete", "restore", "recreate"):
        return "deleting" if action.kind != "restore" else "updating"
    return "creating" if seen.facts is None else "updating"


def _wizard_errors(found: Walk) -> list[WizardError]:
    return [error for error in found.failed.values() if isinstance(error, WizardError)]
