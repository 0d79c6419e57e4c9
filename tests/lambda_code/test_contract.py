"""What clients may rely on: statuses, bodies, headers, and what is stored."""

from __future__ import annotations

import gzip
import json
import re
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from lambda_function import MAXIMUM_RESULTS
from storage import StorageError

from tests.lambda_code.doubles import (
    DIGEST,
    NOON,
    REQUEST_ID,
    TOKEN,
    Context,
    Endpoint,
    binary,
    compressed,
    request,
)

EVENT = {"event_name": "page_view", "user_id": "u1"}
BAD_JSON = "is not valid JSON"

REFUSED: list[tuple[dict[str, Any], int, str, str]] = [
    # parts of the request, status, part of the message, why
    ({"body": None}, 400, "is empty", "no body at all"),
    ({"body": ""}, 400, "is empty", "an empty body"),
    ({"body": " \r\n\t"}, 400, "is empty", "white space is nothing"),
    ({"body": "[]"}, 400, "no events", "an empty list stores nothing, so it must not answer 200"),
    ({"body": '{"events": []}'}, 400, "no events", "an empty wrapper likewise"),
    ({"body": "{bad"}, 400, BAD_JSON, "the client has a bug and must not retry"),
    ({"body": '{"a": 1'}, 400, BAD_JSON, "a cut-off body"),
    ({"body": '[{"a": 1}'}, 400, BAD_JSON, "a cut-off list"),
    ({"body": '[{"a": 1},'}, 400, BAD_JSON, "cut off after a comma"),
    ({"body": '[{"a": 1},]'}, 400, BAD_JSON, "a trailing comma"),
    ({"body": '{"events": [{"a": 1}],}'}, 400, BAD_JSON, "a trailing comma in a wrapper"),
    ({"body": '{"events": [{"a": 1}]'}, 400, BAD_JSON, "a cut-off wrapper"),
    ({"body": '{"events": [{"a": 1}] "x": 1}'}, 400, BAD_JSON, "a wrapper without its comma"),
    ({"body": '[{"a": 1} {"a": 1}]'}, 400, BAD_JSON, "a list without its comma"),
    ({"body": '{"a": 1} {"a": 2}'}, 400, BAD_JSON, "two documents: half would be lost"),
    ({"body": '{"a": 1}\n{"a": 2}\n'}, 400, BAD_JSON, "a line format is not taken as input"),
    ({"body": "[{'a': 1}]"}, 400, BAD_JSON, "single quotes"),
    ({"body": '{"a": "\n"}'}, 400, BAD_JSON, "a bare line break within a text"),
    ({"body": '{"a": 01}'}, 400, BAD_JSON, "a number that is none"),
    ({"body": "1"}, 400, "must be an event", "a number is no event"),
    ({"body": '"text"'}, 400, "must be an event", "nor a text"),
    ({"body": "null"}, 400, "must be an event", "nor null"),
    ({"body": "NaN"}, 400, "must be an event", "nor what only Python takes for JSON"),
    ({"body": '{"a": NaN}'}, 400, "1 of 1", "NaN is not JSON and breaks readers of the bucket"),
    ({"body": '{"a": -Infinity}'}, 400, "1 of 1", "nor is Infinity"),
    ({"body": '{"a": [1e999]}'}, 400, "1 of 1", "readers would take it for Infinity"),
    ({"body": '{"a": ' + "9" * 5000 + "}"}, 400, "1 of 1", "more digits than readers accept"),
    ({"body": '{"a":' + "[" * 101 + "]" * 101 + "}"}, 400, "1 of 1", "deeper than readers accept"),
    ({"body": "[" * 100_000}, 400, "nested deeper", "deep nesting must not exhaust the stack"),
    ({"body": '{"a":' * 100_000}, 400, "nested deeper", "neither by objects"),
    ({"body": '{"events":[{"a":1}],"events":[{"a":2}]}'}, 400, "more than one list", "one would be lost"),
    ({"body": '{"events":[{"a":1}],"batch":[{"a":2}]}'}, 400, "more than one list", "one would be lost"),
    ({"body": "not base64!", "isBase64Encoded": True}, 400, "base64", "the gateway never makes this"),
    ({"body": "é", "isBase64Encoded": True}, 400, "base64", "nor this"),
    (binary(b'{"a": "\xff"}'), 400, "UTF-8", "unreadable text"),
    (binary(b"\xed\xa0\x80"), 400, "UTF-8", "an encoded surrogate"),
    ({"headers": {"Content-Encoding": "br"}}, 415, "Content-Encoding", "an unknown encoding"),
    ({"headers": {"content-encoding": "gzip, gzip"}}, 415, "Content-Encoding", "a doubled encoding"),
    ({"body": "\x1f\ufffd\b"}, 400, "neither inflated", "a gzip body mangled into text"),
    (compressed(b"{}", "gzip"), 400, "not valid gzip", "a lie about the encoding"),
    (compressed(b"\xff\xff", "deflate"), 400, "not valid deflate", "the same about deflate"),
    (compressed(zlib.compress(b'{"a": 1}')[:-5], "deflate"), 400, "too early", "a cut-off deflate body"),
    (compressed(zlib.compress(b'{"a": 1}') + b"x", "deflate"), 400, "follows", "something behind it"),
    (compressed(b"", "deflate"), 400, "is empty", "nothing is nothing in any encoding"),
    (compressed(gzip.compress(b'{"a": 1}')[:-9], "gzip"), 400, "too early", "a cut-off gzip body"),
    (compressed(gzip.compress(b'{"a": 1}') + b"rest", "gzip"), 400, "gzip", "something behind the gzip body"),
    ({"body": 7}, 400, "must be an event", "an event of another integration"),
    ({"httpMethod": "GET"}, 405, "POST", "a proxied GET"),
    ({"httpMethod": None, "requestContext": {"http": {"method": "PUT"}}}, 405, "POST", "of an HTTP API"),
]


