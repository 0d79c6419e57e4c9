"""The newest objects are found without reading the names of all others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.events.buckets import Bucket
from wizard.events import layout
from wizard.events.newest import newest_keys

NOW = datetime(2027, 1, 1, 0, 20, tzinfo=UTC)
DAY_AGO = NOW - timedelta(days=1)


class CountingBucket(Bucket):
    """Counts the names that were read, and is filled with names alone."""

    def __init__(self, *moments: datetime) -> None:
        super().__init__()
        names = [f"{layout.first_key(moment, moment)}_{number}.json" for number, moment in enumerate(moments)]
        self.names = sorted(names)
        self.read = 0

    def keys(self, prefix: str, start_after: str = "") -> Iterator[str]:
        self.asked.append(prefix)
        for name in self.names:
            if name.startswith(prefix) and name > start_after:
                self.read += 1
                yield name


def spread(count: int, begin: datetime, length: timedelta) -> list[datetime]:
    """Moments at the same distance."""
    return [begin + length * number / count for number in range(count)]


def test_of_few_all_are_found_with_one_listing_and_none_that_is_older() -> None:
    bucket = CountingBucket(*spread(20, DAY_AGO - timedelta(days=1), timedelta(days=2)))

    assert newest_keys(bucket, DAY_AGO, NOW, 100) == bucket.names[10:]
    assert len(bucket.asked) == 1


@pytest.mark.parametrize(
    "moments",
    [
        spread(5000, DAY_AGO, timedelta(days=1)),
        spread(3000, DAY_AGO, timedelta(minutes=3))
        + spread(40, NOW - timedelta(hours=2), timedelta(hours=1)),
        spread(3000, NOW - timedelta(seconds=40), timedelta(seconds=40)),
    ],
    ids=["all day", "a burst, then little", "just now"],
)
def test_of_many_the_newest_are_found_while_few_names_are_read(moments: list[datetime]) -> None:
    bucket = CountingBucket(*moments)

    assert newest_keys(bucket, DAY_AGO, NOW, 100) == bucket.names[-100:]
    assert len(bucket.asked) < 50 and bucket.read <= 101 * len(bucket.asked)


def test_more_than_wanted_in_one_second_are_no_endless_search() -> None:
    bucket = CountingBucket(*spread(500, NOW - timedelta(hours=3), timedelta(milliseconds=3)))

    found = newest_keys(bucket, DAY_AGO, NOW, 100)

    assert found == bucket.names[-100:]


def test_objects_of_a_stream_which_stand_behind_all_others_of_their_hour_are_found_once() -> None:
    bucket = Bucket()
    for minutes in (5, 15):
        bucket.put(NOW - timedelta(minutes=minutes), "a")
        bucket.put_of_stream((NOW - timedelta(minutes=minutes), "b", "web"))
    bucket.put(NOW - timedelta(hours=2), "c")

    everything = sorted(bucket.contents)
    assert newest_keys(bucket, DAY_AGO, NOW, 100) == everything
    for most in range(1, 6):
        assert newest_keys(bucket, DAY_AGO, NOW, most) == everything[-most:]


def test_what_somebody_else_has_put_beside_the_hours_is_not_walked_through() -> None:
    bucket = CountingBucket(NOW)
    bucket.names += [f"events/zzz/{number}" for number in range(500)]

    assert len(newest_keys(bucket, DAY_AGO, NOW, 100)) == 1
    assert bucket.read == 2
