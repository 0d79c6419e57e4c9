"""The live table while it runs, on a file and on a real pseudo-terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from tests.tools.terminal import Terminal
from tests.unit.ui.screens import (
    BUCKET_DONE,
    FAILURE,
    HIDE_CURSOR,
    ROLE_BEGUN,
    SHOW_CURSOR,
    FakeClock,
    terminal_console,
    walked,
)
from wizard.ui.frame import frame
from wizard.ui.lines import PlainLines
from wizard.ui.live import LiveTable
from wizard.ui.picture import LivePicture, Picture
from wizard.ui.progress import progress


class TestLiveTable:
    def test_leaves_the_last_picture_and_the_cursor(self, output: io.StringIO) -> None:
        with LiveTable(terminal_console(output)) as listen:
            for event in BUCKET_DONE:
                listen(event)
        assert "3 changes" in output.getvalue()
        assert output.getvalue().endswith(SHOW_CURSOR)

    @pytest.mark.parametrize("error", [FAILURE, KeyboardInterrupt(), SystemExit(1), ValueError("[/x]")])
    def test_gives_the_cursor_back_whatever_happens(self, error: BaseException, output: io.StringIO) -> None:
        table = LiveTable(terminal_console(output))
        with pytest.raises(type(error)), table:
            raise error
        assert HIDE_CURSOR in output.getvalue()
        assert output.getvalue().rindex(SHOW_CURSOR) > output.getvalue().rindex(HIDE_CURSOR)

    def test_gives_the_cursor_back_when_even_the_last_picture_cannot_be_drawn(
        self, output: io.StringIO
    ) -> None:
        def draw(width: int, height: int | None) -> RenderableType:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), LivePicture(terminal_console(output), draw):
            raise RuntimeError
        assert output.getvalue().endswith(SHOW_CURSOR)

    def test_in_a_window_that_became_narrower_folded_lines_are_taken_back_too(
        self, output: io.StringIO
    ) -> None:
        """Most terminals fold old lines; counting lines would leave the upper pieces behind."""
        run = walked(*BUCKET_DONE, *ROLE_BEGUN, clock=FakeClock())
        picture = Picture(lambda width, height: frame(run, width, height))
        terminal_console(output, 100).print(picture)
        assert str(picture.take_back(100)).count("\x1b[1A") == 9
        assert str(picture.take_back(50)).count("\x1b[1A") == 9 + 3

    def test_what_has_no_room_in_the_window_is_not_drawn_but_counted_because_it_could_not_be_taken_back(
        self, output: io.StringIO
    ) -> None:
        picture = Picture(lambda width, height: Text("\n".join(f"line {number}" for number in range(30))))
        terminal_console(output).print(picture)
        lines = output.getvalue().splitlines()
        assert (len(lines), lines[-2].strip()) == (24, "line 22") and "… 7 more lines" in lines[-1]

        picture.is_last = True
        terminal_console(output).print(picture)
        assert "line 29" in output.getvalue(), "the last one may scroll"

    def test_no_color_uses_no_colour(self, output: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        with LiveTable(terminal_console(output)) as listen:
            for event in BUCKET_DONE:
                listen(event)
        assert "\x1b[3" not in output.getvalue()
        assert "✓ done" in output.getvalue()


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgress:
    @pytest.fixture(autouse=True)
    def surroundings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("CI", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")

    def test_a_terminal_gets_the_live_table(self) -> None:
        assert isinstance(progress(Console(file=FakeTerminal())), LiveTable)

    def test_a_pipe_gets_plain_lines(self) -> None:
        assert isinstance(progress(Console(file=io.StringIO())), PlainLines)

    @pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb"), ("TTY_INTERACTIVE", "0")])
    def test_a_terminal_without_somebody_or_without_a_cursor_gets_plain_lines(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, value)
        assert isinstance(progress(Console(file=FakeTerminal())), PlainLines)

    def test_force_color_does_not_make_a_pipe_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert isinstance(progress(Console(file=io.StringIO())), PlainLines)


RUN = """
import sys, time
from rich.console import Console
from rich.text import Text
from wizard.engine.progress import *
from wizard.phase_titles import PHASE_TITLES
from wizard.ui.progress import progress
console = Console(stderr=True)
console.print("BEFORE")
def wait_for_key():
    sys.stdin.readline()
with progress(console) as listen:
    for key in PHASE_TITLES:
        listen(PhaseStarted(key))
        listen(ChangeStarted(key, "r", "create", f"a thing for {key} with quite a long name " + "x" * 60))
        if key in ("iam", "deploy"):
            listen(Waiting(key, "AWS is slow", 3, 60))
            PAUSE
        listen(PhaseDone(key, 2, 1.5))
