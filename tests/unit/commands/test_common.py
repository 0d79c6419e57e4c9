"""How every command ends: what is said of what was done."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import PROJECT
from wizard.commands.common import guarded
from wizard.errors import BusyError, ExitCode, Interrupted
from wizard.options import Options
from wizard.ui.output import is_read_by_a_person


@pytest.mark.parametrize(
    ("writes", "said"),
    [(True, "What was done is saved; run the same command again"), (False, "Nothing was changed.")],
)
def test_an_interrupted_command_says_what_is_so_because_the_operator_acts_on_it(
    writes: bool, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state.json"

    def command() -> ExitCode:
        if writes:
            state.write_text("{}")
        raise Interrupted

    assert guarded(command, Options(state=state)) == ExitCode.INTERRUPTED
    assert said in " ".join(capsys.readouterr().err.split())


STOPPED_IN_A_WAIT = """
import signal, sys, threading
from wizard.clock import SystemClock
from wizard.commands.common import guarded, stoppable
from wizard.options import Options

class Waited(threading.Event):
    def set(self):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

def act():
    clock = SystemClock()
    clock.stop = Waited()
    with stoppable(clock):
        signal.raise_signal(signal.SIGINT)

sys.exit(guarded(act, Options()))
"""


def test_a_signal_in_the_middle_of_a_wait_ends_the_command_although_that_wait_has_the_lock() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED_IN_A_WAIT], cwd=PROJECT, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == ExitCode.INTERRUPTED


def test_a_program_that_reads_lines_gets_an_error_as_the_last_one_whatever_ended_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def last_line(error: BaseException) -> dict[str, object]:
        def command() -> ExitCode:
            raise error

        code = guarded(command, Options(state=tmp_path / "state.json", profile="shop"), form="lines")
        (line,) = capsys.readouterr().out.splitlines()
        document: dict[str, object] = json.loads(line)
        assert (document["type"], document["exit_code"]) == ("error", int(code))
        return document

    assert last_line(Interrupted())["why"] == "Nothing was changed."
    busy = BusyError(what="Busy.", why="", next_step="See `eventtrack-wizard status`.")
    assert "--profile shop" in str(last_line(busy)["next_step"])
    assert last_line(ZeroDivisionError())["what"] == "The wizard itself failed: ZeroDivisionError."


@pytest.mark.parametrize(
    ("is_terminal", "ci", "expected"),
    [(True, "", True), (False, "", False), (True, "true", False)],
    ids=["terminal", "pipe", "pipeline with a terminal"],
)
def test_a_new_token_is_for_a_person_at_a_terminal_alone_or_a_log_would_keep_it(
    is_terminal: bool, ci: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Output(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

    monkeypatch.setattr(sys, "stdout", Output())
    monkeypatch.setenv("CI", ci)
    assert is_read_by_a_person() is expected


@pytest.mark.parametrize("url", ["localhost:4566", "ftp://host", "http://", "https:///x"])
def test_what_is_no_url_of_an_endpoint_is_refused_before_anything_is_asked(
    url: str, tmp_path: Path, setup_of: Callable[[Options], ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    options = Options(state=tmp_path / "state.json", endpoint_url=url, region="us-east-1")
    assert setup_of(options) == ExitCode.USAGE
    assert "is no URL of an endpoint" in capsys.readouterr().err


@pytest.fixture
def setup_of() -> Callable[[Options], ExitCode]:
    """`setup --yes` with these options."""
    from wizard.commands import setup
    from wizard.commands.setup_request import Request

    return lambda options: guarded(lambda: setup.run(Request(options, yes=True)), options)
