"""Buffered ingest: what goes into a stream, what becomes an object, and what the answer promises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lambda_function import MAXIMUM_BUFFERED_BYTES
from storage import StorageError
from streams import StreamError

from tests.lambda_code.doubles import DIGEST, TOKEN, Context, Endpoint, MemoryBuffer, request

REFUSED = StreamError(500, "ServiceUnavailableException")


def buffered(buffer: MemoryBuffer, **given: Any) -> Endpoint:
    settings: dict[str, Any] = {"event_format": "jsonl.gz", "token_labels": ("shop",)} | given
    return Endpoint(buffer=buffer, **settings)


def test_a_request_is_one_record_of_lines_and_the_answer_says_that_it_is_only_buffered() -> None:
    buffer = MemoryBuffer()
    endpoint = buffered(buffer)
    answer = endpoint.post([{"a": 1}, {"a": "x\n"}])

    assert answer.body == {
        "message": "Successfully processed 2 event(s)",
        "events_count": 2,
        "durability": "buffered",
    }
    (record,) = buffer.records
    assert record[0].endswith(b"}\n"), "Firehose puts nothing between two records"
    assert [(event["a"], event["client_label"]) for event in buffer.events] == [(1, "shop"), ("x\n", "shop")]
    assert endpoint.store.objects == []


def test_with_partial_the_fate_of_each_event_is_the_same_promise() -> None:
    answer = buffered(MemoryBuffer()).post([{"a": 1}, 3], queryStringParameters={"partial": "1"})

    assert [entry["status"] for entry in answer.body["results"]] == ["buffered", "refused"]


@pytest.mark.parametrize("label", ['a "b" \\', ""])
def test_any_label_leaves_a_line_that_is_json(label: str) -> None:
    buffer = MemoryBuffer()
    buffered(buffer, token_labels=(label,)).post({"a": 1})

    assert buffer.events[0].get("client_label", "") == label


def test_a_label_that_only_the_body_tells_is_in_the_event_too() -> None:
    buffer = MemoryBuffer()
    buffered(buffer, allow_beacon=True).post({"token": TOKEN, "events": [{"a": 1}]}, None)

    assert [event["client_label"] for event in buffer.events] == ["shop"]


@pytest.mark.parametrize("own", ['{"a":1,"client_label":"bank"}', '{"a":1,"client\\u005flabel":"bank"}'])
@pytest.mark.parametrize("digests", [(DIGEST,), ()], ids=["buffered", "direct"])
def test_nobody_passes_for_another_client(own: str, digests: tuple[str, ...]) -> None:
    buffer = MemoryBuffer()
    endpoint = buffered(buffer) if digests else Endpoint(event_format="jsonl")
    endpoint.post(f"[{own}]")

    events = buffer.events or endpoint.store.objects[0].events
    assert [event.get("client_label") for event in events] == ["shop" if digests else None]


def test_a_text_that_looks_like_the_end_of_a_line_is_left_alone() -> None:
    buffer = MemoryBuffer()
    endpoint = buffered(buffer)
    endpoint.post({"a": 1})  # the clock of these tests stands still
    stamp = buffer.events[0]["received_at"]
    end = f',"received_at":"{stamp}"}}'
    buffer.records.clear()
    endpoint.post(
        json.dumps({"text": f"{end}\n", "nested": {"a": 1, "received_at": stamp}}, separators=(",", ":"))
    )

    (event,) = buffer.events
    assert event["text"] == f"{end}\n"
    assert event["nested"] == {"a": 1, "received_at": stamp}
    assert event["client_label"] == "shop"


def test_what_is_too_large_for_a_stream_is_stored_at_once_in_the_same_layout() -> None:
    buffer = MemoryBuffer()
    endpoint = buffered(buffer)
    answer = endpoint.post({"a": "x" * MAXIMUM_BUFFERED_BYTES})

    assert answer.body["durability"] == "stored"
    assert buffer.records == []
    (stored,) = endpoint.store.objects
    assert stored.name.startswith("events/year=")
    assert stored.metadata == {"client-label": "shop"}
    assert stored.events[0]["client_label"] == "shop", "readers find it in one place"


def test_what_no_stream_takes_is_stored_and_the_log_says_why_without_the_content(
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint = buffered(MemoryBuffer(REFUSED))
    answer = endpoint.post({"a": "secret"})

    assert answer.body["durability"] == "stored"
    assert len(endpoint.store.objects) == 1
    logged = capsys.readouterr().out
    assert json.loads(logged)["code"] == "ServiceUnavailableException"
    assert "secret" not in logged


def test_when_neither_takes_it_the_client_is_told_to_come_again() -> None:
    failure = StorageError(503, "SlowDown", unavailable=True)
    answer = buffered(MemoryBuffer(REFUSED), failure=failure).post({"a": 1})

    assert answer.status == 503
    assert "durability" not in answer.body


def test_streams_get_half_of_the_time_so_that_storing_stays_possible() -> None:
    buffer = MemoryBuffer()
    buffered(buffer).send(request({"a": 1}), Context(milliseconds=8500))

    assert buffer.records[0][1] == 4.0


def test_without_streams_the_answer_is_the_documented_one() -> None:
    assert "durability" not in Endpoint().post({"a": 1}).body


def test_without_streams_the_object_says_whose_it_is_and_the_events_stay_as_they_were_sent() -> None:
    endpoint = Endpoint(event_format="jsonl", token_labels=("shop",))
    endpoint.post({"a": 1})

    (stored,) = endpoint.store.objects
    assert stored.metadata == {"client-label": "shop"}
    assert "client_label" not in stored.events[0]
