"""GitHub Actions: the lines of a phase in a group that can be folded, errors as annotations.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console

from wizard.engine.progress import Event, PhaseDone, PhaseFailed, PhaseStopped
from wizard.errors import WizardError
from wizard.ui.lines import PlainLines
from wizard.ui.text import plain

ENDS = (PhaseDone, PhaseFailed, PhaseStopped)


class GroupedLines(PlainLines):
    """Plain lines, one group a phase.

    Groups cannot lie in each other, but phases run side by side: the lines of the phase whose group is open
    come at once, those of the others wait until it ends. Then the next one opens that has lines.
    """

    def __init__(
        self, console: Console, *, reverse: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(console, reverse=reverse, clock=clock)
        self._open = ""
        self._over: set[str] = set()
        self._held: dict[str, list[str]] = {}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """What is still held comes before the summary, which stands in no group."""
        self._over |= {*self._held, *filter(None, [self._open])}
        self._go_on()
        super().__exit__(kind, error, traceback)

    def _show(self, event: Event, line: str) -> None:
        if isinstance(event, ENDS):
            self._over.add(event.phase)
        else:
            self._over.discard(event.phase)  # it has begun again
        self._held.setdefault(event.phase, []).append(line)
        self._go_on()

    def _go_on(self) -> None:
        """Print what may be printed now."""
        while self._held or self._open in self._over:
            if not self._open:
                self._open = next(iter(self._held))
                phase = self._run.phase(self._open)
                self._print(f"::group::{phase.mark_of_all} {phase.title}")
            for line in self._held.pop(self._open, ()):
                self._print(line)
            if self._open not in self._over:
                return
            self._print("::endgroup::")
            self._over.discard(self._open)
            self._open = ""


def annotation(error: WizardError) -> str:
    """The command that shows an error beside the run, in one line."""
    lines = (plain(error.what), f"why: {plain(error.why)}", f"next: {plain(error.next_step)}")
    return "::error::" + "%0A".join(line.replace("%", "%25") for line in lines)
