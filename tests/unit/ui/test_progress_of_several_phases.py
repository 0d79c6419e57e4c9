"""Several phases at work at the same time, as the table, the plain lines and their model tell it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tests.tools.terminal import Terminal
from wizard.engine.progress import (
    ChangeDone,
    ChangeStarted,
    Event,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    PhaseStopped,
    Waiting,
)
from wizard.errors import Interrupted, WizardError
from wizard.phase_titles import PHASE_TITLES
from wizard.ui.frame import frame
from wizard.ui.lines import PlainLines
from wizard.ui.live import LiveTable
from wizard.ui.progress_model import RunProgress

FAILURE = WizardError(what="Could not create the function f.", why="You may not.", next_step="Ask.")
SLOW = "IAM does not know the new role yet"
ROLE = ChangeStarted("lambda", "role", "create", "execution role r")
LOGS = ChangeStarted("lambda", "log_group", "create", "log group l")
FUNCTION = ChangeStarted("lambda", "function", "create", "Lambda function f")
BUCKET = ChangeStarted("bucket", "bucket", "create", "S3 bucket b")
API = ChangeStarted("api", "api", "create", "REST API a")


class FakeClock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Run:
    """A run that a test feeds, and what it looks like."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.progress = RunProgress(clock=self.clock)

    def hear(self, *events: Event, seconds: float = 0) -> Run:
        """Take the events in, then let time pass."""
        for event in events:
            self.progress.hear(event)
        self.clock.now += seconds
        return self

    def rows(self, width: int, height: int | None = 24) -> list[str]:
        """The picture's lines."""
        output = io.StringIO()
        Console(file=output, width=width, color_system=None).print(frame(self.progress, width, height))
        return [line.rstrip() for line in output.getvalue().splitlines()]

    def row(self, number: int, width: int) -> str:
        """What the picture says about a phase, behind its title."""
        return self.rows(width)[number][26:]


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def busy(run: Run) -> Run:
    """Three phases at work: one makes two things, one waits for AWS, one goes on alone."""
    run.hear(PhaseStarted("bucket"), BUCKET, PhaseStarted("lambda"), ROLE, seconds=1)
    run.hear(LOGS, PhaseStarted("api"), API, Waiting("api", "AWS asks for slower requests", 2, 60, "api"))
    return run.hear(seconds=3)


class TestModel:
    def test_two_changes_of_one_phase_are_in_flight_until_each_is_done(self, busy: Run) -> None:
        phase = busy.progress.phase("lambda")
        assert {key: item.since for key, item in phase.activities.items()} == {
            "role": 1000.0,
            "log_group": 1001.0,
        }
        busy.hear(ChangeDone("lambda", "log_group", "create", "log group l", 0.2))
        assert phase.moment(busy.clock.now).what == "creating execution role r"
        assert phase.done == {"create": 1}

    def test_a_phase_waits_only_when_nothing_else_goes_on_in_it(self, run: Run) -> None:
        run.hear(PhaseStarted("lambda"), FUNCTION, Waiting("lambda", SLOW, 0, 60, "function"))
        assert run.progress.phase("lambda").status == "waiting"
        assert run.hear(LOGS).progress.phase("lambda").status == "working"

    def test_another_attempt_of_a_change_that_waits_does_not_make_its_row_flicker(self, run: Run) -> None:
        run.hear(PhaseStarted("lambda"), FUNCTION, Waiting("lambda", SLOW, 4, 60, "function"), seconds=2)
        moment = run.hear(FUNCTION).progress.phase("lambda").moment(run.clock.now)
        assert (moment.what, moment.elapsed, moment.others) == (SLOW, 6, 0)

    def test_a_wait_after_a_change_is_over_when_the_phase_goes_on(self, run: Run) -> None:
        """No event ends such a wait; it must not stand there as something that still goes on."""
        run.hear(PhaseStarted("api"), API, ChangeDone("api", "api", "create", "REST API a", 1))
        run.hear(Waiting("api", "AWS does not show it yet", 1, 60, "api"), seconds=1)
        run.hear(ChangeStarted("api", "resource", "create", "resource /events"))
        assert run.progress.phase("api").moment(run.clock.now).others == 0

    def test_a_failure_of_one_phase_leaves_the_others_at_work(self, busy: Run) -> None:
        busy.hear(PhaseFailed("lambda", FAILURE, 4))
        status = {key: busy.progress.phase(key).status for key in ("bucket", "lambda", "api", "cors")}
        assert status == {"bucket": "working", "lambda": "failed", "api": "waiting", "cors": "queued"}

    def test_late_news_of_a_failed_phase_do_not_revive_it(self, busy: Run) -> None:
        """A call that was in flight when its neighbour failed still ends."""
        busy.hear(PhaseFailed("lambda", FAILURE, 4), ChangeDone("lambda", "role", "create", "role r", 5))
        busy.hear(PhaseStopped("lambda", "the Lambda function failed"))
        assert busy.progress.phase("lambda").status == "failed"

    def test_stopped_in_the_middle_is_not_the_same_as_never_started(self, busy: Run) -> None:
        busy.hear(PhaseStopped("api", "the Lambda function failed"), PhaseStopped("cors", "the same"))
        assert busy.progress.phase("api").status == "stopped"
        assert busy.progress.phase("api").seconds == 3
        assert busy.progress.phase("cors").status == "not started"
        assert busy.progress.phase("cors").seconds is None

    def test_the_run_has_a_time_of_its_own_because_those_of_the_phases_overlap(self, busy: Run) -> None:
        assert busy.progress.elapsed == 4
        busy.progress.stop()
        busy.clock.now += 100
        assert busy.progress.elapsed == 4

    def test_what_holds_up_the_run_is_the_longest_wait_then_the_oldest_change(self, busy: Run) -> None:
        assert busy.progress.current is busy.progress.phase("api")
        busy.hear(PhaseDone("api", 1, 3))
        assert busy.progress.current is busy.progress.phase("bucket")


