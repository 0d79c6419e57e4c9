"""How stored objects are named. The handler writes these names; a test holds both to the same layout."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta


def hour_prefix(moment: datetime) -> str:
    """What the names of all objects of an hour begin with; `moment` is UTC."""
    return f"events/year={moment.year:04}/month={moment.month:02}/day={moment.day:02}/hour={moment.hour:02}/"


def hours(first: datetime, last: datetime) -> Iterator[datetime]:
    """The hours from `first` to `last`, each at its beginning; both UTC."""
    hour = first.replace(minute=0, second=0, microsecond=0)
    while hour <= last:
        yield hour
        hour += timedelta(hours=1)


def first_key(hour: datetime, moment: datetime) -> str:
    """No object of the hour that was stored at `moment` or later has a smaller name."""
    return f"{hour_prefix(hour)}events_{int(moment.timestamp() * 1_000_000_000)}"


def request_id_of(key: str) -> str:
    """The id of the request that stored an object: `…/events_<nanoseconds>_<request id>.<format>`."""
    return key.rpartition("/")[2].partition(".")[0].rpartition("_")[2]
