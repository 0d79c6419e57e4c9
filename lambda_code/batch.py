"""From the body's text to the events as they are stored.

The text is read some events at a time. Events that are fine are copied as they were written, with the
missing members spliced in before the closing brace: so nothing is written out again from parsed values (which
costs more than parsing), numbers and texts are stored as sent, and a large batch never exists as objects.
Where one event needs more than that (see `_copy_some`), these few are taken one by one and written out again.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder, JSONEncoder
from os import urandom

from refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAXIMUM_DEPTH = 100  # levels; common readers of JSON fail from a few hundred on
EVENTS_AT_ONCE = 100
WRAPPERS = ("events", "batch")
SERVER_MEMBERS = ("received_at", "client_label")  # said by the server alone; a client's own are dropped
REPLACED_MEMBERS = frozenset((*SERVER_MEMBERS, "token"))
FILLED_MEMBERS = REPLACED_MEMBERS | {"event_id", "event_time"}
NOT_COPIED = ("\n", "\r", "\t", " :")
NEEDS_CARE = -1
_spaces = re.compile(r"[ \t\n\r]*")
_write = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_KINDS = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


class Batch:
    """The events of one request: `content` is what will be stored, `refused` the (index, reason) of bad ones.

    `seen` counts all events and `token` is the one that the body itself carried, or None. `stamp` is the time
    of receipt (ISO 8601); `is_token` tells whether a text is a valid token, which is then never stored.
    Every event says the `label` as its `client_label`, unless that is "".
    """

    def __init__(
        self,
        *,
        stamp: str,
        label: str,
        one_a_line: bool,
        maximum_events: int,
        is_token: Callable[[str], bool],
    ) -> None:
        self.content = bytearray()
        self.refused: list[tuple[int, str]] = []
        self.token: object = None
        self.seen = 0
        self._one_a_line = one_a_line
        self._maximum_events = maximum_events
        self._is_token = is_token
        self._text = ""
        self._fault = ""
        identifier, self._first_number = _identifiers()
        self._event_id = f',"event_id":"{identifier}'
        self._event_time = f',"event_time":"{stamp}"'
        self._stamp = stamp
        self._said_by_server = self._ending(label)

    @property
    def accepted(self) -> int:
        """The number of events that are fit to be stored."""
        return self.seen - len(self.refused)

    def add_label(self, label: str) -> None:
        """Let every event, one a line, say a label that was not known before the body was read.

        Every line ends with what we filled in, and no text inside an event can hold a line break.
        """
        old, new = (f"{ending}\n".encode() for ending in (self._said_by_server, self._ending(label)))
        self.content = self.content.replace(old, new)

    def read(self, text: str) -> None:
        """Take in the whole body; raises Refusal when it is not JSON or holds no or too many events."""
        # Looking for one character costs next to nothing, for three as much as a tenth of the parsing.
        if "\\" in text and ("\\ud" in text or "\\uD" in text):
            text = _whole_characters(text)
        try:
            self._read(text)
        except UnicodeEncodeError:  # half of a character that is no escape
            self._forget()
            self._read(_whole_characters(text))

    def _read(self, text: str) -> None:
        self._text = text
        self._copyable = not any(sign in text for sign in NOT_COPIED)
        self._has_lists = text.find("[", 1) > 0
        start = self._skip(0)
        first = text[start : start + 1]
        if not first:
            raise Refusal(400, "The body is empty")
        if first == "[":
            end = self._read_list(start + 1)
        elif first == "{":
            end = self._read_object(start)
        else:
            self._decode(start)
            raise Refusal(400, "The body must be an event (a JSON object) or a list of events")
        if self._skip(end) != len(text):
            raise self._malformed("Extra data", end)
        if not self.seen:
            raise Refusal(400, "The body holds no events")
        self._text = ""
        if self.content:
            self.content += b"\n" if self._one_a_line else b"]"

    def _read_list(self, position: int) -> int:
        """Read the events after an opening bracket; returns the position after the closing one."""
        text = self._text
        position = self._skip(position)
        if text[position : position + 1] == "]":
            return position + 1
        while True:
            position = self._skip(self._read_some(position, EVENTS_AT_ONCE))
            if text[position : position + 1] == "]":
                return position + 1
            position = self._expect(",", position)

    def _read_object(self, start: int) -> int:
        """Read one event, or the list in a wrapper; returns the position after the closing brace."""
        text = self._text
        if any(f'"{name}"' in text for name in (*WRAPPERS, "token")) or "\\u" in text:
            end = self._read_wrapper(start)
            if end:
                return end
            self._forget()
        return self._read_some(start, 1)

    def _forget(self) -> None:
        """Begin with the events anew."""
        self.content.clear()
        self.refused.clear()
        self.seen = 0

    def _read_wrapper(self, start: int) -> int:
        """Read `{"events": [...]}` or `{"batch": [...]}`; 0 when the object turns out to be an event itself.

        It is an event when neither member is a list, or when it has an `event_name`: then `events` is one of
        its properties, and taking it for a wrapper would lose the rest.
        """
        text = self._text
        position = self._skip(start + 1)
        if text[position : position + 1] == "}":
            return 0
        lists = 0
        named = False
        while True:
            if text[position : position + 1] != '"':
                raise self._malformed("Expecting a name in double quotes", position)
            name, position = self._decode(position)
            position = self._expect(":", position)
            if name in WRAPPERS and text[position : position + 1] == "[":
                lists += 1
                position = self._read_list(position + 1)
            else:
                value, position = self._decode(position)
                named = named or name == "event_name"
                if name == "token":
                    self.token = value
            position = self._skip(position)
            if text[position : position + 1] != ",":
                break
            position = self._skip(position + 1)
        if not lists or named:
            return 0
        if lists > 1:
            raise Refusal(400, "The body has more than one list of events")
        return self._expect("}", position)

    def _read_some(self, start: int, limit: int) -> int:
        """Read up to `limit` events that follow each other; returns the position after the last."""
        end = self._copy_some(start, limit) if self._copyable else NEEDS_CARE
        if end != NEEDS_CARE:
            return end
        end = self._read_with_care(start)
        for _ in range(limit - 1):
            position = self._skip(end)
            if self._text[position : position + 1] != ",":
                break
            end = self._read_with_care(self._skip(position + 1))
        return end

    def _copy_some(self, start: int, limit: int) -> int:
        """Copy up to `limit` events; returns the position after them, or NEEDS_CARE and has done nothing.

        An event needs care when it is no object, is empty, is refused for any reason, or has a member that we
        replace. And when a name may stand twice in one object, on which readers disagree and some fail: a
        parsed object keeps one of the two, so it has fewer members than the text has `":`. (Each member has
        one of these, as no name is followed by a space: NOT_COPIED. One within a text causes needless care.)
        """
        text, has_lists = self._text, self._has_lists
        before_number, after_number = self._event_id, f'"{self._event_time}{self._said_by_server}'
        objects: list[dict[str, Any]] = []  # every object of these events, each after those within it
        self._fault = ""
        # raw_decode without its cost per call
        scan = self._decoder(object_hook=objects.append).scan_once  # type: ignore[attr-defined]
        number = self._first_number + self.seen
        pieces: list[str] = []
        position, known = start, 0
        end: int
        try:
            while True:
                if text[position] != "{":
                    return NEEDS_CARE
                _, end = scan(text, position)
                event = objects[-1]
                if event and FILLED_MEMBERS.isdisjoint(event):
                    pieces.append(f"{text[position : end - 1]}{before_number}{number:012x}{after_number}")
                elif event and REPLACED_MEMBERS.isdisjoint(event):
                    pieces.append(text[position : end - 1] + self._filling(event, number))
                else:
                    return NEEDS_CARE
                levels = len(objects) - known + (text.count("[", position, end) if has_lists else 0)
                if levels > MAXIMUM_DEPTH:  # at most so many levels, perhaps far fewer
                    return NEEDS_CARE
                if len(pieces) == limit or text[end] != ",":
                    break
                known = len(objects)
                number += 1
                position = end + 2 if text[end + 1] == " " else end + 1
        except (ValueError, StopIteration, RecursionError, IndexError):
            return NEEDS_CARE
        if self._fault or sum(map(len, objects)) != text.count('":', start, end):
            return NEEDS_CARE
        self._see(len(pieces))
        self._store(pieces)
        return end

    def _read_with_care(self, start: int) -> int:
        """Read one event of any kind and write it out again; returns the position after it."""
        self._fault = ""
        event, end = self._decode(start)
        index = self.seen
        self._see(1)
        if type(event) is not dict:
            reason = f"must be a JSON object, not {_KINDS.get(type(event), 'a number')}"
        elif is_deeper(event, MAXIMUM_DEPTH):
            reason = f"is nested deeper than {MAXIMUM_DEPTH} levels"
        else:
            reason = self._fault
        if reason:
            self.refused.append((index, reason))
        else:
            self._store([self._rewritten(event, self._first_number + index)])
        return end

    def _rewritten(self, event: dict[str, Any], number: int) -> str:
        for name in SERVER_MEMBERS:
            event.pop(name, None)
        token = event.get("token")
        if isinstance(token, str) and self._is_token(token):
            del event["token"]
        filling = self._filling(event, number)
        return _write(event)[:-1] + (filling if event else filling[1:])

    def _filling(self, event: dict[str, Any], number: int) -> str:
        """The end of the event's text: the members that the server adds, and the closing brace."""
        filling = "" if "event_id" in event else f'{self._event_id}{number:012x}"'
        if "event_time" not in event:
            filling += self._event_time
        return filling + self._said_by_server

    def _ending(self, label: str) -> str:
        named = f',"client_label":{_write(label)}' if label else ""
        return f',"received_at":"{self._stamp}"{named}}}'

    def _see(self, events: int) -> None:
        self.seen += events
        if self.seen > self._maximum_events:
            raise Refusal(413, f"The body holds more than {self._maximum_events} events")

    def _store(self, pieces: list[str]) -> None:
        """Add the texts of events to the content."""
        separator = "\n" if self._one_a_line else ","
        if self.content:
            self.content += separator.encode()
        elif not self._one_a_line:
            self.content += b"["
        self.content += separator.join(pieces).encode()

    def _decoder(self, **hooks: Any) -> JSONDecoder:
        return JSONDecoder(parse_constant=self._note_constant, parse_float=self._finite, **hooks)

    def _decode(self, start: int) -> tuple[Any, int]:
        """The JSON value that begins at `start`, and the position after it; raises Refusal.

        What is JSON to Python only is noted as `_fault`.
        """
        try:
            return self._decoder(parse_int=self._short_integer).raw_decode(self._text, start)
        except JSONDecodeError as error:
            raise self._malformed(error.msg, error.pos) from None
        except RecursionError:
            raise Refusal(400, f"Event {self.seen} is nested deeper than {MAXIMUM_DEPTH} levels") from None

    def _note_constant(self, name: str) -> None:
        self._fault = f"holds {name}, which is not JSON"

    def _finite(self, digits: str) -> float:
        number = float(digits)
        if number - number != 0:
            self._fault = "holds a number that is too large"
        return number

    def _short_integer(self, digits: str) -> int:
        try:
            return int(digits)
        except ValueError:  # Python's guard against integers of thousands of digits
            self._fault = "holds a number that is too large"
            return 0

    def _skip(self, position: int) -> int:
        """The position of the first character from `position` on that is no white space."""
        found = _spaces.match(self._text, position)
        return found.end() if found else position

    def _expect(self, character: str, position: int) -> int:
        """The position of what follows the character that must come next."""
        position = self._skip(position)
        if self._text[position : position + 1] != character:
            raise self._malformed(f"Expecting '{character}'", position)
        return self._skip(position + 1)

    def _malformed(self, message: str, position: int) -> Refusal:
        return Refusal(400, f"The body is not valid JSON: {message} at character {position}")


def _whole_characters(text: str) -> str:
    from surrogates import without_lone_surrogates

    return without_lone_surrogates(text)


def is_deeper(value: Any, levels: int) -> bool:
    """Whether the parsed object or list has more levels than that."""
    if not levels:
        return True
    items = value.values() if type(value) is dict else value
    return any(is_deeper(item, levels - 1) for item in items if type(item) in (dict, list))


def _identifiers() -> tuple[str, int]:
    """The first four groups of a random UUID (version 4), and the number from which its last group counts up.

    A request so draws 74 bits for all its events; drawing every identifier anew costs as much as parsing.
    The first number has 44 bits, so that counting up never needs a 13th digit.
    """
    digits = urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    prefix = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-"
    return prefix, int(digits[21:], 16)
