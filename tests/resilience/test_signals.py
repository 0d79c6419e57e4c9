"""Stopping: the first Ctrl-C or SIGTERM, the second, a dead process's lock, and two runs at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.aws.in_process import Account, Workspace, snapshot
from tests.aws.over_http import AwsDouble
from tests.aws.over_http.faults import hang, hook
from tests.resilience.real import Bench, finish
from tests.tools.commands import Command
from tests.tools.terminal import Terminal

real = [pytest.mark.local, pytest.mark.xdist_group("signals")]
SECONDS_TO_STOP = 2.0
USUAL_SECONDS_OF_HELP = 0.1
# What a first setup begins with, side by side: nothing else can be made before one of these is.
FIRST_CREATES = ("s3.CreateBucket", "iam.CreateRole", "logs.CreateLogGroup", "apigateway.CreateRestApi")
HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"


@pytest.fixture
def bench(emulator_url: str, tmp_path: Path) -> Iterator[Bench]:
    """An operator before an empty AWS."""
    with AwsDouble(emulator_url) as double:
        made = Bench(emulator_url, double, tmp_path)
        made.begin_anew(tmp_path / "operator")
        yield made


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Until something shows."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def start_and_hang(bench: Bench, *operations: str, executed: bool = False) -> Command:
    """A setup that gets no answer for a long time to these calls, when all of them have been sent."""
    operations = operations or ("iam.CreateRole",)
    bench.double.faults[:] = [hang(60.0, executed=executed, operation=name) for name in operations]
    return start_until_sent(bench, *operations)


def start_until_sent(bench: Bench, *operations: str) -> Command:
    """A setup that has sent these calls."""
    process = bench.start("setup", "--yes")
    wait_until(lambda: set(operations) <= set(bench.double.names()))
    return process


def times_slower(bench: Bench) -> float:
    """How many times as long as on an idle machine anything takes now: 1 to 10, so that a limit of 2 s stays
    below the 30 s that an unanswered call takes."""
    begun = time.monotonic()
    bench.run("--help")
    return min(max(1.0, (time.monotonic() - begun) / USUAL_SECONDS_OF_HELP), 10.0)


def stop(process: Command, *numbers: int) -> tuple[int, str, float]:
    """Send signals, a tenth of a second apart: exit code, output, seconds from the last one to the end."""
    for number in numbers:
        time.sleep(0.1)
        process.send_signal(number)
    sent = time.monotonic()
    code, text = finish(process)
    return code, text, time.monotonic() - sent


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("executed", [False, True], ids=["not_executed", "executed"])
class TestFirstSignal:
    """What a call in flight does not hold up."""

    pytestmark = real

    def test_stops_within_two_seconds_and_the_next_run_continues(
        self, bench: Bench, number: int, executed: bool
    ) -> None:
        process = start_and_hang(bench, executed=executed)
        code, text, seconds = stop(process, number)

        assert code == 130, text
        assert seconds < SECONDS_TO_STOP * times_slower(bench)
        assert "run the same command again to continue" in text
        assert bench.state["records"]["role"]["status"] == "creating", "the intent is on disk"
        assert not list(bench.folder.glob("*.holder")), "the lock is released"
        bench.double.faults.clear()
        bench.run_well("setup", "--yes")
        assert len(bench.look.iam.list_roles()["Roles"]) == 1


@pytest.mark.local
@pytest.mark.xdist_group("signals")
@pytest.mark.parametrize("operations", [("iam.CreateRole",), FIRST_CREATES], ids=["one", "several"])
def test_the_second_signal_stops_at_once_and_the_next_run_continues(
    bench: Bench, operations: tuple[str, ...]
) -> None:
    process = start_and_hang(bench, *operations, executed=True)
    code, text, seconds = stop(process, signal.SIGINT, signal.SIGINT)

    assert code == 130, text
    # More than a moment, for a busy machine, and less than is left of the second that the first one grants.
    assert seconds < 0.8 * times_slower(bench), "it does not wait for the calls"
    bench.double.faults.clear()
    bench.run_well("setup", "--yes")
    assert {name: bench.double.names().count(name) for name in operations} == dict.fromkeys(operations, 1)


@pytest.mark.local
@pytest.mark.xdist_group("signals")
def test_a_signal_while_several_calls_are_in_flight_lets_them_end_and_begins_no_other(bench: Bench) -> None:
    answer = threading.Event()
    bench.double.faults[:] = [
        hook(after=lambda _call: answer.wait(30), operation=name) for name in FIRST_CREATES
    ]
    process = start_until_sent(bench, *FIRST_CREATES)
    sent = len(bench.double.calls)
    process.send_signal(signal.SIGINT)
    # Only now, or on a busy machine the answers come first; and within the second that calls have to end.
    threading.Timer(0.4, answer.set).start()
    code, text, seconds = stop(process)

    assert code == 130, text
    assert seconds < SECONDS_TO_STOP * times_slower(bench)
    assert bench.double.names()[sent:] == [], "nothing was begun after it"
    records = bench.state["records"]
    assert {key: records[key]["status"] for key in records} == dict.fromkeys(
        ("bucket", "role", "log_group", "api"), "present"
    ), "what the answers say is on disk"
    assert not list(bench.folder.glob("*.holder")), "the lock is released"
    bench.run_well("setup", "--yes")
    counts = {name: bench.double.names().count(name) for name in FIRST_CREATES}
    assert counts == dict.fromkeys(FIRST_CREATES, 1), "nothing is made twice"


@pytest.mark.local
@pytest.mark.xdist_group("signals")
def test_a_signal_in_the_plain_order_lets_the_call_end_because_its_outcome_is_then_known(
    bench: Bench,
) -> None:
    bench.double.faults[:] = [hang(0.6, executed=True, operation="iam.CreateRole")]
    process = bench.start("setup", "--yes", "--jobs", "1")
    wait_until(lambda: "iam.CreateRole" in bench.double.names())
    code, _text, _seconds = stop(process, signal.SIGINT)

    assert code == 130
    assert bench.double.names()[-1] == "iam.CreateRole", "nothing was begun after it"


@pytest.mark.local
@pytest.mark.xdist_group("signals")
def test_the_terminal_gets_its_cursor_back(bench: Bench) -> None:
    bench.double.faults[:] = [hang(60.0, operation="iam.CreateRole")]
    arguments = ["wizard", *bench.typed("setup", "--yes")]
    source = (
        f"import os, sys; os.chdir({str(bench.folder)!r}); sys.argv = {arguments!r}\n"
        "from wizard.__main__ import main\nmain()\n"
    )
    with Terminal(source, columns=110, rows=40, **{**bench.environment, "CI": ""}) as terminal:
        terminal.see("execution role")
        wait_until(lambda: "iam.CreateRole" in bench.double.names())
        terminal.settle(0.2)
        os.killpg(terminal.process.pid, signal.SIGINT)
        code, _output = terminal.finish()

        assert code == 130, terminal.text
        assert HIDE_CURSOR in terminal.raw, "the live table hides it"
        assert terminal.raw.rindex(SHOW_CURSOR) > terminal.raw.rindex(HIDE_CURSOR)


@pytest.mark.local
@pytest.mark.xdist_group("signals")
def test_a_second_run_on_one_state_file_stops_and_names_the_first(bench: Bench) -> None:
    first = start_and_hang(bench)
    code, text = bench.run("setup", "--yes")
    stop(first, signal.SIGINT)

    assert code == 5
    assert f"process {first.pid} on {os.uname().nodename}" in " ".join(text.split())


@pytest.mark.local
@pytest.mark.xdist_group("signals")
def test_the_lock_of_a_killed_process_is_taken_over_and_what_it_half_wrote_is_swept_away(
    bench: Bench,
) -> None:
    process = start_and_hang(bench)
    process.kill()
    finish(process)
    assert list(bench.folder.glob("*.holder")), "the dead process could not release its lock"
    half_written = [
        bench.folder / f".eventtrack-state.{kind}.{process.pid}.tmp" for kind in ("json", "token")
    ]
    for path in half_written:
        path.write_text("a half of")

    bench.double.faults.clear()
    bench.run_well("setup", "--yes")

    assert not any(path.exists() for path in half_written), "one of them may hold a token"


def test_two_deployments_in_one_account_do_not_touch_each_other(account: Account, tmp_path: Path) -> None:
    first, second = (
        Workspace(account, tmp_path, name=name) for name in ("first-tracking", "second-tracking")
    )
    first.apply()
    alone = snapshot(account)
    second.apply()
    both = snapshot(account)
    first.apply()

    assert snapshot(account) == both, "a setup changes nothing of the other deployment"
    second.rollback()
    assert snapshot(account) == alone, "neither does a rollback"
    assert first.plan().in_order
