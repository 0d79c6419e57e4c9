"""A small run in the command's own words."""

from __future__ import annotations

import io

from rich.console import Console

from wizard.engine.progress import ChangeDone, ChangeStarted, Event, Noticed, PhaseDone, PhaseStarted, Waiting
from wizard.ui.one_line import OneLine

UPDATE = ChangeStarted(
    "env vars", "function.environment", "update", "environment variables", ("not as set up",)
)


def said(*events: Event) -> list[str]:
    output = io.StringIO()
    listen = OneLine(Console(file=output, width=20), "Telling the function of [it] …")
    for event in events:
        listen(event)
    return output.getvalue().splitlines()


def test_a_change_is_one_line_whatever_phases_and_attempts_it_takes() -> None:
    done = ChangeDone("env vars", "function.environment", "update", "environment variables", 0.5)
    check = ChangeStarted("deploy", "deploy.endpoint", "check", "stored event")
    events = (PhaseStarted("env vars"), UPDATE, UPDATE, done, PhaseDone("env vars", 1, 0.5), check)
    assert said(*events) == ["Telling the function of [it] …"]


def test_where_nothing_is_changed_nothing_is_said() -> None:
    assert said(PhaseStarted("env vars"), PhaseDone("env vars", 0, 0.0)) == []


def test_a_long_wait_is_said_once_and_a_short_one_not() -> None:
    waits = [Waiting("env vars", "Lambda is busy", elapsed, 300) for elapsed in (0.0, 5.0, 10.0, 15.0)]
    assert said(*waits) == ["Waiting: Lambda is busy (at most 300 s)."]


def test_what_the_operator_should_know_is_said() -> None:
    assert said(Noticed("deploy", "not checked: it is closed")) == ["Note: not checked: it is closed."]
