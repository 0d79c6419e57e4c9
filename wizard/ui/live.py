"""The live table of the nine phases, for terminals. Several of them may be at work at the same time."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import RLock
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType, Segment

from wizard.engine.progress import Event
from wizard.ui.frame import frame
from wizard.ui.progress_model import RunProgress
from wizard.ui.text import encodable, without_trailing_blanks

PICTURES_A_SECOND = 8
# The terminal itself writes ^C behind the picture; at the edge that would push everything up a row.
ROOM_FOR_ECHO = 2


class LiveTable:
    """Draws the nine phases while they are worked on: a context manager and a listener.

    Args:
        console: where it is drawn; a terminal.
        reverse: the run is a rollback, from the last phase to the first.
    """

    def __init__(self, console: Console, *, reverse: bool = False) -> None:
        self._console = console
        self._run = RunProgress(reverse=reverse)
        self._lock = RLock()
        self._display = _Display(Picture(self._run, self._lock), console)
        self._surroundings = ExitStack()

    def __call__(self, event: Event) -> None:
        """Take an event in; the next picture shows it. Draws nothing itself, so that it never waits."""
        with self._lock:
            self._run.hear(event)

    def __enter__(self) -> LiveTable:
        """Begin to draw."""
        with ExitStack() as surroundings:
            surroundings.enter_context(_without_echo())
            self._display.start(refresh=True)
            self._surroundings = surroundings.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the last picture on the screen and give the cursor back, whatever happened."""
        with self._surroundings:
            with self._lock:
                self._run.stop()
            try:
                self._display.stop()
                self._console.line()
            finally:
                self._console.show_cursor(True)


class Picture:
    """The run as rich draws it; remembers what it drew, so that it can be taken back."""

    def __init__(self, run: RunProgress, lock: RLock) -> None:
        self._run = run
        self._lock = lock
        self._drawn: list[int] = []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines of the picture, without an end of line after the last one."""
        width = max(1, options.max_width - ROOM_FOR_ECHO)
        with self._lock:
            height = None if self._run.stopped else options.size.height
            picture = frame(self._run, width, height)
            drawn = console.render_lines(picture, options.update(width=width, height=None), pad=False)
        lines = [without_trailing_blanks(line) for line in drawn]
        self._drawn = [Segment.get_line_length(line) for line in lines]
        for number, line in enumerate(lines):
            if number:
                yield Segment.line()
            yield from (encodable(segment, options.encoding) for segment in line)

    def take_back(self, width: int) -> Control:
        """Move to the first row of the last picture and clear its rows on the way.

        In a window that became narrower, terminals fold what was drawn, so it has more rows than lines.
        """
        rows = sum(max(1, -(-length // max(1, width))) for length in self._drawn)
        upwards = ((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)) * (rows - 1)
        return Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2), *upwards)


@contextmanager
def _without_echo() -> Iterator[None]:
    """Keys typed into the picture would push it up; they are neither shown nor kept. Ctrl-C works on."""
    former = _terminal_mode()
    if former is None:
        yield
        return
    silent = former.copy()
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        if _terminal_mode() is not None:
            termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, former)


def _terminal_mode() -> list[Any] | None:
    """How the terminal takes keys; None without one, or in the background, where it is the shell's."""
    with suppress(OSError, ValueError, AttributeError, termios.error):
        if os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():
            return termios.tcgetattr(sys.stdin)
    return None


class _Display(Live):
    """Rich's live display, with a picture that fits itself to the window and survives its resizing."""

    def __init__(self, picture: Picture, console: Console) -> None:
        super().__init__(
            picture,
            console=console,
            refresh_per_second=PICTURES_A_SECOND,
            # Results on a piped standard output must not end up on the terminal.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._picture = picture

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Whatever else is printed goes above the picture."""
        return [self._picture.take_back(self.console.width), *renderables, self._picture]
