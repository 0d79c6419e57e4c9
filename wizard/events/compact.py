"""Compaction: the many small objects of an hour become few larger ones, `jsonl.gz` of one gzip member each.

Whatever moment a run is killed at, no event is lost: what took the place of others is written and read back
before they are deleted. Until the next run some events may then be there twice, as texts that are the same,
and that run keeps one of them. What a run writes has a name made of what it was made of, so that two runs at
once, on two machines, write the same object.

An hour in which something else, an erasure or another run, changes what was listed is given up: before
anything is written, so that no event comes back; and after that, before anything is deleted. What is erased
in between, for as long as a write takes, can come back: that is said, and the erasure, run again, finds it.

Objects that hold anything but events are left alone, and so is every hour to which something may still come.
"""

from __future__ import annotations

import gzip
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from json import JSONDecoder
from typing import NoReturn, Protocol

from wizard.aws.objects import Listed, StoredObject
from wizard.errors import WizardError
from wizard.events import layout
from wizard.events.browse import Lister, hours_of
from wizard.events.decode import HALF_ESCAPED, Event, clean, is_array, raw_of
from wizard.events.period import Period

# After an hour's end: the longest buffering, and what clocks may differ by.
UNTIL_FINISHED = layout.LONGEST_BUFFERING + layout.CLOCK_TOLERANCE
# Bytes of lines in one object: readers take one into memory as a whole.
LARGEST = 8_000_000
# An object of this size, as it is stored, is large enough as it is.
LARGE = 1_000_000
END, COMPACTED = ".jsonl.gz", "events_compacted-"
BLANKS, LINE_BREAKS = re.compile(r"[ \t\n\r]*"), re.compile(r"[\r\n]+")
CONTENT_TYPE = "application/x-ndjson"
NAMESPACE = uuid.UUID("b1ce36ab-3bb4-5d6c-8ad2-9c6d1f4c0b57")


class Reader(Lister, Protocol):
    """Who lists and fetches: an `ObjectReader`."""

    def objects(self, keys: Iterable[str]) -> Iterator[StoredObject]:
        """Contents, in the same order; what is gone is left out."""


class Writer(Protocol):
    """Who stores and deletes: an `ObjectWriter`."""

    def put(self, stored: StoredObject) -> None:
        """Store an object."""

    def delete_all(self, keys: Sequence[str]) -> None:
        """Delete objects, in this order."""


