"""The screens, on consoles of fixed width and on a real pseudo-terminal."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from threading import RLock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType
from wizard.engine.rollback import Fate, Verdict

from tests import PROJECT
from tests.tools.terminal import Terminal
from wizard.engine.plan import Observation, PhaseObservation, Plan
from wizard.engine.progress import (
    ChangeDone,
    ChangeStarted,
    Event,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    Waiting,
)
from wizard.errors import ConflictError, WizardError
from wizard.phase_titles import PHASE_TITLES
from wizard.phases import PHASES, RESOURCES
from wizard.settings.resolve import resolve
from wizard.settings.table import SETTINGS
from wizard.state.model import DeploymentId, Record, State
from wizard.ui.error_panel import error_panel, print_error
from wizard.ui.frame import frame
from wizard.ui.lines import PlainLines
from wizard.ui.live import LiveTable, Picture
from wizard.ui.plan_table import plan_table
from wizard.ui.progress import progress
from wizard.ui.progress_model import RunProgress
from wizard.ui.review_table import review
from wizard.ui.rollback_table import rollback_table
from wizard.ui.status_table import offline_table, status_table
from wizard.ui.text import Printable

FAILURE = WizardError(
    what="Could not create the role [x].", why="You may not.", next_step="Ask [bold]your admin[/bold]."
)
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class FakeClock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def shown(
    content: RenderableType, width: int = 80, *, terminal: bool = False, encoding: str = "utf-8"
) -> str:
    """What stands on the screen, without blanks at the end of lines."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, width=width, force_terminal=terminal, color_system=None)
    console.print(content)
    file.flush()
    return "\n".join(line.rstrip() for line in raw.getvalue().decode(encoding).splitlines())


def walked(*events: Event, reverse: bool = False, clock: FakeClock | None = None) -> RunProgress:
    walk = RunProgress(reverse=reverse, clock=clock or FakeClock())
    for event in events:
        walk.hear(event)
    return walk


def lines(walk: RunProgress, width: int = 100, height: int | None = 24) -> list[str]:
    return shown(frame(walk, width, height), width).splitlines()


BUCKET_DONE = (
    PhaseStarted("bucket"),
    ChangeStarted("bucket", "bucket", "create", "S3 bucket x"),
    ChangeDone("bucket", "bucket", "create", "S3 bucket x", 0.4),
    PhaseDone("bucket", 3, 1.24),
)
ROLE_BEGUN = (PhaseStarted("lambda"), ChangeStarted("lambda", "role", "create", "execution role r"))


