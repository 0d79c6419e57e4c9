"""For any events: what is stored is what was sent plus the filled members. For bad input: a clean refusal."""

from __future__ import annotations

import json
import math
import random
import re
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lambda_code.doubles import TOKEN, Endpoint, binary, request

FILLED = ("event_id", "event_time", "received_at")
TEXTS = st.one_of(
    st.text(st.characters(), max_size=12),
    st.sampled_from(['":', '" :', '\\":', '"', "\\", "\n", ":", "token", "events", *FILLED]),
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS
    ),
    lambda values: st.one_of(st.lists(values, max_size=3), st.dictionaries(TEXTS, values, max_size=3)),
    max_leaves=8,
)
NAMES = TEXTS.filter(lambda name: name not in ("events", "batch", "event_name"))
EVENTS = st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=5)
WRITERS = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 0, "\t"]),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\r\n", "\t:")]),
    }
)
BLANKS = st.sampled_from(["", " ", "\t"])
REPETITIONS = st.integers(1, 2)


@given(
    EVENTS,
    WRITERS,
    st.sampled_from(["{}", "[{}]", '{{"events":{}}}', '{{"x":1,"batch": {} }}']),
    st.booleans(),
)
@settings(max_examples=500, deadline=None)
@pytest.mark.slow
def test_what_is_stored_is_what_was_sent_plus_the_filled_members(
    events: list[dict[str, Any]], writing: dict[str, Any], shape: str, lines: bool
) -> None:
    if shape == "{}":
        text = json.dumps(events[0] if len(events) == 1 else events, **writing)
    elif shape == "[{}]":
        text = f"[{','.join(json.dumps(event, **writing) for event in events)}]"
    else:
        text = shape.format(json.dumps(events, **writing))
    endpoint = Endpoint(event_format="jsonl" if lines else "json")
    assert endpoint.post(text).status == 200
    (stored,) = endpoint.store.objects
    assert len(stored.events) == len(events)
    for kept, sent in zip(stored.events, events, strict=True):
        for name in FILLED:
            filled = kept.pop(name)
            if name in sent and name != "received_at":
                assert filled == whole(sent[name])
        assert kept == whole({name: value for name, value in sent.items() if name not in FILLED})


@given(st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, {"c": 2}]), min_size=1), st.data())
@settings(max_examples=300, deadline=None)
def test_no_object_that_is_stored_has_a_name_twice_because_readers_disagree_on_those(
    event: dict[str, Any], data: st.DataObject
) -> None:
    def written(value: Any) -> str:
        if not isinstance(value, dict):
            return json.dumps(value)
        members = [
            f'"{name}"{data.draw(BLANKS)}:{written(value[name])}'
            for name in value
            for _ in range(data.draw(REPETITIONS))
        ]
        return "{" + ",".join(members) + "}"

    endpoint = Endpoint()
    assert endpoint.post(f"[{written(event)},{written(event)}]").status == 200

    def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    content = endpoint.store.objects[0].content
    for kept in json.loads(content, object_pairs_hook=without_repetition):
        assert event.items() <= kept.items()


# ---- a hundred thousand bad inputs

SEEDS = [
    '{"event_name": "page_view", "user_id": "u1", "properties": {"path": "/pricing", "ab": 3}}',
    '[{"event_name":"a","n":1.5e3},{"event_name":"b","list":[1,[2,{"c":null}]],"flag":true}]',
    '{"events":[{"event_name":"a"},{"event_name":"b","text":"\\u00e9\\n\\\\ ü 😀"}],"sentAt":"now"}',
    '{"batch": [{"a": 1}, {"event_id": "x", "event_time": "y", "received_at": "z"}]}',
    '[{"a" : "\\ud83d\\ude00", "token": "abc"}, {}]',
]
SNIPPETS = [
    *("NaN", "Infinity", "-Infinity", "1e999", "-", "0x1", "01", "1.", "'", "\x00", "\ud800", "\\u12", "\\x"),
    *(
        "null",
        "true",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        "\\",
        "//",
        "[[",
        "{}",
        "[]",
        "3",
        '"events"',
        '"a":1,',
    ),
    *("9" * 4400, "[" * 120, "[" * 5000, '{"a":' * 3000, "\n", "\t", "\ufeff", "\u2028"),
]


def bad_body(chance: random.Random) -> str:
    """A good body with some of its characters cut off, taken out, repeated, or something put in."""
    text = chance.choice(SEEDS)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randrange(6))
        kind = chance.randrange(5)
        if kind == 0:
            text = text[:start]
        elif kind == 1:
            text = text[:start] + text[end:]
        elif kind == 2:
            text = text[:end] + text[start:]
        elif kind == 3:
            text = text[:start] + chance.choice(SNIPPETS) + text[start:]
        else:
            text = text[:start] + chance.choice(string.printable) + text[end:]
    return text


