"""What log lines say: ours, and those of the Lambda runtime."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.ui.screens import shown
from wizard.aws.log_reader import LogLine
from wizard.events.log_lines import Entry, entries_of, grouped
from wizard.ui.log_entries import entry_line, groups_table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFUSED = {"level": "WARN", "request_id": "r1", "status": 400, "reason": "The body is empty", "client": "web"}
FAILED = {
    "level": "ERROR",
    "request_id": "r2",
    "error": "StorageError",
    "storage_status": 403,
    "storage_code": "AccessDenied",
}
TIMEOUT = "2026-03-01T12:00:00.000Z r1 Task timed out after 10.01 seconds"
REPORT = (
    "REPORT RequestId: r3\tDuration: 12.34 ms\tBilled Duration: 150 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 41 MB\tInit Duration: 136.96 ms\t"
)


def refusal(reason: str, client: str) -> str:
    return json.dumps({**REFUSED, "reason": reason, "client": client})


def entries(*texts: str) -> list[Entry]:
    return list(entries_of(LogLine(str(number), NOON, text) for number, text in enumerate(texts)))


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (json.dumps(REFUSED), "refused", "The body is empty"),
        (json.dumps(FAILED), "failed", "StorageError: storage_status 403, storage_code AccessDenied"),
        (REPORT, "finished", "12 ms, 41 MB, started cold in 137 ms"),
        (REPORT.partition("\tInit")[0], "finished", "12 ms, 41 MB"),
        (TIMEOUT, "failed", "Task timed out after 10.01 seconds"),
        ("[ERROR] Runtime.ImportModuleError: no", "failed", "[ERROR] Runtime.ImportModuleError: no"),
        ("somebody printed this", "other", "somebody printed this"),
        ('{"no": "level"}', "other", '{"no": "level"}'),
        ("[1]", "other", "[1]"),
    ],
    ids=["refused", "failed", "cold", "warm", "timeout", "import", "text", "other json", "list"],
)
def test_a_line_is_told_by_what_it_says(text: str, kind: str, says: str) -> None:
    (entry,) = entries(text)

    assert (entry.kind, entry.text) == (kind, says)


def test_that_a_request_began_or_ended_is_left_out_because_its_report_says_more() -> None:
    assert (
        entries("START RequestId: r Version: $LATEST", "END RequestId: r", "INIT_START Runtime Version: 1")
        == []
    )


def test_who_was_refused_and_with_what_is_known_of_our_own_lines() -> None:
    (entry,) = entries(json.dumps(REFUSED))

    assert (entry.request_id, entry.status, entry.client) == ("r1", 400, "web")
    assert shown(entry_line(entry)) == "03-01 12:00:00  refused   400 The body is empty  [web]  r1"


def test_a_line_of_an_attacker_does_not_reach_the_terminal_as_it_is() -> None:
    (entry,) = entries(json.dumps({**REFUSED, "reason": "\x1b[31m[bold]x"}))

    assert "\x1b" not in shown(entry_line(entry))
    assert "[bold]x" in shown(entry_line(entry))


def test_failures_of_different_requests_are_one_reason_because_an_id_is_a_number_too() -> None:
    ids = ("0b930625-fe5b-48a4-aed9-a13e6712e07c", "99218149-9eff-4e97-9921-9837b5ac4d30")
    texts = [TIMEOUT.replace(" r1 ", f" {request} ") for request in ids]
    texts += [f"[ERROR] no {request} here" for request in ids]

    assert {key[2]: group.count for key, group in grouped(entries(*texts)).items()} == {
        "Task timed out after N seconds": 2,
        "[ERROR] no N here": 2,
    }


def test_what_s3_answered_tells_reasons_apart() -> None:
    throttled = {**FAILED, "storage_status": 503, "storage_code": "SlowDown"}
    texts = [json.dumps(line) for line in (FAILED, throttled, FAILED)] + [
        "[ERROR] status 1234",
        "[ERROR] 404",
    ]

    assert {key[2]: group.count for key, group in grouped(entries(*texts)).items()} == {
        "StorageError: storage_status 403, storage_code AccessDenied": 2,
        "StorageError: storage_status 503, storage_code SlowDown": 1,
        "[ERROR] status N": 1,
        "[ERROR] N": 1,
    }


def test_lines_that_differ_in_numbers_alone_are_one_reason() -> None:
    reasons = ["not valid JSON at character 7", "not valid JSON at character 123", "empty"]
    lines = [
        LogLine(reason, NOON + timedelta(minutes=number), refusal(reason, label))
        for number, (reason, label) in enumerate(zip(reasons, ("web", "", "web"), strict=True))
    ]
    groups = grouped(entries_of([*lines, LogLine("r", NOON, REPORT), LogLine("f", NOON, json.dumps(FAILED))]))

    assert {(kind, status, reason): group.count for (kind, status, reason), group in groups.items()} == {
        ("refused", 400, "not valid JSON at character N"): 2,
        ("refused", 400, "empty"): 1,
        ("failed", None, "StorageError: storage_status 403, storage_code AccessDenied"): 1,
    }
    first = next(iter(groups.values()))
    assert first.as_dict() == {
        "count": 2,
        "first": NOON.isoformat(),
        "last": (NOON + timedelta(minutes=1)).isoformat(),
        "clients": {"web": 1, "": 1},
    }
    assert shown(groups_table(groups)).splitlines() == [
        "      2  400 not valid JSON at character N",
        "         by web 1, no good token 1; last 2026-03-01 12:01:00 UTC",
        "      1  400 empty",
        "         by web 1; last 2026-03-01 12:02:00 UTC",
        "      1  StorageError: storage_status 403, storage_code AccessDenied",
        "         last 2026-03-01 12:00:00 UTC",
        "",
        "3 requests refused, 1 failed.",
    ]
