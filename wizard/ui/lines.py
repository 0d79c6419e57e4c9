"""Plain lines, one a change, for logs and pipes: no escapes, no carriage returns, no wrapping."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.text import Text

from wizard.engine.progress import ChangeStarted, Event, Noticed, PhaseDone, PhaseFailed, Waiting
from wizard.phase_titles import PHASE_TITLES
from wizard.ui.progress_model import PhaseWalk, Walk, outcome
from wizard.ui.text import IMPERATIVES, Printable, duration, plain

SECONDS_BETWEEN_WAITING_LINES = 10.0


class PlainLines:
    """Prints what happens: a listener, and a context manager like the live table.

    Args:
        console: where the lines go.
        reverse: the run is a rollback.
        clock: tells the time between two lines about the same wait.
    """

    def __init__(
        self, console: Console, *, reverse: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._walk = Walk(reverse=reverse, clock=clock)
        self._clock = clock
        self._waiting_line: tuple[str, str, float] | None = None

    def __enter__(self) -> PlainLines:
        """Nothing to set up."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to restore."""

    def __call__(self, event: Event) -> None:
        """Print the event, if it is worth a line."""
        self._walk.hear(event)
        phase = self._walk.phase(event.phase)
        if not isinstance(event, Waiting):
            self._waiting_line = None
        line = self._waiting(event) if isinstance(event, Waiting) else self._line(event, phase)
        if line:
            prefix = f"[{phase.number}/{len(PHASE_TITLES)}] {phase.title}"
            self._console.print(Printable(Text(f"{prefix}: {line}")), soft_wrap=True)

    def _line(self, event: Event, phase: PhaseWalk) -> str:
        match event:
            case ChangeStarted():
                return f"{IMPERATIVES[event.change]} {plain(event.title)}{_reasons(event)}"
            case PhaseDone():
                return f"done ({outcome(phase, reverse=self._walk.reverse)}, {duration(event.seconds)})"
            case PhaseFailed():
                return f"failed after {duration(event.seconds)}: {plain(event.error.what)}"
            case Noticed():
                return f"note: {plain(event.message)}"
            case _:
                return ""

    def _waiting(self, event: Waiting) -> str:
        """A line when the reason is new, then one now and then: logs should tell, not grow."""
        if self._waiting_line is not None:
            phase, reason, printed = self._waiting_line
            is_same = (phase, reason) == (event.phase, event.reason)
            if is_same and self._clock() - printed < SECONDS_BETWEEN_WAITING_LINES:
                return ""
        self._waiting_line = (event.phase, event.reason, self._clock())
        return f"waiting: {plain(event.reason)} ({event.elapsed:.0f} s, at most {event.timeout:.0f} s)"


def _reasons(event: ChangeStarted) -> str:
    """What differs; a rollback's reason is the same for nearly every line and was shown before."""
    if not event.reasons or event.change == "delete":
        return ""
    return f" ({'; '.join(map(plain, event.reasons))})"
