"""The SQL of Athena's views, executed by DuckDB: they say what `query` says of the same objects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.aws import trino
from wizard.events import layout, query, table_sql, tables
from wizard.events.cache import lines_about
from wizard.events.decode import arrays_of
from wizard.events.period import Period

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS = Period()


@dataclass(frozen=True)
class Line:
    """A line of an object, with what Athena takes from the object's name."""

    text: str
    key: str

    @property
    def day(self) -> str:
        return self.key.removeprefix("events/").partition("/hour=")[0]

    @property
    def hour(self) -> int:
        return int(self.key.partition("/hour=")[2].partition("/")[0])


def athena_with(lines: Iterable[Line]) -> duckdb.DuckDBPyConnection:
    """The table with these lines, and the two views."""
    database = duckdb.connect(":memory:")
    database.execute("SET TimeZone = 'UTC'")
    for macro in trino.MACROS:
        database.execute(macro)
    database.execute('CREATE TABLE lines (line VARCHAR, day VARCHAR, hour INTEGER, "$path" VARCHAR)')
    for line in lines:
        row = (line.text, line.day, line.hour, f"s3://bucket/{line.key}")
        database.execute("INSERT INTO lines VALUES (?, ?, ?, ?)", row)
    database.execute(f"CREATE VIEW {tables.RAW} AS {table_sql.every_event()}")
    database.execute(f"CREATE VIEW {tables.FIRSTS} AS {table_sql.first_of_each_day()}")
    return database


def key_at(moment: datetime, name: str = "a") -> str:
    """As the handler names an object."""
    return f"{layout.first_key(moment, moment)}_{name}.jsonl"


def of_stream(moment: datetime) -> str:
    name = f"events_shop.1-1-{moment:%Y-%m-%d-%H-%M-%S}-00000000-0000-0000-0000-000000000000.jsonl.gz"
    return f"{layout.hour_prefix(moment)}{name}"


def line(moment: datetime, key: str | None = None, **event: Any) -> Line:
    return Line(json.dumps(event), key or key_at(moment))


def part_of(folder: Path, lines: Iterable[Line]) -> Path:
    """What `query` makes of objects of one line each."""
    source, part = folder / "lines.ndjson", folder / "part.parquet"
    with source.open("wb") as file:
        for one in lines:
            file.writelines(lines_about("", layout.stored_at(one.key), arrays_of(one.text.encode())))
    query.Converter(folder).from_lines(source, part)
    return part


def on_this_machine(part: Path, sql: str, period: Period = ALWAYS) -> list[tuple[Any, ...]]:
    with query.answered(sql, [part], part.parent, period) as answer:
        return list(answer.rows)


