"""`query` on the embedded local AWS."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator

import pytest

from tests.tools.local_deployment import WITHOUT_LIMIT, LocalDeployment, deployed
from wizard.commands import engines
from wizard.commands import query as command
from wizard.errors import UsageError

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("query")]

BY_PLAN = (
    "SELECT properties->>'plan' AS plan, count(*) AS n FROM events WHERE event_name = 'signup'"
    " GROUP BY 1 ORDER BY 1"
)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    """With events of all three formats, one of them sent twice."""
    for deployment in deployed(tmp_path_factory, *WITHOUT_LIMIT):
        for form in ("jsonl", "jsonl.gz", "json"):
            deployment.run("setup", "--yes", "--event-format", form)
            event = {"event_id": "once", "event_name": "signup", "properties": {"plan": "free", "form": form}}
            assert (
                deployment.endpoint()
                .post([event, {"event_name": "signup", "properties": {"plan": form}}])
                .status
                == 200
            )
        yield deployment


def test_all_formats_are_read_and_what_was_sent_again_counts_once(deployment: LocalDeployment) -> None:
    rows = json.loads(deployment.run("query", BY_PLAN, "--format", "json").stdout)

    assert rows == [{"plan": plan, "n": 1} for plan in ("free", "json", "jsonl", "jsonl.gz")]
    assert deployment.run("query", BY_PLAN.replace("FROM events", "FROM events_raw")).stdout.split()[
        -8:-6
    ] == ["free", "3"]


def test_a_second_question_sees_what_came_meanwhile(deployment: LocalDeployment) -> None:
    counted = "SELECT count(*) AS n FROM events WHERE event_name = 'late'"
    assert json.loads(deployment.run("query", counted, "--format", "json").stdout) == [{"n": 0}]

    assert deployment.endpoint().post({"event_name": "late"}).status == 200

    assert json.loads(deployment.run("query", counted, "--format", "json").stdout) == [{"n": 1}]
    assert json.loads(deployment.run("query", counted, "--format", "json", "--until", "1h").stdout) == [
        {"n": 0}
    ]


def test_csv_is_read_back_by_another_reader(deployment: LocalDeployment) -> None:
    sql = "SELECT 'a,\"b\"\nc' AS text, NULL AS nothing, properties FROM events WHERE event_id = 'once'"
    (row,) = csv.DictReader(io.StringIO(deployment.run("query", sql, "--format", "csv").stdout))

    assert row["text"] == 'a,"b"\nc'
    assert row["nothing"] == ""
    assert json.loads(row["properties"])["plan"] == "free"


def test_a_long_answer_ends_with_what_is_not_shown(deployment: LocalDeployment) -> None:
    done = deployment.run("query", "SELECT range FROM range(1234)")

    assert done.stdout.splitlines()[-1].strip() == str(command.ROWS_ON_SCREEN - 1)
    assert "1,034 more rows are not shown" in done.stderr


def test_wrong_sql_is_the_operators_mistake(deployment: LocalDeployment) -> None:
    done = deployment.run("query", "SELECT * FROM evnts", exit_code=2)

    assert 'Did you mean "events"?' in done.stderr


@pytest.mark.parametrize("arguments", [(" ",), ("SELECT 1", "--clear-cache")])
def test_one_thing_at_a_time_is_asked(deployment: LocalDeployment, arguments: tuple[str, ...]) -> None:
    assert "One of the two is needed" in deployment.run("query", *arguments, exit_code=2).stderr


def test_the_copies_can_be_deleted_and_what_is_stored_stays(deployment: LocalDeployment) -> None:
    deployment.run("query", BY_PLAN)
    objects = deployment.object_names()

    assert "Deleted " in deployment.run("query", "--clear-cache").stdout

    assert not list((deployment.folder / "cache").rglob("*.parquet"))
    assert deployment.object_names() == objects
    assert "Deleted 0 bytes" in deployment.run("query", "--clear-cache").stdout


def test_without_the_extra_the_command_that_adds_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(UsageError, match="not installed") as failure:
        engines.refuse_without_duckdb()

    assert "duckdb" in failure.value.next_step
