"""Rollback: everything we made goes, in reverse; what stood there before is restored; events stay.

It survives a kill like a setup does: what is still in the state file is still to be looked at, and
"already gone" is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from wizard.aws.error_rules import Wait
from wizard.aws.retry import NotYet, retry
from wizard.engine.ownership import is_ours_to_delete
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
from wizard.errors import ConflictError, CredentialsError, WizardError
from wizard.phases import PHASES, RESOURCES, Phase
from wizard.resources.base import Context, Resource
from wizard.state.model import Facts, Record, Store

STILL_THERE = Wait("AWS is still deleting it", 180)

Result = TypeVar("Result")
Fate = Literal["delete", "goes with", "restore", "leave", "keep", "gone"]


@dataclass(frozen=True)
class Verdict:
    """What becomes of one resource, and why in words."""

    phase: str
    resource: Resource
    title: str
    fate: Fate
    reason: str


class Rollback:
    """Takes back what the state file says is ours.

    Args:
        context: account and settings; its `delete_events` says whether events may be deleted.
        store: the state file, locked by this process.
        listen: is told everything, in order.
    """

    def __init__(self, context: Context, store: Store, listen: Listener) -> None:
        self.context = context
        self.store = store
        self._listen = listen
        self._phase = ""
        self._failures: dict[Resource, WizardError] = {}
        context.aws.on_wait = self._on_wait
        context.remember(store.known())

    def plan(self) -> list[Verdict]:
        """What goes, what stays and why, in the order of the work. Reads only."""
        return [
            self._foresee(phase, resource)
            for phase in reversed(PHASES)
            for resource in reversed(phase.resources)
            if self.store.record(resource.key)
        ]

    def _foresee(self, phase: Phase, resource: Resource) -> Verdict:
        """What cannot be looked at holds up nothing else."""
        try:
            return self._patient(resource, partial(self._judge, phase, resource))
        except CredentialsError:
            raise
        except WizardError as error:
            reason = f"could not be looked at: {error.why}"
            return Verdict(phase.key, resource, resource.title(self.context), "keep", reason)

    def _judge(self, phase: Phase, resource: Resource) -> Verdict:
        title = resource.title(self.context)
        if blocker := self._needed_by_a_failure(resource):
            return Verdict(phase.key, resource, title, "keep", f"is needed by the {blocker}")
        try:
            fate, reason = self._fate(resource, resource.read(self.context))
        except ConflictError as error:
            fate, reason = "keep", f"is not ours any more: {error.why}"
        return Verdict(phase.key, resource, title, fate, reason)

    def _needed_by_a_failure(self, resource: Resource) -> str | None:
        """A function that stays needs its role: one made anew under its name could never be used by it."""
        for failed in self._failures:
            if resource.key in failed.needs:
                return failed.title(self.context)
        return None

    def _fate(self, resource: Resource, facts: Facts | None) -> tuple[Fate, str]:
        record = self.store.record(resource.key)
        if facts is None or record is None:
            return "gone", "is no longer there"
        if facts.get("duplicates"):
            self.context.known[resource.key] = facts
        if record.origin == "adopted":
            return self._fate_of_adopted(resource, record, facts)
        if whole := self._goes_with(resource):
            return "goes with", f"goes with the {whole.title(self.context)}"
        if not is_ours_to_delete(resource, facts, self.context):
            return "keep", "does not carry this deployment's tag any more; somebody else may own it"
        if reason := resource.keep_reason(self.context, facts):
            return "keep", reason
        return "delete", "was made by this deployment"

    def _fate_of_adopted(self, resource: Resource, record: Record, facts: Facts) -> tuple[Fate, str]:
        if record.before and resource.drift(_settings_of(resource, record.before, self.context), facts):
            return "restore", "stood there before; its former settings come back"
        return "leave", "stood there before and is as it was"

    def _goes_with(self, resource: Resource) -> Resource | None:
        """The resource that takes this one along: it is part of it, and we made that."""
        whole = RESOURCES.get(resource.parent or "")
        record = self.store.record(whole.key) if whole else None
        return whole if record is not None and record.origin == "created" else None

    def apply(self) -> list[Verdict]:
        """Do it; returns what became of each resource. What cannot be removed does not hold up the rest.

        Raises:
            CredentialsError: the credentials died; nothing more is tried with them.
            WizardError: something could not be removed. Running again continues.
        """
        self.store.enter("rolling back")
        verdicts: list[Verdict] = []
        for phase in reversed(PHASES):
            verdicts += self._undo_phase(phase)
        if self._failures:
            raise _summed_up(list(self._failures.values()))
        self._look_again(verdicts)
        self._finish()
        return verdicts

    def _undo_phase(self, phase: Phase) -> list[Verdict]:
        resources = [item for item in reversed(phase.resources) if self.store.record(item.key)]
        self._phase, begun = phase.key, time.monotonic()
        self._listen(PhaseStarted(phase.key))
        verdicts: list[Verdict] = []
        failures: list[WizardError] = []
        for resource in resources:
            try:
                verdicts.append(self._undo(phase, resource))
            except WizardError as error:
                failures.append(error)
                self._failures[resource] = error
                if isinstance(error, CredentialsError):
                    self._listen(PhaseFailed(phase.key, error, time.monotonic() - begun))
                    raise
        changes = sum(verdict.fate in ("delete", "restore") for verdict in verdicts)
        seconds = time.monotonic() - begun
        self._listen(
            PhaseFailed(phase.key, failures[0], seconds)
            if failures
            else PhaseDone(phase.key, changes, seconds)
        )
        return verdicts

    def _undo(self, phase: Phase, resource: Resource) -> Verdict:
        verdict = self._patient(resource, lambda: self._judge(phase, resource))
        if verdict.fate in ("delete", "restore"):
            change: Change = "delete" if verdict.fate == "delete" else "restore"
            self._listen(ChangeStarted(phase.key, resource.key, change, verdict.title, (verdict.reason,)))
            begun = time.monotonic()
            self._patient(resource, lambda: self._remove(resource))
            self._listen(ChangeDone(phase.key, resource.key, change, verdict.title, time.monotonic() - begun))
        elif verdict.fate == "keep":
            self._listen(Noticed(phase.key, f"{verdict.title} stays: {verdict.reason}"))
        if verdict.fate not in ("keep", "goes with") and not _may_come_back(verdict):
            self.store.forget(resource.key)
        return verdict

    def _remove(self, resource: Resource) -> None:
        """Read, write down, delete or restore, and again until a read shows that it is done."""
        for _ in range(2):
            facts, record = resource.read(self.context), self.store.record(resource.key)
            if facts is None or record is None:
                return
            fate, _reason = self._fate(resource, facts)
            if fate not in ("delete", "restore"):
                return
            self.store.intend(resource.key, "deleting", origin=record.origin, before=record.before)
            if fate == "delete":
                resource.delete(self.context, facts)
            else:
                resource.update(self.context, record.before or {}, facts)
        raise NotYet(STILL_THERE)

    def _look_again(self, verdicts: list[Verdict]) -> None:
        """Late log lines bring a deleted log group back; it is forgotten only after this look."""
        for verdict in filter(_may_come_back, verdicts):
            self._patient(verdict.resource, partial(self._delete_once_more, verdict.resource))
            self.store.forget(verdict.resource.key)

    def _delete_once_more(self, resource: Resource) -> None:
        facts = resource.read(self.context)
        if facts is not None:
            resource.delete(self.context, facts)

    def _finish(self) -> None:
        """Parts are forgotten with their whole; what was kept stays ours, in the file and by its tag."""
        records = self.store.state.records
        kept = {key for key in records if not self._was_part_of_a_deleted(key)}
        self.store.state.records = {key: record for key, record in records.items() if key in kept}
        self.store.state.phases.clear()
        self.store.state.checks.clear()
        self.store.state.stage = "rolled back"
        self.store.save()

    def _was_part_of_a_deleted(self, key: str) -> bool:
        whole = RESOURCES[key].parent
        return whole is not None and whole not in self.store.state.records

    def _patient(self, resource: Resource, step: Callable[[], Result]) -> Result:
        return retry(
            step,
            clock=self.context.aws.clock,
            on_wait=self._on_wait,
            doing=f"take back the {resource.title(self.context)}",
        )

    def _on_wait(self, reason: str, elapsed: float, timeout: float) -> None:
        self._listen(Waiting(self._phase, reason, elapsed, timeout))


def _may_come_back(verdict: Verdict) -> bool:
    return verdict.fate == "delete" and verdict.resource.auto_created


def _summed_up(failures: list[WizardError]) -> WizardError:
    """All of them in one; the first says what to do."""
    first = failures[0]
    more = "".join(f" {error.what} {error.why}" for error in failures[1:])
    return WizardError(
        what=f"{first.what} Everything else was taken back." if not more else first.what,
        why=f"{first.why}{more}",
        next_step=f"{first.next_step} `eventtrack-wizard rollback` continues.",
        link=first.link,
    )


def _settings_of(resource: Resource, facts: Facts, context: Context) -> Facts:
    """The part of former facts that can be compared with what is desired."""
    return {name: facts[name] for name in resource.desired(context) if name in facts}
