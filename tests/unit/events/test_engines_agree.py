"""The same SQL over the same stored events: what DuckDB says here, Athena says there."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws.clock import FakeClock
from tests.aws.in_process.athena_double import AthenaDouble, Shelf
from tests.aws.in_process.workspace import make_deployment
from tests.unit.events.buckets import Bucket
from wizard.aws.athena import ask
from wizard.aws.client import Aws
from wizard.aws.objects import StoredObject
from wizard.errors import UsageError
from wizard.events import layout
from wizard.events.answer import Answer
from wizard.events.athena import answer_of, question
from wizard.events.cache import Cache
from wizard.events.period import Period
from wizard.events.query import Converter, answered
from wizard.events.tables import WHAT_THERE_IS
from wizard.resources.query_table import EventsView, LinesTable, RawView, database_name
from wizard.resources.query_workgroup import QueryWorkgroup, configuration, workgroup_name

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALWAYS = Period()


def key_of(moment: datetime, name: str, form: str) -> str:
    return f"{layout.first_key(moment, moment)}_{name}.{form}"


def of_stream(begun: datetime) -> str:
    name = f"events_shop.1-1-{begun:%Y-%m-%d-%H-%M-%S}-00000000-0000-0000-0000-000000000000.jsonl.gz"
    return f"{layout.hour_prefix(begun)}{name}"


def lines(*events: dict[str, Any] | str) -> bytes:
    texts = (one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in events)
    return "".join(f"{text}\n" for text in texts).encode()


def received(moment: datetime, **members: Any) -> dict[str, Any]:
    return {**members, "received_at": moment.isoformat(), "event_time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


LATE = NOON - 10 * MINUTE
FREE, PRO = {"plan": "free"}, {"plan": "pro", "n": 2}
STORED: dict[str, bytes] = {
    key_of(NOON - DAY, "a", "jsonl"): lines(
        received(NOON - DAY, event_id="1", event_name="signup", user_id="u1", properties=FREE),
        received(NOON - DAY, event_id="2", event_name="signup", user_id="u2", properties=PRO),
    ),
    # Sent again the next day, and a third time in the same request.
    key_of(NOON, "b", "jsonl.gz"): gzip.compress(
        lines(
            received(NOON, event_id="1", event_name="signup", user_id="u1", properties=FREE),
            received(NOON, event_id="1", event_name="signup", user_id="u1", properties=FREE),
            "no json at all",
            '{"event_id": "cut off',
            received(NOON, event_id="3", event_name="登録 'x\" \\ \u2028", user_id=None, properties=None),
        )
    ),
    key_of(NOON + MINUTE, "c", "jsonl"): lines(
        {"event_name": "no id"}, {"event_name": "no id"}, {"event_id": 7, "event_name": 1.5, "user_id": True},
        {"event_id": {"a": [1]}, "event_name": ["b"], "event_time": "soon", "properties": [1, None]}, {},
    ),
    # Of a stream: filed under the hour of its first event, with one of the next hour.
    of_stream(LATE): gzip.compress(
        lines(
            received(LATE, event_id="4", event_name="click", client_label="shop"),
            received(NOON + 2 * MINUTE, event_id="5", event_name="click", client_label="shop"),
            {"event_id": "6", "event_name": "tells no time", "client_label": "shop"},
        )
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Engines:
    """Both of them, with these objects."""

    aws: Aws
    cache: Cache
    bucket: Bucket
    workgroup: str
    database: str
    shelf: Shelf
    double: AthenaDouble

    def here(self, sql: str, period: Period = ALWAYS) -> tuple[Answer, list[dict[str, Any]]]:
        with (
            self.cache.filled(self.bucket, period, Converter(self.cache.folder)) as filled,
            answered(sql, filled.parts, self.cache.folder, period) as answer,
        ):
            return answer, list(answer.documents())

    def there(self, sql: str, period: Period = ALWAYS) -> tuple[Answer, list[dict[str, Any]]]:
        answer = answer_of(ask(self.aws, question(sql, period, self.workgroup, self.database)))
        return answer, list(answer.documents())

    @contextmanager
    def also(self, key: str, content: bytes) -> Iterator[None]:
        """One object more."""
        self.shelf.stored[key], self.bucket.contents[key] = content, StoredObject(key, content)
        yield
        del self.shelf.stored[key], self.bucket.contents[key]

    def scanned(self) -> int:
        """Bytes, by the last query."""
        return list(self.double.athena.executions.values())[-1].scanned


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    aws = Aws(boto3.Session("test", "test", region_name="us-east-1"), None, FakeClock())
    at = make_deployment(aws, query_table=True, event_format="jsonl.gz")
    database, workgroup = database_name(at), workgroup_name(at)
    desired = QueryWorkgroup().desired(at)
    assert desired is not None
    catalog = [{"Name": one.name, **one.definition(at)} for one in (EventsView(), LinesTable(), RawView())]
    shelf = Shelf({workgroup: configuration(desired)}, {database: catalog}, dict(STORED))
    double = AthenaDouble(shelf)
    aws.athena.meta.events.register_last("before-call", lambda **call: double.before_call(**call))  # type: ignore[arg-type]
    bucket = Bucket()
    bucket.contents = {key: StoredObject(key, content) for key, content in STORED.items()}
    folder: Path = tmp_path_factory.mktemp("cache")
    yield Engines(aws, Cache(folder), bucket, workgroup, database, shelf, double)


QUESTIONS = """
SELECT * FROM events_raw ORDER BY stored_at, event_id, event_name, event
SELECT * FROM events ORDER BY stored_at, event_id, event_name, event
SELECT event_name, count(*) AS n, min(stored_at) AS first FROM events GROUP BY event_name ORDER BY 2 DESC, 1
SELECT json_extract_scalar(properties, '$.plan') AS plan, count(*) AS n FROM events WHERE user_id <> 'x'\
 GROUP BY 1 ORDER BY 1
