"""When tokens were last used, by the events that they have stored: nothing else remembers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wizard.events import layout
from wizard.events.browse import Reader, Tally, passing
from wizard.events.filters import Filter
from wizard.events.newest import newest_keys
from wizard.events.period import Period
from wizard.events.stored import is_ours

DAY = timedelta(days=1)
# What a glance may cost: some seconds at AWS, and as many bytes in memory as a few objects have.
MOST_OBJECTS = 1000
MOST_BYTES = 32_000_000
EVERYTHING = Filter()


@dataclass
class Use:
    """Of one label: how many events, and when the last one came (UTC)."""

    events: int = 0
    last: datetime | None = None


@dataclass(frozen=True)
class Uses:
    """The use of tokens in the last 24 hours.

    Attributes:
        by_label: "" stands for events whose client is not known.
        since: from when on every event is counted.
        is_all: whether that is 24 hours ago; else there was too much to read.
    """

    by_label: dict[str, Use]
    since: datetime
    is_all: bool


def uses(
    reader: Reader,
    now: datetime,
    deployment_id: str,
    *,
    most_objects: int = MOST_OBJECTS,
    most_bytes: int = MOST_BYTES,
) -> Uses:
    """Read the newest objects of the last 24 hours, so many of them or about so many bytes.

    What the wizard itself has sent with a token, to prove that it is in force, is no use of it.

    Raises:
        WizardError: S3 refuses, is unreachable, or the credentials are dead.
    """
    since = now - DAY
    first = since - layout.LONGEST_BUFFERING
    keys = newest_keys(reader, first, now + layout.CLOCK_TOLERANCE, most_objects)
    by_label: dict[str, Use] = {}
    size, oldest = 0, ""
    for stored in reader.objects(reversed(keys)):
        size, oldest = size + len(stored.content), stored.key
        for found in passing(stored, EVERYTHING, Tally(), Period(since), newest_first=True):
            if found.stored_at is not None and not is_ours(found.event, deployment_id):
                use = by_label.setdefault(found.label, Use())
                use.events += 1
                use.last = max(use.last or found.stored_at, found.stored_at)
        if size > most_bytes:
            break
    if size <= most_bytes and len(keys) < most_objects:
        return Uses(by_label, since, is_all=True)
    return Uses(by_label, max(since, min(now, _all_since(oldest) or now)), is_all=False)


def _all_since(oldest: str) -> datetime | None:
    """From when on all was read, where the object of this name is the oldest that was; None: nobody knows."""
    if moment := layout.stored_at(oldest):
        return moment
    hour = layout.moments_of(f"{oldest.rpartition('/')[0]}/")
    return hour[1] + layout.LONGEST_BUFFERING if hour else None
