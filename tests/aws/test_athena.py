"""The double of Athena: what it reads, what it refuses, and how an answer comes."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.aws.athena import Athena, RefusedError
from tests.aws.in_process.athena_double import Shelf

TOKEN = "0123456789abcdef0123456789abcdef"
NAMES = "SELECT name FROM names"


def table(name: str = "names", **parameters: str) -> dict[str, Any]:
    """Of two columns, an object an hour."""
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": {
            "Columns": [{"Name": "name", "Type": "string"}, {"Name": "number", "Type": "int"}],
            "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"},
        },
        "PartitionKeys": [{"Name": "day", "Type": "string"}, {"Name": "hour", "Type": "int"}],
        "Parameters": {
            "projection.enabled": "true",
            "projection.day.type": "date",
            "projection.day.format": "'d='yyyy-MM-dd",
            "projection.day.range": "d=2026-01-02,NOW",
            "projection.hour.type": "integer",
            "projection.hour.range": "0,23",
            "projection.hour.digits": "2",
            "storage.location.template": "s3://shop/in/${day}/hour=${hour}/",
            **parameters,
        },
    }


def view(sql: str, **columns: str) -> dict[str, Any]:
    declared = [{"name": name, "type": kind} for name, kind in columns.items()]
    text = json.dumps({"originalSql": sql, "catalog": "awsdatacatalog", "schema": "s", "columns": declared})
    return {
        "Name": "seen",
        "TableType": "VIRTUAL_VIEW",
        "StorageDescriptor": {"SerdeInfo": {}},
        "Parameters": {"presto_view": "true"},
        "ViewOriginalText": f"/* Presto View: {base64.b64encode(text.encode()).decode()} */",
    }


def shelf(
    *tables: dict[str, Any], stored: dict[str, bytes] | None = None, cutoff: int | None = None
) -> Shelf:
    limit = {} if cutoff is None else {"BytesScannedCutoffPerQuery": cutoff}
    configuration = {"ManagedQueryResultsConfiguration": {"Enabled": True}, **limit}
    return Shelf({"w": configuration}, {"s": list(tables) or [table()]}, stored or {})


class Asked:
    """A query and how it went."""

    def __init__(self, place: Shelf, sql: str, athena: Athena | None = None, token: str = TOKEN) -> None:
        self.athena, self.place = athena or Athena(), place
        asked = {
            "QueryString": sql, "ClientRequestToken": token, "WorkGroup": "w",
            "QueryExecutionContext": {"Database": "s"},
        }  # fmt: skip
        self.id = self.call("StartQueryExecution", **asked)["QueryExecutionId"]

    def call(self, operation: str, **asked: Any) -> Any:
        return self.athena.answer(operation, asked, self.place)

    def look(self) -> Any:
        return self.call("GetQueryExecution", QueryExecutionId=self.id)["QueryExecution"]

    def ended(self) -> Any:
        *_, last = (self.look() for _ in range(3))
        return last

    def page(self, **asked: Any) -> Any:
        return self.call("GetQueryResults", QueryExecutionId=self.id, **asked)

    def rows(self) -> list[list[str | None]]:
        assert self.ended()["Status"]["State"] == "SUCCEEDED", self.look()
        rows = self.page()["ResultSet"]["Rows"]
        return [[value.get("VarCharValue") for value in row["Data"]] for row in rows]


HOUR = "in/d=2026-01-02/hour=03/"


def test_a_table_shows_the_lines_of_its_partitions_objects_by_the_column() -> None:
    place = shelf(
        stored={
            f"{HOUR}a": "ä\x011\r\nb\x01no number\n\\N\x013\n\nc".encode(),
            f"{HOUR}b.gz": gzip.compress(b"d\x014\x01more\n"),
            f"{HOUR}.hidden": b"e",
            "in/d=2026-01-01/hour=03/a": b"before the first day",
            "in/d=2026-01-02/hour=24/a": b"no hour",
            "in/a": b"no partition",
        }
    )

    sql = 'SELECT name, day, hour, "$path" FROM names ORDER BY "$path", name'
    found = Asked(place, sql).rows()

    day, path = "d=2026-01-02", "s3://shop/in/d=2026-01-02/hour=03/"
    assert [row[0] for row in found[1:]] == ["", "b", "c", "ä", None, "d"]
    assert {tuple(row[1:]) for row in found[1:]} == {(day, "3", f"{path}a"), (day, "3", f"{path}b.gz")}


def test_a_partition_that_a_query_leaves_out_is_not_read_and_not_billed() -> None:
    hours = {f"in/d=2026-01-0{day}/hour=0{hour}/a": b"0123456789" for day in (2, 3) for hour in (1, 2)}
    place = shelf(
        table(),
        view("SELECT name, day, hour FROM names", name="varchar", day="varchar", hour="integer"),
        stored=hours,
    )

    def scanned(sql: str) -> int:
        return int(Asked(place, sql).ended()["Statistics"]["DataScannedInBytes"])

    assert scanned(NAMES) == 40
    assert scanned(f"{NAMES} WHERE day >= 'd=2026-01-03'") == 20
    assert scanned("WITH a AS (SELECT * FROM seen WHERE day = 'd=2026-01-02' AND hour = 1) TABLE a") == 10
    assert scanned("SELECT 1 AS n") == 0


def test_a_query_that_reads_too_much_is_cancelled_and_what_it_has_read_is_told() -> None:
    ended = Asked(shelf(stored={f"{HOUR}a": b"0123456789"}, cutoff=9), NAMES).ended()

    assert ended["Status"]["State"] == "CANCELLED"
    assert ended["Status"]["StateChangeReason"] == "Bytes scanned limit was exceeded"
    assert ended["Statistics"]["DataScannedInBytes"] == 10


def test_a_view_is_what_the_catalog_says_and_stale_where_its_columns_are_others() -> None:
    stored = {f"{HOUR}a": b"a\x011"}
    text = "SELECT name AS who FROM names"

    assert Asked(shelf(view(text, who="varchar"), table(), stored=stored), "SELECT * FROM seen").rows() == [
        ["who"],
        ["a"],
    ]
    for columns in ({"who": "integer"}, {"name": "varchar"}, {}):
        ended = Asked(shelf(view(text, **columns), table(), stored=stored), "SELECT * FROM seen").ended()
        assert ended["Status"]["StateChangeReason"].startswith(
            "INVALID_VIEW: line 1:15: View 'awsdatacatalog.s.seen' is stale"
        )
        assert ended["Status"]["AthenaError"]["ErrorCategory"] == 2


def test_a_text_that_trino_did_not_make_is_no_view() -> None:
    broken = view("SELECT name FROM names", name="varchar") | {"Parameters": {}}

    assert Asked(shelf(broken, table()), "SELECT * FROM seen").ended()["Status"]["State"] == "FAILED"


def test_a_view_without_serde_info_fails_every_query_of_it_as_was_seen_at_aws() -> None:
    broken = view("SELECT name FROM names", name="varchar") | {"StorageDescriptor": {}}

    ended = Asked(shelf(broken, table()), "SELECT * FROM seen").ended()
    assert "missing SerDe info" in ended["Status"]["StateChangeReason"]


def test_a_view_in_duckdbs_own_sql_is_none_here() -> None:
    broken = view("SELECT name::VARCHAR AS name FROM names", name="varchar")

    assert Asked(shelf(broken, table()), "SELECT * FROM seen").ended()["Status"]["State"] == "FAILED"


def test_a_range_that_is_not_of_the_days_format_fails_every_query() -> None:
    wrong = table(**{"projection.day.range": "2026-01-02,NOW"})

    assert "HIVE_INVALID_METADATA" in Asked(shelf(wrong), NAMES).ended()["Status"]["StateChangeReason"]


def test_a_range_may_begin_some_days_before_today() -> None:
    today = datetime.now(UTC)
    place = shelf(
        table(**{"projection.day.range": "NOW-2DAYS,NOW"}),
        stored={f"in/d={today - timedelta(days=days):%Y-%m-%d}/hour=00/a": b"x" for days in (4, 1, 0)},
    )

    assert Asked(place, NAMES).rows() == [["name"], ["x"], ["x"]]


def test_states_follow_each_other_and_a_query_can_be_stopped_before_its_end() -> None:
    asked = Asked(shelf(), NAMES)
    assert [asked.look()["Status"]["State"] for _ in range(4)] == [
        "QUEUED", "RUNNING", "SUCCEEDED", "SUCCEEDED"
    ]  # fmt: skip
    asked.call("StopQueryExecution", QueryExecutionId=asked.id)
    assert asked.look()["Status"]["State"] == "SUCCEEDED", "it has ended before"

    stopped = Asked(shelf(), NAMES)
    stopped.look()
    stopped.call("StopQueryExecution", QueryExecutionId=stopped.id)
    assert stopped.ended()["Status"]["State"] == "CANCELLED"
    with pytest.raises(RefusedError, match="CANCELLED"):
        stopped.page()


def test_a_page_has_a_thousand_rows_and_the_names_are_the_first_row() -> None:
    asked = Asked(shelf(), "SELECT n, NULL AS x FROM UNNEST(generate_series(1, 1500)) AS t(n) ORDER BY n")
    asked.ended()

    first = asked.page()
    second = asked.page(NextToken=first["NextToken"], MaxResults=1000)

    assert [len(page["ResultSet"]["Rows"]) for page in (first, second)] == [1000, 501]
    assert first["ResultSet"]["Rows"][:2] == [
        {"Data": [{"VarCharValue": "n"}, {"VarCharValue": "x"}]},
        {"Data": [{"VarCharValue": "1"}, {}]},
    ]
    assert "NextToken" not in second
    with pytest.raises(RefusedError, match="1000"):
        asked.page(MaxResults=1001)


def test_a_token_that_was_used_starts_nothing_new() -> None:
    athena, place = Athena(), shelf()

    assert Asked(place, NAMES, athena).id == Asked(place, NAMES, athena).id
    with pytest.raises(RefusedError, match="Idempotent"):
        Asked(place, "SELECT 1 AS n", athena)
    with pytest.raises(RefusedError, match="clientRequestToken"):
        Asked(place, NAMES, athena, token="short")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM names QUALIFY row_number() OVER () = 1",
        "SELECT '{}'->>'a'",
        "SELECT '{}'->'$.a'",
        "SELECT name::integer FROM names",
        "SELECT [1, 2]",
        "SELECT * FROM read_csv('x')",
        "SELECT name, count(*) FROM names GROUP BY ALL",
        "SELECT * EXCLUDE (name) FROM names",
        "SELEC 1",
        "SELECT 1; SELECT 2",
    ],
)
def test_what_is_no_sql_of_athenas_is_refused_before_it_runs(sql: str) -> None:
    with pytest.raises(RefusedError) as refused:
        Asked(shelf(), sql)

    assert refused.value.more == {"AthenaErrorCode": "MALFORMED_QUERY"}


@pytest.mark.parametrize(
    "sql", ['SELECT \'->>\', "name::x" FROM (SELECT 1 AS "name::x")', "SELECT ARRAY[1, 2][1] -- QUALIFY"]
)
def test_what_only_looks_like_duckdbs_is_run(sql: str) -> None:
    assert Asked(shelf(), sql).ended()["Status"]["State"] == "SUCCEEDED"


def test_columns_without_a_name_have_athenas() -> None:
    asked = Asked(shelf(), "SELECT count(*), 1 + 1, 2 AS two")
    asked.ended()

    columns = asked.page()["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(column["Name"], column["Type"]) for column in columns] == [
        ("_col0", "bigint"), ("_col1", "integer"), ("two", "integer"),
    ]  # fmt: skip
