"""Plain lines, one a change, for logs and pipes: no escapes, no carriage returns, no wrapping."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.text import Text

from wizard.engine.progress import (
    ChangeStarted,
    Event,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    PhaseStopped,
    Waiting,
)
from wizard.ui.progress_model import PhaseProgress, PhaseStatus, RunProgress, outcome
from wizard.ui.text import IMPERATIVES, Printable, duration, plain

SECONDS_BETWEEN_WAITING_LINES = 10.0
# In the order in which somebody asks after a run that ended early; "working" has become "stopped" by then.
SUMMED_UP: tuple[PhaseStatus, ...] = ("done", "failed", "stopped", "not started")


class PlainLines:
    """Prints what happens: a listener, and a context manager like the live table.

    A run that an exception ends gets a summary: which phases are done, failed, stopped, not started.

    Args:
        console: where the lines go.
        reverse: the run is a rollback.
        clock: tells the time between two lines about the same wait, in seconds.
    """

    def __init__(
        self, console: Console, *, reverse: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._run = RunProgress(reverse=reverse, clock=clock)
        self._clock = clock
        self._waits_told: dict[tuple[str, str], float] = {}

    def __enter__(self) -> PlainLines:
        """Nothing to set up."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Sum up a run that did not come to its end."""
        self._run.stop()
        if error is not None and self._run.having("done", "failed", "stopped"):
            for line in self._summary():
                self._print(line)

    def __call__(self, event: Event) -> None:
        """Print the event, if it is worth a line."""
        is_new = self._is_new(event)
        self._run.hear(event)
        phase = self._run.phase(event.phase)
        if is_new and (line := self._line(event, phase)):
            self._show(event, f"[{phase.mark_of_all}] {phase.title}: {line}")

    def _show(self, event: Event, line: str) -> None:
        self._print(line)

    def _print(self, line: str) -> None:
        self._console.print(Printable(Text(line)), soft_wrap=True)

    def _is_new(self, event: Event) -> bool:
        """Whether the log lacks it. Attempts and waits repeat themselves: logs should tell, not grow."""
        match event:
            case Waiting():
                return self._is_wait_due(event)
            case ChangeStarted():
                going_on = self._run.phase(event.phase).activities.get(event.resource)
                return going_on is None or going_on.change != event.change
            case PhaseStarted():
                self._waits_told = {
                    wait: at for wait, at in self._waits_told.items() if wait[0] != event.phase
                }
        return True

    def _is_wait_due(self, event: Waiting) -> bool:
        """A line when the reason is new to its phase, then one now and then."""
        told = self._waits_told.get((event.phase, event.reason))
        if told is not None and self._clock() - told < SECONDS_BETWEEN_WAITING_LINES:
            return False
        self._waits_told[event.phase, event.reason] = self._clock()
        return True

    def _line(self, event: Event, phase: PhaseProgress) -> str:
        match event:
            case ChangeStarted():
                return f"{IMPERATIVES[event.change]} {plain(event.title)}{_reasons(event)}"
            case Waiting():
                return _waiting(event, phase)
            case PhaseDone():
                came_to = outcome(phase, reverse=self._run.reverse)
                return f"done ({came_to}{', ' if came_to else ''}{duration(event.seconds)})"
            case PhaseFailed():
                return f"failed after {duration(event.seconds)}: {plain(event.error.what)}"
            case PhaseStopped():
                return f"{phase.status} because {plain(event.because)}" if phase.because else ""
            case Noticed():
                return f"note: {plain(event.message)}"
            case _:
                return ""

    def _summary(self) -> list[str]:
        """Which phases are done, which are not."""
        done = f"{len(self._run.having('done'))} of {len(self._run.phases)} phases done"
        titles = {
            status: ", ".join(phase.title for phase in self._run.having(status)) for status in SUMMED_UP
        }
        return [
            f"ended after {duration(self._run.elapsed)}: {done}",
            *(f"{status}: {names}" for status, names in titles.items() if names),
        ]


def _waiting(event: Waiting, phase: PhaseProgress) -> str:
    """Names what waits when something else goes on in the phase too."""
    activity = phase.activities.get(event.resource)
    is_one_of_several = activity is not None and activity.title and len(phase.activities) > 1
    who = f" ({activity.title})" if activity is not None and is_one_of_several else ""
    return f"waiting{who}: {plain(event.reason)} ({event.elapsed:.0f} s, at most {event.timeout:.0f} s)"


def _reasons(event: ChangeStarted) -> str:
    """What differs; a rollback's reason is the same for nearly every line and was shown before."""
    if not event.reasons or event.change == "delete":
        return ""
    return f" ({'; '.join(map(plain, event.reasons))})"
