"""Walking through the stored events, hour by hour, without touching hours that nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol

from wizard.aws.objects import StoredObject
from wizard.events import layout
from wizard.events.decode import Event, decoded
from wizard.events.filters import Filter
from wizard.events.period import Period

# An object is listed this long after the time in its name at the latest: the function's time limit, and
# what the clocks of its instances differ by.
LATE = timedelta(seconds=30)
DEPTH_OF_HOURS = 4
MOST_TO_LOOK_THROUGH = 500
ALWAYS = Period()


class Lister(Protocol):
    """Who lists folders."""

    def folders(self, prefix: str) -> list[str]:
        """Names below a prefix up to the next slash."""


class Reader(Lister, Protocol):
    """Who lists and fetches: an `ObjectReader`."""

    def keys(self, prefix: str, start_after: str = "") -> Iterator[str]:
        """Names of objects."""

    def objects(self, keys: Iterator[str]) -> Iterator[StoredObject]:
        """Their contents, in the same order."""


@dataclass(frozen=True)
class Found:
    """An event, the object that holds it, the label of the client that sent it ("": unknown), and when it
    came (None: neither the object's name nor the event says).
    """

    event: Event
    key: str
    label: str
    stored_at: datetime | None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {"event": self.event, "client": self.label or None, "object": self.key}


@dataclass
class Tally:
    """What was read so far: objects, and lines or items in them that are no event."""

    objects: int = 0
    bad: int = 0


def hours_with_events(
    reader: Lister, period: Period, *, newest_first: bool, prefix: str = layout.ROOT, depth: int = 0
) -> Iterator[str]:
    """The prefixes of the hours inside the period that hold objects: four listings find the newest."""
    if depth == DEPTH_OF_HOURS:
        yield prefix
        return
    for folder in sorted(reader.folders(prefix), reverse=newest_first):
        moments = layout.moments_of(folder)
        if moments is not None and period.overlaps(moments[0], moments[1] + layout.LONGEST_BUFFERING):
            yield from hours_with_events(
                reader, period, newest_first=newest_first, prefix=folder, depth=depth + 1
            )


def keys_of(reader: Reader, period: Period, *, newest_first: bool) -> Iterator[str]:
    """The names of the objects that may hold events of the period."""
    for hour in hours_with_events(reader, period, newest_first=newest_first):
        begin, _end = layout.moments_of(hour) or (None, None)
        start = period.since if period.since and begin and period.since > begin else None
        after = f"{hour}events_{int(start.timestamp()) * 1_000_000_000 - 1}" if start else ""
        keys = [key for key in reader.keys(hour, after) if _may_be_inside(key, period)]
        yield from sorted(keys, key=_begin, reverse=newest_first)


def _begin(key: str) -> tuple[datetime, str]:
    return layout.begun_at(key) or datetime.min.replace(tzinfo=UTC), key


def _may_be_inside(key: str, period: Period) -> bool:
    """Where the name does not tell, the events do."""
    moment = layout.stored_at(key)
    return moment is None or period.contains(moment)


def events_of(
    reader: Reader, period: Period, wanted: Filter, tally: Tally, *, newest_first: bool
) -> Iterator[Found]:
    """The events that came in the period and pass the filter, in the order of their objects; within one
    object as they were sent, or the other way round."""
    for stored in reader.objects(keys_of(reader, period, newest_first=newest_first)):
        yield from passing(stored, wanted, tally, period, newest_first=newest_first)


def passing(
    stored: StoredObject, wanted: Filter, tally: Tally, period: Period, *, newest_first: bool
) -> Iterator[Found]:
    """The events of one object that came in the period and pass the filter; one of which nobody knows when it
    came is in every period."""
    tally.objects += 1
    if stored.label and not wanted.takes_client(stored.label):
        return
    content = decoded(stored.content)
    tally.bad += content.bad
    of_all = layout.stored_at(stored.key)
    for event in reversed(content.events) if newest_first else content.events:
        label = stored.label or label_in(event)
        moment = of_all or received_at(event)
        if (moment is None or period.contains(moment)) and wanted.takes_client(label) and wanted.takes(event):
            yield Found(event, stored.key, label, moment)


def label_in(event: Event) -> str:
    """The client's label, which objects of a stream have in each event, because there they are of many."""
    label = event.get("client_label", "")
    return label if isinstance(label, str) else ""


def received_at(event: Event) -> datetime | None:
    """When the handler took the event, as it has written into it; None where it says no moment."""
    try:
        moment = datetime.fromisoformat(event.get("received_at", ""))
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else None


class Tail:
    """What has come since the last look.

    The names of objects tell the time of AWS, which this machine's clock may miss by minutes: a look begins
    a little before the newest object that was seen, and at the first one, `CLOCK_TOLERANCE` before now.

    Args:
        now: the time of this machine, UTC.
    """

    def __init__(self, reader: Reader, wanted: Filter, now: Callable[[], datetime]) -> None:
        self._reader = reader
        self._wanted = wanted
        self._now = now
        self._newest = now() - layout.CLOCK_TOLERANCE
        self._seen: set[str] = set()
        self.tally = Tally()

    def last(self, limit: int) -> list[Found]:
        """So many of the newest events that stand now, the oldest of them first; no later look shows what
        stands now. Only the newest `MOST_TO_LOOK_THROUGH` objects are looked through for them: what is stored
        meanwhile would have to wait.
        """
        for key in self._unseen():
            self._see(key)
        found: list[Found] = []
        keys = keys_of(self._reader, ALWAYS, newest_first=True)
        for stored in self._reader.objects(islice(keys, MOST_TO_LOOK_THROUGH if limit else 0)):
            self._seen.add(stored.key)  # it may have come since
            fitting = passing(stored, self._wanted, Tally(), ALWAYS, newest_first=True)
            found += islice(fitting, limit - len(found))
            if len(found) == limit:
                break
        return found[::-1]

    def new(self) -> Iterator[Found]:
        """The events that were not there at the last look, in the order of their objects."""
        keys = self._unseen()
        for stored in self._reader.objects(iter(keys)):
            yield from passing(stored, self._wanted, self.tally, ALWAYS, newest_first=False)
        for key in keys:
            self._see(key)
        # No look begins further back.
        self._seen = {key for key in self._seen if _moment_of(key, self._newest) >= self._newest - LATE}

    def _unseen(self) -> list[str]:
        begin = self._newest - LATE
        return [
            key
            for hour in layout.hours(begin - layout.LONGEST_BUFFERING, self._now() + layout.CLOCK_TOLERANCE)
            for key in self._reader.keys(layout.hour_prefix(hour), layout.first_key(hour, begin))
            if key not in self._seen
        ]

    def _see(self, key: str) -> None:
        self._seen.add(key)
        self._newest = max(self._newest, _moment_of(key, self._newest))


def _moment_of(key: str, otherwise: datetime) -> datetime:
    return layout.stored_at(key) or otherwise
