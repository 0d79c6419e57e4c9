"""What is in a stream of events: names, properties, clients, repeats, and how many an hour."""

from __future__ import annotations

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from wizard.events.browse import Found
from wizard.events.decode import Event, name_of

Step = Literal["hour", "day"]
LENGTHS: dict[Step, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
# Somebody may put ids into names of events or properties, or send names without end: what is kept has one.
MOST_NAMES = 1000
LONGEST_NAME = 100
OTHER_NAMES = "(other names)"
OTHERS = "others"
MOST_PROPERTIES = 100
LONGEST_EXAMPLE = 60
SHARDS = 256
TYPES: dict[type, str] = {
    str: "text", bool: "true/false", int: "number", float: "number", list: "list", dict: "object",
    type(None): "null",
}  # fmt: skip


def shortened(text: str, longest: int) -> str:
    """The text; one that is longer than `longest` characters cut, with a sign."""
    return text if len(text) <= longest else f"{text[:longest]}…"


class Names:
    """Which names are told apart: the first `MOST_NAMES` that were seen; all others are `OTHER_NAMES`."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def of(self, event: Event) -> str:
        """The name that the event is counted under."""
        name = shortened(name_of(event), LONGEST_NAME)
        if name not in self._known:
            if len(self._known) >= MOST_NAMES:
                return OTHER_NAMES
            self._known.add(name)
        return name


@dataclass
class Property:
    """A member of `properties`: how many events have it, of what types it is, one value as JSON."""

    count: int = 0
    types: Counter[str] = field(default_factory=Counter)
    example: str = ""

    def add(self, value: Any) -> None:
        """One more event has it."""
        self.count += 1
        self.types[TYPES.get(type(value), "?")] += 1
        if not self.example or self.example == "null":
            self.example = shortened(json.dumps(value, ensure_ascii=False), LONGEST_EXAMPLE)


@dataclass
class OfOneName:
    """The events of one name. `omitted` counts values of properties beyond `MOST_PROPERTIES`."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    properties: dict[str, Property] = field(default_factory=dict)
    omitted: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON; moments are ISO 8601, UTC."""
        return {
            "count": self.count,
            "first": self.first and self.first.isoformat(),
            "last": self.last and self.last.isoformat(),
            "properties": {
                name: {"count": known.count, "types": dict(known.types), "example": known.example}
                for name, known in self.properties.items()
            },
        }

    def add(self, found: Found) -> None:
        """One more event."""
        self.count += 1
        if moment := found.stored_at:
            self.first = min(self.first or moment, moment)
            self.last = max(self.last or moment, moment)
        properties = found.event.get("properties")
        for name, value in properties.items() if isinstance(properties, dict) else ():
            name = shortened(name, LONGEST_NAME)
            known = self.properties.get(name)
            if known is None:
                if len(self.properties) >= MOST_PROPERTIES:
                    self.omitted += 1
                    continue
                known = self.properties[name] = Property()
            known.add(value)


class Repeats:
    """Counts the ids that were there before, in 8 bytes an id: a set of them would take a hundred.

    64 bits confuse two of a million ids once in 30 million times.
    """

    def __init__(self) -> None:
        self._shards = [array("q") for _ in range(SHARDS)]

    def add(self, event_id: str) -> None:
        """One more."""
        digest = hash(event_id)
        self._shards[digest % SHARDS].append(digest)

    def count(self) -> int:
        """How many of those that were added had been added before."""
        return sum(len(shard) - len(set(shard)) for shard in self._shards)


class Overview:
    """The sum of the events that were added.

    Attributes:
        names: by name.
        clients: events by the label of the token that they were sent with; "" where it is not known.
        events: all of them.
    """

    def __init__(self) -> None:
        self.names: defaultdict[str, OfOneName] = defaultdict(OfOneName)
        self.clients: Counter[str] = Counter()
        self.events = 0
        self._names = Names()
        self._ids = Repeats()

    @property
    def repeated(self) -> int:
        """How many events have an `event_id` that an earlier one has."""
        return self._ids.count()

    def add(self, found: Found) -> None:
        """One more event."""
        self.events += 1
        self.names[self._names.of(found.event)].add(found)
        self.clients[found.label] += 1
        if (event_id := found.event.get("event_id")) is not None:
            self._ids.add(str(event_id))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "events": self.events,
            "repeated": self.repeated,
            "clients": dict(self.clients.most_common()),
            "names": [{"name": name, **summary.as_dict()} for name, summary in self.by_count()],
        }

    def by_count(self) -> list[tuple[str, OfOneName]]:
        """The names, the most frequent first."""
        return sorted(self.names.items(), key=lambda item: (-item[1].count, item[0]))


class Chart:
    """How many events an hour, or a day, by name. Hours without events count, too.

    Attributes:
        counts: beginning of the hour or day (UTC) to name to count.
        until: the rows go on to this moment (UTC), also without events; None: to the last event.
    """

    def __init__(self, step: Step, until: datetime | None = None) -> None:
        self.step = step
        self.until = until
        self.counts: dict[datetime, Counter[str]] = {}
        self._names = Names()

    def add(self, found: Found) -> None:
        """One more event; one whose object does not say when it was stored is left out."""
        if moment := found.stored_at:
            begin = moment.replace(minute=0, second=0, microsecond=0)
            begin = begin.replace(hour=0) if self.step == "day" else begin
            self.counts.setdefault(begin, Counter())[self._names.of(found.event)] += 1

    def in_days(self) -> Chart:
        """The same, a day a bar; more events may be added."""
        days = Chart("day", self.until)
        days._names = self._names
        for begin, counts in self.counts.items():
            days.counts.setdefault(begin.replace(hour=0), Counter()).update(counts)
        return days

    def as_dict(self) -> dict[str, Any]:
        """For JSON; moments are ISO 8601, UTC."""
        rows = [{"begin": begin.isoformat(), "events": dict(counts)} for begin, counts in self.rows()]
        return {"step": self.step, "counts": rows}

    def rows(self) -> list[tuple[datetime, Counter[str]]]:
        """From the first with events to the end, with none left out."""
        if not self.counts:
            return []
        begin, rows, last = min(self.counts), [], max(self.counts)
        while begin <= last or (self.until is not None and begin < self.until):
            rows.append((begin, self.counts.get(begin, Counter())))
            begin += LENGTHS[self.step]
        return rows

    def names(self) -> list[tuple[str, int]]:
        """The names with their sums, the most frequent first."""
        total: Counter[str] = Counter()
        for counts in self.counts.values():
            total.update(counts)
        return sorted(total.items(), key=lambda item: (-item[1], item[0]))

    def stacked(self, most: int) -> Stacked:
        """With the `most` most frequent names told apart, and all others summed up behind them."""
        names = self.names()
        shown, rest = names[:most], sum(count for _name, count in names[most:])
        rows = [
            (begin, [*(found[name] for name, _count in shown), found.total()]) for begin, found in self.rows()
        ]
        for _begin, counts in rows:
            counts[-1] -= sum(counts[:-1])
        return Stacked([*shown, (OTHERS, rest)], rows)


@dataclass(frozen=True)
class Stacked:
    """A chart with few names.

    Attributes:
        names: each with its sum; the last one is `OTHERS`, whose sum may be 0.
        rows: the beginning of each hour or day, and its counts in the order of `names`.
    """

    names: Sequence[tuple[str, int]]
    rows: Sequence[tuple[datetime, Sequence[int]]]


def summed_up(found: Iterable[Found]) -> Overview:
    """The overview of some events."""
    overview = Overview()
    for one in found:
        overview.add(one)
    return overview


def charted(found: Iterable[Found], step: Step, until: datetime | None = None) -> Chart:
    """The chart of some events, of which the last hours or days up to `until` may have none."""
    chart = Chart(step, until)
    for one in found:
        chart.add(one)
    return chart