print("result")
console.print("AFTER")
"""
ENDLESS = RUN.replace("PAUSE", "time.sleep(120)")
ECHO = "\nimport termios\nprint(bool(termios.tcgetattr(0)[3] & termios.ECHO))"
BRIEF = RUN.replace("PAUSE", "time.sleep(1.5)")
# A shell with one job, which Ctrl-Z stops and Enter takes back into the foreground.
SHELL = """
import os, signal, sys, termios
def in_front(group):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
job = os.fork()
if job:
    os.waitpid(job, os.WUNTRACED)
    in_front(os.getpgrp())
    echo = bool(termios.tcgetattr(0)[3] & termios.ECHO)
    print("STOPPED with echo" if echo else "STOPPED without echo", file=sys.stderr)
    sys.stdin.readline()
    in_front(job)
    os.kill(job, signal.SIGCONT)
    os.waitpid(job, 0)
    os._exit(0)
os.setpgid(0, 0)
in_front(os.getpid())
"""


@pytest.mark.slow
class TestOnATerminal:
    @pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 14), (30, 5)])
    def test_a_run_leaves_one_table_between_what_was_printed_before_and_after(
        self, columns: int, rows: int
    ) -> None:
        with Terminal(BRIEF, columns=columns, rows=rows) as terminal:
            terminal.see("AWS is slow")
            terminal.resize(columns, 60)
            code, result = terminal.finish()
            assert (code, result) == (0, "result\n")
            assert terminal.lines[0] == "BEFORE"
            assert [line[:3].strip() for line in terminal.lines[1:11]] == ["#", *"123456789"]
            assert terminal.lines[11] == "AFTER"
            assert not terminal.screen.cursor.hidden

    @pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 10), (40, 5), (20, 3)])
    def test_a_window_of_any_size_shows_the_current_phase_and_nothing_folds(
        self, columns: int, rows: int
    ) -> None:
        with Terminal(ENDLESS, columns=columns, rows=rows) as terminal:
            terminal.see("IAM")
            terminal.settle(1)
            assert sum("IAM" in line for line in terminal.lines) == 1, terminal.text
            assert terminal.screen.cursor.hidden

    def test_resizing_leaves_no_pieces_of_former_pictures(self) -> None:
        """This terminal does not fold old lines, others do: none may keep a second header."""
        with Terminal(ENDLESS, columns=100, rows=30) as terminal:
            terminal.see("AWS is slow")
            for columns in (60, 40, 90, 50, 100):
                terminal.resize(columns, 30)
                terminal.settle(0.4)

            def is_drawn_once() -> bool:
                """A piece that was left behind stays; half a picture is only being drawn."""
                counts = [sum(part in line for line in terminal.lines) for part in ("#", "IAM", "9 Deploy")]
                return "Time Now" in terminal.text and counts == [1, 1, 1]

            terminal.wait(is_drawn_once, "one picture alone, as wide as the window")

    def test_ctrl_c_gives_the_cursor_back_and_leaves_a_table_that_says_stopped(self) -> None:
        with Terminal(ENDLESS, columns=110, rows=24) as terminal:
            terminal.see("AWS is slow")
            assert terminal.screen.cursor.hidden
            terminal.type("\x03")
            terminal.finish()
            assert "■ stopped" in terminal.text
            assert not terminal.screen.cursor.hidden
            # The terminal has written ^C behind the table; that must not push it up a row.
            assert sum("#" in line for line in terminal.lines) == 1, terminal.text

    def test_ctrl_z_gives_cursor_and_echo_to_the_shell_and_fg_takes_them_back(self) -> None:
        with Terminal(SHELL + ENDLESS, columns=110, rows=40) as terminal:
            terminal.see("AWS is slow")
            terminal.type("\x1a")
            terminal.see("STOPPED with echo")
            assert not terminal.screen.cursor.hidden
            terminal.type("\n")
            terminal.wait(lambda: bool(terminal.screen.cursor.hidden), "a hidden cursor")
            terminal.type("\x03")
            terminal.finish()
            assert not terminal.screen.cursor.hidden

    def test_keys_typed_into_the_table_leave_no_copies_of_it_and_echo_comes_back(self) -> None:
        with Terminal(BRIEF + ECHO, columns=110, rows=40) as terminal:
            terminal.see("AWS is slow")
            terminal.type("\n\nrubbish\n")
            _, result = terminal.finish()
            assert sum("#" in line for line in terminal.lines) == 1, terminal.text
            assert "rubbish" not in terminal.text
            assert result == "result\nTrue\n"

    def test_no_color_draws_the_same_table_without_colour(self) -> None:
        with Terminal(BRIEF, columns=80, rows=24, NO_COLOR="1") as terminal:
            terminal.finish()
            assert "✓ done" in terminal.text
            assert {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()} == {
                "default"
            }

    @pytest.mark.parametrize("surroundings", [{"CI": "1"}, {"TERM": "dumb"}])
    def test_without_a_reader_or_a_cursor_there_are_plain_lines(self, surroundings: dict[str, str]) -> None:
        with Terminal(BRIEF, columns=200, rows=40, **surroundings) as terminal:
            terminal.finish()
            assert "[9/9] Deployment: done (2 changes, 1.5 s)" in terminal.text
            assert b"\x1b" not in terminal.raw
