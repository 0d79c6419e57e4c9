"""The screens of the commands on stored events, of samples: odd names, long values, all signs of a chart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType

from wizard.aws.log_reader import LogLine
from wizard.events.browse import Found
from wizard.events.log_lines import entries_of, grouped
from wizard.events.overview import charted, summed_up
from wizard.ui.answer_table import answer_table
from wizard.ui.event_lines import event_line
from wizard.ui.log_entries import entry_line, groups_table
from wizard.ui.overview_table import chart, overview_table

# A screen on a terminal of so many columns.
OnTerminal = Callable[..., str]
MORNING = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
REQUEST = "0b930625-fe5b-48a4-aed9-a13e6712e07c"
REPORT = (
    f"REPORT RequestId: {REQUEST}\tDuration: 12.34 ms\tBilled Duration: 150 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 41 MB\tInit Duration: 136.96 ms\t"
)
# Of each hour: how many events of each name.
HOURS: Sequence[dict[str, int]] = (
    {"page_view": 310, "click": 120, "search": 41, "sign_up": 12, "purchase": 3, "logout": 2},
    {"page_view": 190, "click": 160, "search": 9},
    {},
    {"click": 1},
    {"page_view": 1250, "click": 480, "search": 130, "sign_up": 77, "purchase": 21, "logout": 40},
)
COLUMNS = (
    "event_id", "event_name", "event_time", "received_at", "stored_at", "user_id", "client", "properties",
    "event",
)  # fmt: skip


def screens(on_terminal: OnTerminal, in_a_log: Callable[[RenderableType], str]) -> Iterator[tuple[str, str]]:
    """Every screen with the name of its file."""
    stored = Group(*map(event_line, events()))
    overview = overview_table(summed_up(events()))
    hours = chart(charted(counted_events(), "hour"))
    refused = groups_table(grouped(entries_of(log_lines())))
    logged = Group(*map(entry_line, entries_of(log_lines())))
    answer = answer_table(("event_name", "n", "newest", "properties"), ROWS)
    drawn = {"events": stored, "overview": overview, "chart": hours, "refused": refused, "logs": logged}
    for name, content in {**drawn, "query": answer}.items():
        yield f"{name} 60", on_terminal(content, 60)
        yield f"{name} 110", on_terminal(content, 110)
        if name != "refused":  # which has no signs
            yield f"{name} 60 ascii", on_terminal(content, 60, encoding="ascii")
        if name in ("events", "overview", "logs"):  # the others are as they are in a wide window
            yield f"{name} piped", in_a_log(content)
    yield "chart 80 colours", on_terminal(hours, 80, colours=True)
    yield "chart of days 60", on_terminal(chart(charted(counted_events(), "day")), 60)
    yield "query of all columns 60", on_terminal(answer_table(COLUMNS, ALL), 60)


def events() -> list[Found]:
    """Newest first, as `events` shows them."""
    shown: list[tuple[dict[str, Any], str]] = [
        (
            {"event_name": "page_view", "user_id": "user_17", "properties": {"page": "/", "plan": "free"}},
            "web",
        ),
        ({"event_name": "page_view", "user_id": "user_17", "properties": {"page": f"/{'p' * 90}"}}, "web"),
        ({"event_name": "a_name_that_is_longer_than_its_column", "properties": {"plan": "pro"}}, "ios"),
        ({"event_name": "purchase", "user_id": "user_4", "properties": {"amount": 98.98, "items": [1]}}, ""),
        ({"event_name": "n" * 150, "user_id": "u" * 70}, "web"),
        ({"event_name": "登録", "properties": {"名前": "日本語の値です"}, "event_id": "1"}, "web"),
        ({"event_name": {"a": 1}, "user_id": 7, "event_id": "1"}, "default"),
        ({"event_name": "\x1b[31m[bold]", "properties": {"\u202eevil": "</script>"}}, "web"),
        ({"user_id": "user_9", "note": "neither name nor properties"}, "ios"),
    ]
    return [
        Found(event, "k", label, MORNING - timedelta(seconds=7 * number))
        for number, (event, label) in enumerate(shown)
    ]


def counted_events() -> Iterator[Found]:
    """Of `HOURS`."""
    for hour, names in enumerate(HOURS):
        for name, count in names.items():
            one = Found({"event_name": name}, "k", "web", MORNING + timedelta(hours=hour))
            yield from (one for _ in range(count))


def log_lines() -> list[LogLine]:
    """Of every kind."""

    def refusal(status: int, reason: str, client: str) -> str:
        line = {"level": "WARN", "request_id": REQUEST, "status": status, "reason": reason, "client": client}
        return json.dumps(line)

    failure = {"level": "ERROR", "request_id": REQUEST, "error": "StorageError", "storage_status": 403}
    texts = [
        REPORT,
        refusal(401, "Unauthorized: Invalid or missing authentication token", ""),
        refusal(400, "1 of 2 event(s) are invalid, nothing was stored", "web"),
        refusal(400, "3 of 50 event(s) are invalid, nothing was stored", "ios"),
        refusal(413, "The body is larger than 4718592 bytes", "web"),
        json.dumps(failure),
        f"2026-11-24T06:05:00.000Z {REQUEST} Task timed out after 10.01 seconds",
        "somebody printed this",
    ]
    return [LogLine(str(number), MORNING, text) for number, text in enumerate(texts)]


ROWS = [
    ("page_view", 1311, "2026-11-24 10:05:00.880569", '{"plan":"free","page":"/p/65"}'),
    ("purchase", 24, "2026-11-24 10:05:00", '{"plan":"pro","amount":98.98,"items":[1,2,3,4]}'),
    ("登録", 1, None, None),
]
ALL = [
    (REQUEST, name, "2026-11-24T06:05:00Z", "2026-11-24T06:05:00Z", '2026-11-24 06:05:00', "user_17",
     "web", '{"plan":"free","page":"/"}', f'{{"event_name":"{name}","user_id":"user_17"}}')
    for name in ("page_view", "click")
]  # fmt: skip
