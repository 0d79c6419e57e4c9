"""Walking through the stored events, hour by hour, without touching hours that nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import NamedTuple, Protocol

from wizard.aws.objects import Listed, StoredObject
from wizard.events import layout
from wizard.events.decode import Event, decoded
from wizard.events.filters import Filter
from wizard.events.period import Period

# An object is listed this long after the time in its name at the latest: the function's time limit, and
# what the clocks of its instances differ by.
LATE = timedelta(seconds=30)
MOST_TO_LOOK_THROUGH = 500
ALWAYS = Period()


class Lister(Protocol):
    """Who lists objects."""

    def listed(self, prefix: str, start_after: str = "") -> Iterator[Listed]:
        """What is there, in the order of the names."""


class Reader(Lister, Protocol):
    """Who lists and fetches: an `ObjectReader`."""

    def folders(self, prefix: str) -> list[str]:
        """Names below a prefix up to the next slash."""

    def keys(self, prefix: str, start_after: str = "") -> Iterator[str]:
        """Names of objects."""

    def objects(self, keys: Iterator[str]) -> Iterator[StoredObject]:
        """Their contents, in the same order."""


class Found(NamedTuple):
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


def hours_of(lister: Lister, period: Period, after: str = "") -> Iterator[tuple[str, Iterator[Listed]]]:
    """The hours inside the period that hold objects, oldest first: the prefix of each and what is there,
    which is to be read before the next one is asked for.

    It is one listing, a call for a thousand objects, of however many hours they are.

    Args:
        after: no object whose name is not behind this one is listed; "": all of the hours are.
    """
    listed = lister.listed(layout.YEARS, after or _first_hour(period))
    for prefix, there in groupby(listed, key=lambda one: layout.hour_of(one.key)):
        moments = layout.moments_of(prefix or "")
        if prefix is None or moments is None:
            continue
        if period.until is not None and moments[0] >= period.until:
            return
        yield prefix, there


def _first_hour(period: Period) -> str:
    """The prefix of the first hour in which a stream may have filed events of the period; "": any hour."""
    try:
        return layout.hour_prefix(period.since - layout.LONGEST_BUFFERING) if period.since else ""
    except OverflowError:  # the year 1
        return ""


def newest_hours(
    reader: Reader, period: Period, *, prefix: str = layout.ROOT, depth: int = 1
) -> Iterator[str]:
    """The prefixes of the hours inside the period that hold objects, newest first: four listings find one."""
    if depth == layout.LEVELS:
        if layout.hour_of(prefix):
            yield prefix
        return
    for folder in reversed(reader.folders(prefix)):
        moments = layout.moments_of(folder)
        if moments is not None and period.overlaps(moments[0], moments[1] + layout.LONGEST_BUFFERING):
            yield from newest_hours(reader, period, prefix=folder, depth=depth + 1)


def keys_of(reader: Reader, period: Period, *, newest_first: bool) -> Iterator[str]:
    """The names of the objects that may hold events of the period."""
    by_hour = _newest_keys(reader, period) if newest_first else _oldest_keys(reader, period)
    for keys in by_hour:
        inside = (key for key in keys if _may_be_inside(key, period))
        yield from sorted(inside, key=_begin, reverse=newest_first)


def _newest_keys(reader: Reader, period: Period) -> Iterator[Iterator[str]]:
    for hour in newest_hours(reader, period):
        begin, _end = layout.moments_of(hour) or (None, None)
        start = period.since if period.since and begin and period.since > begin else None
        yield reader.keys(hour, _before(hour, start) if start else "")


def _oldest_keys(reader: Reader, period: Period) -> Iterator[Iterator[str]]:
    """In the first hour the handler's objects are passed over where all are older than the period; those of
    streams stand behind them."""
    first, since = _first_hour(period), period.since
    for _prefix, there in hours_of(reader, period, _before(first, since) if first and since else ""):
        yield (one.key for one in there)


def _before(hour: str, moment: datetime) -> str:
    """What stands in the listing of an hour before everything that the handler has stored since."""
    return f"{hour}events_{int(moment.timestamp()) * 1_000_000_000 - 1}"


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
    if of_all is not None and not period.contains(of_all):
        return
    for event in reversed(content.events) if newest_first else content.events:
        label = stored.label or label_in(event)
        moment = of_all or received_at(event)
        if of_all is None and moment is not None and not period.contains(moment):
            continue
        if wanted.takes_client(label) and wanted.takes(event):
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
