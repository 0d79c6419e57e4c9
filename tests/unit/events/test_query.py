"""SQL over parts of the cache: what it sees, and what it cannot reach."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import IMPORT_PATH
from wizard.errors import ExitCode, UsageError, WizardError
from wizard.events.period import Period
from wizard.events.query import COLUMNS, Converter, answered

ALWAYS = Period()


def line(minute: int | None = 0, client: str = "web", **event: Any) -> str:
    stored_at = None if minute is None else f"2026-03-01 12:{minute:02}:00"
    return json.dumps({"client": client, "stored_at": stored_at, "events": [event]})


def part_of(folder: Path, *lines: str, name: str = "part") -> Path:
    source, part = folder / "lines.ndjson", folder / f"{name}.parquet"
    source.write_text("".join(f"{one}\n" for one in lines))
    Converter(folder).from_lines(source, part)
    return part


def ask(sql: str, folder: Path, *parts: Path, period: Period = ALWAYS) -> list[tuple[Any, ...]]:
    with answered(sql, parts, folder, period) as answer:
        return list(answer.rows)


def test_the_columns_are_the_members_of_an_event_with_their_types(tmp_path: Path) -> None:
    event: dict[str, Any] = {
        "event_id": "1", "event_name": "a", "event_time": "2026-03-01T14:00:00+02:00", "more": [1],
        "received_at": "2026-03-01T12:00:00.000001Z", "user_id": 7, "properties": {"plan": "free"},
    }  # fmt: skip
    with answered("SELECT * FROM events", [part_of(tmp_path, line(**event))], tmp_path, ALWAYS) as answer:
        assert answer.columns == list(COLUMNS)
        assert list(answer.documents()) == [
            {
                "event_id": "1", "event_name": "a", "event_time": "2026-03-01T12:00:00",
                "received_at": "2026-03-01T12:00:00.000001", "stored_at": "2026-03-01T12:00:00",
                "user_id": "7", "client": "web", "properties": {"plan": "free"}, "event": event,
            }
        ]  # fmt: skip


def test_an_event_of_a_stream_tells_its_time_and_client_itself(tmp_path: Path) -> None:
    own = {"received_at": "2026-03-01T12:05:00Z", "client_label": "shop"}
    part = part_of(tmp_path, line(None, "", **own), line(1, "web", **own), line(None, "", client_label=None))

    found = ask("SELECT stored_at, client FROM events ORDER BY 1", tmp_path, part)
    assert [(moment and moment.minute, client) for moment, client in found] == [
        (1, "web"), (5, "shop"), (None, ""),
    ]  # fmt: skip


def test_odd_members_become_nothing_and_fail_no_query(tmp_path: Path) -> None:
    part = part_of(
        tmp_path, line(event_id={"x": 1}, event_time="soon", received_at=5), line(), line(event_id=None)
    )

    assert ask("SELECT event_time, received_at, properties FROM events", tmp_path, part) == [(None,) * 3] * 3


def test_a_time_without_a_zone_is_utc_wherever_the_operator_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        part = part_of(tmp_path, line(event_time="2026-03-01T12:00:00"))
        found = ask("SELECT event_time, stored_at FROM events", tmp_path, part)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert found == [(datetime(2026, 3, 1, 12), datetime(2026, 3, 1, 12))]  # noqa: DTZ001  as DuckDB gives them


def test_what_is_no_event_is_left_out_and_told_by_the_number_that_comes_back(tmp_path: Path) -> None:
    source = tmp_path / "lines.ndjson"
    source.write_text(
        f'{line(event_name="a")}\nno json\n{{"client": "x", "events": [7, null]}}\n{line(event_name="b")}\n'
    )

    assert Converter(tmp_path).from_lines(source, tmp_path / "p.parquet") == 3
    assert ask("SELECT event_name FROM events ORDER BY 1", tmp_path, tmp_path / "p.parquet") == [
        ("a",),
        ("b",),
    ]


def test_of_events_that_were_sent_again_the_first_one_counts(tmp_path: Path) -> None:
    first = part_of(
        tmp_path, line(3, event_id="1", n=2), line(1, event_id="2"), line(event_name="no id"), name="a"
    )
    second = part_of(
        tmp_path, line(2, event_id="1", n=1), line(2, event_id="1", n=3), line(event_name="no id"), name="b"
    )

    assert ask("SELECT count(*) FROM events_raw", tmp_path, first, second) == [(6,)]
    assert ask("SELECT count(*) FROM events", tmp_path, first, second) == [(4,)], "nobody knows without an id"
    found = ask("SELECT event->>'n' FROM events WHERE event_id = '1'", tmp_path, first, second)
    assert found == [("1",)]


def test_of_the_same_moment_exactly_one_counts(tmp_path: Path) -> None:
    part = part_of(tmp_path, *[line(event_id="1", n=number) for number in range(9)])

    assert ask("SELECT count(*) FROM events", tmp_path, part) == [(1,)]


def test_a_period_is_exact_and_what_says_no_time_belongs_to_its_hour(tmp_path: Path) -> None:
    part = part_of(tmp_path, *[line(minute, event_name=str(minute)) for minute in (1, 2, 3, None)])
    period = Period(datetime(2026, 3, 1, 12, 2, tzinfo=UTC), datetime(2026, 3, 1, 12, 3, tzinfo=UTC))

    assert ask("SELECT event_name FROM events ORDER BY 1", tmp_path, part, period=period) == [
        ("2",),
        ("None",),
    ]


def test_an_empty_bucket_has_the_same_columns(tmp_path: Path) -> None:
    assert ask("SELECT count(*), max(stored_at), max(properties->>'x') FROM events", tmp_path) == [
        (0, None, None)
    ]


def test_athenas_spelling_is_understood(tmp_path: Path) -> None:
    part = part_of(tmp_path, line(properties={"plan": "free"}), line(properties={"plan": "pro"}))
    sql = (
        "SELECT json_extract_scalar(properties, '$.plan'), approx_distinct(client) FROM events"
        " GROUP BY 1 ORDER BY 1"
    )

    assert ask(sql, tmp_path, part) == [("free", 1), ("pro", 1)]
    no_scalar = "SELECT DISTINCT json_extract_scalar(event, '$.properties') FROM events"
    assert ask(no_scalar, tmp_path, part) == [(None,)], "as Athena has it"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM '{outside}'",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{outside}.csv'",
        "ATTACH '{outside}.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '1TB'",
        "SELECT * FROM read_csv('https://127.0.0.1:1/x.csv')",
    ],
)
def test_sql_cannot_leave_the_cache(sql: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    outside = tmp_path / "outside"
    outside.write_text("secret")

    with pytest.raises(WizardError):
        ask(sql.format(outside=outside), folder, part_of(folder, line()))

    assert sorted(file.name for file in tmp_path.iterdir()) == ["cache", "outside"]


def test_a_mistake_is_told_with_the_tables_and_columns_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        ask("SELECT nme FROM events", tmp_path)

    assert "nme" in failure.value.why
    assert "events and events_raw" in failure.value.next_step
    assert failure.value.why.count("\n") == 0


def test_a_second_statement_is_refused_because_one_answer_would_be_lost(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than one statement"):
        ask("SELECT 1; SELECT 2", tmp_path)

    assert ask("SELECT ';' ; -- the end", tmp_path) == [(";",)]


def test_what_needs_too_much_memory_says_what_to_ask_for_instead(tmp_path: Path) -> None:
    with pytest.raises(WizardError, match="could not be finished") as failure:
        ask("SELECT list(range) FROM range(60000000)", tmp_path)

    assert "--since" in failure.value.next_step


def test_a_folder_with_a_quote_in_its_name_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.mkdir()

    assert ask("SELECT count(*) FROM events", folder, part_of(folder, line())) == [(1,)]


STOPPED = """
import sys
from pathlib import Path
from wizard.clock import SystemClock
from wizard.commands.common import guarded, stoppable
from wizard.events.period import Period
from wizard.events.query import answered
from wizard.options import Options

def act():
    with stoppable(SystemClock()):
        print("asking", flush=True)
        with answered(sys.argv[1], [], Path.cwd(), Period()) as answer:
            print(*answer.rows)

sys.exit(guarded(act, Options()))
"""


HOURS = "SELECT count(*) FROM range(3000000) a(x), range(3000000) b(y) WHERE hash(x + y) = 5"


def test_ctrl_c_ends_a_query_that_would_take_hours_with_the_code_of_an_interruption(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED, HOURS], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": IMPORT_PATH}, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "asking\n"
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            _answer, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, "Stopped." in said) == (ExitCode.INTERRUPTED, True), said


def test_no_bar_of_duckdb_is_drawn_because_it_would_stand_in_the_file_of_the_answer(tmp_path: Path) -> None:
    assert ask("SELECT current_setting('enable_progress_bar')", tmp_path) == [(False,)]
