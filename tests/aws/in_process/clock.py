"""Time that passes only when somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable

from wizard.errors import Interrupted


class FakeClock:
    """A `wizard.aws.retry.Clock` that never waits.

    `naps` are the pauses so far. `stop_at_check` is the number of the `check`, counted from 1, from which
    on the operator wants to stop; there is a check before every AWS call. `on_sleep` is told every pause.
    """

    def __init__(self, stop_at_check: int | None = None) -> None:
        self.now = 0.0
        self.naps: list[float] = []
        self.checks = 0
        self.stop_at_check = stop_at_check
        self.on_sleep: Callable[[float], None] = lambda seconds: None

    def time(self) -> float:
        """Seconds slept so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Jump."""
        self.now += seconds
        self.naps.append(seconds)
        self.on_sleep(seconds)

    def check(self) -> None:
        """Raise `Interrupted` from the chosen check on."""
        self.checks += 1
        if self.stop_at_check is not None and self.checks >= self.stop_at_check:
            raise Interrupted
