"""What the events have told so far about the run and each of its phases: the model behind the screens."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wizard.engine.progress import (
    Change,
    ChangeDone,
    ChangeStarted,
    Event,
    Kept,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    PhaseStopped,
    Waiting,
)
from wizard.errors import WizardError
from wizard.phase_titles import PHASE_TITLES, TITLES, phase_mark, phase_of_all
from wizard.ui.text import DOING, counted, plain

PhaseStatus = Literal["queued", "working", "waiting", "done", "failed", "stopped", "not started"]

DID: dict[Change, str] = {
    "create": "created",
    "adopt": "adopted",
    "update": "updated",
    "delete": "deleted",
    "restore": "restored",
    "check": "checked:",
}


@dataclass
class Activity:
    """What goes on with one resource or check: a change in flight, a wait, or a change that waits."""

    since: float
    change: Change | None = None
    title: str = ""
    wait: Waiting | None = None
    wait_heard: float = 0.0


@dataclass(frozen=True)
class Moment:
    """What a phase does right now, or did last; of a wait also its seconds.

    `others` more things go on in the phase.
    """

    what: str
    is_over: bool = False
    elapsed: float | None = None
    timeout: float | None = None
    others: int = 0


@dataclass
class PhaseProgress:
    """One phase as far as it has come. Moments are those of the run's clock, in seconds."""

    key: str
    title: str
    started: float | None = None
    ended: PhaseStatus | None = None
    seconds: float | None = None
    changes: int = 0
    kept: int = 0
    done: Counter[Change] = field(default_factory=Counter)
    activities: dict[str, Activity] = field(default_factory=dict)
    last_did: str = ""
    came_with: str = ""
    notices: list[str] = field(default_factory=list)
    error: WizardError | None = None
    because: str = ""

    @property
    def mark(self) -> str:
        """Its number, or a dot."""
        return phase_mark(self.key)

    @property
    def mark_of_all(self) -> str:
        """The same with how many numbers there are."""
        return phase_of_all(self.key)

    @property
    def status(self) -> PhaseStatus:
        """Waiting is a phase in which nothing goes on but waits for AWS."""
        if self.ended is not None:
            return self.ended
        if self.started is None:
            return "queued"
        waits = [activity.wait is not None for activity in self.activities.values()]
        return "waiting" if waits and all(waits) else "working"

    @property
    def is_at_work(self) -> bool:
        """Whether it has been started and not ended."""
        return self.status in ("working", "waiting")

    @property
    def newest(self) -> Activity | None:
        """The change or wait that began last."""
        return max(self.activities.values(), key=lambda activity: activity.since, default=None)

    def moment(self, now: float) -> Moment:
        """What happens at `now`; the seconds of a wait move on between two events."""
        newest, others = self.newest, max(0, len(self.activities) - 1)
        if newest is None:
            # Reads are no events, and neither is waiting for another phase: nothing is claimed of them.
            return Moment(self.last_did or "looking at what is there", is_over=bool(self.last_did))
        if newest.wait is None:
            return Moment(f"{DOING[newest.change or 'check']} {newest.title}", others=others)
        elapsed = newest.wait.elapsed + now - newest.wait_heard
        return Moment(plain(newest.wait.reason), elapsed=elapsed, timeout=newest.wait.timeout, others=others)

    def time(self, now: float) -> float | None:
        """Seconds that the phase has taken; None before it begins."""
        if self.is_at_work and self.started is not None:
            return now - self.started
        return self.seconds

    def hear(self, event: Event, now: float) -> None:
        """Take in an event of this phase."""
        match event:
            case PhaseStarted():
                self.started = now
            case ChangeStarted():
                self._begin(event, now)
            case ChangeDone():
                self._complete(event)
            case Waiting():
                self._wait(event, now)
            case Kept():
                self.kept += 1
            case Noticed():
                self.notices.append(plain(event.message))
            case PhaseDone():
                self.changes, self.came_with = event.changes, plain(event.came_with)
                self._end("done", event.seconds)
            case PhaseFailed():
                self.error = self.error or event.error
                self._end("failed", event.seconds)
            case PhaseStopped():
                self.because = plain(event.because)
                self.stop(now)

    def stop(self, now: float) -> None:
        """Nothing more will be done here; what has ended keeps its end."""
        if self.ended is None:
            # What went on stays: it tells in the midst of what the phase was stopped.
            self.seconds = self.time(now)
            self.ended = "not started" if self.started is None else "stopped"

    def _begin(self, event: ChangeStarted, now: float) -> None:
        """Waits that go with no change in flight are over or will be told again: no event ends them."""
        former = self.activities.get(event.resource)
        self.activities = {key: item for key, item in self.activities.items() if item.change is not None}
        if former is not None and former.change == event.change:
            # Another attempt: whether the wait is over shows when the change is done.
            return
        self.activities[event.resource] = Activity(now, event.change, plain(event.title))

    def _complete(self, event: ChangeDone) -> None:
        self.done[event.change] += 1
        self.activities.pop(event.resource, None)
        self.activities.pop("", None)
        self.last_did = f"{DID[event.change]} {plain(event.title)}"

    def _wait(self, event: Waiting, now: float) -> None:
        if not event.resource:
            self.activities.clear()
        activity = self.activities.setdefault(event.resource, Activity(now))
        if activity.wait is None or activity.wait.reason != event.reason:
            activity.since = now
        activity.wait, activity.wait_heard = event, now

    def _end(self, status: PhaseStatus, seconds: float) -> None:
        self.ended, self.seconds = status, seconds
        self.activities.clear()


