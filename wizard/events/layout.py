"""How stored objects are named. The handler writes these names; a test holds both to the same layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

ROOT = "events/"
YEARS = f"{ROOT}year="
HOUR = timedelta(hours=1)
# By how much this machine's clock may differ from AWS's.
CLOCK_TOLERANCE = timedelta(minutes=6)
# An object of a stream is filed under the hour of its first event, and may hold events of as much later:
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html
LONGEST_BUFFERING = timedelta(minutes=15)
OF_HANDLER = re.compile(r"events_([0-9]{19})_")
# https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
OF_STREAM = re.compile(r"events_.+-([0-9]{4}(?:-[0-9]{2}){5})-[0-9a-f-]{36}\.")
# What Firehose makes of it is a name of `OF_STREAM` in the folder of `hour_prefix`, both UTC; what it cannot
# store lies beside them, where no reader takes it for events.
# https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
STREAM_PREFIX = (
    "events/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/events_"
)
STREAM_ERRORS = "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
LEVELS = 5  # of folders, down to the hour
PARTS = re.compile(r"[a-z]+=([0-9]+)/")
# What the handler fills into an event, or replaces there.
FILLED_IN = frozenset(("event_id", "event_time", "received_at", "client_label", "token"))


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


def moments_of(prefix: str) -> tuple[datetime, datetime] | None:
    """From when to when objects below `events/year=…/`, `…/month=…/`, `…/day=…/` or `…/hour=…/` were stored;
    None where the prefix is none of ours. The end is outside.
    """
    parts = [int(part) for part in PARTS.findall(prefix.removeprefix(ROOT))]
    try:
        match parts:
            case [year]:
                return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
            case [year, month]:
                begin = datetime(year, month, 1, tzinfo=UTC)
                return begin, (begin + timedelta(days=31)).replace(day=1)
            case [year, month, day]:
                begin = datetime(year, month, day, tzinfo=UTC)
                return begin, begin + timedelta(days=1)
            case [year, month, day, hour]:
                begin = datetime(year, month, day, hour, tzinfo=UTC)
                return begin, begin + HOUR
    except (ValueError, OverflowError):
        pass
    return None


def hour_of(key: str) -> str | None:
    """The prefix of the hour that an object is filed under, however deep; None where it is under none."""
    prefix = "".join(f"{folder}/" for folder in key.split("/")[:-1][:LEVELS])
    moments = moments_of(prefix)
    return prefix if moments is not None and moments[1] - moments[0] == HOUR else None


def stored_at(key: str) -> datetime | None:
    """When the events of the object came, by its name; None where the name does not say that of all of them:
    it is a stream's, or somebody's own.
    """
    found = OF_HANDLER.match(key.rpartition("/")[2])
    return datetime.fromtimestamp(int(found[1]) / 1_000_000_000, UTC) if found else None


def is_of_stream(key: str) -> bool:
    """Whether a stream has stored the object."""
    return OF_STREAM.match(key.rpartition("/")[2]) is not None


def begun_at(key: str) -> datetime | None:
    """When the first event of the object came, by its name, to the second for a stream's; None where the name
    is neither the handler's nor a stream's.
    """
    if of_stream := OF_STREAM.match(key.rpartition("/")[2]):
        return datetime.strptime(f"{of_stream[1]}Z", "%Y-%m-%d-%H-%M-%S%z")
    return stored_at(key)
