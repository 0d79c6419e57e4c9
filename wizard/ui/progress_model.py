"""What the events have told so far about each phase: the model behind the live table."""

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
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    Waiting,
)
from wizard.errors import WizardError
from wizard.phase_titles import PHASE_TITLES, phase_number
from wizard.ui.text import DOING, counted, plain

WalkState = Literal["waiting", "working", "done", "failed", "stopped"]


@dataclass
class PhaseWalk:
    """One phase as far as it has come."""

    number: int
    title: str
    state: WalkState = "waiting"
    doing: str = ""
    wait: Waiting | None = None
    wait_heard: float = 0.0
    begun: float = 0.0
    seconds: float | None = None
    changes: int = 0
    done: Counter[Change] = field(default_factory=Counter)
    notices: list[str] = field(default_factory=list)
    error: WizardError | None = None

    def activity(self, now: float) -> tuple[str, str]:
        """What happens at this moment; of a wait also the seconds so far and the seconds it may take."""
        if self.wait is None:
            return self.doing, ""
        elapsed = self.wait.elapsed + now - self.wait_heard
        return plain(self.wait.reason), f" ({elapsed:.0f} s, at most {self.wait.timeout:.0f} s)"

    def time(self, now: float) -> float | None:
        """Seconds that the phase has taken; None before it begins."""
        return now - self.begun if self.state == "working" else self.seconds


def outcome(phase: PhaseWalk, *, reverse: bool) -> str:
    """What a finished phase came to: "3 changes", "proved", "unchanged"; back "2 removed, 1 kept"."""
    if not reverse:
        if phase.changes:
            return counted(phase.changes, "change")
        return "proved" if phase.done["check"] else "unchanged"
    counts = {
        "removed": phase.changes - phase.done["restore"],
        "restored": phase.done["restore"],
        "kept": len(phase.notices),
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing of its own"


class Walk:
    """The nine phases in the order of the work, kept up to date by events."""

    def __init__(self, *, reverse: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.reverse = reverse
        self.clock = clock
        self.stopped = False
        keys = list(PHASE_TITLES)
        self._phases = {key: _phase(key) for key in (reversed(keys) if reverse else keys)}

    @property
    def phases(self) -> list[PhaseWalk]:
        """In the order of the work."""
        return list(self._phases.values())

    def phase(self, key: str) -> PhaseWalk:
        """One of them; a key that the guide does not know gets a row of its own."""
        return self._phases.setdefault(key, _phase(key))

    @property
    def current(self) -> PhaseWalk | None:
        """The phase that is being worked on, or the one that stopped the run."""
        return next((phase for phase in self.phases if phase.state in ("working", "failed", "stopped")), None)

    @property
    def notices(self) -> list[str]:
        """What the operator should know, with the phase that it is about."""
        return [f"{phase.title}: {notice}" for phase in self.phases for notice in phase.notices]

    def hear(self, event: Event) -> None:
        """Take an event in."""
        phase = self.phase(event.phase)
        match event:
            case PhaseStarted():
                self._phases[event.phase] = phase = _phase(event.phase)
                phase.state, phase.begun, phase.doing = "working", self.clock(), "looking at what is there"
            case ChangeStarted():
                phase.wait, phase.doing = None, f"{DOING[event.change]} {plain(event.title)}"
            case ChangeDone():
                phase.done[event.change] += 1
                phase.wait, phase.doing = None, f"reading back {plain(event.title)}"
            case Waiting():
                phase.wait, phase.wait_heard = event, self.clock()
            case Noticed():
                phase.notices.append(plain(event.message))
            case PhaseDone():
                phase.state, phase.changes, phase.seconds = "done", event.changes, event.seconds
            case PhaseFailed():
                phase.state, phase.error, phase.seconds = "failed", event.error, event.seconds

    def stop(self) -> None:
        """Nothing more will come: a phase in the middle of its work was stopped from outside."""
        self.stopped = True
        for phase in self.phases:
            if phase.state == "working":
                phase.seconds, phase.state = phase.time(self.clock()), "stopped"


def _phase(key: str) -> PhaseWalk:
    return PhaseWalk(phase_number(key), PHASE_TITLES.get(key, plain(key)))
