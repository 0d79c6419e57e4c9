"""The stored events as Athena sees them: how its table finds the objects, and the SQL of its two views.

The table `lines` has one text column, a line of an object, so that neither a bad line nor an odd member can
fail a query; `events_raw` makes events of them, with the columns that `query` has on this machine, and
`events` tells the first of each `event_id`. Objects that hold a JSON array are not to be read by the line.

The name of an object tells the partition: `day` as it stands there, `year=2026/month=11/day=22`, so that days
have an order and one is found by its name alone; `hour` is a number. Athena takes the words of a day's format
from Java, where what is in single quotes stands for itself.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from wizard.events.layout import LONGEST_BUFFERING, ROOT
from wizard.events.period import Period
from wizard.events.tables import RAW

LINES = "lines"
DAY_FORMAT = "'year='yyyy'/month='MM'/day='dd"
# Below a bucket.
LOCATION_OF_A_PARTITION = f"{ROOT}${{day}}/hour=${{hour}}/"
SMALLEST = timedelta(microseconds=1)


def day_of(moment: datetime) -> str:
    """The value of the column `day` for events that were stored at `moment`, UTC."""
    return f"year={moment:%Y}/month={moment:%m}/day={moment:%d}"


def day_named(date: str) -> str:
    """The same for a date such as `2026-11-22`."""
    return day_of(datetime.strptime(f"{date}Z", "%Y-%m-%d%z"))


def date_of(day: str) -> str | None:
    """The date of a value of the column `day`; None where it is none."""
    found = re.fullmatch(r"year=(\d{4})/month=(\d\d)/day=(\d\d)", day)
    return "-".join(found.groups()) if found else None


def _text_of(name: str) -> str:
    """A member as text; what is no text, number or truth value is JSON."""
    return (
        f"coalesce(json_extract_scalar(document, '$.{name}'),"
        f" nullif(json_format(json_extract(document, '$.{name}')), 'null'))"
    )


def _utc(moment: str) -> str:
    return f"CAST({moment} AT TIME ZONE 'UTC' AS timestamp(3))"


def _moment_of(name: str) -> str:
    return _utc(f"try(from_iso8601_timestamp({_text_of(name)}))")


# The names that `layout.OF_HANDLER` knows, which tell nanoseconds.
STORED_AT = _utc(
    "from_unixtime(try_cast(substr(regexp_extract(path, '/events_([0-9]{19})_[^/]*$', 1), 1, 13)"
    " AS double) / 1000)"
)
# Athena cannot see what an object's metadata tells: the client of what came through no stream.
COLUMNS = {
    "event_id": _text_of("event_id"),
    "event_name": _text_of("event_name"),
    "event_time": _moment_of("event_time"),
    "received_at": _moment_of("received_at"),
    "stored_at": f"coalesce({STORED_AT}, {_moment_of('received_at')})",
    "user_id": _text_of("user_id"),
    "client": f"coalesce({_text_of('client_label')}, '')",
    "properties": "json_format(json_extract(document, '$.properties'))",
    "event": "line",
    "day": "day",
    "hour": "hour",
}
# Trino's, as a view names them; and those of the catalog.
TYPES = {
    **dict.fromkeys(COLUMNS, "varchar"),
    **dict.fromkeys(("event_time", "received_at", "stored_at"), "timestamp(3)"),
    "hour": "integer",
}
CATALOG_TYPES = {"varchar": "string", "timestamp(3)": "timestamp", "integer": "int"}


def every_event() -> str:
    """The SQL of the view `events_raw`: every line that is an event."""
    columns = ",\n  ".join(f"{expression} AS {name}" for name, expression in COLUMNS.items())
    return f"""SELECT
  {columns}
FROM (SELECT line, try(json_parse(line)) AS document, day, hour, "$path" AS path FROM {LINES})
WHERE document IS NOT NULL AND ltrim(line) LIKE '{{%'"""


def first_of_each_day() -> str:
    """The SQL of the view `events`: of each id the first one of a day.

    A query that names days reads these days alone, because Trino looks through a window function at what
    divides it (`PredicatePushDown.visitWindow`). Were `day` not there, every query would read all that was
    ever stored.
    """
    return _firsts("", ", day")


def first_of_each(period: Period) -> str:
    """The SQL for what `query` calls `events`: of each id the first one that was stored in the period."""
    return _firsts(f" WHERE {within(period)}", "")


def _firsts(where: str, also_divided_by: str) -> str:
    names = ", ".join(COLUMNS)
    return f"""SELECT {names}
FROM (
  SELECT
    {names},
    row_number() OVER (PARTITION BY event_id{also_divided_by} ORDER BY stored_at, event) AS place
  FROM {RAW}{where}
)
WHERE event_id IS NULL OR place = 1"""


def within(period: Period) -> str:
    """What is true of the events of `events_raw` that were stored in the period, and of no partition besides
    those that can hold them; `true` of all of them. Those that tell no time belong to their hour."""
    conditions = [*_since(period.since), *_until(period.until)]
    return " AND ".join(conditions) or "true"


def _since(since: datetime | None) -> list[str]:
    if since is None:
        return []
    # What a stream has filed under an hour may have come a little later.
    filed = since - LONGEST_BUFFERING
    day = day_of(filed)
    return [
        f"day >= '{day}'",
        f"(day > '{day}' OR hour >= {filed.hour})",
        f"(stored_at IS NULL OR stored_at >= {_literal(since)})",
    ]


def _until(until: datetime | None) -> list[str]:
    if until is None:
        return []
    last = until - SMALLEST
    day = day_of(last)
    return [
        f"day <= '{day}'",
        f"(day < '{day}' OR hour <= {last.hour})",
        f"(stored_at IS NULL OR stored_at < {_literal(until)})",
    ]


def _literal(moment: datetime) -> str:
    """To the millisecond, as the columns are."""
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}'"
