"""A program on a pseudo-terminal, and the screen as a human would see it.

Not `pexpect.spawn`: it forks a process that has threads, of which newer Pythons warn.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import termios
import time
from collections.abc import Callable
from types import TracebackType

import pyte

from tests import IMPORT_PATH
from tests.tools import commands

PATIENCE = 60.0


class Terminal:
    """Runs Python source with standard input and error on a terminal, standard output on a pipe."""

    shows_output = False

    def __init__(self, source: str, *, columns: int, rows: int, **environment: str) -> None:
        self.raw = b""
        self._lines: dict[int, str] = {}
        self.screen = pyte.Screen(columns, rows)
        # prompt_toolkit asks where the cursor is; a real terminal answers.
        setattr(self.screen, "write_process_input", self.type)  # noqa: B010  it is a method
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = os.openpty()
        self._set_size(columns, rows)
        self.process = commands.start_on_terminal(
            source, slave, {**_clean_environment(), **environment}, shows_output=self.shows_output
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.close(self._master)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, without blanks at the end of lines.

        Put together anew where something was written since the last look, and in the line above, to whose
        end a combining sign may have gone. Not `pyte.Screen.display`, which looks at every cell of 200 rows.
        """
        written = {line for row in self.screen.dirty for line in (row - 1, row) if line >= 0}
        self.screen.dirty.clear()
        columns = range(self.screen.columns)
        for number in written:
            row = self.screen.buffer[number]
            cells = (row[column].data for column in columns[: max(row, default=-1) + 1])
            self._lines[number] = "".join(cells).rstrip()
        return [self._lines[number] for number in range(self.screen.lines)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip()

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self._set_size(columns, rows)

    def see(self, expected: str) -> None:
        """Wait until a text stands on the screen."""
        self.wait(lambda: expected in self.text, repr(expected))

    def wait(self, come: Callable[[], bool], what: str) -> None:
        """Read until something has come, which `what` names where it never does."""
        deadline = time.monotonic() + PATIENCE
        while not come():
            assert time.monotonic() < deadline, f"never saw {what} on:\n{self.text}"
            if not self._read(0.05) and self.process.poll() is not None and not self._read(0.2):
                assert come(), f"ended without {what} on:\n{self.text}"

    def settle(self, seconds: float = 0.5) -> None:
        """Read what comes for a moment."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._read(0.05)

    def finish(self) -> tuple[int, str]:
        """Wait for the end; the exit code, and what was written to standard output."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"did not end; on the screen:\n{self.text}"
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.wait(), self.process.stdout.read()

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the program has gone and the terminal with it
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class WholeTerminal(Terminal):
    """The same with standard output on the terminal, as when somebody sits before it."""

    shows_output = True


def _clean_environment() -> dict[str, str]:
    """Nothing of the surroundings that changes how screens look."""
    dropped = ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "TERM": "xterm-256color", "PYTHONPATH": IMPORT_PATH}
