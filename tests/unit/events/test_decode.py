"""Objects of every format, and what is in none."""

from __future__ import annotations

import gzip
import json
import sys
from types import FrameType

import pytest

from wizard.events.decode import Decoded, Event, arrays_of, content_of, decoded

EVENTS: list[Event] = [{"event_name": "a", "n": 1}, {"event_name": "ü", "n": [1, {"x": None}]}]
ARRAY = json.dumps(EVENTS).encode()
LINES = "".join(f"{json.dumps(event)}\n" for event in EVENTS).encode()


@pytest.mark.parametrize(
    "content",
    [ARRAY, LINES, gzip.compress(ARRAY), gzip.compress(LINES), b"\n" + LINES + b"\n\n", b" \n" + ARRAY],
    ids=["array", "lines", "array.gz", "lines.gz", "lines with empty ones", "array after a blank"],
)
def test_the_format_is_told_by_the_content_because_names_may_lie(content: bytes) -> None:
    assert decoded(content) == Decoded(EVENTS, 0)


@pytest.mark.parametrize(
    ("content", "events", "bad"),
    [
        (b'{"a": 1}\nno json\n[1]\n{"b": 2}', [{"a": 1}, {"b": 2}], 2),
        (b'{"a":\n1}\n{"b": 2}\r\n {"c": 3} \n{"d": 4},{}', [{"b": 2}, {"c": 3}], 3),
        (b'[{"a": 1}, 7, null]', [{"a": 1}], 2),
        (b'[{"a": 1}', [], 1),
        (gzip.compress(LINES)[:-9], [], 1),
        (b"\xff\xfe\x00", [], 1),
        (b"[" * 100_000, [], 1),
        (b"", [], 0),
    ],
    ids=["lines", "odd lines", "items", "cut array", "cut gzip", "no text", "too deep", "empty"],
)
def test_what_is_no_event_is_counted_and_spoils_nothing_else(
    content: bytes, events: list[Event], bad: int
) -> None:
    assert decoded(content) == Decoded(events, bad)


@pytest.mark.parametrize("line", ["\n", ' {"a": 1}\n', "no json\n", '{"a":\n1}\n'])
def test_no_odd_line_makes_the_decoder_count_all_lines_before_it(line: str) -> None:
    """An error says in which line it is: one for each of many lines takes for ever."""
    text, counted = line * 1000, 0

    def see(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        if event == "call" and frame.f_code is json.JSONDecodeError.__init__.__code__:
            counted += frame.f_locals["pos"]

    sys.setprofile(see)
    try:
        decoded(text.encode())
    finally:
        sys.setprofile(None)

    assert counted < len(text)


def test_a_line_separator_inside_a_text_does_not_split_the_event() -> None:
    content = json.dumps({"text": "a\u2028b"}, ensure_ascii=False).encode()

    assert decoded(content).events == [{"text": "a\u2028b"}]


def test_half_a_character_is_replaced_because_no_screen_and_no_file_can_take_it() -> None:
    found = decoded(b'{"text": "a\\ud800b", "\\udfff": "\\ud83d\\ude00"}').events

    assert found == [{"text": "a\ufffdb", "\ufffd": "😀"}]


PRETTY = json.dumps(EVENTS, indent=2).replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    "content",
    [ARRAY, LINES, gzip.compress(LINES), PRETTY, LINES.replace(b"\n", b"\r\n")],
    ids=["array", "lines", "lines.gz", "pretty array", "lines of Windows"],
)
def test_a_line_for_the_copy_is_an_array_whatever_the_object_was_so_that_no_text_is_parsed_here(
    content: bytes,
) -> None:
    lines = arrays_of(content)

    assert not any(b"\n" in line or b"\r" in line.rstrip(b"]\r") for line in lines)
    assert [event for line in lines for event in json.loads(line)] == EVENTS


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b'{"a": "\\ud800"}\n7\nno json', [[{"a": "\ufffd"}], [None], [None]]),
        (b'[{"a": "\\ud800"}, 7]', [[{"a": "\ufffd"}], [None]]),
        (gzip.compress(LINES)[:-9], [[None]]),
        (b"", []),
    ],
    ids=["lines", "array", "cut gzip", "empty"],
)
def test_half_characters_and_what_cannot_be_read_reach_the_copy_as_something_that_it_counts(
    content: bytes, lines: list[list[object]]
) -> None:
    assert [json.loads(line) for line in arrays_of(content)] == lines


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ({}, ""),
        ({"properties": {}}, ""),
        ({"properties": {"plan": "ü"}}, '{"plan": "ü"}'),
        ({"properties": {"plan": "free"}, "more": 1}, '{"properties": {"plan": "free"}, "more": 1}'),
        ({"note": None}, '{"note": null}'),
    ],
)
def test_what_an_event_says_is_told_without_what_is_shown_by_itself(said: Event, content: str) -> None:
    by_itself = {"event_name": "a", "user_id": "u", "event_id": "1", "event_time": "t", "received_at": "t"}

    assert content_of({**by_itself, "client_label": "web", **said}) == content