class TestTable:
    def test_every_state_has_a_sign_and_a_word_so_that_colour_is_not_needed(self) -> None:
        picture = lines(walked(*BUCKET_DONE, *ROLE_BEGUN))
        assert picture[1].split() == ["1", "S3", "bucket", "✓", "done", "1.2", "s", "3", "changes"]
        assert picture[2].split()[3:] == ["⠋", "working", "0", "s", "creating", "execution", "role", "r"]
        assert picture[3].split()[-2:] == ["·", "queued"]

    def test_nine_phases_stand_under_a_header(self) -> None:
        picture = lines(walked())
        assert [line[1] for line in picture] == ["#", *"123456789"]
        assert all(title in line for title, line in zip(PHASE_TITLES.values(), picture[1:], strict=True))

    def test_a_phase_without_changes_is_unchanged(self) -> None:
        picture = lines(walked(PhaseStarted("iam"), PhaseDone("iam", 0, 0.04)))
        assert picture[3].endswith("✓ done          0.0 s unchanged")

    def test_a_phase_whose_check_ran_is_proved_because_unchanged_sounds_like_nothing_was_done(self) -> None:
        check = ChangeDone("test", "check", "check", "invoke", 0.1)
        assert lines(walked(PhaseStarted("test"), check, PhaseDone("test", 0, 0.1)))[6].endswith("proved")
        assert plain_lines(PhaseStarted("test"), check, PhaseDone("test", 0, 0.1)) == [
            "[6/9] Function test: done (proved, 0.1 s)"
        ]

    def test_a_wait_tells_its_reason_and_its_time_moves_on_by_itself(self) -> None:
        """Minutes pass between two events; a still picture looks like a dead program."""
        clock = FakeClock()
        walk = walked(*ROLE_BEGUN, Waiting("lambda", "IAM is slow", 4, 60), clock=clock)
        assert "IAM is slow (4 s, at most 60 s)" in lines(walk)[2]
        clock.now += 7
        assert "IAM is slow (11 s, at most 60 s)" in lines(walk)[2]
        assert " 7 s " in lines(walk)[2]

    def test_the_spinner_turns(self) -> None:
        clock = FakeClock()
        walk = walked(*ROLE_BEGUN, clock=clock)
        before = lines(walk)[2]
        clock.now += 0.125
        assert lines(walk)[2] != before

    def test_after_a_failure_the_last_picture_tells_what_happened_and_what_was_not_begun(self) -> None:
        walk = walked(*BUCKET_DONE, *ROLE_BEGUN, PhaseFailed("lambda", FAILURE, 3.0))
        walk.stop()
        picture = lines(walk, height=None)
        assert picture[2].endswith("✗ failed        3.0 s Could not create the role [x].")
        assert all(line.endswith("· not started") for line in picture[3:])

    def test_an_interrupted_phase_is_stopped_and_does_not_spin_for_ever(self) -> None:
        clock = FakeClock()
        walk = walked(*ROLE_BEGUN, clock=clock)
        clock.now += 2.5
        walk.stop()
        clock.now += 100
        assert lines(walk, height=None)[2].endswith("■ stopped       2.5 s while creating execution role r")

    def test_a_phase_that_begins_again_after_a_retry_has_forgotten_its_failure(self) -> None:
        walk = walked(*ROLE_BEGUN, PhaseFailed("lambda", FAILURE, 3.0), PhaseStarted("lambda"))
        assert lines(walk)[2].endswith("⠋ working         0 s looking at what is there")

    def test_a_rollback_goes_from_nine_to_one_and_says_what_went_and_what_was_kept(self) -> None:
        walk = walked(
            PhaseStarted("deploy"),
            PhaseDone("deploy", 2, 1),
            PhaseStarted("settings"),
            PhaseDone("settings", 0, 1),
            PhaseStarted("lambda"),
            ChangeDone("lambda", "role", "restore", "role", 1),
            PhaseDone("lambda", 3, 1),
            PhaseStarted("bucket"),
            Noticed("bucket", "S3 bucket x stays: holds 12 objects"),
            PhaseDone("bucket", 0, 1),
            reverse=True,
        )
        picture = lines(walk)
        assert [line[1] for line in picture[1:10]] == list("987654321")
        assert picture[1].endswith("2 removed")
        assert picture[5].endswith("nothing of its own")
        assert picture[8].endswith("2 removed, 1 restored")
        assert picture[9].endswith("1 kept")
        assert picture[10] == "! S3 bucket: S3 bucket x stays: holds 12 objects"


class TestTableInSmallWindows:
    walk = walked(*BUCKET_DONE, *ROLE_BEGUN, Noticed("bucket", "a notice " * 20))

    def test_forty_columns_keep_title_changes_and_time_and_tell_the_activity_below(self) -> None:
        picture = lines(self.walk, 40, 24)
        assert picture[1] == " 1 S3 bucket      ✓ 3 changes     1.2 s"
        assert picture[4] == " 4 Environment v… · queued"
        assert picture[10] == "→ creating execution role r"

    def test_a_long_reason_is_cut_before_the_seconds_of_the_wait(self) -> None:
        walk = walked(*ROLE_BEGUN, Waiting("lambda", "IAM does not know the new role yet", 4, 60))
        assert lines(walk, 40)[10] == "→ IAM does not know… (4 s, at most 60 s)"
        assert lines(walk, 80)[10] == "→ IAM does not know the new role yet (4 s, at most 60 s)"

    def test_eighty_columns_tell_the_outcome_with_the_state(self) -> None:
        assert lines(self.walk, 80)[1] == f" 1 S3 bucket              ✓ done, 3 changes{'1.2 s':>36}"

    def test_ten_rows_have_room_for_nine_phases_and_the_activity(self) -> None:
        picture = lines(self.walk, 40, 10)
        assert len(picture) == 10
        assert picture[0].startswith(" 1 S3 bucket")
        assert picture[9] == "→ creating execution role r"

    def test_fewer_rows_than_phases_show_the_current_phase_and_a_count(self) -> None:
        assert lines(self.walk, 60, 4) == [
            "2 Lambda function  ⠋ working  0 s",
            "1 of 9 phases done",
            "creating execution role r",
        ]

    def test_before_the_first_phase_a_small_window_shows_the_count(self) -> None:
        assert lines(walked(), 60, 4) == ["0 of 9 phases done"]

    @pytest.mark.parametrize("width", [1, 2, 5, 10, 20, 35, 36, 40, 60, 71, 72, 80, 200])
    @pytest.mark.parametrize("height", [1, 2, 3, 8, 9, 10, 11, 12, 24])
    def test_no_picture_is_larger_than_its_window(self, width: int, height: int) -> None:
        """One row too many and the terminal scrolls: the next picture would leave the last one behind."""
        file = io.StringIO()
        console = Console(file=file, width=width, height=height, color_system=None)
        drawn = console.render_lines(frame(self.walk, width, height), pad=False)
        assert len(drawn) <= height
        assert all(sum(segment.cell_length for segment in line) <= width for line in drawn)

    def test_the_last_picture_of_a_narrow_window_tells_the_failure_in_full_below(self) -> None:
        walk = walked(*ROLE_BEGUN, PhaseFailed("lambda", FAILURE, 3.0))
        walk.stop()
        picture = lines(walk, 40, None)
        assert picture[-2:] == ["✗ Lambda function: Could not create the", "role [x]."]


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


