"""What an object in the bucket holds, recognised by its content: names lie, and formats change."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Where nothing is escaped like that, nothing need be repaired; to look at each event takes half of the time.
HALF_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
HALF_CHARACTER = re.compile("[\\ud800-\\udfff]")
GZIP = b"\x1f\x8b"
NO_NAME = "(no name)"
# What most events have, and what is shown by itself or is of no use to a reader.
COMMON = frozenset(("event_name", "user_id", "event_id", "event_time", "received_at", "client_label"))
DECODER = json.JSONDecoder()
Event = dict[str, Any]


@dataclass(frozen=True)
class Decoded:
    """The events of one object, and how many lines or items of it are none."""

    events: list[Event]
    bad: int = 0


def decoded(content: bytes) -> Decoded:
    """Read a JSON array, one object or one object a line, gzipped or not. Never raises: what is no event is
    counted.
    """
    text = text_of(content)
    items = [None] if text is None else items_of(text)
    events = [item for item in items if isinstance(item, dict)]
    if text and HALF_ESCAPED.search(text):
        events = [clean(event) for event in events]
    return Decoded(events, len(items) - len(events))


def arrays_of(content: bytes) -> list[bytes]:
    """The same as JSON arrays, one a line, without looking at what need not be changed: what is no event, or
    no JSON, stays as it is.
    """
    text = text_of(content)
    if text is None:
        return [b"[null]"]
    if HALF_ESCAPED.search(text):
        events = [clean(item) if isinstance(item, dict) else None for item in items_of(text)]
        return [json.dumps([event], ensure_ascii=False).encode() for event in events]
    if is_array(text):
        return [text.replace("\n", " ").replace("\r", " ").encode()]
    return [b"[%s]" % line for line in text.encode().split(b"\n") if line.strip()]


def text_of(content: bytes) -> str | None:
    """None where it is no gzip although it begins like one."""
    raw = raw_of(content)
    return None if raw is None else raw.decode("utf-8", "replace")


def raw_of(content: bytes) -> bytes | None:
    """The content, gunzipped where it is gzipped; None where it is no gzip although it begins like one."""
    try:
        return gzip.decompress(content) if content.startswith(GZIP) else content
    except (OSError, EOFError, zlib.error):
        return None


def is_array(text: str) -> bool:
    return text.lstrip()[:1] == "["


def items_of(text: str) -> list[Any]:
    """Events, and whatever stands in the place of one; None for what is no JSON."""
    if not is_array(text):
        return list(_lines(text))
    try:
        items: list[Any] = json.loads(text)
    except (ValueError, RecursionError):
        return [None]
    return items


def _lines(text: str) -> Iterator[Any]:
    """What begins and ends with its line need not be cut out of the text. From the first odd line on each
    is: an error of the decoder counts all lines before it, which would take for ever."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)  # no other line break: U+2028 may stand inside a JSON text
        end = len(text) if end < 0 else end
        try:
            item, stop = DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        if stop != end:
            break
        yield item
        start = end + 1
    for line in text[start:].split("\n"):
        if line.strip():
            yield item_of(line)


def item_of(line: str) -> Any:
    """What a line holds; None for what is no JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def name_of(event: Event) -> str:
    """Its `event_name`, `NO_NAME` where it has none."""
    return as_text(event.get("event_name", NO_NAME))


def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def content_of(event: Event) -> str:
    """What it says beside name, user, ids and times, as JSON: its properties, where that is all; "" for
    nothing."""
    rest = {name: value for name, value in event.items() if name not in COMMON}
    said = rest["properties"] if set(rest) == {"properties"} else rest
    return json.dumps(said, ensure_ascii=False) if said else ""


def clean(event: Event) -> Event:
    """The event with U+FFFD for half characters (a lone `\\ud800`), which no screen and no file can take.

    The handler of today stores none; earlier versions did.
    """
    text = json.dumps(event, ensure_ascii=False)
    repaired: Event = json.loads(HALF_CHARACTER.sub("\ufffd", text)) if HALF_CHARACTER.search(text) else event
    return repaired
