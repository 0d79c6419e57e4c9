"""The time that a double lives in, and the wizard's clock on it; all in seconds of AWS's time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from wizard.errors import Interrupted


class Clock(Protocol):
    """Seconds of AWS's time, and ways to let some of it pass."""

    def now(self) -> float:
        """Seconds since an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        """Run an action after this many seconds, without waiting for it."""

    def stop(self) -> None:
        """Drop what is still planned and end every sleep."""


class ScaledClock:
    """Real time multiplied by a scale: with a scale of 0.01, AWS's 30 seconds take 0.3 real ones."""

    def __init__(self, time_scale: float = 1.0) -> None:
        if time_scale <= 0:
            raise ValueError("the time scale must be above zero; use ManualClock to freeze time")
        self.time_scale = time_scale
        self._stopped = threading.Event()
        self._timers: list[threading.Timer] = []

    def now(self) -> float:
        return time.monotonic() / self.time_scale

    def sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds * self.time_scale)

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        timer = threading.Timer(seconds * self.time_scale, action)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def stop(self) -> None:
        self._stopped.set()
        for timer in self._timers:
            timer.cancel()
        for timer in self._timers:
            timer.join(5)


class ManualClock:
    """Time stands still until a test moves it; hand `advance` to the program under test as its sleep.

    A sleep inside the double (latency) advances the clock and returns at once.
    """

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._lock = threading.RLock()
        self._planned: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the time forward and run what was planned until then, in order."""
        with self._lock:
            self._now += seconds
            due = sorted((plan for plan in self._planned if plan[0] <= self._now), key=lambda plan: plan[0])
            self._planned = [plan for plan in self._planned if plan[0] > self._now]
        for _moment, action in due:
            action()

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        with self._lock:
            self._planned.append((self._now + seconds, action))

    def stop(self) -> None:
        self._planned.clear()


class FakeClock:
    """A `wizard.clock.Clock` that never waits.

    `naps` are the pauses so far. `stop_at_check` is the number of the `check`, counted from 1, from which
    on the operator wants to stop; there is a check before every AWS call. `on_sleep` is called with every
    pause. With `aws`, pauses let the time of a double over HTTP pass.
    """

    def __init__(self, stop_at_check: int | None = None, aws: ManualClock | None = None) -> None:
        self._aws = aws or ManualClock(0.0)
        self.naps: list[float] = []
        self.checks = 0
        self.stop_at_check = stop_at_check
        self.on_sleep: Callable[[float], None] = lambda seconds: None

    @property
    def now(self) -> float:
        """AWS's time; where it is this clock's own, the seconds slept so far."""
        return self._aws.now()

    def time(self) -> float:
        """The same."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Takes no time of ours."""
        self._aws.advance(seconds)
        self.naps.append(seconds)
        self.on_sleep(seconds)

    def check(self) -> None:
        """Raise `Interrupted` from the chosen check on."""
        self.checks += 1
        if self.stop_at_check is not None and self.checks >= self.stop_at_check:
            raise Interrupted