def alike(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """To the millisecond, and JSON whatever its spelling."""
    return tuple(
        value.replace(microsecond=value.microsecond // 1000 * 1000)
        if isinstance(value, datetime)
        else json.dumps(json.loads(value), sort_keys=True)
        if isinstance(value, str) and value.startswith(("{", "["))
        else value
        for value in row
    )


ODD: dict[str, dict[str, Any]] = {
    "usual": {
        "event_id": "1", "event_name": "signup", "event_time": "2026-03-01T14:00:00+02:00",
        "received_at": "2026-03-01T12:00:00.123456Z", "user_id": "u", "properties": {"plan": "free"},
    },
    "nothing": {},
    "nulls": {"event_id": None, "event_name": None, "event_time": None, "user_id": None, "properties": None},
    "numbers": {"event_id": 7, "event_name": 1.5, "event_time": 5, "received_at": 5, "user_id": True},
    "nested": {"event_id": {"a": [1]}, "event_name": ["b"], "properties": [1], "client_label": {"c": 1}},
    "no time": {"event_time": "soon", "received_at": "", "properties": "text"},
    "a day": {"event_time": "2026-03-01", "received_at": "2026-03-01T12:00"},
    "the text null": {"event_id": "null", "event_name": "null", "client_label": "null"},
    "half a character, as the handler stores it": {"event_name": "\ufffd", "properties": {"\ufffd": 1}},
    "signs": {"event_name": "ä'\"\\\u2028\u0001", "client_label": "shop"},
}  # fmt: skip


def test_an_event_has_the_columns_that_query_gives_it_however_odd_it_is(tmp_path: Path) -> None:
    lines = [
        line(NOON + timedelta(microseconds=1500) + number * MINUTE, **event)
        for number, event in enumerate(ODD.values())
    ]
    sql = "SELECT {} FROM events_raw ORDER BY stored_at".format(", ".join(query.COLUMNS))

    here = on_this_machine(part_of(tmp_path, lines), sql)
    there = athena_with(lines).execute(sql).fetchall()

    assert dict(zip(ODD, map(alike, there), strict=True)) == dict(zip(ODD, map(alike, here), strict=True))


def test_an_event_of_a_stream_was_stored_when_it_was_received() -> None:
    received = NOON + timedelta(minutes=3)
    lines = [line(NOON, of_stream(NOON), received_at=received.isoformat()), line(NOON, of_stream(NOON))]

    found = athena_with(lines).execute("SELECT stored_at FROM events_raw ORDER BY 1").fetchall()

    assert found == [(received.replace(tzinfo=None),), (None,)]


def test_what_is_no_event_is_left_out_and_fails_no_query() -> None:
    bad = ["no json", '{"event_id": "1", "ev', "7", "null", '"{"', "[1]", ""]
    lines = [*(Line(text, key_at(NOON)) for text in bad), line(NOON, event_id="1")]

    assert athena_with(lines).execute("SELECT event_id FROM events_raw").fetchall() == [("1",)]


def test_of_events_that_were_sent_again_the_first_one_of_a_day_counts() -> None:
    lines = [
        line(NOON + timedelta(hours=1), event_id="1", n=1),
        line(NOON, event_id="1", n=2),
        line(NOON, event_id="2"),
        *[line(NOON, event_name="no id")] * 2,
        line(NOON + timedelta(days=1), event_id="1", n=3),
    ]
    athena = athena_with(lines)

    assert athena.execute("SELECT count(*) FROM events_raw").fetchall() == [(6,)]
    found = athena.execute(
        "SELECT json_extract_scalar(event, '$.n') FROM events WHERE event_id = '1' ORDER BY 1"
    )
    assert found.fetchall() == [("2",), ("3",)]
    assert athena.execute("SELECT count(*) FROM events WHERE event_id IS NULL").fetchall() == [(2,)]


STORED = [
    NOON + shift for shift in (-2 * MINUTE, timedelta(), MINUTE, timedelta(hours=13), timedelta(days=2))
]
PERIODS = (
    ALWAYS,
    Period(NOON),
    Period(None, NOON),
    Period(NOON + MINUTE, NOON + timedelta(days=1)),
    Period(NOON - MINUTE, NOON + MINUTE),
    Period(NOON + timedelta(days=3)),
)


def test_a_period_has_what_query_finds_in_it(tmp_path: Path) -> None:
    """The same id comes on two days: of a period it is one event."""
    lines = [
        line(moment, key_at(moment, str(number)), event_id=str(number % 3), n=number)
        for number, moment in enumerate(STORED)
    ]
    part, athena = part_of(tmp_path, lines), athena_with(lines)
    sql = "SELECT event_id, stored_at FROM {} ORDER BY 2"

    found = {
        period: athena.execute(sql.format(f"({table_sql.first_of_each(period)})")).fetchall()
        for period in PERIODS
    }

    assert found == {period: on_this_machine(part, sql.format("events"), period) for period in PERIODS}
    assert [len(rows) for rows in found.values()] == [3, 3, 1, 2, 1, 0]


def test_of_a_stream_an_event_counts_that_came_after_the_hour_of_its_object() -> None:
    """Firehose files an object under the hour of its first event."""
    late = line(NOON, of_stream(NOON - MINUTE), received_at=(NOON + 5 * MINUTE).isoformat())
    within = table_sql.within(Period(NOON))

    found = athena_with([late]).execute("SELECT count(*) FROM events_raw WHERE " + within)

    assert found.fetchall() == [(1,)]


def test_a_period_names_days_so_that_no_other_is_read() -> None:
    """Athena finds partitions by the plain comparison of a column with a text."""
    period = Period(NOON, NOON + timedelta(hours=12))

    assert table_sql.within(period).split(" AND ")[::3] == [
        "day >= 'year=2026/month=03/day=01'", "day <= 'year=2026/month=03/day=01'"
    ]  # fmt: skip


def test_days_have_the_spelling_of_the_objects_names() -> None:
    filled = table_sql.LOCATION_OF_A_PARTITION.replace("${day}", table_sql.day_of(NOON)).replace(
        "${hour}", "12"
    )

    assert filled == layout.hour_prefix(NOON)


def test_every_column_has_a_type_that_the_catalog_knows() -> None:
    found = athena_with([]).execute("DESCRIBE events").fetchall()
    spelled = {"VARCHAR": "varchar", "TIMESTAMP_MS": "timestamp(3)", "INTEGER": "integer"}

    assert {row[0]: spelled[row[1]] for row in found} == table_sql.TYPES
    assert set(table_sql.TYPES.values()) == set(table_sql.CATALOG_TYPES)
