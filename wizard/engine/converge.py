"""One resource at a time: from what is seen to what is desired, or to nothing.

A step takes what the plan has just seen, or reads; decides; writes down what it is about to do; does it; and
decides again until nothing differs. Every attempt after the first begins with a read, so a step may be
repeated at any time, whatever happened before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from wizard.aws.retry import NotYet, retry
from wizard.aws.rule import Wait
from wizard.engine.decide import ABSENT, Action, Consent, Seen, decide
from wizard.engine.look import matters, remember
from wizard.engine.phase_tracker import PhaseTracker
from wizard.engine.plan import Plan, Step, parent_action
from wizard.engine.progress import Change
from wizard.errors import ConflictError, WizardError
from wizard.resources.base import Answers, AnyResource, Deployment, SubResource, TagsRefusedError
from wizard.state.model import Facts, RecordStatus
from wizard.state.store import Store

NOT_VISIBLE = Wait("AWS does not show yet what it has just made", 60)
NOT_TAKEN = Wait("AWS does not show the change yet", 60)
STILL_THERE = Wait("AWS is still deleting it", 180)
NOT_READY_TIMEOUT = 300.0
# In which the last log lines of a function arrive.
SECONDS_OF_LATE_LINES = 60.0
# Of life, while something is waited for.
SECONDS_BETWEEN_SIGNS = 2.0
# Create, then at most two rounds of updates, before AWS is given time.
ROUNDS = 4

Result = TypeVar("Result")


@dataclass
class Convergence:
    """The resources of one run, and what the run has learned of them; used by all its threads.

    Attributes:
        outdates: resource to the checks that its change makes due again.
        removing: nothing is desired.
        planned: what the plan has seen, as long as that is fresh.
        actions: what was decided last about each resource.
        look_again: what the plan has seen does not count any more.
    """

    at: Deployment
    store: Store
    consent: Consent
    resources: Mapping[str, AnyResource]
    outdates: Mapping[str, tuple[str, ...]]
    removing: bool
    planned: dict[str, Step]
    actions: dict[str, Action]
    look_again: bool = False
    _created: set[str] = field(default_factory=set)
    _new: set[str] = field(default_factory=set)
    _answers: dict[str, Answers] = field(default_factory=dict)
    _come_back: set[str] = field(default_factory=set)
    _deliveries: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of_plan(
        cls,
        plan: Plan,
        at: Deployment,
        store: Store,
        consent: Consent,
        resources: Mapping[str, AnyResource],
        outdates: Mapping[str, tuple[str, ...]],
        *,
        removing: bool,
    ) -> Convergence:
        """For carrying out `plan`; an old one is looked at again."""
        fresh = not plan.is_old(at.aws.clock.time())
        planned = {step.key: step for step in plan.steps} if fresh else {}
        actions = {step.key: step.action for step in plan.steps}
        run = cls(at, store, consent, resources, outdates, removing, planned, actions)
        if removing:
            records = dict(store.state.records)
            run._come_back = {key for key, item in resources.items() if item.may_come_back(records)}
        return run

    def begin_walk(self, tracker: PhaseTracker) -> None:
        """Begin with all resources."""
        self._tracker = tracker
        self._new.clear()
        self._answers.clear()
        if self.look_again:
            self.planned.clear()

    def converge(self, key: str) -> None:
        """Bring one resource to what is desired, or remove it.

        Raises:
            WizardError: it cannot be done; what was done is written down.
        """
        resource = self.resources[key]
        doing = "remove" if self.removing else "set up"
        self._retry(
            lambda first: self._bring(
                resource, (self._first_sight(resource) if first else None) or self._see(resource, reuse=first)
            ),
            f"{doing} the {resource.title(self.at)}",
        )

    def prove(self, key: str, timeout: float) -> None:
        """The last look: the resource is as desired, or gone; what AWS does not show yet is waited for.

        Where nothing was changed, the look that the plan was made from is the last one.

        Args:
            timeout: seconds that AWS may take to show a change.

        Raises:
            WaitTimeoutError: it is not as it should be.
            WizardError: it cannot be looked at.
        """
        resource = self.resources[key]
        if not self._tracker.changed and key in self.planned:
            return
        if not self.removing and not matters(resource, self.at, self.store):
            return
        if self.removing and self.actions[key].kind == "keep":
            return
        if resource.key in self._come_back:
            self._wait_for_late_lines(resource)
        look = self._expect_gone if self.removing else self._expect_desired
        self._retry(
            lambda first: look(resource, self._see(resource, reuse=first), timeout),
            f"see the {resource.title(self.at)} as it should be",
        )

    def _wait_for_late_lines(self, resource: AnyResource) -> None:
        seconds = SECONDS_OF_LATE_LINES
        self._tracker.notice(
            resource.key,
            f"waiting {seconds:.0f} s before the last look at the {resource.title(self.at)}: the last log"
            " lines may still make it anew, because the function's role can make log groups",
        )
        self.at.aws.clock.sleep(seconds)

    def _first_sight(self, resource: AnyResource) -> Seen | None:
        """What needs no further look: what the plan has just seen, and parts of what was just created."""
        planned = self.planned.get(resource.key)
        if planned is not None and planned.seen.error is not None:
            return None
        if self.removing:
            return planned.seen if planned else None
        if resource.parent in self._new:
            if not isinstance(resource, SubResource):
                return ABSENT
            facts = resource.with_new_parent(self.at)
            return Seen(facts) if facts is not None else None
        if any(key in self._new for key in resource.ids_of):
            return None
        parent = self.planned.get(resource.parent or "")
        stood = resource.parent not in self.resources or (
            parent is not None and parent.seen.facts is not None
        )
        return planned.seen if planned and stood else None

    def _see(self, resource: AnyResource, *, reuse: bool = False) -> Seen:
        """Read it; `reuse` an answer that has told it, too, since the last change."""
        source = resource.answer_of or resource.key
        answers = self._answers.get(source) if reuse and resource.answer_of else None
        at = replace(self.at, answers=answers) if answers else self.at.looking_anew()
        try:
            facts = resource.read(at)
        except ConflictError as error:
            return Seen(error=error)
        self._answers[source] = at.answers
        keep = None
        if self.removing and facts is not None and not self.consent.delete_events:
            keep = resource.keep_reason(at, facts)
        return Seen(facts, keep)

    def _bring(self, resource: AnyResource, seen: Seen) -> None:
        for _ in range(ROUNDS):
            remember(self.at, resource, seen.facts)
            action = self._decide(resource, seen)
            if action.error is not None:
                raise action.error
            self._refuse_failed(resource, seen)
            if not self.removing and (reason := _not_ready(resource, seen)):
                raise NotYet(Wait(reason, NOT_READY_TIMEOUT))
            self.actions[resource.key] = action
            if not action.is_change:
                self._settle(resource, action, seen)
                self._tell_that_it_came_along(resource)
                return
            seen = self._change(resource, action, seen)
            if self.removing:
                return
        raise NotYet(NOT_TAKEN)

    def _tell_that_it_came_along(self, resource: AnyResource) -> None:
        """A create carries what AWS lets it carry; what is read afterwards is the proof."""
        if isinstance(resource, SubResource) and resource.parent in self._new:
            self._tracker.came_with(resource.key, self.resources[resource.parent].title(self.at))

    def _decide(self, resource: AnyResource, seen: Seen) -> Action:
        return decide(
            resource,
            self.at,
            desired=None if self.removing else resource.desired(self.at),
            seen=seen,
            record=self.store.record(resource.key),
            parent=parent_action(resource, self.actions, self.store),
            consent=self.consent,
        )

    def _refuse_failed(self, resource: AnyResource, seen: Seen) -> None:
        """What this very run has made and AWS could not make is not made again and again."""
        why = resource.failure(seen.facts) if seen.facts is not None else None
        if why is None or self.removing or resource.key not in self._created:
            return
        raise WizardError(
            what=f"AWS could not make the {resource.title(self.at)}.",
            why=f"It says: {why}.",
            next_step="Mend what it names, then run `eventtrack-wizard setup` again; it is made anew.",
        )

    def _settle(self, resource: AnyResource, action: Action, seen: Seen) -> None:
        if action.kind == "keep":
            if not action.with_parent:
                self._tracker.kept(resource.key, resource.title(self.at))
        elif not self.removing:
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
        if action.first is not None:
            self._let_deliver(action.first)
        # Whoever was told to stop sends nothing more, so nothing is written down as perhaps sent.
        self.at.aws.clock.check()
        self.store.intend(
            resource.key,
            _status_during(action, seen),
            origin=action.origin,
            before=action.before,
            outdates=self.outdates.get(resource.key, ()),
        )
        change, title = self._word_for(resource, action), resource.title(self.at)
        reasons = () if change == "create" else action.reasons
        with self._tracker.change(resource.key, change, title, reasons):
            facts = self._act(resource, action, seen)
        self._forget_answers(resource)
        if facts is not None or action.kind == "delete":
            remember(self.at, resource, facts)
            return Seen(facts)
        return ABSENT if self.removing else self._see(resource)

    def _let_deliver(self, first: Wait) -> None:
        """All that deliver for the same reason begin with the first of them: nobody has used any since. What
        the plan has seen, the bucket's content above all, is of before."""
        clock = self.at.aws.clock
        begun = self._deliveries.setdefault(first.reason, clock.time())
        while (left := begun + first.timeout - clock.time()) > 0:
            self._tracker.waiting(first.reason, first.timeout - left, first.timeout)
            clock.sleep(min(left, SECONDS_BETWEEN_SIGNS))
        self.planned.clear()

    def _act(self, resource: AnyResource, action: Action, seen: Seen) -> Facts | None:
        """The facts afterwards, None where they must be read (or there are none)."""
        observed = seen.facts
        if observed is None:
            facts = self._create(resource, action)
            parts = [key for key, part in self.resources.items() if part.parent == resource.key]
            self._created.difference_update(parts)
            self._created.add(resource.key)
            self._new.add(resource.key)
            return facts
        if action.kind in ("delete", "recreate"):
            resource.delete(self.at, observed)
            self._created.discard(resource.key)
            return None
        desired = (action.before if action.kind == "restore" else resource.desired(self.at)) or {}
        complete = resource.update(self.at, desired, observed, action.difference)
        return {**observed, **{name: desired[name] for name in action.difference}} if complete else None

    def _create(self, resource: AnyResource, action: Action) -> Facts | None:
        """With tags; where AWS refuses them, the file says first that the thing will be ours without."""
        desired = resource.desired(self.at) or {}
        try:
            facts: Facts | None = resource.create(self.at, desired)
        except TagsRefusedError:
            self.at.aws.clock.check()
            self.store.intend(resource.key, "creating untagged", origin=action.origin, before=action.before)
            facts = resource.create_untagged(self.at, desired)
        return facts

    def _word_for(self, resource: AnyResource, action: Action) -> Change:
        """What the operator calls it: a setting of something new is made, not changed."""
        if action.kind in ("update", "recreate"):
            is_new = self.store.record(resource.key) is None or resource.parent in self._new
            return "create" if is_new and action.kind == "update" else "update"
        return action.kind  # type: ignore[return-value]  # a change's other kinds are the operator's words

    def _forget_answers(self, resource: AnyResource) -> None:
        """Answers about what was changed, or hangs on it, tell nothing any more."""
        for key in list(self._answers):
            same_chain = resource.chain and self.resources[key].chain == resource.chain
            if same_chain or key in (resource.key, resource.answer_of):
                self._answers.pop(key, None)

    def _expect_desired(self, resource: AnyResource, seen: Seen, timeout: float) -> None:
        action = self._decide(resource, seen)
        if action.error is not None:
            raise action.error
        self._refuse_failed(resource, seen)
        if action.kind not in ("nothing", "keep") or _not_ready(resource, seen):
            raise NotYet(Wait(NOT_TAKEN.reason, timeout))
        remember(self.at, resource, seen.facts)
        if action.kind == "nothing" and seen.facts is not None:
            self._write_down(resource, action, seen)

    def _expect_gone(self, resource: AnyResource, seen: Seen, timeout: float) -> None:
        """Late log lines bring a deleted log group back, so it is deleted once more."""
        action = self._decide(resource, replace(seen, keep_reason=None))
        if action.kind == "delete" and resource.auto_created and seen.facts is not None:
            resource.delete(self.at, seen.facts)
        if action.kind in ("delete", "restore"):
            raise NotYet(replace(STILL_THERE, timeout=timeout))

    def _retry(self, step: Callable[[bool], Result], doing: str) -> Result:
        """`step` is told whether this is its first attempt."""
        attempts = iter((True,))
        return retry(
            lambda: step(next(attempts, False)),
            clock=self.at.aws.clock,
            on_wait=self._tracker.waiting,
            doing=doing,
        )


def _not_ready(resource: AnyResource, seen: Seen) -> str | None:
    return resource.not_ready(seen.facts) if seen.facts is not None else None


def _status_during(action: Action, seen: Seen) -> RecordStatus:
    if action.kind in ("delete", "recreate"):
        return "deleting"
    return "creating" if seen.facts is None else "updating"
