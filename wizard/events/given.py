"""Events that the operator hands over: a JSON document, or lines of JSON, from a file or standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wizard.errors import UsageError

STANDARD_INPUT = Path("-")
KINDS = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
# A place in what was read ("Line 3", "Item 2 (index 1)"), and what stands there.
Item = tuple[str, Any]


def given_events(file: Path) -> list[dict[str, Any]]:
    """The events in a file: one JSON object, a list of them, or one object a line (JSONL).

    Args:
        file: `-` is standard input.

    Raises:
        UsageError: it cannot be read, or something in it is no event; the place is named.
    """
    source = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        text = sys.stdin.read() if file == STANDARD_INPUT else file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise _refused(f"The events in {source} cannot be read.", reason) from error
    items = list(_items(text, source))
    if not items:
        raise _refused(f"There are no events in {source}.", "It is empty, or an empty list")
    for place, item in items:
        if not isinstance(item, dict):
            kind = KINDS.get(type(item), "null")
            raise _refused(f"{place} of {source} is no event.", f"It is {kind}; an event is an object")
    return [item for _place, item in items]


def _items(text: str, source: str) -> Iterator[Item]:
    """A document is tried first, because it may stand on several lines; one whose first line is a document
    of its own is none, but lines of JSON."""
    lines = [(f"Line {number}", line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    try:
        document = json.loads(text) if lines else []
    except ValueError as error:
        if not _is_json(lines[0][1]):
            raise _refused(f"The events in {source} cannot be read.", str(error)) from error
        yield from _parsed(lines, source)
    else:
        items = document if isinstance(document, list) else [document]
        yield from ((f"Item {number} (index {number - 1})", item) for number, item in enumerate(items, 1))


def _parsed(lines: Sequence[tuple[str, str]], source: str) -> Iterator[Item]:
    for place, line in lines:
        try:
            yield place, json.loads(line)
        except ValueError as error:
            raise _refused(f"{place} of {source} is no event.", f"It is no JSON: {error}") from error


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _refused(what: str, reason: str) -> UsageError:
    return UsageError(
        what=what,
        why=f"{reason}.",
        next_step="Give a JSON object, a list of objects, or one object a line, for example"
        ' {"event_name": "hello"}, in --file FILE or on standard input with --file -.',
    )
