"""A picture that is drawn over its last version, for terminals: it fits itself to the window."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderResult
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType, Segment
from rich.style import Style

from wizard.ui.styles import QUIET
from wizard.ui.text import encodable, without_trailing_blanks

PICTURES_A_SECOND = 8
# The terminal itself writes ^C behind the picture; at the edge that would push everything up a row.
ROOM_FOR_ECHO = 2
SHOW_CURSOR, HIDE_CURSOR = b"\x1b[?25h", b"\x1b[?25l"
# Columns and rows of the window to what is shown there; no rows: the last picture, which may scroll.
Draw = Callable[[int, int | None], RenderableType]


class Picture:
    """What is drawn, as rich draws it; remembers what it drew, so that it can be taken back.

    Attributes:
        is_last: nothing will be drawn over it.
    """

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._drawn: list[int] = []
        self.is_last = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines of the picture, without an end of line after the last one."""
        width = max(1, options.max_width - ROOM_FOR_ECHO)
        height = None if self.is_last else options.size.height
        picture = self._draw(width, height)
        drawn = console.render_lines(picture, options.update(width=width, height=None), pad=False)
        lines = _cropped([without_trailing_blanks(line) for line in drawn], height)
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


def _cropped(lines: list[list[Segment]], height: int | None) -> list[list[Segment]]:
    """As many as the window has rows, and a sign that there are more: what scrolls cannot be taken back."""
    if height is None or len(lines) <= height:
        return lines
    rest = len(lines) - height + 1
    return [*lines[: height - 1], [Segment(f"… {rest} more lines", Style.parse(QUIET))]]


class LivePicture:
    """Draws a picture again and again, from a thread of its own: a context manager.

    Args:
        console: where it is drawn; a terminal.
        draw: called from that thread.
    """

    def __init__(self, console: Console, draw: Draw, *, a_second: float = PICTURES_A_SECOND) -> None:
        self._console = console
        self._picture = Picture(draw)
        self._display = _Display(self._picture, console, a_second)
        self._surroundings = ExitStack()

    def __enter__(self) -> LivePicture:
        """Begin to draw."""
        with ExitStack() as surroundings:
            surroundings.enter_context(_without_echo())
            surroundings.enter_context(_cursor_back_on_stop(self._console))
            self._display.start(refresh=True)
            self._surroundings = surroundings.pop_all()
        return self

    def refresh(self) -> None:
        """Draw it now."""
        self._display.refresh()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the last picture on the screen and give the cursor back, whatever happened."""
        with self._surroundings:
            self._picture.is_last = True
            try:
                self._display.stop()
                self._console.line()
            finally:
                self._console.show_cursor(True)


@contextmanager
def _without_echo() -> Iterator[None]:
    """Keys typed into the picture would push it up; they are neither shown nor kept. Ctrl-C works on."""
    former = _terminal_mode()
    if former is None:
        yield
        return
    _set_echo(on=False)
    try:
        yield
    finally:
        if _terminal_mode() is not None:
            termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, former)


@contextmanager
def _cursor_back_on_stop(console: Console) -> Iterator[None]:
    """Ctrl-Z: the shell gets its terminal back as it was, with cursor and echo; `fg` takes them away again.

    What is written here goes past rich, whose locks the interrupted code may hold.
    """
    if not console.file.isatty() or threading.current_thread() is not threading.main_thread():
        yield
        return
    screen = console.file.fileno()

    def stop(number: int, _frame: FrameType | None) -> None:
        os.write(screen, SHOW_CURSOR)
        _set_echo(on=True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # here we stand still until the shell lets us go on
        signal.signal(number, stop)
        if _set_echo(on=False):
            os.write(screen, HIDE_CURSOR)

    former = signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, former)


def _set_echo(*, on: bool) -> bool:
    """Whether keys are shown; False where there is no terminal of ours."""
    mode = _terminal_mode()
    if mode is None:
        return False
    mode[3] = mode[3] | termios.ECHO if on else mode[3] & ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, mode)
    return True


def _terminal_mode() -> list[Any] | None:
    """How the terminal takes keys; None without one, or in the background, where it is the shell's."""
    with suppress(OSError, ValueError, AttributeError, termios.error):
        if os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():
            return termios.tcgetattr(sys.stdin)
    return None


class _Display(Live):
    """Rich's live display, with a picture that fits itself to the window and survives its resizing."""

    def __init__(self, picture: Picture, console: Console, a_second: float) -> None:
        super().__init__(
            picture,
            console=console,
            refresh_per_second=a_second,
            # Results on a piped standard output must not end up on the terminal.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._picture = picture

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Whatever else is printed goes above the picture."""
        return [self._picture.take_back(self.console.width), *renderables, self._picture]
