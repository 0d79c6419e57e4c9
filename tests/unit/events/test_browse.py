"""Walking through the hours: which are read, in what order, and what a tail shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from tests.unit.events.buckets import Bucket
from wizard.aws.objects import Listed, StoredObject
from wizard.events import layout
from wizard.events.browse import MOST_TO_LOOK_THROUGH, Tail, Tally, events_of, hours_of, keys_of
from wizard.events.decode import Event, decoded
from wizard.events.filters import Filter
from wizard.events.period import Period

MIDNIGHT = datetime(2027, 1, 1, tzinfo=UTC)
EVERYTHING = Filter()
ALWAYS = Period()


@pytest.fixture
def bucket() -> Bucket:
    """Events of three hours, across a new year: "a" is the oldest."""
    bucket = Bucket()
    bucket.put(datetime(2025, 6, 1, 8, tzinfo=UTC), "a")
    bucket.put(MIDNIGHT - timedelta(minutes=20), "b")
    bucket.put(MIDNIGHT - timedelta(minutes=10), "c", "d")
    bucket.put(MIDNIGHT + timedelta(minutes=10), "e")
    return bucket


def names(bucket: Bucket, period: Period = ALWAYS, wanted: Filter = EVERYTHING) -> list[str]:
    found = events_of(bucket, period, wanted, Tally(), newest_first=True)
    return [str(one.event["event_name"]) for one in found]


def test_the_newest_comes_first_across_hours_and_years_and_within_an_object(bucket: Bucket) -> None:
    assert names(bucket) == ["e", "d", "c", "b", "a"]


def test_the_oldest_comes_first_where_that_is_wanted(bucket: Bucket) -> None:
    found = events_of(bucket, ALWAYS, EVERYTHING, Tally(), newest_first=False)

    assert [one.event["event_name"] for one in found] == ["a", "b", "c", "d", "e"]


def test_one_event_is_found_without_looking_into_older_hours(bucket: Bucket) -> None:
    found = list(islice(events_of(bucket, ALWAYS, EVERYTHING, Tally(), newest_first=True), 1))

    assert [one.event["event_name"] for one in found] == ["e"]
    assert len(bucket.fetched) == 1
    assert not [prefix for prefix in bucket.asked if "2025" in prefix or "2026" in prefix]


def test_a_period_begins_and_ends_in_the_middle_of_an_hour(bucket: Bucket) -> None:
    def at(minutes: int) -> datetime:
        return MIDNIGHT + timedelta(minutes=minutes)

    assert names(bucket, Period(at(-10), at(10))) == ["d", "c"], "the end is outside"
    assert names(bucket, Period(at(-9), at(11))) == ["e"]
    assert names(bucket, Period(at(-20), at(-9))) == ["d", "c", "b"]
    assert names(bucket, Period(until=at(-15))) == ["b", "a"]


def test_hours_outside_of_the_period_are_not_listed(bucket: Bucket) -> None:
    names(bucket, Period(MIDNIGHT - timedelta(minutes=30), MIDNIGHT))

    assert layout.hour_prefix(MIDNIGHT - timedelta(minutes=1)) in bucket.asked
    assert layout.hour_prefix(MIDNIGHT) not in bucket.asked
    assert layout.hour_prefix(MIDNIGHT - timedelta(hours=2)) not in bucket.asked


def test_folders_of_somebody_else_are_passed_over(bucket: Bucket) -> None:
    bucket.contents["events/export/2026/x.json"] = StoredObject("x", b"[]")
    bucket.contents["events/year=2026/month=13/day=01/hour=00/x.json"] = StoredObject("x", b"[]")

    assert names(bucket) == ["e", "d", "c", "b", "a"]


def test_what_is_no_event_is_counted(bucket: Bucket) -> None:
    key = bucket.put(MIDNIGHT, "f")
    bucket.contents[key] = StoredObject(key, b'[1, {"event_name": "f"}]')
    tally = Tally()

    list(events_of(bucket, ALWAYS, EVERYTHING, tally, newest_first=True))

    assert (tally.objects, tally.bad) == (5, 1)


def test_only_the_events_of_the_clients_that_are_asked_for_are_shown(bucket: Bucket) -> None:
    bucket.put(MIDNIGHT, "w", label="web")

    assert names(bucket, wanted=Filter(clients=["web"])) == ["w"]


class TestTail:
    def tail(self, bucket: Bucket, now: list[datetime]) -> Tail:
        tail = Tail(bucket, EVERYTHING, lambda: now[0])
        assert tail.last(0) == []
        return tail

    def new(self, tail: Tail) -> list[str]:
        return [str(found.event["event_name"]) for found in tail.new()]

    def test_shows_each_new_event_once_and_none_of_before(self, bucket: Bucket) -> None:
        now = [MIDNIGHT + timedelta(minutes=10, seconds=1)]
        tail = self.tail(bucket, now)
        bucket.put(now[0], "f")

        assert self.new(tail) == ["f"]
        assert self.new(tail) == []

    def test_the_last_ones_come_first_in_their_order_and_are_not_shown_again(self, bucket: Bucket) -> None:
        now = [MIDNIGHT + timedelta(minutes=11)]
        bucket.put(now[0], "f", label="web")
        tail = Tail(bucket, Filter(names=["c", "d", "f"]), lambda: now[0])

        assert [found.event["event_name"] for found in tail.last(2)] == ["d", "f"]
        assert len(bucket.fetched) == 3, "no more than it takes"
        assert self.new(tail) == []

    def test_what_comes_while_the_last_ones_are_read_is_shown_once(self, bucket: Bucket) -> None:
        now = [MIDNIGHT + timedelta(minutes=11)]
        tail = Tail(bucket, EVERYTHING, lambda: now[0])
        folders = bucket.folders

        def while_looking(prefix: str) -> list[str]:
            bucket.folders = folders  # type: ignore[method-assign]
            bucket.put(now[0], "f")
            return folders(prefix)

        bucket.folders = while_looking  # type: ignore[method-assign]

        shown = [found.event["event_name"] for found in tail.last(1)] + self.new(tail)
        assert shown == ["f"]

    def test_a_rare_event_is_not_looked_for_through_the_whole_bucket(self, bucket: Bucket) -> None:
        now = [MIDNIGHT + timedelta(hours=2)]
        for number in range(MOST_TO_LOOK_THROUGH + 50):
            bucket.put(MIDNIGHT + timedelta(minutes=30, seconds=number), "often")
        tail = Tail(bucket, Filter(names=["a"]), lambda: now[0])

        assert tail.last(10) == []
        assert len(bucket.fetched) == MOST_TO_LOOK_THROUGH

    def test_goes_on_across_the_hour(self, bucket: Bucket) -> None:
        now = [datetime(2027, 1, 1, 0, 59, 59, tzinfo=UTC)]
        tail = self.tail(bucket, now)
        bucket.put(now[0], "f")
        assert self.new(tail) == ["f"]

        now[0] += timedelta(seconds=2)
        bucket.put(now[0], "g")
        late = bucket.put(datetime(2027, 1, 1, 0, 59, 40, tzinfo=UTC), "late")

        assert self.new(tail) == ["late", "g"], late

    @pytest.mark.parametrize("minutes", [-5, 5], ids=["clock behind", "clock ahead"])
    def test_this_machines_clock_may_miss_that_of_aws_by_minutes(self, bucket: Bucket, minutes: int) -> None:
        now = [MIDNIGHT + timedelta(minutes=30)]
        tail = self.tail(bucket, now)
        bucket.put(now[0] + timedelta(minutes=minutes), "f")

        assert self.new(tail) == ["f"]

    def test_two_objects_of_the_same_moment_are_both_shown(self, bucket: Bucket) -> None:
        now = [MIDNIGHT + timedelta(minutes=12)]
        tail = self.tail(bucket, now)
        bucket.put(now[0], "f", request="1")
        assert self.new(tail) == ["f"]

        bucket.put(now[0], "g", request="0")

        assert self.new(tail) == ["g"]

    def test_does_not_remember_for_ever_what_it_has_shown(self, bucket: Bucket) -> None:
        now = [MIDNIGHT + timedelta(minutes=12)]
        tail = self.tail(bucket, now)
        for _ in range(100):
            now[0] += timedelta(seconds=10)
            bucket.put(now[0], "f")
            assert self.new(tail) == ["f"]

        assert len(tail._seen) < 10


class TestStreams:
    """Objects of a stream hold events of many clients, up to a quarter of an hour after their own hour."""

    def at(self, minutes: float) -> datetime:
        return MIDNIGHT + timedelta(minutes=minutes)

    def test_each_event_has_its_own_time_and_client(self) -> None:
        bucket = Bucket()
        bucket.put_of_stream((self.at(-2), "x", "web"), (self.at(2), "y", "shop"))

        found = list(events_of(bucket, ALWAYS, EVERYTHING, Tally(), newest_first=False))
        assert [(one.stored_at, one.label) for one in found] == [(self.at(-2), "web"), (self.at(2), "shop")]
        assert names(bucket, wanted=Filter(clients=["shop"])) == ["y"]

    def test_an_event_is_found_under_the_hour_before_its_own(self) -> None:
        bucket = Bucket()
        bucket.put_of_stream((self.at(-2), "x", "web"), (self.at(2), "y", "web"))

        assert names(bucket, Period(self.at(0), self.at(10))) == ["y"]
        assert names(bucket, Period(self.at(-10), self.at(0))) == ["x"]

    def test_objects_of_several_streams_and_of_the_handler_are_in_the_order_of_their_time(self) -> None:
        bucket = Bucket()
        bucket.put(self.at(2), "b")
        bucket.put_of_stream((self.at(1), "a", ""), stream="two")
        bucket.put_of_stream((self.at(3), "c", ""), stream="one")
        bucket.put(self.at(4), "d")

        assert names(bucket) == ["d", "c", "b", "a"]

    def test_an_event_that_does_not_say_its_time_or_client_is_shown_with_its_hour(self) -> None:
        bucket = Bucket()
        key = bucket.put_of_stream((self.at(1), "x", ""))
        for said in ("", ',"received_at":"soon"', ',"received_at":7', ',"received_at":"2027-01-01T00:01:00"'):
            bucket.contents[key] = StoredObject(key, f'{{"event_name":"x","client_label":1{said}}}'.encode())
            period = Period(self.at(30), self.at(40))
            (found,) = events_of(bucket, period, EVERYTHING, Tally(), newest_first=True)
            assert (found.event["event_name"], found.label, found.stored_at) == ("x", "", None), said

    def test_a_tail_shows_what_is_delivered_after_the_hour_in_which_it_was_begun(self) -> None:
        bucket, now = Bucket(), [self.at(14)]
        tail = Tail(bucket, EVERYTHING, lambda: now[0])
        assert tail.last(0) == []
        bucket.put(self.at(14), "e")
        assert [found.event["event_name"] for found in tail.new()] == ["e"]

        bucket.put_of_stream((self.at(-0.5), "x", "web"))
        assert [found.event["event_name"] for found in tail.new()] == ["x"]
        assert not list(tail.new()), "nothing is shown twice"


def test_keys_of_names_of_another_kind_are_shown_with_their_hour(bucket: Bucket) -> None:
    bucket.contents[f"{layout.hour_prefix(MIDNIGHT)}by-hand.json"] = StoredObject("x", b"[]")

    assert len(list(keys_of(bucket, Period(MIDNIGHT), newest_first=True))) == 2


OF_OTHERS = (
    "export/2026/x.json",
    "year=2026/month=13/day=01/hour=00/x.json",
    "year=2027/x.json",
    "year=2027/month=01/day=01/x.json",
    "year=2027/month=01/day=01/hour=00",
    "year=2027/month=01/day=01/hour=00-old/x.json",
    "year=2027/month=01/day=01/other/x.json",
    "year=9999/month=12/day=31/hour=23/x.json",
    "year=9999/month=12/x.json",
    "year=99999999999/x.json",
)
"""Names below `events/` that are of no hour."""


@pytest.mark.parametrize("since", [None, -75, -20, -14.9, 0, 5, 15, 61])
@pytest.mark.parametrize("until", [None, -60, -10, 0, 3, 60])
def test_either_order_finds_the_same_events_of_a_period(since: float | None, until: float | None) -> None:
    bucket = Bucket()
    for minutes in (-100, -70, -20, -15, -1, 0, 4, 16, 62):
        bucket.put(MIDNIGHT + timedelta(minutes=minutes), f"handler {minutes}")
        moments = [MIDNIGHT + timedelta(minutes=minutes + more) for more in (0, 14.9)]
        bucket.put_of_stream(*[(moment, f"stream {moment}", "web") for moment in moments])
    for key in OF_OTHERS:
        bucket.contents[f"events/{key}"] = StoredObject("x", b'[{"event_name": "of others"}]')
    first, last = (None if at is None else MIDNIGHT + timedelta(minutes=at) for at in (since, until))
    period = Period(first, last)

    def found(*, newest_first: bool) -> list[Event]:
        return [
            one.event for one in events_of(bucket, period, EVERYTHING, Tally(), newest_first=newest_first)
        ]

    assert found(newest_first=False) == found(newest_first=True)[::-1]
    inside = {name for name, moment in said_by(bucket) if period.contains(moment)}
    assert {event["event_name"] for event in found(newest_first=False)} == inside


def test_a_period_may_begin_with_time_itself(bucket: Bucket) -> None:
    period = Period(datetime.min.replace(tzinfo=UTC))

    found = events_of(bucket, period, EVERYTHING, Tally(), newest_first=False)

    assert [one.event["event_name"] for one in found] == ["a", "b", "c", "d", "e"]


def said_by(bucket: Bucket) -> Iterator[tuple[str, datetime]]:
    """The name and the moment of every event."""
    for key, stored in bucket.contents.items():
        for event in decoded(stored.content).events if stored.label or layout.is_of_stream(key) else ():
            yield event["event_name"], layout.stored_at(key) or datetime.fromisoformat(event["received_at"])


def test_the_oldest_first_is_one_listing_from_the_period_on_and_no_further() -> None:
    bucket = Bucket()
    for number in range(-48, 48):
        bucket.put(MIDNIGHT + timedelta(hours=number), "a")
    read: list[str] = []

    class Watched:
        def listed(self, prefix: str, start_after: str = "") -> Iterator[Listed]:
            for one in bucket.listed(prefix, start_after):
                read.append(one.key)
                yield one

    period = Period(MIDNIGHT, MIDNIGHT + timedelta(hours=3))
    hours = [prefix for prefix, _there in hours_of(Watched(), period)]

    assert hours == [layout.hour_prefix(MIDNIGHT + timedelta(hours=number)) for number in (-1, 0, 1, 2)]
    assert len(read) == 5, "those, and the one that shows the end"
    assert bucket.asked == ["events/year="], "what somebody else keeps there is not listed"