SELECT count(*) AS n, count(user_id) AS users, approx_distinct(event_id) AS ids, 2.5 AS half,\
 sum(CAST(json_extract_scalar(properties, '$.n') AS bigint)) AS total, avg(length(event_name)) AS mean\
 FROM events_raw
WITH days AS (SELECT date_trunc('day', stored_at) AS day, client FROM events) SELECT day, client,\
 count(*) AS n, count(*) > 1 AS several FROM days GROUP BY 1, 2 ORDER BY 1, 2; -- the end
SELECT event_id, properties FROM events WHERE event_name LIKE '%登録%' OR event_id IS NULL ORDER BY event_name
SELECT DISTINCT json_extract_scalar(event, '$.properties') AS nothing, json_extract_scalar(event, '$.n') AS n\
 FROM events WHERE event_name IN ('signup', 'click')
SELECT 1 AS n WHERE false
""".strip().splitlines()
PERIODS = (
    Period(NOON),
    Period(None, NOON),
    Period(NOON - HOUR, NOON + MINUTE),
    Period(NOON + DAY),
)


def test_both_engines_give_the_same_answer(engines: Engines) -> None:
    for sql in QUESTIONS:
        (here, ours), (there, theirs) = engines.here(sql), engines.there(sql)
        assert theirs == ours, sql
        assert there.columns == here.columns, sql


@pytest.mark.parametrize("period", PERIODS, ids=["since", "until", "some minutes", "nothing"])
def test_both_engines_give_the_same_answer_about_a_period(engines: Engines, period: Period) -> None:
    for sql in QUESTIONS[:2]:
        assert engines.there(sql, period)[1] == engines.here(sql, period)[1], sql


def test_the_answers_are_those_that_they_should_be(engines: Engines) -> None:
    """Else both could be wrong together."""
    _answer, names = engines.there(
        "SELECT event_name, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    assert {row["event_name"]: row["n"] for row in names}["no id"] == 2, "nobody knows without an id"
    assert {row["event_name"]: row["n"] for row in names}["signup"] == 2
    _answer, again = engines.there("SELECT event_id FROM events WHERE event_id = '1'", Period(NOON))
    assert again == [{"event_id": "1"}], "of a period it is the first one in it"
    _answer, (odd,) = engines.there("SELECT * FROM events WHERE event_id = '3'")
    assert odd["event"]["event_name"] == odd["event_name"] == "登録 'x\" \\ \u2028"
    assert (odd["user_id"], odd["properties"]) == (None, None)


def test_to_athena_a_moment_ends_at_its_milliseconds(engines: Engines) -> None:
    moment = NOON + timedelta(minutes=3, microseconds=123_987)
    key, sql = (
        key_of(moment, "d", "jsonl"),
        "SELECT stored_at, received_at FROM events WHERE event_name = 'd'",
    )
    content = lines({"event_name": "d", "received_at": moment.isoformat()})
    with engines.also(key, content):
        (_answer, (here,)), (_same, (there,)) = engines.here(sql), engines.there(sql)

    assert set(here.values()) == {"2026-03-01T12:03:00.123987"}
    assert set(there.values()) == {"2026-03-01T12:03:00.123000"}


def test_a_period_is_all_that_athena_reads_because_it_bills_what_it_reads(engines: Engines) -> None:
    sql = "SELECT count(*) AS n FROM events"
    engines.there(sql)
    everything = engines.scanned()
    engines.there(sql, Period(NOON + 2 * HOUR))
    nothing = engines.scanned()
    engines.there(sql, Period(NOON, NOON + HOUR))

    assert everything == sum(map(len, STORED.values()))
    assert 0 == nothing < engines.scanned() < everything


def test_columns_of_the_views_alone_are_not_there_so_that_the_same_sql_runs_in_both(engines: Engines) -> None:
    for sql in ("SELECT day FROM events", "SELECT hour FROM events_raw"):
        for ask_it in (engines.here, engines.there):
            with pytest.raises(UsageError) as failure:
                ask_it(sql)
            assert failure.value.next_step == f"Mend the SQL. {WHAT_THERE_IS}"


def test_a_mistake_is_where_the_operator_typed_it(engines: Engines) -> None:
    with pytest.raises(UsageError, match=r"line 2:8: Column 'nme'"):
        engines.there("WITH a AS (SELECT * FROM events)\nSELECT nme FROM a", Period(NOON))


def test_nothing_is_sent_that_only_duckdb_knows(engines: Engines) -> None:
    """The double refuses it, as Athena would."""
    engines.here("SELECT properties->>'plan' AS plan FROM events")
    with pytest.raises(UsageError, match="mismatched input '->>'"):
        engines.there("SELECT properties->>'plan' AS plan FROM events")