def is_deeper(value: Any, levels: int) -> bool:
    """Whether the value has more levels than that."""
    if not isinstance(value, (dict, list)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return not levels or any(is_deeper(item, levels - 1) for item in items)


def is_finite(value: Any) -> bool:
    """Whether no number in the value is NaN or infinite."""
    if isinstance(value, (dict, list)):
        return all(map(is_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def good_events(text: str) -> list[dict[str, Any]] | None:
    """What the body should store, told in the plainest way; None when it must be refused."""
    try:
        body = json.loads(
            text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").removeprefix("\ufeff"),
            parse_int=lambda digits: int(digits) if len(digits) < 4300 else math.inf,
        )
    except (ValueError, RecursionError):
        return None
    events = body if isinstance(body, list) else [body]
    if isinstance(body, dict) and "event_name" not in body:
        lists = [body[name] for name in ("events", "batch") if isinstance(body.get(name), list)]
        events = lists[0] if len(lists) == 1 else [] if lists else events
    fine = all(isinstance(event, dict) and not is_deeper(event, 100) and is_finite(event) for event in events)
    return events if events and fine else None


def whole(value: Any) -> Any:
    """The value with halves of characters (surrogates) that are neighbours put together, others replaced."""
    together = json.dumps(json.loads(json.dumps(value)), ensure_ascii=False)
    return json.loads(re.sub("[\ud800-\udfff]", "\ufffd", together))


def damaged_request(chance: random.Random, text: str) -> dict[str, Any]:
    """A request that is wrong around its body."""
    content = chance.randbytes(chance.randrange(1, 30))
    unknown, known = chance.choice(["br", "zstd", "gzip, gzip"]), chance.choice(["deflate", "gzip", "x-gzip"])
    headers: object = chance.choice([None, [], 7, {"x-auth-token": 7}])
    body: object = chance.choice([None, 7, 1.5, True, [], [None], [[]], {"events": []}])
    token = chance.choice([None, "", "wrong", TOKEN[:-1]])
    method = chance.choice(["GET", "PUT", "DELETE", "", "\x00"])
    make: Callable[[], dict[str, Any]] = chance.choice(
        [
            lambda: request(text, token),
            lambda: request(None) | binary(content + b"\xff"),
            lambda: request("=" + text, isBase64Encoded=True),
            lambda: request(None, headers={"Content-Encoding": known}) | binary(content),
            lambda: request(text, headers={"Content-Encoding": unknown}),
            lambda: request("{bad", headers={"Content-Encoding": known}),
            lambda: request(text) | {"headers": headers},
            lambda: request(text) | {"body": body},
            lambda: request(text, httpMethod=method),
        ]
    )
    return make() | {"multiValueHeaders": None}


LOGGED = {"level", "request_id", "status", "reason", "client"}


@pytest.mark.slow
def test_a_hundred_thousand_bad_inputs_give_no_5xx_no_crash_and_store_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(20260102)
    endpoint = Endpoint(maximum_events=1000)
    bad = good = 0
    text: object
    while bad < 100_000:
        if chance.randrange(5) == 0:
            text = damaged_request(chance, bad_body(chance))
            status, expected = endpoint.send(text).status, None
        else:
            text = bad_body(chance)
            expected = good_events(text)
            answer = endpoint.post(text)
            status = answer.status
            if expected and "more than one list" in answer.text:
                expected = None
        if expected is None:
            bad += 1
            assert 400 <= status < 500, text
            assert not endpoint.store.objects
        else:
            good += 1
            assert status == 200, text
            stored = endpoint.store.objects.pop().events
            assert len(stored) == len(expected)
            for kept, sent in zip(stored, expected, strict=True):
                assert kept == kept | whole(sent) | {"received_at": kept["received_at"]}
    assert good > 1000, "the generator should come close to good inputs"
    logged = capsys.readouterr().out.splitlines()
    assert len(logged) == bad
    assert all(set(json.loads(line)) == LOGGED for line in logged)


@pytest.mark.slow
def test_bad_inputs_with_beacons_on_are_refused_too(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(7)
    endpoint = Endpoint(allow_beacon=True)
    for _ in range(5_000):
        assert endpoint.post(bad_body(chance), None).status == 401
    assert not endpoint.store.objects
    assert len(capsys.readouterr().out.splitlines()) == 5_000