def outcome(phase: PhaseProgress, *, reverse: bool) -> str:
    """What a finished phase came to: "3 changes", "verified", "came with the Lambda function f",
    "unchanged"; back "2 removed, 1 kept", and nothing of a phase whose things went with others."""
    if not reverse:
        if phase.changes:
            return counted(phase.changes, "change")
        if phase.done["check"]:
            return "verified"
        return f"came with the {phase.came_with}" if phase.came_with else "unchanged"
    counts = {
        "removed": phase.changes - phase.done["restore"],
        "restored": phase.done["restore"],
        "kept": phase.kept,
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


class RunProgress:
    """The nine phases in the guide's order, or its reverse, kept up to date by events; others come below.

    Args:
        reverse: the run is a rollback, from the last phase to the first.
        clock: seconds since some fixed moment.
    """

    def __init__(self, *, reverse: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.reverse = reverse
        self.clock = clock
        self.stopped = False
        self._begun: float | None = None
        self._ended: float | None = None
        keys = list(PHASE_TITLES)
        self._phases = {key: _phase(key) for key in (reversed(keys) if reverse else keys)}

    @property
    def phases(self) -> list[PhaseProgress]:
        """In the order in which they are shown."""
        return list(self._phases.values())

    def phase(self, key: str) -> PhaseProgress:
        """One of them; a key that the guide does not know gets a row of its own."""
        return self._phases.setdefault(key, _phase(key))

    def having(self, *statuses: PhaseStatus) -> list[PhaseProgress]:
        """The phases with one of these statuses."""
        return [phase for phase in self.phases if phase.status in statuses]

    @property
    def now(self) -> float:
        """The present moment of the clock, which stands still once the run has been stopped."""
        return self.clock() if self._ended is None else self._ended

    @property
    def elapsed(self) -> float:
        """Seconds since the first event."""
        return 0.0 if self._begun is None else self.now - self._begun

    @property
    def current(self) -> PhaseProgress | None:
        """The phase that holds up the run most: the longest wait, else the change that began first.

        When nothing is at work, the phase that ended the run.
        """
        at_work = self.having("working", "waiting")
        if at_work:
            return max(at_work, key=self._holds_up)
        return next(iter(self.having("failed", "stopped")), None)

    def _holds_up(self, phase: PhaseProgress) -> tuple[float, float]:
        newest = phase.newest
        return phase.moment(self.now).elapsed or 0.0, self.now - newest.since if newest else 0.0

    @property
    def notices(self) -> list[str]:
        """What the operator should know, with the phase that it is about."""
        return [f"{phase.title}: {notice}" for phase in self.phases for notice in phase.notices]

    def hear(self, event: Event) -> None:
        """Take an event in."""
        now = self.clock()
        if self._begun is None:
            self._begun = now
        if isinstance(event, PhaseStarted):
            # A phase that begins again has forgotten its failure.
            self._phases[event.phase] = _phase(event.phase)
        self.phase(event.phase).hear(event, now)

    def stop(self) -> None:
        """Nothing more will come: phases in the middle of their work were stopped from outside."""
        self.stopped = True
        self._ended = self.now
        for phase in self.phases:
            phase.stop(self._ended)


def _phase(key: str) -> PhaseProgress:
    return PhaseProgress(key, TITLES.get(key, plain(key)))
