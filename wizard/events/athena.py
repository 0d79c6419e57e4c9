"""SQL over the stored events by Athena: what is asked, and its answer in the shape that DuckDB's has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from wizard.aws.athena import Answered, Question
from wizard.events.answer import JSON, Answer
from wizard.events.period import Period
from wizard.events.sql_text import one_query, with_definitions
from wizard.events.table_sql import first_of_each, within
from wizard.events.tables import COLUMNS, FIRSTS, JSON_COLUMNS, RAW, WHAT_THERE_IS


def question(sql: str, period: Period, workgroup: str, database: str) -> Question:
    """What is asked of Athena so that `events` and `events_raw` mean to the SQL what DuckDB's do: the events
    of the period, and of each id the first one in it.

    Raises:
        UsageError: the SQL is more than one statement, does more than read, or defines these names itself.
    """
    names = ", ".join(COLUMNS)
    # In their order: a name is not known in what stands before it, so that the first one reads the view.
    meant = {
        FIRSTS: f"SELECT {names} FROM ({first_of_each(period)})",
        RAW: f'SELECT {names} FROM "{database}".{RAW} WHERE {within(period)}',
    }
    whole = with_definitions(one_query(sql), meant)
    return Question(whole, workgroup, database, there_is=WHAT_THERE_IS, lines_before=1)


def _with_zone(text: str) -> datetime:
    """`2026-03-01 12:00:00.000 Europe/Berlin`, as Trino writes it."""
    moment, _, zone = text.rpartition(" ")
    if zone[0] in "+-":
        return datetime.fromisoformat(moment + zone)
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))


# Athena tells everything as text; what is not here is text in Python, too.
# https://docs.aws.amazon.com/athena/latest/ug/data-types.html
VALUES: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("float", "real", "double"), float),
    "decimal": Decimal,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamp with time zone": _with_zone,
}


def answer_of(answered: Answered) -> Answer:
    """The same answer in Python's types; what has the name of a column of JSON is JSON, as in DuckDB."""
    names, types = [one.name for one in answered.columns], [one.type for one in answered.columns]
    rows = (tuple(map(_value, row, types)) for row in answered.rows)
    kinds = [
        JSON if kind == "json" or (kind == "varchar" and name in JSON_COLUMNS) else kind
        for name, kind in zip(names, types, strict=True)
    ]
    return Answer(names, kinds, rows)


def _value(text: str | None, kind: str) -> Any:
    """A year that Python does not know stays as Athena wrote it."""
    if text is not None and kind in VALUES:
        with suppress(ValueError, KeyError):
            return VALUES[kind](text)
    return text
