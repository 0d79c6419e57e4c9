"""Athena's texts in the shape that DuckDB's answers have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wizard.aws.athena import Answered, Column
from wizard.errors import UsageError
from wizard.events import query, tables
from wizard.events.athena import answer_of, question
from wizard.events.period import Period

ZONED = "timestamp with time zone"
NOON = datetime(2026, 3, 1, 12)  # noqa: DTZ001  as both engines give them


def answered(kind: str, *texts: str | None, name: str = "x") -> Answered:
    rows: Iterator[tuple[str | None, ...]] = ((text,) for text in texts)
    return Answered((Column(name, kind),), rows, 0)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("varchar", "1", "1"),
        ("bigint", "-3", -3),
        ("integer", "3", 3),
        ("double", "1.0E10", 1e10),
        ("double", "Infinity", float("inf")),
        ("decimal", "1.50", Decimal("1.50")),
        ("boolean", "false", False),
        ("date", "2026-03-01", date(2026, 3, 1)),
        ("time", "12:00:00.500", time(12, microsecond=500_000)),
        ("timestamp", "2026-03-01 12:00:00.123", NOON + timedelta(milliseconds=123)),
        ("timestamp", "2026-03-01 12:00:00.123456789", NOON + timedelta(microseconds=123456)),
        (ZONED, "2026-03-01 12:00:00.000 UTC", NOON.replace(tzinfo=ZoneInfo("UTC"))),
        (ZONED, "2026-03-01 12:00:00.000 Europe/Berlin", NOON.replace(tzinfo=ZoneInfo("Europe/Berlin"))),
        (ZONED, "2026-03-01 12:00:00.000 +01:00", NOON.replace(tzinfo=timezone(timedelta(hours=1)))),
        ("array", "[1, 2]", "[1, 2]"),
        ("timestamp", "+12026-03-01 12:00:00.000", "+12026-03-01 12:00:00.000"),
        (ZONED, "2026-03-01 12:00:00.000 No/Where", "2026-03-01 12:00:00.000 No/Where"),
    ],
)  # fmt: skip
def test_a_text_becomes_what_its_type_says(kind: str, text: str, value: Any) -> None:
    answer = answer_of(answered(kind, text, None))

    assert list(answer.rows) == [(value,), (None,)]


def test_json_is_json_again_where_json_is_asked_for() -> None:
    answer = answer_of(answered("json", '{"a":[1]}', "null", None))

    assert list(answer.documents()) == [{"x": {"a": [1]}}, {"x": None}, {"x": None}]


def test_a_text_that_has_the_name_of_a_column_of_json_is_json_if_it_can_be() -> None:
    answer = answer_of(answered("varchar", '{"a":1}', "signup", None, name="event"))

    assert list(answer.documents()) == [{"event": {"a": 1}}, {"event": "signup"}, {"event": None}]


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "DROP TABLE lines"])
def test_athena_is_asked_one_thing_at_a_time_and_only_to_read(sql: str) -> None:
    with pytest.raises(UsageError):
        question(sql, Period(), "shop", "shop_events")


def test_both_engines_are_said_to_have_the_columns_that_they_have() -> None:
    assert tuple(query.COLUMNS) == tables.COLUMNS
