"""Which phases are at work: from steps that begin and end, in any order, to the events that screens show.

The listener is never called twice at once, whatever thread a step runs on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from wizard.engine.progress import (
    Change,
    ChangeDone,
    ChangeStarted,
    Event,
    Kept,
    Listener,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    PhaseStopped,
    Waiting,
)
from wizard.errors import WizardError

# The step that the present thread works on.
_STEP: ContextVar[str] = ContextVar("step")


@dataclass
class _Phase:
    left: set[str] = field(default_factory=set)
    begun: float | None = None
    changed: set[str] = field(default_factory=set)
    over: bool = False
    came_with: str = ""


class PhaseTracker:
    """Counts the steps of every phase.

    Args:
        phase_of: step to the phase that it belongs to.
        phases: all phases; those without a step are done at once.
        on_done: told phase, changes and seconds when a phase is done, before the listener is.
    """

    def __init__(
        self,
        phase_of: Mapping[str, str],
        phases: Sequence[str],
        listen: Listener,
        on_done: Callable[[str, int, float], None] = lambda phase, changes, seconds: None,
    ) -> None:
        self._phase_of = phase_of
        self._listen = listen
        self._on_done = on_done
        self._lock = threading.RLock()
        self._phases: dict[str, _Phase] = {}
        for step, phase in phase_of.items():
            self._phases.setdefault(phase, _Phase()).left.add(step)
        for phase in phases:
            if phase not in self._phases:
                listen(PhaseStarted(phase))
                listen(PhaseDone(phase, 0, 0.0))

    @property
    def changed(self) -> set[str]:
        """The resources that were changed, by key; one that takes several calls is one change, as planned."""
        with self._lock:
            return {key for phase in self._phases.values() for key in phase.changed}

    @contextmanager
    def step(self, key: str) -> Iterator[None]:
        """A step's work; a phase is done with its last step, and has failed with its first failure."""
        token = _STEP.set(key)
        phase = self._begin(key)
        try:
            yield
        except WizardError as error:
            self._fail(phase, error)
            raise
        else:
            self._end(phase, key)
        finally:
            _STEP.reset(token)

    @contextmanager
    def change(self, key: str, change: Change, title: str, reasons: tuple[str, ...] = ()) -> Iterator[None]:
        """A change in AWS, or a check; counted when it has been made."""
        phase, begun = self._phase_of[key], time.monotonic()
        self._tell(ChangeStarted(phase, key, change, title, reasons))
        yield
        with self._lock:
            if change != "check":
                self._phases[phase].changed.add(key)
            self._listen(ChangeDone(phase, key, change, title, time.monotonic() - begun))

    def stopped(self, key: str, because: str) -> None:
        """A step is not begun, because of what `because` says."""
        phase = self._phase_of[key]
        with self._lock:
            found = self._phases[phase]
            if not found.over:
                found.over = True
                self._listen(PhaseStopped(phase, because))

    def notice(self, key: str, message: str) -> None:
        """Something worth knowing about a step."""
        self._tell(Noticed(self._phase_of[key], message))

    def kept(self, key: str, title: str) -> None:
        """A rollback leaves something standing."""
        self._tell(Kept(self._phase_of[key], key, title))

    def came_with(self, key: str, title: str) -> None:
        """A step found its work done: what bears `title` was created with it."""
        with self._lock:
            self._phases[self._phase_of[key]].came_with = title

    def waiting(self, reason: str, elapsed: float, timeout: float) -> None:
        """The step of this thread waits; said outside of a step it concerns nobody."""
        key = _STEP.get("")
        if key:
            self._tell(Waiting(self._phase_of[key], reason, elapsed, timeout, key))

    def failed(self, key: str, error: WizardError) -> None:
        """A step that had ended well has failed after all."""
        self._fail(self._phase_of[key], error)

    def _begin(self, key: str) -> str:
        phase = self._phase_of[key]
        with self._lock:
            found = self._phases[phase]
            if found.begun is None:
                found.begun = time.monotonic()
                self._listen(PhaseStarted(phase))
        return phase

    def _end(self, phase: str, key: str) -> None:
        with self._lock:
            found = self._phases[phase]
            found.left.discard(key)
            if not found.left and not found.over:
                found.over = True
                seconds = self._seconds(phase)
                self._on_done(phase, len(found.changed), seconds)
                self._listen(PhaseDone(phase, len(found.changed), seconds, found.came_with))

    def _fail(self, phase: str, error: WizardError) -> None:
        with self._lock:
            self._phases[phase].over = True
            self._listen(PhaseFailed(phase, error, self._seconds(phase)))

    def _seconds(self, phase: str) -> float:
        return time.monotonic() - (self._phases[phase].begun or time.monotonic())

    def _tell(self, event: Event) -> None:
        with self._lock:
            self._listen(event)