@dataclass(frozen=True)
class Hour:
    """What of an hour is to be compacted: bytes are those that are stored."""

    prefix: str
    objects: tuple[Listed, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(one.size for one in self.objects)


@dataclass
class Done:
    """What was done: objects that went and came, events in those that came, how many were there twice, and
    the names of the objects that were left alone because they hold something that is no event.
    """

    before: int = 0
    after: int = 0
    events: int = 0
    repeated: int = 0
    left_alone: list[str] = field(default_factory=list)


def hours_to_compact(reader: Reader, period: Period, now: datetime, *, large: int = LARGE) -> Iterator[Hour]:
    """The finished hours of the period in which something is to be compacted, oldest first; nothing is read.

    Args:
        now: UTC.
        large: bytes from which on an object stays as it is.

    Raises:
        WizardError: S3 refuses or is unreachable.
    """
    for prefix, there in hours_of(reader, period):
        moments = layout.moments_of(prefix)
        if moments is None or not period.overlaps(*moments) or moments[1] + UNTIL_FINISHED > now:
            continue
        objects = sorted((one for one in there if _takes_part(one, large)), key=_begin)
        convertible = any(not one.key.endswith(END) for one in objects)
        if convertible or (len(objects) > 1 and not all(is_compacted(one.key) for one in objects)):
            yield Hour(prefix, tuple(objects))


def _takes_part(one: Listed, large: int) -> bool:
    """A small object, or one of another format; those of somebody else stay."""
    return layout.begun_at(one.key) is not None and not (one.key.endswith(END) and one.size >= large)


def is_compacted(key: str) -> bool:
    """Whether a compaction has written the object."""
    return key.rpartition("/")[2].startswith(COMPACTED)


def compact(reader: Reader, writer: Writer, hour: Hour, *, largest: int = LARGEST) -> Done:
    """Compact an hour.

    Args:
        largest: bytes of lines after which an object is full.

    Raises:
        WizardError: S3 refuses or is unreachable, what was written is not what was read back, or something
            else has changed the hour since it was listed.
    """
    done, seen = Done(), set[bytes]()
    standing = Standing(hour)
    pack = Pack(hour.prefix)
    for stored in reader.objects([one.key for one in hour.objects]):
        lines = lines_of(stored)
        if lines is None:
            done.left_alone.append(stored.key)
            continue
        pack.add(stored, lines, seen)
        if pack.size >= largest:
            _replace(reader, writer, pack, done, standing)
            pack = Pack(hour.prefix)
    _replace(reader, writer, pack, done, standing)
    return done


class Standing:
    """What stands of an hour as it was listed."""

    def __init__(self, hour: Hour) -> None:
        self._prefix = hour.prefix
        self._etags = {one.key: one.etag for one in hour.objects}

    def refuse_changes(self, reader: Reader, written: StoredObject | None = None) -> None:
        """Raise WizardError where something else has changed it; `written` is what was already made of it."""
        found = {one.key: one.etag for one in reader.listed(self._prefix)}
        if self._etags.items() <= found.items():
            return
        again = "Wait until it has ended, then run the same command again."
        if written is not None:
            again += (
                " If it was an erasure, run `eventtrack-wizard events erase` again, too:"
                f" {written.key} may hold what it has erased."
            )
        raise WizardError(
            what=f"Something else changed {self._prefix} while it was compacted.",
            why="Another compaction or an erasure is running, perhaps on another machine.",
            next_step=again,
        )

    def delete(self, writer: Writer, keys: Sequence[str]) -> None:
        """Some of it, in this order."""
        writer.delete_all(keys)
        for key in keys:
            del self._etags[key]


class Pack:
    """Some objects of an hour, and the lines of the one that takes their place."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._sources: list[StoredObject] = []
        self._lines: list[bytes] = []
        self.size = 0
        self.repeated = 0

    @property
    def keys(self) -> list[str]:
        """The names of the objects, in the order in which they may be deleted: as long as one is there, one
        shows that the hour is still to be compacted."""
        return sorted((source.key for source in self._sources), key=lambda key: not is_compacted(key))

    @property
    def events(self) -> int:
        """How many there are."""
        return len(self._lines)

    def add(self, stored: StoredObject, lines: Sequence[bytes], seen: set[bytes]) -> None:
        """Take one more object. `seen` are digests of the hour's lines so far."""
        self._sources.append(stored)
        for line in lines:
            digest = blake2b(line, digest_size=16).digest()
            if digest in seen:
                self.repeated += 1
                continue
            seen.add(digest)
            self._lines.append(line)
            self.size += len(line) + 1

    def result(self) -> StoredObject | None:
        """The object to write; None where nothing would change, or nothing is left."""
        if not self._lines:
            return None
        content = gzip.compress(b"\n".join(self._lines) + b"\n", mtime=0)
        if len(self._sources) == 1 and self._sources[0].key.endswith(END) and not self.repeated:
            return None
        return StoredObject(self._key(), content, content_type=CONTENT_TYPE)

    def _key(self) -> str:
        """As a stream names its objects, so that readers know that each event tells its own time."""
        begun, _key = _begin(self._sources[0])
        made_of = blake2b(digest_size=16)
        for source in self._sources:
            made_of.update(f"{source.key}\n".encode() + blake2b(source.content, digest_size=16).digest())
        name = uuid.uuid5(NAMESPACE, made_of.hexdigest())
        return f"{self._prefix}{COMPACTED}1-{begun:%Y-%m-%d-%H-%M-%S}-{name}{END}"


def _replace(reader: Reader, writer: Writer, pack: Pack, done: Done, standing: Standing) -> None:
    result = pack.result()
    if result is None and pack.events:
        return
    standing.refuse_changes(reader)
    done.repeated += pack.repeated
    done.events += pack.events
    if result is not None:
        writer.put(result)
        if [stored.content for stored in reader.objects([result.key])] != [result.content]:
            raise WizardError(
                what=f"What was written to {result.key} could not be read back.",
                why="S3 holds something else there; what it was made of was not touched.",
                next_step="Run the same command again; it continues where it stopped.",
            )
        standing.refuse_changes(reader, result)
        done.after += 1
    standing.delete(writer, pack.keys)
    done.before += len(pack.keys)


def lines_of(stored: StoredObject) -> list[bytes] | None:
    """The events of an object, one a line, as they are written in it; None where anything in it is none.

    What its name and metadata tell, time and client, is added to each event that lacks it.
    """
    raw, moment = raw_of(stored.content), layout.stored_at(stored.key)
    if raw is None:
        return None
    try:
        text = raw.decode()
        written = _in_array(text) if is_array(text) else _in_lines(text)
        return [_completed(one, event, stored.label, moment) for one, event in written]
    except (ValueError, RecursionError):
        return None


def _in_lines(text: str) -> Iterator[tuple[str, Event]]:
    """Each event as it is written, and read; raises ValueError."""
    for line in text.split("\n"):  # not splitlines: U+2028 may stand inside a JSON text
        if line.strip():
            event, end = _event_at(line, 0)
            if line[end:].strip():
                raise ValueError("more than an event")
            yield line[:end].lstrip(), event


def _in_array(text: str) -> Iterator[tuple[str, Event]]:
    """The same of an array."""
    start = text.index("[") + 1
    while True:
        event, end = _event_at(text, start)
        yield text[start:end].lstrip(), event
        start = _after_blanks(text, end) + 1
        if text[start - 1 : start] == "]":
            break
        if text[start - 1 : start] != ",":
            raise ValueError("no array")
    if text[start:].strip():
        raise ValueError("something after the array")


def _event_at(text: str, start: int) -> tuple[Event, int]:
    event, end = STRICT_DECODER.raw_decode(text, _after_blanks(text, start))
    if not isinstance(event, dict) or not event:
        raise ValueError("no event")
    return event, end


def _after_blanks(text: str, position: int) -> int:
    found = BLANKS.match(text, position)
    return found.end() if found else position


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


STRICT_DECODER = JSONDecoder(parse_constant=_no_constant)


def _completed(written: str, event: Event, label: str, moment: datetime | None) -> bytes:
    added: Event = {}
    if moment is not None and "received_at" not in event:
        added["received_at"] = moment.isoformat()
    if label and event.get("client_label") != label:
        added["client_label"] = label
    repaired = clean(event) if HALF_ESCAPED.search(written) else event
    if repaired is not event or "client_label" in event.keys() & added.keys():
        return json.dumps({**repaired, **added}, ensure_ascii=False).encode()
    rest = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in added.items())
    # A line break within an event means nothing: in a text it would be written as \n.
    return LINE_BREAKS.sub(" ", f"{written[:-1]}{rest}}}").encode()


def _begin(one: Listed | StoredObject) -> tuple[datetime, str]:
    """Objects of which the name tells no time are never compacted."""
    return layout.begun_at(one.key) or datetime.min.replace(tzinfo=UTC), one.key
