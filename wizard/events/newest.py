"""Finding the newest of very many objects without listing all of them."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from itertools import islice, takewhile

from wizard.events import layout
from wizard.events.browse import Reader

# What was stored within one of these is listed whole: a stage lets 10,000 requests a second through at most.
SHORTEST = timedelta(seconds=1)


def newest_keys(reader: Reader, since: datetime, until: datetime, most: int) -> list[str]:
    """The names of the newest objects that were begun in a period, in their order.

    Names tell the time, but a listing begins with the oldest: where the period may hold too many, its later
    half is looked at first. With `most` not above the thousand of one answer that takes a few dozen calls at
    the worst, and one where there are fewer.
    """
    return _newest(reader, since, until, layout.hour_prefix(until + layout.HOUR), most)


def _newest(reader: Reader, since: datetime, until: datetime, stop: str, most: int) -> list[str]:
    """The same of the names before `stop`: those of a stream stand behind all others of their hour."""
    names = takewhile(lambda key: key < stop, reader.keys(layout.ROOT, layout.first_key(since, since)))
    if until - since <= SHORTEST:
        return list(deque(names, maxlen=most))
    found = list(islice(names, most))
    if len(found) < most:
        return found
    middle = since + (until - since) / 2
    newer = _newest(reader, middle, until, stop, most)
    rest = most - len(newer)
    return (_newest(reader, since, middle, layout.first_key(middle, middle), rest) if rest else []) + newer
