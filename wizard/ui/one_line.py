"""A small run in the command's own words: one line, and one more now and then when it has to wait."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from wizard.engine.progress import ChangeStarted, Event, Noticed, Waiting
from wizard.ui.text import Printable, plain

SECONDS_BEFORE_A_WAIT_IS_SAID = 10.0


class OneLine:
    """A listener that says what is done, once, as soon as something is done.

    Args:
        doing: the line.
    """

    def __init__(self, console: Console, doing: str) -> None:
        self._console = console
        self._doing = doing
        self._said: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Print what is worth it."""
        match event:
            case ChangeStarted(change="create" | "update"):
                self._say(self._doing)
            case Waiting() if event.elapsed >= SECONDS_BEFORE_A_WAIT_IS_SAID:
                self._say(f"Waiting: {plain(event.reason)} (at most {event.timeout:.0f} s).")
            case Noticed():
                self._say(f"Note: {plain(event.message)}.")

    def _say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._console.print(Printable(Text(line)), soft_wrap=True)
