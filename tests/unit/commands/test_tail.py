"""How long after its 200 an event is shown, by a clock of the test's own."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.events.buckets import Bucket
from wizard.aws.objects import StoredObject
from wizard.commands.events import follow
from wizard.errors import Interrupted
from wizard.events.browse import Found, Tail
from wizard.events.filters import Filter

START = datetime(2027, 1, 1, 0, 59, 30, tzinfo=UTC)  # an hour ends meanwhile
MINUTE = timedelta(minutes=1)


class World(Bucket):
    """A clock, and a bucket that answers each request after so many seconds, into which events come."""

    def __init__(self, seconds_a_request: float, arrivals: Iterable[datetime]) -> None:
        super().__init__()
        self.now = START
        self.due = sorted(arrivals)
        self._pause = seconds_a_request

    def time(self) -> float:
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        while self.due and self.due[0] <= self.now:
            self.put(self.due.pop(0), "e", request=str(len(self.contents)))
        self.check()

    def check(self) -> None:
        if self.now > START + 2 * MINUTE:
            raise Interrupted

    def keys(self, prefix: str, start_after: str = "") -> Iterator[str]:
        found = list(super().keys(prefix, start_after))
        self.sleep(self._pause)  # what comes while S3 answers is not in its answer
        yield from found

    def objects(self, keys: Iterable[str]) -> Iterator[StoredObject]:
        for number, stored in enumerate(super().objects(keys)):
            if number == 0:
                self.sleep(self._pause)  # they are fetched side by side
            yield stored


@pytest.mark.parametrize("seconds_a_request", [0.01, 0.1, 0.3])
def test_an_event_is_shown_within_two_seconds_after_it_was_stored(seconds_a_request: float) -> None:
    """It is answered with 200 when it is stored. A look takes up to two listings and a fetch."""
    dice = random.Random(1)
    arrivals = [START + timedelta(seconds=dice.uniform(0.5, 100)) for _ in range(60)]
    world = World(seconds_a_request, arrivals)
    waits: list[timedelta] = []

    def show(found: Iterator[Found]) -> None:
        waits.extend(world.now - one.stored_at for one in found if one.stored_at)

    follow(Tail(world, Filter(), lambda: world.now), show, world)

    assert len(waits) == len(arrivals), "each once"
    assert max(waits) <= timedelta(seconds=2)