class TestTable:
    def test_every_phase_at_work_tells_its_own_change_or_wait(self, busy: Run) -> None:
        assert busy.row(1, 140) == "⠹ working         4 s creating S3 bucket b"
        assert busy.row(2, 140) == "⠹ working         4 s creating log group l +1"
        assert busy.row(7, 140) == "⠹ waiting         3 s AWS asks for slower requests (5 s, at most 60 s)"

    @pytest.mark.parametrize("width", [60, 80])
    def test_a_narrow_terminal_tells_it_beside_the_sign(self, busy: Run, width: int) -> None:
        assert busy.row(1, width).split("  ")[0] == "⠹ creating S3 bucket b"
        assert busy.row(2, width).split("  ")[0] == "⠹ creating log group l +1"
        assert busy.row(7, width).split("  ")[0].endswith(" (5 s)")
        assert busy.row(8, width) == "· queued"

    def test_the_line_below_tells_what_holds_up_the_run_in_full(self, busy: Run) -> None:
        assert busy.rows(60)[10] == "→ AWS asks for slower requests (5 s, at most 60 s)"
        assert busy.rows(80)[10] == "→ API Gateway: AWS asks for slower requests (5 s, at most 60 s)"

    def test_the_header_counts_and_tells_the_time_of_the_whole_run(self, busy: Run) -> None:
        busy.hear(PhaseDone("bucket", 1, 3))
        assert busy.rows(80)[0].split("  ")[0] == " # 1 of 9 done, 4 s"
        assert busy.rows(40)[0].split()[:2] == ["#", "Phase"]

    def test_a_failure_is_seen_while_the_others_go_on(self, busy: Run) -> None:
        busy.hear(PhaseFailed("lambda", FAILURE, 4))
        assert busy.row(2, 80).startswith("✗ failed, Could not create the function f.")
        assert busy.row(1, 80).startswith("⠹ creating")

    def test_the_last_picture_tells_why_phases_are_unfinished(self, busy: Run) -> None:
        busy.hear(PhaseFailed("lambda", FAILURE, 4), ChangeDone("bucket", "bucket", "create", "b", 1))
        busy.hear(PhaseStopped("bucket", "the operator stopped the run"))
        busy.hear(PhaseStopped("cors", "the Lambda function failed"))
        busy.progress.stop()
        picture = busy.rows(140, None)
        assert picture[1].endswith(
            "■ stopped       4.0 s after it created b, because the operator stopped the run"
        )
        assert picture[8].endswith("· not started         because the Lambda function failed")

    def test_a_narrow_last_picture_names_every_failed_and_stopped_phase_below(self, busy: Run) -> None:
        busy.hear(PhaseFailed("lambda", FAILURE, 4), PhaseFailed("bucket", FAILURE, 4))
        busy.progress.stop()
        assert busy.rows(80, None)[10:] == [
            "✗ S3 bucket: Could not create the function f.",
            "✗ Lambda function: Could not create the function f.",
            "■ API Gateway: while AWS asks for slower requests (5 s, at most 60 s)",
        ]

    def test_fewer_rows_than_phases_show_what_holds_up_the_run_first_then_the_others(self, busy: Run) -> None:
        assert busy.rows(60, 6) == [
            "7 API Gateway  ⠹ waiting  3 s",
            "0 of 9 phases done, 3 at work",
            "AWS asks for slower requests (5 s, at most 60 s)",
            "1 S3 bucket  ⠹ working  4 s",
            "2 Lambda function  ⠹ working  4 s",
        ]


