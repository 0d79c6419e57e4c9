"""GitHub Actions: groups that never lie in each other, and errors beside the run; only there."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from tests.aws.in_process import Workspace
from tests.unit.ui.screens import BUCKET_DONE, FAILURE, ROLE_BEGUN
from wizard.engine.apply import Engine
from wizard.engine.progress import ChangeStarted, Event, PhaseDone, PhaseFailed, PhaseStarted
from wizard.errors import WizardError
from wizard.ui.error_panel import print_error
from wizard.ui.github import GroupedLines
from wizard.ui.lines import PlainLines
from wizard.ui.progress import progress


def grouped(*events: Event) -> list[str]:
    output = io.StringIO()
    with GroupedLines(Console(file=output, width=40)) as listen:
        for event in events:
            listen(event)
    return output.getvalue().splitlines()


def test_lines_of_a_phase_wait_while_the_group_of_another_is_open() -> None:
    started, created, _done, done = BUCKET_DONE
    lines = grouped(started, created, *ROLE_BEGUN, done, PhaseDone("lambda", 1, 0.5))
    assert lines == [
        "::group::1/9 S3 bucket",
        "[1/9] S3 bucket: create S3 bucket x",
        "[1/9] S3 bucket: done (3 changes, 1.2 s)",
        "::endgroup::",
        "::group::2/9 Lambda function",
        "[2/9] Lambda function: create execution role r",
        "[2/9] Lambda function: done (1 change, 0.5 s)",
        "::endgroup::",
    ]


def test_the_open_group_is_told_at_once_because_a_wait_may_be_long() -> None:
    output = io.StringIO()
    with GroupedLines(Console(file=output)) as listen:
        for event in (*ROLE_BEGUN, *BUCKET_DONE):
            listen(event)
        assert output.getvalue().splitlines()[-1] == "[2/9] Lambda function: create execution role r"
        listen(PhaseDone("lambda", 1, 0.5))
        assert output.getvalue().splitlines()[-1] == "::endgroup::"


def test_a_phase_that_fails_after_its_end_gets_a_group_again() -> None:
    lines = grouped(*BUCKET_DONE, PhaseFailed("bucket", FAILURE, 2.0))
    assert [line for line in lines if line.startswith("::")] == [
        "::group::1/9 S3 bucket",
        "::endgroup::",
    ] * 2


def test_a_run_that_is_broken_off_closes_its_groups_before_the_summary() -> None:
    output = io.StringIO()
    with pytest.raises(KeyError), GroupedLines(Console(file=output, width=200)) as listen:
        for event in (*ROLE_BEGUN, PhaseStarted("api"), ChangeStarted("api", "api", "create", "an API")):
            listen(event)
        raise KeyError
    lines = output.getvalue().splitlines()
    assert lines[2:6] == [
        "::endgroup::",
        "::group::7/9 API Gateway",
        "[7/9] API Gateway: create an API",
        "::endgroup::",
    ]
    assert lines[6].startswith("ended after")


def test_of_a_real_run_every_line_is_in_the_group_of_its_phase(workspace: Workspace) -> None:
    output = io.StringIO()
    at, store = workspace.open()
    with GroupedLines(Console(file=output, width=200)) as listen:
        Engine(at, store, listen).apply()

    open_number, numbers = None, []
    for line in output.getvalue().splitlines():
        if group := re.fullmatch(r"::group::(\d)/9 .+", line):
            assert open_number is None
            open_number = group[1]
            numbers.append(group[1])
        elif line == "::endgroup::":
            open_number = None
        else:
            assert line.startswith(f"[{open_number}/9]")
    assert open_number is None
    assert sorted(numbers) == list("123456789")


def test_an_error_is_one_annotation_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    output = io.StringIO()
    error = WizardError(what=FAILURE.what, why="100 %\n", next_step=FAILURE.next_step)
    print_error(Console(file=output, width=20), error)
    assert output.getvalue() == (
        "::error::Could not create the role [x].%0Awhy: 100 %25%0Anext: Ask [bold]your admin[/bold].\n"
    )


@pytest.mark.parametrize(
    ("value", "screen"), [("true", GroupedLines), ("", PlainLines), ("false", PlainLines)]
)
def test_groups_and_annotations_are_for_github_alone_because_others_print_them_as_they_are(
    value: str, screen: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", value)
    monkeypatch.setenv("CI", "true")
    output = io.StringIO()
    assert type(progress(Console(file=output))) is screen
    print_error(Console(file=output), FAILURE)
    assert output.getvalue().startswith("::error::" if screen is GroupedLines else "error: ")