@pytest.mark.parametrize(("parts", "status", "message", "why"), REFUSED)
def test_a_bad_request_is_refused_with_its_reason_and_nothing_is_stored(
    parts: dict[str, Any], status: int, message: str, why: str
) -> None:
    endpoint = Endpoint()
    answer = endpoint.send(
        request(EVENT) | {**parts, "headers": {"x-auth-token": TOKEN, **parts.get("headers", {})}}
    )
    assert answer.status == status, why
    assert message in answer.body["message"], why
    assert endpoint.store.objects == []


ACCEPTED: list[tuple[dict[str, Any], list[Any], str]] = [
    ({"body": '{"a": 1}'}, [{"a": 1}], "one event"),
    ({"body": "{}"}, [{}], "an event without members is an object still"),
    ({"body": '[{"a": 1}, {"a": 2}]'}, [{"a": 1}, {"a": 2}], "a list"),
    ({"body": ' [ {"a" : 1} ,\n{"a":2}\t] '}, [{"a": 1}, {"a": 2}], "white space anywhere"),
    ({"body": '{"events": [{"a": 1}]}'}, [{"a": 1}], "a wrapper"),
    ({"body": '{"sentAt": "x", "batch": [{"a": 1}], "n": NaN}'}, [{"a": 1}], "a wrapper of other SDKs"),
    ({"body": '{"\\u0065vents": [{"a": 1}]}'}, [{"a": 1}], "names are equal however they are written"),
    ({"body": '{"events": 3}'}, [{"events": 3}], "no wrapper without a list"),
    ({"body": '{"events": {"a": 1}}'}, [{"events": {"a": 1}}], "nor with an object"),
    (
        {"body": '{"event_name": "x", "events": [{"a": 1}, 2]}'},
        [{"event_name": "x", "events": [{"a": 1}, 2]}],
        "an event whose property is called events must not lose the rest",
    ),
    ({"body": '\ufeff{"a": 1}'}, [{"a": 1}], "a byte order mark of Windows clients"),
    ({"body": '{"a": "ü 😀 \\ud83d\\ude00"}'}, [{"a": "ü 😀 😀"}], "any language"),
    ({"body": '{"a": "\\uD800"}'}, [{"a": "\ufffd"}], "half a character, which no reader takes"),
    ({"body": '{"a": "x\ud800"}'}, [{"a": "x\ufffd"}], "even if the gateway decoded it"),
    ({"body": '[{"\\udc00": 1}, {"a":1}]'}, [{"\ufffd": 1}, {"a": 1}], "in a name, too"),
    ({"body": '{"\\ud800":1,"\\udfff":2}'}, [{"\ufffd": 2}], "two such names are one, and stored once"),
    ({"body": '{"\ud800":1,"\udfff":2}'}, [{"\ufffd": 2}], "even if the gateway decoded them"),
    (
        {"body": '{"events":[{"a":"\ud800"},{"b":"\\ud83d"}]}'},
        [{"a": "\ufffd"}, {"b": "\ufffd"}],
        "in a batch",
    ),
    (
        {"body": '{"a":"\\ud83d\\ud83d\\ude00\\ude00"}'},
        [{"a": "\ufffd😀\ufffd"}],
        "halves beside a whole character leave it whole",
    ),
    ({"body": r'{"a":"\\ud800"}'}, [{"a": r"\ud800"}], "an escaped backslash begins no escape"),
    ({"body": r'{"a":"\\\ud800\ud55c"}'}, [{"a": "\\\ufffd한"}], "the third backslash does"),
    ({"body": '{"a": 1, "a": 2}'}, [{"a": 2}], "of two equal names the last counts"),
    ({"body": '{"x": {"a": 1, "a": 2}}'}, [{"x": {"a": 2}}], "within the event too"),
    ({"body": '[{"a" :1, "a":2}]'}, [{"a": 2}], "and with a space before the colon"),
    ({"body": '{"a":":","b":1,"b":"\\":"}'}, [{"a": ":", "b": '":'}], "and with colons in texts"),
    ({"body": '{"a": 123456789012345678901234567890}'}, [{"a": 123456789012345678901234567890}], "large"),
    (
        {"body": '{"a":' + "[" * 99 + "]" * 99 + "}"},
        [json.loads('{"a":' + "[" * 99 + "]" * 99 + "}")],
        "deep",
    ),
    ({"body": [{"a": 1}], "headers": {"x-auth-token": TOKEN}}, [{"a": 1}], "the console's test event"),
    ({"body": {"a": "ü"}}, [{"a": "ü"}], "the console's test event with one event"),
    (binary('{"a": "ü"}'.encode()), [{"a": "ü"}], "a binary body"),
    (compressed(gzip.compress(b'{"a": 1}'), "GZIP"), [{"a": 1}], "a compressed body of an HTTP API"),
    (compressed(gzip.compress(b'{"a"') + gzip.compress(b": 1}"), "gzip"), [{"a": 1}], "of several members"),
    (compressed(zlib.compress(b'{"a": 1}'), "deflate"), [{"a": 1}], "in zlib's wrapping, as HTTP has it"),
    (compressed(zlib.compress(b'{"a": 1}')[2:-4], "deflate"), [{"a": 1}], "bare, as some clients send it"),
    *(
        (
            {"body": '{"a": 1}', "headers": {"content-encoding": encoding}},
            [{"a": 1}],
            "inflated by a REST API",
        )
        for encoding in ("gzip", "deflate", "x-gzip")
    ),
    ({"body": '{"a": 1}'}, [{"a": 1}], "inflated by a REST API that takes the header away"),
    ({"headers": {"Content-Type": "text/plain", "Content-Encoding": "identity"}}, [EVENT], "beacons"),
    ({"httpMethod": None}, [EVENT], "no method at all"),
]