KEYS = st.sampled_from(list(PHASE_TITLES))
RESOURCES = st.sampled_from(["a", "b"])
WORDS = st.sampled_from(["short", "a reason of many words " * 8, "漢字" * 20])
EVENTS = st.one_of(
    st.builds(PhaseStarted, KEYS),
    st.builds(PhaseDone, KEYS, st.integers(0, 9), st.floats(0, 1e4)),
    st.builds(PhaseFailed, KEYS, st.just(FAILURE), st.floats(0, 1e4)),
    st.builds(PhaseStopped, KEYS, WORDS),
    st.builds(ChangeStarted, KEYS, RESOURCES, st.sampled_from(["create", "check"]), WORDS),
    st.builds(ChangeDone, KEYS, RESOURCES, st.just("create"), WORDS, st.floats(0, 1e4)),
    st.builds(Waiting, KEYS, WORDS, st.floats(0, 1e4), st.floats(0, 1e4), RESOURCES | st.just("")),
    st.builds(Noticed, KEYS, WORDS),
)


# Other work on the machine is no failure of the screens.
@settings(deadline=None)
@given(st.lists(EVENTS, max_size=30), st.integers(1, 150), st.integers(1, 30))
def test_events_in_any_order_make_no_picture_larger_than_its_window(
    events: list[Event], width: int, height: int
) -> None:
    """One row too many and the terminal scrolls: the next picture would leave the last one behind."""
    progress = Run().hear(*events, seconds=1).progress
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    drawn = console.render_lines(frame(progress, width, height), pad=False)
    assert len(drawn) <= height
    assert all(sum(segment.cell_length for segment in line) <= width for line in drawn)
    progress.stop()
    assert not progress.having("queued", "working", "waiting")


