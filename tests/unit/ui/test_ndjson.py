"""`--json` of setup and rollback: every line as documented, in its order, and never a token."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from tests import PROJECT
from tests.aws.in_process import Workspace
from tests.aws.in_process.workspace import TOKEN
from wizard.endpoint.traffic import Traffic
from wizard.engine.plan import make_plan
from wizard.engine.progress import ChangeDone, ChangeStarted, Event, PhaseDone, PhaseFailed, PhaseStarted
from wizard.errors import WizardError
from wizard.options import Options
from wizard.ui.ndjson import (
    TYPES,
    Failed,
    Fate,
    PlannedStep,
    RolledBack,
    SetUp,
    as_document,
    failed,
    planned,
    teller,
)

PAGE = (PROJECT / ".github" / "JSON.md").read_text()
LINES, DOCUMENTS = PAGE.split("## Documents")
FIRST, OF_SETUP, OF_ROLLBACK = LINES.split("The `result` of")
CODE = r"`([^`]+)`"


def rows(text: str) -> list[list[str]]:
    """The cells of all rows but the heads of tables."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] not in ("Type", "Key")]


def documented() -> dict[str, list[str]]:
    """Type to its keys."""
    found: dict[str, list[str]] = {}
    for kind, key, _value in rows(FIRST):
        found.setdefault(kind.strip("`") or list(found)[-1], []).append(key.strip("`"))
    return found


def keys_of(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def test_the_page_documents_every_type_of_line_with_its_keys_in_their_order() -> None:
    events = {TYPES[kind]: keys_of(kind) for kind in TYPES if kind not in (SetUp, RolledBack)}
    assert documented() == events
    assert [row[0].strip("`") for row in rows(OF_SETUP)] == keys_of(SetUp)
    assert [row[0].strip("`") for row in rows(OF_ROLLBACK)] == keys_of(RolledBack)


def test_the_page_documents_what_status_says_of_the_last_day() -> None:
    traffic = Traffic(datetime.now(UTC), datetime.now(UTC))
    table = DOCUMENTS.partition("The `traffic` of")[2].split("\n\n")[1]
    assert [row[0].strip("`") for row in rows(table)] == list(traffic.as_dict(str))


def test_the_page_documents_what_is_inside_of_lists_and_errors() -> None:
    values = {key.strip("`"): value for _kind, key, value in rows(FIRST)}
    assert re.findall(CODE, values["steps"].split("(")[0])[:4] == keys_of(PlannedStep)[:4]
    assert re.findall(CODE, values["error"]) == keys_of(Failed)
    fates = next(row[1] for row in rows(OF_ROLLBACK) if row[0] == "`resources`")
    assert {"key", "title", "fate", "reason"} <= set(re.findall(CODE, fates))
    assert keys_of(Fate) == ["key", "title", "fate", "reason"]


def test_every_event_of_the_engine_has_a_type() -> None:
    assert set(get_args(Event)) <= set(TYPES)


def run(workspace: Workspace, lines: list[str], *, remove: bool = False) -> None:
    at, store = workspace.open()
    lines.append(json.dumps(as_document(planned(make_plan(at, store, remove=remove), at.identity))))
    if remove:
        workspace.rollback()
    else:
        workspace.apply()
    lines += [json.dumps(as_document(event)) for event in workspace.events]


def checked(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The lines as documents, each with exactly the documented keys."""
    found = [json.loads(line) for line in lines]
    for document in found:
        assert list(document) == ["type", "at", *documented()[document["type"]]]
    return found


@pytest.mark.parametrize("remove", [False, True])
def test_a_run_is_a_plan_and_then_phases_that_begin_before_they_end(
    workspace: Workspace, *, remove: bool
) -> None:
    lines: list[str] = []
    if remove:
        workspace.apply()
    run(workspace, lines, remove=remove)
    plan, *events = checked(lines)

    assert plan["type"] == "plan"
    assert {step["action"] for step in plan["steps"]} == {"delete" if remove else "create"}
    begun: set[str] = set()
    in_flight: set[tuple[str, str]] = set()
    for event in events:
        begun |= {event["phase"]} if event["type"] == "phase_started" else set()
        assert event["phase"] in begun, "nothing is told of a phase that has not begun"
        if event["type"] == "change_started":
            in_flight.add((event["resource"], event["change"]))
        if event["type"] == "change_done":
            in_flight.remove((event["resource"], event["change"]))
    assert in_flight == set()
    assert {event["phase"] for event in events if event["type"] == "phase_done"} == begun
    assert TOKEN not in "".join(lines)


def test_commands_in_errors_carry_the_options_of_the_run_because_a_program_shows_them_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = WizardError(what="No.", why="Because.", next_step="Run `eventtrack-wizard setup`.")
    tell = teller(Options(profile="shop").complete)
    tell(PhaseFailed("bucket", error, 0.123456))
    tell(failed(error))

    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["error"]["next_step"] == last["next_step"] == "Run `eventtrack-wizard setup --profile shop`."
    assert (first["seconds"], last["exit_code"], last["link"]) == (0.123, 1, None)


def test_one_event_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    tell = teller(str)
    for line in (
        PhaseStarted("bucket"),
        ChangeStarted("bucket", "bucket", "create", "S3 bucket\n\x1b[31mx", ("a", "b")),
        ChangeDone("bucket", "bucket", "create", "ü", 0.1),
        PhaseDone("bucket", 1, 0.1),
    ):
        tell(line)
    assert len(checked(capsys.readouterr().out.splitlines())) == 4