@pytest.mark.parametrize("event_format", ["json", "jsonl", "jsonl.gz"])
@pytest.mark.parametrize(("parts", "events", "why"), ACCEPTED)
def test_a_good_request_is_stored_as_sent_with_the_missing_members_filled_in(
    parts: dict[str, Any], events: list[Any], why: str, event_format: str
) -> None:
    endpoint = Endpoint(event_format=event_format)
    answer = endpoint.send(
        request(EVENT) | {**parts, "headers": {"x-auth-token": TOKEN, **parts.get("headers", {})}}
    )
    assert (answer.status, answer.body) == (
        200,
        {
            "message": f"Successfully processed {len(events)} event(s)",
            "events_count": len(events),
        },
    ), why
    (stored,) = endpoint.store.objects
    assert len(stored.events) == len(events)
    for kept, sent in zip(stored.events, events, strict=True):
        filled = {name: kept.pop(name) for name in ("event_id", "event_time", "received_at")}
        assert kept == sent, why
        assert uuid.UUID(filled["event_id"]).version == 4
        assert filled["event_time"] == filled["received_at"] == "2026-01-02T12:00:00.123456Z"


def test_the_time_is_iso_8601_in_utc() -> None:
    endpoint = Endpoint()
    endpoint.post(EVENT)
    moment = datetime.fromisoformat(endpoint.store.objects[0].events[0]["event_time"])
    assert moment == datetime.fromtimestamp(NOON // 1000 / 1e6, UTC)


@pytest.mark.parametrize("spaces", ["", " "])
def test_what_the_client_filled_in_is_kept_but_the_time_of_receipt_is_ours(spaces: str) -> None:
    endpoint = Endpoint()
    sent = {"event_id": "mine", "event_time": "yesterday", "received_at": "a lie"}
    for names in (("event_id",), ("event_time",), ("event_id", "event_time"), tuple(sent)):
        body = json.dumps({name: sent[name] for name in names}, separators=(",", f"{spaces}:"))
        assert endpoint.post(body).status == 200
        (stored,) = endpoint.store.objects.pop().events
        assert set(stored) == set(sent)
        assert stored["received_at"] == "2026-01-02T12:00:00.123456Z"
        for name in ("event_id", "event_time"):
            assert (stored[name] == sent[name]) == (name in names)


def test_numbers_are_stored_as_they_were_written_not_as_python_would_write_them() -> None:
    endpoint = Endpoint()
    endpoint.post('[{"price":1.10,"exact":0.12345678901234567890123}]')
    assert b'"price":1.10,"exact":0.12345678901234567890123' in endpoint.store.objects[0].content


def test_every_event_has_its_own_identifier() -> None:
    endpoint = Endpoint()
    for body in ([{"a": 1}] * 500, [{"received_at": 1}] * 500):
        assert endpoint.post(body).status == 200
    identifiers = [event["event_id"] for stored in endpoint.store.objects for event in stored.events]
    assert len(set(identifiers)) == 1000


def test_a_batch_with_bad_events_names_each_of_them_and_stores_nothing() -> None:
    endpoint = Endpoint()
    answer = endpoint.post('[{"a": 1}, 3, {"b": NaN}, null, "x", true, [], {"c": 1}]')
    assert answer.status == 400
    assert answer.body == {
        "message": "6 of 8 event(s) are invalid, nothing was stored",
        "errors": [
            {"index": 1, "reason": "must be a JSON object, not a number"},
            {"index": 2, "reason": "holds NaN, which is not JSON"},
            {"index": 3, "reason": "must be a JSON object, not null"},
            {"index": 4, "reason": "must be a JSON object, not a string"},
            {"index": 5, "reason": "must be a JSON object, not a boolean"},
            {"index": 6, "reason": "must be a JSON object, not a list"},
        ],
    }
    assert endpoint.store.objects == []


def test_with_partial_the_good_events_are_stored_and_the_fate_of_each_is_told() -> None:
    endpoint = Endpoint()
    answer = endpoint.post([{"a": 1}, 3, {"a": 2}], queryStringParameters={"partial": "1"})
    assert answer.status == 200
    assert answer.body == {
        "message": "Successfully processed 2 event(s)",
        "events_count": 2,
        "results": [
            {"index": 0, "status": "stored"},
            {"index": 1, "status": "refused", "reason": "must be a JSON object, not a number"},
            {"index": 2, "status": "stored"},
        ],
    }
    assert [event["a"] for event in endpoint.store.objects[0].events] == [1, 2]


def test_with_partial_and_no_good_event_it_is_400_because_nothing_was_stored() -> None:
    endpoint = Endpoint()
    answer = endpoint.post([1, 2], queryStringParameters={"partial": "1"})
    assert answer.status == 400
    assert [entry["index"] for entry in answer.body["errors"]] == [0, 1]
    assert endpoint.store.objects == []


@pytest.mark.parametrize("value", ["0", "", "no"])
def test_partial_must_be_switched_on(value: str) -> None:
    assert Endpoint().post([1, {"a": 1}], queryStringParameters={"partial": value}).status == 400


def test_an_answer_stays_below_the_6_mb_that_lambda_passes_on() -> None:
    endpoint = Endpoint()
    refused = endpoint.post("[" + "1," * 99_999 + "1]")
    assert refused.status == 400
    assert len(refused.body["errors"]) == MAXIMUM_RESULTS
    assert refused.body["errors_omitted"] == 100_000 - MAXIMUM_RESULTS
    partial = endpoint.post("[" + "{}," * 99_999 + "1]", queryStringParameters={"partial": "1"})
    assert partial.status == 200
    assert [entry["index"] for entry in partial.body["results"]] == [99_999]
    assert partial.body["results_omitted"] == 99_999
    assert max(len(json.dumps(answer)) for answer in (refused, partial)) < 3_000_000


# ---- tokens


@pytest.mark.parametrize(
    "token", [None, "", "wrong", TOKEN + " ", TOKEN.upper(), DIGEST, "ü", "\ud800", "x" * 100_000]
)
def test_without_a_valid_token_the_answer_is_exactly_the_documented_401_without_any_echo(
    token: str | None,
) -> None:
    endpoint = Endpoint()
    answer = endpoint.post("{bad, and never parsed", token)
    assert answer.status == 401
    assert answer.body == {"message": "Unauthorized: Invalid or missing authentication token"}
    assert endpoint.store.objects == []


@pytest.mark.parametrize("name", ["x-auth-token", "X-Auth-Token", "X-AUTH-TOKEN"])
def test_the_header_is_found_in_any_case_because_clients_keep_the_case_they_typed(name: str) -> None:
    assert Endpoint().post(EVENT, None, headers={name: TOKEN}).status == 200


def test_headers_may_come_in_the_multiple_form_only() -> None:
    headers = {"X-Auth-Token": [TOKEN, "x"], "Content-Encoding": ["gzip"]}
    event = request(EVENT) | {"headers": None, "multiValueHeaders": headers}
    assert Endpoint().send(event).status == 200
    assert Endpoint().send(event | binary(gzip.compress(b"{}"))).status == 200


def test_several_tokens_are_valid_at_once_so_that_rotation_refuses_nobody() -> None:
    endpoint = Endpoint(
        token_digests=("", "ü", "0" * 64, DIGEST, "1" * 64), token_labels=("a", "b", "c", "shop")
    )
    assert endpoint.post(EVENT).status == 200
    assert endpoint.store.objects[0].metadata == {"client-label": "shop"}


@pytest.mark.parametrize("labels", [(), ("",)])
def test_a_token_without_a_label_leaves_no_metadata(labels: tuple[str, ...]) -> None:
    endpoint = Endpoint(token_labels=labels)
    endpoint.post(EVENT)
    assert endpoint.store.objects[0].metadata == {}


def test_a_label_is_made_fit_for_a_header() -> None:
    endpoint = Endpoint(token_labels=("Büro\r\nx-evil: 1",))
    endpoint.post(EVENT)
    assert endpoint.store.objects[0].metadata == {"client-label": "B_ro__x-evil: 1"}


# ---- beacons

BEACON_BODY = {"token": TOKEN, "events": [EVENT, EVENT]}


@pytest.mark.parametrize(
    "parts",
    [
        {"body": json.dumps(BEACON_BODY)},
        {"body": json.dumps({**EVENT, "token": TOKEN})},
        {"body": json.dumps(EVENT), "queryStringParameters": {"token": TOKEN}},
        {"body": json.dumps(EVENT), "multiValueQueryStringParameters": {"token": [TOKEN]}},
    ],
)
def test_a_token_outside_the_header_counts_only_when_beacons_are_switched_on(parts: dict[str, Any]) -> None:
    beacon = request(None, None, headers={"Content-Type": "text/plain;charset=UTF-8"}) | parts
    closed = Endpoint()
    assert closed.send(beacon).status == 401
    assert closed.store.objects == []
    opened = Endpoint(allow_beacon=True)
    assert opened.send(beacon).status == 200
    assert TOKEN.encode() not in opened.store.objects[0].content
    for event in opened.store.objects[0].events:
        assert EVENT.items() <= event.items()
        assert "token" not in event


@pytest.mark.parametrize(
    "body",
    [
        "{bad",
        None,
        "[" * 100_000,
        {"token": "wrong", "events": [EVENT]},
        {"token": 7, "events": [EVENT]},
        {"token": None, **EVENT},
        {"events": [EVENT]},
        [{"token": TOKEN}],
        {"events": [{"token": TOKEN}]},
    ],
)
def test_with_beacons_on_a_body_without_a_valid_token_is_401_whatever_else_is_wrong_with_it(
    body: object,
) -> None:
    endpoint = Endpoint(allow_beacon=True)
    assert endpoint.post(body, None).status == 401
    assert endpoint.store.objects == []


@pytest.mark.parametrize("allow_beacon", [True, False])
@pytest.mark.parametrize("body", [{**EVENT, "token": TOKEN}, [EVENT, {**EVENT, "token": TOKEN}], BEACON_BODY])
def test_a_valid_token_within_the_body_is_never_stored(body: object, allow_beacon: bool) -> None:
    endpoint = Endpoint(allow_beacon=allow_beacon)
    assert endpoint.post(body).status == 200
    assert TOKEN.encode() not in endpoint.store.objects[0].content


def test_a_member_called_token_that_is_no_token_of_ours_is_the_clients_own() -> None:
    endpoint = Endpoint()
    endpoint.post([{"token": "abc"}, {"token": 7}])
    assert [event["token"] for event in endpoint.store.objects[0].events] == ["abc", 7]


# ---- sizes


def test_a_body_above_the_size_is_413_counted_in_bytes_and_not_in_characters() -> None:
    fits, exceeds = (
        json.dumps({"a": "ü" * 40}, ensure_ascii=False),
        json.dumps({"a": "ü" * 50}, ensure_ascii=False),
    )
    assert len(exceeds) < 100 < len(exceeds.encode())
    for parts, status in [
        ({"body": fits}, 200),
        ({"body": exceeds}, 413),
        (binary(fits.encode()), 200),
        (binary(exceeds.encode()), 413),
        (compressed(gzip.compress(fits.encode()), "gzip"), 200),
        (compressed(gzip.compress(exceeds.encode()), "gzip"), 413),
        (compressed(zlib.compress(exceeds.encode()), "deflate"), 413),
        (compressed(gzip.compress(fits.encode()) + gzip.compress(b" " * 50), "gzip"), 413),
        ({"body": exceeds, "headers": {"Content-Encoding": "gzip"}}, 413),
        ({"body": json.loads(exceeds)}, 413),
    ]:
        endpoint = Endpoint(maximum_request_bytes=100)
        event = request(None) | parts
        event["headers"] = {"x-auth-token": TOKEN, **event["headers"]}
        assert endpoint.send(event).status == status
        assert len(endpoint.store.objects) == (status == 200)


@pytest.mark.parametrize("wrapped", ["[%s]", '{"events":[%s]}'])
@pytest.mark.parametrize("one", ["{}", '{"a":1}', "1"])
def test_too_many_events_are_413_however_they_are_sent(wrapped: str, one: str) -> None:
    endpoint = Endpoint(maximum_events=150)
    assert endpoint.post(wrapped % ",".join([one] * 151)).status == 413
    assert endpoint.post(wrapped % ",".join([one] * 150)).status == (400 if one == "1" else 200)


# ---- headers of the answer

FAILURE = StorageError(403, "AccessDenied", unavailable=False)


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda **settings: Endpoint(**settings).post(EVENT), 200),
        (lambda **settings: Endpoint(**settings).send(request(EVENT, httpMethod="OPTIONS")), 204),
        (lambda **settings: Endpoint(**settings).post("{"), 400),
        (lambda **settings: Endpoint(**settings).post(EVENT, None), 401),
        (lambda **settings: Endpoint(**settings).send(request(EVENT, httpMethod="GET")), 405),
        (lambda **settings: Endpoint(maximum_events=1, **settings).post([EVENT, EVENT]), 413),
        (lambda **settings: Endpoint(**settings).post(EVENT, headers={"Content-Encoding": "br"}), 415),
        (lambda **settings: Endpoint(failure=FAILURE, **settings).post(EVENT), 500),
        (lambda **settings: Endpoint(failure=MemoryError(), **settings).post(EVENT), 500),
    ],
)
def test_every_answer_can_be_read_by_a_browser_and_carries_the_request_id(
    send: Callable[..., Any], status: int
) -> None:
    answer = send()
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-Id"
    assert answer.headers["X-Request-Id"] == REQUEST_ID
    assert "Vary" not in answer.headers
    restricted = send(allowed_origins=("https://shop.example",))
    assert restricted.headers["Access-Control-Allow-Origin"] == "https://shop.example"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://b.example", "https://b.example"),
        ("https://evil.example", "https://a.example"),
        ("", "https://a.example"),
    ],
)
def test_of_several_origins_the_asking_one_is_named_if_it_is_listed(origin: str, allowed: str) -> None:
    endpoint = Endpoint(allowed_origins=("https://a.example", "https://b.example"))
    answer = endpoint.post(EVENT, headers={"origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == allowed
    assert answer.headers["Vary"] == "Origin", "a cache must not give one origin the answer of another"


def test_a_preflight_that_reaches_the_function_passes_with_the_token_header() -> None:
    answer = Endpoint().send(request(None, None, httpMethod="OPTIONS"))
    assert answer.text == ""
    assert "x-auth-token" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


# ---- object names


@pytest.mark.parametrize(
    ("event_format", "content_type"),
    [("json", "application/json"), ("jsonl", "application/x-ndjson"), ("jsonl.gz", "application/x-ndjson")],
)
def test_the_object_lies_in_the_documented_partition_and_under_the_request_id(
    event_format: str, content_type: str
) -> None:
    endpoint = Endpoint(event_format=event_format)
    answer = endpoint.post(EVENT)
    (stored,) = endpoint.store.objects
    assert stored.name == (
        f"events/year=2026/month=01/day=02/hour=12/events_{NOON}_{answer.headers['X-Request-Id']}.{event_format}"
    )
    assert stored.content_type == content_type


def test_names_stay_unique_when_the_clock_stands_still() -> None:
    instances = [Endpoint() for _ in range(20)]
    for number, instance in enumerate(instances):
        for again in range(5):
            instance.send(request(EVENT), Context(f"request-{number}-{again}"))
            instance.send(request(EVENT), Context(f"the-same-{number}"))
    names = {stored.name for instance in instances for stored in instance.store.objects}
    assert len(names) == 200


@pytest.mark.parametrize("request_id", [None, "", "ü/..", 7])
def test_without_a_usable_request_id_a_random_one_is_made(request_id: Any) -> None:
    names = set()
    for _ in range(5):
        endpoint = Endpoint()
        answer = endpoint.send(request(EVENT), Context(request_id))
        assert re.fullmatch(r"[A-Za-z0-9-]{8,}", answer.headers["X-Request-Id"])
        names.add(endpoint.store.objects[0].name)
    assert len(names) == 5


def test_a_request_id_cannot_leave_its_folder() -> None:
    endpoint = Endpoint()
    endpoint.send(request(EVENT), Context("../../é a\r\nb"))
    assert endpoint.store.objects[0].name.endswith(f"hour=12/events_{NOON}_ab.json")


# ---- our own failures


@pytest.mark.parametrize(
    ("failure", "status", "code", "logged"),
    [
        (StorageError(403, "AccessDenied", unavailable=False), 500, "StorageAccessDenied", "AccessDenied"),
        (
            StorageError(403, "InvalidAccessKeyId", unavailable=False),
            500,
            "StorageAccessDenied",
            "InvalidAccessKeyId",
        ),
        (StorageError(404, "NoSuchBucket", unavailable=False), 500, "StorageNotFound", "NoSuchBucket"),
        (StorageError(400, "InvalidRequest", unavailable=False), 500, "StorageFailed", "InvalidRequest"),
        (StorageError(503, "SlowDown", unavailable=True), 503, "StorageUnavailable", "SlowDown"),
        (StorageError(0, "TimeoutError", unavailable=True), 503, "StorageUnavailable", "TimeoutError"),
        (RuntimeError("secret detail"), 500, "Internal", "RuntimeError"),
        (MemoryError(), 500, "Internal", "MemoryError"),
    ],
)
def test_a_failure_of_ours_says_its_kind_to_the_client_and_its_cause_to_the_log_but_no_secret(
    failure: Exception, status: int, code: str, logged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Endpoint(failure=failure, allow_beacon=True).post({"private": "content", "token": TOKEN})
    assert answer.status == status
    assert answer.body["code"] == code
    assert ("Retry-After" in answer.headers) == (status == 503)
    if status == 500:
        assert answer.body == {"message": "Internal error, retry later", "code": code}
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert json.loads(line)["request_id"] == REQUEST_ID
    assert logged in line
    for secret in ("secret detail", "private", "content", TOKEN, DIGEST):
        assert secret not in line + answer.text


@pytest.mark.parametrize("event", [None, [], "text", 7, {}, {"headers": [], "body": {}}, {"httpMethod": 7}])
def test_an_event_of_any_shape_is_answered(event: object) -> None:
    assert Endpoint().send(event).status == 401


@pytest.mark.parametrize(
    ("body", "token", "status", "reason", "client"),
    [
        (EVENT, "wrong", 401, "Unauthorized: Invalid or missing authentication token", ""),
        ("{private", TOKEN, 400, "The body is not valid JSON: Expecting property name", "web"),
        ([{"private": 1}, 7], TOKEN, 400, "1 of 2 event(s) are invalid, nothing was stored", "web"),
    ],
    ids=["token", "json", "event"],
)
def test_a_refusal_says_why_and_whose_to_the_log_and_repeats_nothing_of_what_was_sent(
    body: object, token: str, status: int, reason: str, client: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Endpoint(token_labels=("web",)).post(body, token).status == status

    line = capsys.readouterr().out
    logged = json.loads(line)
    assert logged.pop("reason").startswith(reason)
    assert logged == {"level": "WARN", "request_id": REQUEST_ID, "status": status, "client": client}
    for secret in ("private", TOKEN, DIGEST, "wrong"):
        assert secret not in line


def test_what_was_left_out_of_a_partial_request_is_logged_too(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Endpoint().send(request([{"a": 1}, 7], queryStringParameters={"partial": "1"}))

    assert answer.status == 200
    assert json.loads(capsys.readouterr().out)["reason"] == "1 of 2 event(s) are invalid"


def test_a_success_logs_nothing_because_every_line_costs_money(capsys: pytest.CaptureFixture[str]) -> None:
    Endpoint().post(EVENT)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("milliseconds", "expected"), [(10_000, 9.5), (600, 0.3), (0, 0.0)])
def test_storing_gets_the_functions_remaining_time_less_what_the_answer_needs(
    milliseconds: int, expected: float
) -> None:
    endpoint = Endpoint()
    endpoint.send(request(EVENT), Context(milliseconds=milliseconds))
    assert endpoint.store.objects[0].seconds == pytest.approx(expected)