class Log:
    """Plain lines and the clock that they go by."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self._output = io.StringIO()
        self.listener = PlainLines(Console(file=self._output), clock=self.clock)

    def hear(self, *events: Event, seconds: float = 0) -> None:
        for event in events:
            self.listener(event)
        self.clock.now += seconds

    @property
    def lines(self) -> list[str]:
        return self._output.getvalue().splitlines()


@pytest.fixture
def log() -> Log:
    return Log()


class TestPlainLines:
    def test_interleaved_lines_each_name_their_phase(self, log: Log) -> None:
        log.hear(PhaseStarted("bucket"), PhaseStarted("lambda"), BUCKET, ROLE)
        log.hear(ChangeDone("bucket", "bucket", "create", "S3 bucket b", 1), LOGS, PhaseDone("bucket", 1, 1))
        assert log.lines == [
            "[1/9] S3 bucket: create S3 bucket b",
            "[2/9] Lambda function: create execution role r",
            "[2/9] Lambda function: create log group l",
            "[1/9] S3 bucket: done (1 change, 1.0 s)",
        ]

    def test_two_waits_and_new_attempts_side_by_side_do_not_fill_the_log(self, log: Log) -> None:
        """Each wait is told every 2 s and each attempt starts its change again."""
        log.hear(PhaseStarted("lambda"), PhaseStarted("api"))
        for second in range(0, 16, 2):
            log.hear(FUNCTION, Waiting("lambda", SLOW, second, 60, "function"), seconds=1)
            log.hear(API, Waiting("api", "AWS asks for slower requests", second, 60, "api"), seconds=1)
        assert log.lines == [
            "[2/9] Lambda function: create Lambda function f",
            f"[2/9] Lambda function: waiting: {SLOW} (0 s, at most 60 s)",
            "[7/9] API Gateway: create REST API a",
            "[7/9] API Gateway: waiting: AWS asks for slower requests (0 s, at most 60 s)",
            f"[2/9] Lambda function: waiting: {SLOW} (10 s, at most 60 s)",
            "[7/9] API Gateway: waiting: AWS asks for slower requests (10 s, at most 60 s)",
        ]

    def test_a_wait_names_what_waits_when_the_phase_does_something_else_too(self, log: Log) -> None:
        log.hear(PhaseStarted("lambda"), LOGS, FUNCTION, Waiting("lambda", SLOW, 0, 60, "function"))
        assert log.lines[-1] == (
            f"[2/9] Lambda function: waiting (Lambda function f): {SLOW} (0 s, at most 60 s)"
        )

    def test_a_run_that_failed_ends_with_what_is_done_what_failed_and_what_is_not_started(
        self, log: Log
    ) -> None:
        with pytest.raises(WizardError), log.listener:
            log.hear(PhaseStarted("bucket"), PhaseDone("bucket", 0, 1), PhaseStarted("lambda"))
            log.hear(PhaseStarted("api"), PhaseFailed("lambda", FAILURE, 1), seconds=2)
            log.hear(PhaseStopped("api", "the Lambda function failed"))
            log.hear(PhaseStopped("cors", "the Lambda function failed"))
            raise FAILURE
        never = "IAM permissions, Environment variables, Function settings, Function test, CORS, Deployment"
        assert log.lines[1:] == [
            "[2/9] Lambda function: failed after 1.0 s: Could not create the function f.",
            "[7/9] API Gateway: stopped because the Lambda function failed",
            "[8/9] CORS: not started because the Lambda function failed",
            "ended after 2.0 s: 1 of 9 phases done",
            "done: S3 bucket",
            "failed: Lambda function",
            "stopped: API Gateway",
            f"not started: {never}",
        ]

    def test_an_interrupted_run_names_the_phases_it_was_in(self, log: Log) -> None:
        """Ctrl-C may leave no time for events about each phase."""
        with pytest.raises(Interrupted), log.listener:
            log.hear(PhaseStarted("bucket"), BUCKET, PhaseStarted("lambda"), ROLE)
            raise Interrupted
        assert "stopped: S3 bucket, Lambda function" in log.lines

    def test_a_run_that_succeeds_or_ends_before_its_first_phase_has_no_summary(self, log: Log) -> None:
        with log.listener:
            log.hear(PhaseStarted("bucket"), PhaseDone("bucket", 0, 1))
        assert log.lines == ["[1/9] S3 bucket: done (unchanged, 1.0 s)"]
        nothing = Log()
        with pytest.raises(WizardError), nothing.listener:
            raise FAILURE
        assert nothing.lines == []


SIDE_BY_SIDE = """
import sys, threading, time
from rich.console import Console
from wizard.engine.progress import *
from wizard.ui.progress import progress
lock = threading.Lock()
with progress(Console(stderr=True)) as listen:
    def work(key):
        for event in (PhaseStarted(key), ChangeStarted(key, "r", "create", "thing of " + key)):
            with lock:
                listen(event)
        time.sleep(120)
    for key in ("bucket", "api", "cors"):
        threading.Thread(target=work, args=(key,), daemon=True).start()
    time.sleep(120)
"""


class TestOnATerminal:
    @pytest.mark.parametrize("columns", [62, 82, 140])
    def test_rows_that_several_threads_work_on_spin_at_once(self, columns: int) -> None:
        with Terminal(SIDE_BY_SIDE, columns=columns, rows=24) as terminal:
            for key in ("bucket", "api", "cors"):
                terminal.see(f"creating thing of {key}")
            before, moved = terminal.lines, set[str]()

            def all_have_moved() -> bool:
                pairs = zip(before, terminal.lines, strict=True)
                moved.update(line[1:2] for old, line in pairs if old != line)
                return {"1", "7", "8"} <= moved

            terminal.wait(all_have_moved, "rows 1, 7 and 8 moving")

    def test_the_last_picture_on_a_live_terminal_is_whole(self) -> None:
        output = io.StringIO()
        console = Console(file=output, width=80, height=24, force_terminal=True, color_system=None)
        with pytest.raises(WizardError), LiveTable(console) as listen:
            listen(PhaseStarted("bucket"))
            listen(PhaseFailed("bucket", FAILURE, 1))
            raise FAILURE
        assert output.getvalue().count("✗ S3 bucket: Could not create the function f.") == 1
