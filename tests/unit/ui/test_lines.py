"""Progress off a terminal: plain lines."""

from __future__ import annotations

import io

from rich.console import Console

from tests.unit.ui.screens import (
    BUCKET_DONE,
    FAILURE,
    FakeClock,
    plain_lines,
    terminal_console,
)
from wizard.engine.progress import (
    ChangeStarted,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    Waiting,
)
from wizard.ui.lines import PlainLines


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


def test_a_phase_whose_work_came_with_a_create_says_so_and_does_not_look_skipped() -> None:
    said = plain_lines(PhaseStarted("env vars"), PhaseDone("env vars", 0, 0.1, "Lambda function f"))
    assert said[-1] == "[4/9] Environment variables: done (came with the Lambda function f, 0.1 s)"
