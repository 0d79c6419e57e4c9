"""Events that a stream has taken, until they are in the bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from wizard.aws.retry import NotYet
from wizard.aws.rule import Wait
from wizard.errors import WaitTimeoutError
from wizard.events.stored import StoredEvents, stream_objects
from wizard.resources.base import Deployment
from wizard.resources.streams import DELIVERY_SECONDS

LOOKS = (0.5, 1.0, 2.0, 5.0)


def how_long(at: Deployment) -> str:
    """For how long a stream keeps events, in words."""
    return f"buffered for up to {at.settings.buffer_seconds} s"


def wait_for(at: Deployment, sent_at: datetime, take: Callable[[StoredEvents], bool]) -> bool:
    """Hand what streams store to `take` until that says that all is there; False when the time is up.

    Args:
        sent_at: a moment before the first of the events was sent, UTC.
        take: called once with every object.
    """
    seconds = at.settings.buffer_seconds + 2 * DELIVERY_SECONDS
    wait = Wait(f"accepted, {how_long(at)}, and not in the bucket yet", seconds, LOOKS)
    known: set[str] = set()

    def look() -> None:
        for stored in stream_objects(at.aws, at.settings.bucket_name, sent_at, known):
            if take(stored):
                return
        raise NotYet(wait)

    try:
        at.aws.retry(look, "find the buffered events")
    except WaitTimeoutError:
        return False
    return True
