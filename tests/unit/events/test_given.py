"""Events that the operator hands over: every shape that is common, and which one of them is bad."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from wizard.errors import UsageError
from wizard.events.given import given_events

A, B = {"event_name": "a"}, {"event_name": "b"}


def written(folder: Path, text: str) -> Path:
    path = folder / "events"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ('{"event_name": "a"}', [A]),
        ('[\n  {"event_name": "a"},\n  {"event_name": "b"}\n]', [A, B]),
        ('{"event_name": "a"}\n\n{"event_name": "b"}\n', [A, B]),
        ('{\n  "event_name": "a"\n}', [A]),
    ],
    ids=["an object", "a list on several lines", "lines of JSON", "an object on several lines"],
)
def test_events_come_as_a_document_or_as_lines(tmp_path: Path, text: str, events: list[object]) -> None:
    assert given_events(written(tmp_path, text)) == events


def test_a_hyphen_is_standard_input_because_pipes_end_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"event_name": "a"}\n{"event_name": "b"}\n'))
    assert given_events(Path("-")) == [A, B]


@pytest.mark.parametrize(
    ("text", "what", "why"),
    [
        ('[{"a": 1}, 7]', "Item 2 (index 1) of", "It is a number"),
        ('[{"a": 1}, null]', "Item 2 (index 1) of", "It is null"),
        ('"hello"', "Item 1 (index 0) of", "It is a text"),
        ('{"a": 1}\n\n[2]\n', "Line 3 of", "It is a list"),
        ('{"a": 1}\n{"b"\n', "Line 2 of", "It is no JSON"),
        ('{"a": 1', "cannot be read", "delimiter"),
        ("", "There are no events", "empty"),
        ("[]", "There are no events", "empty"),
    ],
)
def test_what_is_no_event_is_named_by_its_place_because_files_are_long(
    tmp_path: Path, text: str, what: str, why: str
) -> None:
    with pytest.raises(UsageError) as caught:
        given_events(written(tmp_path, text))
    assert what in caught.value.what
    assert why in caught.value.why
    assert "--file -" in caught.value.next_step