def terminal_console(output: io.StringIO, width: int = 80) -> Console:
    return Console(file=output, width=width, height=24, force_terminal=True, color_system="truecolor")


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
        self, output: io.StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = LiveTable(terminal_console(output))
        with pytest.raises(ZeroDivisionError), table:
            monkeypatch.setattr("wizard.ui.live.frame", lambda *_: 1 / 0)
            raise RuntimeError
        assert output.getvalue().endswith(SHOW_CURSOR)

    def test_in_a_window_that_became_narrower_folded_lines_are_taken_back_too(
        self, output: io.StringIO
    ) -> None:
        """Most terminals fold old lines; counting lines would leave the upper pieces behind."""
        picture = Picture(walked(*BUCKET_DONE, *ROLE_BEGUN, clock=FakeClock()), RLock())
        terminal_console(output, 100).print(picture)
        assert str(picture.take_back(100)).count("\x1b[1A") == 9
        assert str(picture.take_back(50)).count("\x1b[1A") == 9 + 3

    def test_no_color_uses_no_colour(self, output: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        with LiveTable(terminal_console(output)) as listen:
            for event in BUCKET_DONE:
                listen(event)
        assert "\x1b[3" not in output.getvalue()
        assert "✓ done" in output.getvalue()


def plain_lines(*events: Event, reverse: bool = False) -> list[str]:
    output = io.StringIO()
    with PlainLines(Console(file=output, width=40), reverse=reverse) as listen:
        for event in events:
            listen(event)
    return output.getvalue().splitlines()


class TestPlainLines:
    def test_one_line_a_change_and_one_when_the_phase_is_done(self) -> None:
        assert plain_lines(*BUCKET_DONE) == [
            "[1/9] S3 bucket: create S3 bucket x",
            "[1/9] S3 bucket: done (3 changes, 1.2 s)",
        ]

    def test_a_repair_says_what_differed(self) -> None:
        update = ChangeStarted("bucket", "v", "update", "versioning on", ("versioning is off, should be on",))
        assert plain_lines(PhaseStarted("bucket"), update) == [
            "[1/9] S3 bucket: update versioning on (versioning is off, should be on)"
        ]

    def test_checks_failures_and_notices_have_their_line(self) -> None:
        assert plain_lines(
            PhaseStarted("test"),
            ChangeStarted("test", "check", "check", "invoke with [TestEventAPI]"),
            Noticed("test", "slow"),
            PhaseFailed("test", FAILURE, 2),
        ) == [
            "[6/9] Function test: check: invoke with [TestEventAPI]",
            "[6/9] Function test: note: slow",
            "[6/9] Function test: failed after 2.0 s: Could not create the role [x].",
        ]

    def test_a_rollback_counts_what_it_removed(self) -> None:
        assert plain_lines(PhaseStarted("api"), PhaseDone("api", 1, 0.5), reverse=True) == [
            "[7/9] API Gateway: done (1 removed, 0.5 s)"
        ]

    def test_a_long_wait_does_not_fill_the_log(self) -> None:
        clock, output = FakeClock(), io.StringIO()
        listen = PlainLines(Console(file=output), clock=clock)
        for second in range(25):
            listen(Waiting("lambda", "IAM is slow", second, 60))
            clock.now += 1
        listen(Waiting("lambda", "Lambda is pending", 0, 60))
        assert output.getvalue().splitlines() == [
            "[2/9] Lambda function: waiting: IAM is slow (0 s, at most 60 s)",
            "[2/9] Lambda function: waiting: IAM is slow (10 s, at most 60 s)",
            "[2/9] Lambda function: waiting: IAM is slow (20 s, at most 60 s)",
            "[2/9] Lambda function: waiting: Lambda is pending (0 s, at most 60 s)",
        ]

    def test_long_lines_are_not_folded_so_that_logs_can_be_searched(self) -> None:
        (line,) = plain_lines(ChangeStarted("bucket", "b", "create", "S3 bucket " + "x" * 300))
        assert line.endswith("x" * 300)

    def test_even_on_a_terminal_there_are_no_escapes(self, output: io.StringIO) -> None:
        listen = PlainLines(terminal_console(output))
        for event in (*BUCKET_DONE, Noticed("bucket", "\x1b[2Jgone\r")):
            listen(event)
        assert "\x1b" not in output.getvalue()
        assert "\r" not in output.getvalue()


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


IDENTITY = DeploymentId("id", "tracker", "123456789012", "aws", "eu-central-1")
RESOLVED = resolve(
    IDENTITY,
    flags={"memory_mb": "256"},
    environment={"EVENTTRACK_STAGE_NAME": "dev"},
    saved={"runtime": "python3.14", "stage_description": "[red]a[/red]"},
)


class TestReview:
    def test_every_value_stands_under_its_phase_with_its_source(self) -> None:
        text = shown(review(RESOLVED, IDENTITY, {"State file": "./state.json"}), 100)
        rows = [line.split() for line in text.splitlines()]
        assert rows[:4] == [
            ["Deployment", "tracker"],
            ["Account", "123456789012"],
            ["Region", "eu-central-1"],
            ["State", "file", "./state.json"],
        ]
        assert ["Memory", "(MB)", "256", "flag"] in rows
        assert ["Stage", "name", "dev", "environment"] in rows
        assert ["Runtime", "python3.14", "saved", "state"] in rows
        assert ["Stage", "description", "[red]a[/red]", "saved", "state"] in rows
        assert ["Timeout", "(seconds)", "10", "default"] in rows
        assert rows.index(["5", "Function", "settings"]) < rows.index(["Memory", "(MB)", "256", "flag"])

    def test_no_setting_is_missing(self) -> None:
        text = shown(review(RESOLVED, IDENTITY), 40)
        assert all(setting.question.split()[0] in text for setting in SETTINGS)
        assert text.count(" (default)") + text.count("(default)\n") >= len(SETTINGS) - 4

    @pytest.mark.parametrize("width", [20, 40, 49, 50, 60, 80, 140])
    def test_no_value_is_cut_at_any_width(self, width: int) -> None:
        text = shown(review(RESOLVED, IDENTITY), width)
        assert "…" not in text
        # One word of a value may be folded in its column: its pieces stand below each other.
        if width not in (50, 60):
            together = "".join(text.split())
            assert RESOLVED.settings.bucket_name in together
            assert RESOLVED.settings.role_name in together

    def test_sixty_columns_hold_every_line(self) -> None:
        assert all(len(line) <= 60 for line in shown(review(RESOLVED, IDENTITY), 60).splitlines())
        assert "X-Amz-Security-Token," in shown(review(RESOLVED, IDENTITY), 60)


def observed(key: str, **changes: object) -> Observation:
    """A resource as it should be, but for `changes`."""
    return replace(Observation(key, key, "as set up"), **changes)  # type: ignore[arg-type]


PLAN = Plan(
    (
        PhaseObservation(
            "bucket",
            "S3 bucket",
            "drift",
            (
                observed("bucket"),
                observed("versioning", verdict="drift", sentences=("versioning is off, should be on",)),
                observed("encryption", verdict="drift", sentences=("algorithm [x] is y",), adopting=True),
            ),
            finished_at="2026-01-02T03:04:05+00:00",
            seconds=1.24,
        ),
        PhaseObservation(
            "lambda",
            "Lambda function",
            "unknown",
            (
                observed("role", verdict="absent", sentences=("role is missing",)),
                observed("logs", verdict="foreign", sentences=("There is already a log group.",)),
                observed("function", verdict="unknown", sentences=("You may not see it.",)),
            ),
        ),
        PhaseObservation("test", "Function test", "incomplete", (), ("invoke with TestEventAPI",)),
        PhaseObservation("settings", "Function settings", "done", (observed("memory"),)),
    )
)
IN_ORDER = Plan((PhaseObservation("settings", "Function settings", "done", (observed("memory"),)),))


class TestPlanTable:
    def test_says_per_phase_what_would_happen_to_each_resource_and_why(self) -> None:
        assert shown(plan_table(PLAN), 60).splitlines() == [
            "1 S3 bucket",
            "  = leave bucket",
            "  ~ change versioning",
            "      versioning is off, should be on",
            "  ~ adopt encryption",
            "      algorithm [x] is y",
            "2 Lambda function",
            "  + create role",
            "  ! in the way: logs",
            "      There is already a log group.",
            "  ? unknown: function",
            "      You may not see it.",
            "6 Function test",
            "  → check: invoke with TestEventAPI",
            "5 Function settings",
            "  = leave memory",
            "",
            "1 to create, 1 to change, 1 to adopt, 2 as they should be, 1",
            "in the way, 1 unknown, and 1 check to run",
        ]

    def test_a_deployment_in_order_has_nothing_but_resources_as_they_should_be(self) -> None:
        assert shown(plan_table(IN_ORDER)).splitlines()[-1] == "1 as they should be"

    def test_an_empty_plan_says_so(self) -> None:
        assert shown(plan_table(Plan())).strip() == "nothing to do"


class TestStatusTable:
    url = "https://abc.execute-api.eu-central-1.amazonaws.com/prod/events"

    def test_shows_state_and_time_of_every_phase_the_drift_in_words_and_the_endpoint(self) -> None:
        text = shown(status_table(PLAN, self.url))
        assert "1 S3 bucket         ≠ drift      2026-01-02 03:04 UTC, took 1.2 s" in text
        assert "5 Function settings ✓ done" in text
        assert "S3 bucket:\n  versioning is off, should be on\n  algorithm [x] is y" in text
        assert "1 of 4 phases are as they should be." in text
        assert text.endswith(f"Endpoint:\n{self.url}")

    def test_a_deployment_in_order_lists_no_differences(self) -> None:
        assert "Function settings:" not in shown(status_table(IN_ORDER, None))

    def test_without_an_endpoint_there_is_no_line_for_it(self) -> None:
        assert "Endpoint" not in shown(status_table(PLAN, None))

    def test_forty_columns_leave_out_the_times_before_they_fold_titles(self) -> None:
        assert "1 S3 bucket         ≠ drift\n" in shown(status_table(PLAN, None), 40)


def saved_state(**phases: object) -> State:
    return State(DeploymentId("id", "tracker", "1" * 12, "aws", "eu-central-1"), phases=phases)  # type: ignore[arg-type]


class TestOfflineTable:
    def test_shows_what_the_file_remembers_and_says_that_nothing_was_checked(self) -> None:
        state = saved_state(bucket={"finished_at": "2026-01-02T03:04:05+00:00", "seconds": 1.24})
        text = shown(offline_table(state, "https://x/events"))
        assert "tracker: setting up, in account 111111111111, region eu-central-1" in text
        assert "1 S3 bucket             ✓ done        2026-01-02 03:04 UTC, took 1.2 s" in text
        assert "2 Lambda function       · not started" in text
        assert "AWS was not asked" in text
        assert text.endswith("Endpoint:\nhttps://x/events")

    def test_after_a_rollback_it_names_what_was_kept(self) -> None:
        state = saved_state()
        state.lifecycle = "rolled back"
        state.records = {
            "bucket": Record("present", "created", {"name": "b"}),
            "bucket.versioning": Record("present", "created"),
        }
        assert "\nStill there: S3 bucket b.\n" in shown(offline_table(state))

    def test_shows_what_a_killed_run_was_about_to_do(self) -> None:
        state = saved_state()
        state.records = {"role": Record("creating", "created"), "bucket": Record("present", "created")}
        text = shown(offline_table(state))
        assert "role was being created when the last run ended" in text
        assert "bucket was being" not in text

    @pytest.mark.parametrize(
        "ran", [{}, None, 7, {"finished_at": "[/x]", "seconds": "y"}, {"finished_at": 3}]
    )
    def test_an_edited_file_cannot_break_it(self, ran: object) -> None:
        assert "S3 bucket" in shown(offline_table(saved_state(bucket=ran)))

    def test_loads_no_boto3_so_that_it_is_there_at_once(self) -> None:
        loaded = "import sys, wizard.ui; print({'boto3', 'botocore', 'questionary'} & set(sys.modules))"
        result = subprocess.run(
            [sys.executable, "-c", loaded], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        assert result.stdout.strip() == "set()"


def test_titles_and_order_of_the_phases_are_those_of_the_engine() -> None:
    assert [(phase.key, phase.title) for phase in PHASES] == list(PHASE_TITLES.items())


def verdict(key: str, fate: Fate, reason: str = "was made by this deployment") -> Verdict:
    return Verdict("", RESOURCES[key], key, fate, reason)


class TestRollbackTable:
    def test_parts_are_named_with_what_takes_them_along(self) -> None:
        text = shown(
            rollback_table(
                [
                    verdict("function.environment", "goes with", "goes with function"),
                    verdict("function", "delete"),
                    verdict("role", "restore", "stood there before; its former settings come back"),
                ]
            )
        )
        assert text.splitlines() == [
            "- goes     function",
            "             with function.environment",
            "~ restored role",
            "             stood there before; its former settings come back",
            "",
            "1 goes and 1 restored",
        ]

    def test_parts_of_what_stays_stay_too_and_are_not_listed(self) -> None:
        text = shown(
            rollback_table(
                [
                    verdict("bucket.versioning", "goes with", "goes with the bucket"),
                    verdict("bucket", "keep", "holds 12 objects with events"),
                ]
            )
        )
        assert text.splitlines() == [
            "= stays bucket",
            "          holds 12 objects with events",
            "",
            "1 stays",
        ]

    def test_a_part_whose_whole_was_taken_by_an_earlier_run_is_listed_for_itself(self) -> None:
        assert "- goes bucket.versioning" in shown(
            rollback_table([verdict("bucket.versioning", "goes with")])
        )

    def test_afterwards_it_says_what_was_done(self) -> None:
        verdicts = [verdict("function", "delete"), verdict("role", "gone", "is no longer there")]
        text = shown(rollback_table(verdicts, finished=True))
        assert "- removed      function" in text
        assert "· already gone role" in text
        assert text.endswith("1 removed and 1 already gone")

    def test_with_nothing_left_it_says_so(self) -> None:
        assert shown(rollback_table([])).strip() == "Nothing is left to remove."


class TestErrorPanel:
    error = ConflictError(
        what="There is already a role [x].",
        why="It is\nnot ours \x1b[31m.",
        next_step="Use `--adopt` " + "or wait " * 20,
        link="https://docs.aws.amazon.com/[x]",
    )

    def test_off_a_terminal_it_is_plain_lines_that_are_neither_folded_nor_cut(
        self, output: io.StringIO
    ) -> None:
        print_error(Console(file=output, width=40), self.error)
        assert output.getvalue().splitlines() == [
            "error: There is already a role [x].",
            r"why: It is not ours \x1b[31m.",
            f"next: Use `--adopt` {'or wait ' * 20}".rstrip(),
            "more: https://docs.aws.amazon.com/[x]",
        ]

    def test_on_a_terminal_rules_stand_above_and_below_but_not_at_the_sides(self) -> None:
        """Commands are copied from here."""
        text = shown(error_panel(self.error), 60, terminal=True).splitlines()
        assert set(text[0].strip()) == set(text[-1].strip()) == {"─"}
        assert text[1].strip() == "error: There is already a role [x]."

    def test_without_a_link_there_is_no_line_for_it(self) -> None:
        assert "more:" not in shown(error_panel(FAILURE))

    def test_printed_like_anything_else_it_is_folded_and_loses_nothing(self) -> None:
        assert "".join(shown(error_panel(self.error), 30).split()).count("orwait") == 20


def everything(odd: str) -> Iterator[RenderableType]:
    """Every screen with the same odd text wherever a text can be."""
    error = WizardError(what=odd, why=odd, next_step=odd, link=odd)
    resource = Observation(odd, odd, "drift", (odd,))
    phase = PhaseObservation("bucket", odd, "drift", (resource,), (odd,), odd, 1.0)
    walk = walked(
        PhaseStarted(odd),
        ChangeStarted("bucket", odd, "create", odd, (odd,)),
        Waiting("bucket", odd, 1, 2),
        Noticed("bucket", odd),
        PhaseFailed("bucket", error, 1),
    )
    yield from (Printable(frame(walk, 40, 24)), Printable(frame(walk, 100, 24)), error_panel(error))
    yield plan_table(Plan((phase,)))
    yield status_table(Plan((phase,)), odd)
    yield rollback_table([Verdict(odd, RESOURCES["bucket"], odd, "keep", odd)])
    yield review(RESOLVED, DeploymentId(odd, odd, odd, odd, odd), {odd: odd})
    state = saved_state(bucket={"finished_at": odd})
    state.records = {odd: Record("creating", "created")}
    yield offline_table(state, odd)


class TestOffATerminal:
    """Pipes and logs: consoles that wrap nothing, whatever width they believe to have."""

    long = "a sentence of many words " * 20 + "with an end"

    @pytest.mark.parametrize("width", [30, 80])
    def test_no_sentence_is_cut_or_folded_and_no_line_ends_in_blanks(self, width: int) -> None:
        for content in everything(self.long):
            output = io.StringIO()
            Console(file=output, width=width, soft_wrap=True).print(content)
            assert not any(line.endswith(" ") for line in output.getvalue().splitlines())
        for content in (
            status_table(Plan((PhaseObservation("test", "t", "drift", (), (self.long,)),)), None),
            plan_table(Plan((PhaseObservation("test", "t", "drift", (), (self.long,)),))),
            rollback_table([verdict("bucket", "keep", self.long)]),
        ):
            output = io.StringIO()
            Console(file=output, width=width, soft_wrap=True).print(content)
            assert self.long in output.getvalue()

    def test_a_narrow_terminal_gets_whole_sentences_too(self) -> None:
        output = io.StringIO()
        plan = Plan((PhaseObservation("test", "t", "drift", (), (self.long,)),))
        Console(file=output, width=30, soft_wrap=True, force_terminal=True, color_system=None).print(
            status_table(plan, None)
        )
        assert self.long in output.getvalue()


class TestOddContent:
    # Other work on the machine is no failure of the screens.
    @settings(deadline=None)
    @given(st.text(st.characters(exclude_categories=()), max_size=40))
    def test_no_text_breaks_a_screen_or_reaches_the_terminal_as_a_control_character(self, odd: str) -> None:
        for content in everything(odd):
            text = shown(content, 60)
            assert all(character.isprintable() for character in text.replace("\n", ""))

    @pytest.mark.parametrize(
        "odd", ["[/bold]", "[link=x]", "\x1b]0;title\x07", "a\r\nb", "\ud800", "\u202eevil"]
    )
    def test_known_attacks_are_shown_as_text(self, odd: str) -> None:
        for content in everything(odd):
            assert "\x1b" not in shown(content, 60)

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
    def test_a_terminal_without_unicode_gets_the_nearest_signs(self, encoding: str) -> None:
        """`LC_ALL=C eventtrack-wizard status > file` must not end in a UnicodeEncodeError."""
        for content in everything("é → 漢 ✓"):
            shown(content, 60, encoding=encoding)
        assert "v done" in shown(status_table(IN_ORDER, None), encoding=encoding)


RUN = """
import sys, time
from rich.console import Console
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


@pytest.mark.slow
class TestOnATerminal:
    @pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 14), (30, 5)])
    def test_a_run_leaves_one_table_between_what_was_printed_before_and_after(
        self, columns: int, rows: int
    ) -> None:
        with Terminal(BRIEF, columns=columns, rows=60) as terminal:
            terminal.resize(columns, rows)
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
            assert sum("#" in line for line in terminal.lines) == 1, terminal.text
            assert sum("IAM" in line for line in terminal.lines) == 1

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
