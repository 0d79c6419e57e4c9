"""Compaction, killed anywhere: every event is there at every moment, and once in the end."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.events.buckets import Bucket
from wizard.aws.objects import StoredObject
from wizard.errors import WizardError
from wizard.events import layout
from wizard.events.browse import Tally, events_of
from wizard.events.compact import Done, compact, hours_to_compact, is_compacted, lines_of
from wizard.events.filters import Filter
from wizard.events.period import Period

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
ALWAYS = Period()


class Killed(BaseException):
    """Stands for SIGKILL."""


class ChangingBucket(Bucket):
    """`dies_after` so many changes the process is gone, one change being one object."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = 0
        self.dies_after: int | None = None
        self.garbles = False

    def put(self, *given: Any, **more: Any) -> Any:
        if not isinstance(given[0], StoredObject):
            return super().put(*given, **more)
        (stored,) = given
        kept = StoredObject(stored.key, b"x") if self.garbles else stored
        self._change(lambda: self.contents.update({stored.key: kept}))
        return None

    def delete_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._change(lambda key=key: self.contents.pop(key))

    def _change(self, change: Any) -> None:
        if self.dies_after is not None and self.changes >= self.dies_after:
            self.dies_after = None
            raise Killed
        self.changes += 1
        change()

    def store(self, moment: datetime, content: bytes, *, form: str = "jsonl.gz", label: str = "web") -> str:
        """What the handler has stored."""
        key = f"{layout.first_key(moment, moment)}_{len(self.contents)}.{form}"
        packed = gzip.compress(content) if form.endswith("gz") else content
        self.contents[key] = StoredObject(key, packed, label)
        return key


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"event_name": f"e{number}", "event_id": str(number), "received_at": NOON.isoformat(), **more}


def line(number: int, **more: Any) -> bytes:
    return json.dumps(event(number, **more)).encode() + b"\n"


def filled() -> ChangingBucket:
    """Two hours with objects of all formats, of the handler and of a stream."""
    bucket = ChangingBucket()
    bucket.store(NOON, line(0) + line(1))
    bucket.store(
        NOON + timedelta(minutes=1), json.dumps([event(2), event(3)], indent=1).encode(), form="json"
    )
    bucket.store(NOON + timedelta(minutes=2), line(4), form="jsonl", label="")
    bucket.put_of_stream((NOON + timedelta(minutes=3), "e5", "shop"), (NOON + timedelta(minutes=4), "e6", ""))
    bucket.store(NOON + timedelta(hours=1), line(7))
    bucket.store(NOON + timedelta(hours=1, minutes=1), line(8))
    return bucket


def run(bucket: ChangingBucket, period: Period = ALWAYS, now: datetime = LATER) -> list[Done]:
    return [compact(bucket, bucket, hour) for hour in list(hours_to_compact(bucket, period, now))]


def seen(bucket: Bucket) -> list[tuple[str, str]]:
    """Names and clients of all events, as every command reads them."""
    found = events_of(bucket, ALWAYS, Filter(), Tally(), newest_first=False)
    return sorted((str(one.event["event_name"]), one.label) for one in found)


def test_an_hour_becomes_one_object_in_which_every_event_keeps_what_is_known_of_it() -> None:
    bucket = filled()
    before = seen(bucket)

    first, second = run(bucket)

    assert (first.before, first.after, first.events, first.repeated) == (4, 1, 7, 0)
    assert (second.before, second.after, second.events) == (2, 1, 2)
    assert seen(bucket) == before
    assert len(bucket.contents) == 2
    for key, stored in bucket.contents.items():
        assert layout.is_of_stream(key), "readers ask each event for its time and client"
        assert is_compacted(key)
        assert key.endswith(".jsonl.gz")
        assert stored.content_type == "application/x-ndjson"
        assert gzip.decompress(stored.content).endswith(b"}\n")
        assert stored.content.count(b"\x1f\x8b\x08") == 1, "one member: some readers stop after the first"
    assert layout.begun_at(min(bucket.contents)) == NOON
    assert run(bucket) == [], "a second time there is nothing to do"


def test_killed_before_any_change_no_event_is_ever_missing_and_the_next_run_ends_it() -> None:
    whole = filled()
    run(whole)
    for change in range(whole.changes):
        bucket = filled()
        before = seen(bucket)
        bucket.dies_after = change
        with pytest.raises(Killed):
            run(bucket)
        assert set(seen(bucket)) == set(before), f"killed before change {change}"

        run(bucket)
        assert seen(bucket) == before, f"killed before change {change}"
        assert len(bucket.contents) == 2
        assert run(bucket) == []


def test_what_comes_late_joins_and_a_kill_then_leaves_nothing_twice_either() -> None:
    def with_a_late_one() -> ChangingBucket:
        bucket = filled()
        run(bucket)
        bucket.changes = 0
        bucket.store(NOON + timedelta(minutes=50), line(9))
        return bucket

    whole = with_a_late_one()
    run(whole)
    for change in range(whole.changes):
        bucket = with_a_late_one()
        before = seen(bucket)
        bucket.dies_after = change
        with pytest.raises(Killed):
            run(bucket)
        run(bucket)

        assert seen(bucket) == before, f"killed before change {change}"
        assert len(bucket.contents) == 2


def test_what_cannot_be_read_back_costs_nothing() -> None:
    bucket = filled()
    bucket.garbles = True
    before = set(bucket.contents)

    with pytest.raises(WizardError, match="read back"):
        run(bucket)
    assert before < set(bucket.contents)


@pytest.mark.parametrize(
    "content",
    [
        b"no json\n", line(1) + b"[]\n", line(1) + b"7", b"{}\n", line(1)[:-1] + b", 8\n", b'{"a": NaN}\n',
        b"[]", b"[1]", b'[{"a": 1}', b'[{"a": 1}] x', b'[{"a": 1} {"b": 2}]', b"\xff\xfe", b"[" * 100_000,
    ],
)  # fmt: skip
def test_an_object_that_holds_anything_else_is_left_alone_and_named(content: bytes) -> None:
    bucket = filled()
    odd = bucket.store(NOON, content, form="json")
    kept = bucket.contents[odd]

    done = run(bucket)

    assert done[0].left_alone == [odd]
    assert bucket.contents[odd] is kept
    assert done[0].before == 4, "the others are compacted"


def test_a_cut_gzip_is_left_alone() -> None:
    assert lines_of(StoredObject("x", gzip.compress(line(1))[:-9])) is None


@pytest.mark.parametrize(
    ("content", "label", "expected"),
    [
        (b'{"a":1.0,"b":1e5 , "received_at":"x"}', "", b'{"a":1.0,"b":1e5 , "received_at":"x"}'),
        (b'{"received_at":"x"}', "w", b'{"received_at":"x","client_label":"w"}'),
        (b'{"a":1}', "", b'{"a":1,"received_at":"2026-03-01T12:00:00+00:00"}'),
        (b'{"received_at":"x","client_label":"w"}', "w", b'{"received_at":"x","client_label":"w"}'),
        (b'{"received_at":"x","client_label":"bank"}', "w", b'{"received_at": "x", "client_label": "w"}'),
        (b'{"received_at":"\\ud800"}', "", '{"received_at": "\ufffd"}'.encode()),
        (b'{"received_at":"\\ud83d\\ude00"}', "", b'{"received_at":"\\ud83d\\ude00"}'),
        ('{"received_at":"a\u2028b"}'.encode(), "", '{"received_at":"a\u2028b"}'.encode()),
        (b'[{"received_at":\r\n"x"}\r\n]\n', "", b'{"received_at": "x"}'),
    ],
)
def test_an_event_stays_as_it_is_written_and_gets_what_only_its_object_told(
    content: bytes, label: str, expected: bytes
) -> None:
    key = f"{layout.first_key(NOON, NOON)}_r.jsonl"

    assert lines_of(StoredObject(key, content, label)) == [expected]


def test_events_that_are_there_twice_become_one_and_those_that_were_sent_again_stay() -> None:
    bucket = ChangingBucket()
    bucket.store(NOON, line(0) + line(0))
    bucket.store(NOON + timedelta(minutes=1), line(0) + line(0, received_at="later"))

    (done,) = run(bucket)

    assert (done.events, done.repeated) == (2, 2)


def test_what_is_in_a_full_object_already_goes_from_the_next_ones_too() -> None:
    bucket = ChangingBucket()
    full = bucket.store(NOON, line(0))
    bucket.store(NOON + timedelta(minutes=1), line(0))
    bucket.store(NOON + timedelta(minutes=2), line(0) + line(1))
    bucket.store(NOON + timedelta(minutes=3), line(1))

    (hour,) = hours_to_compact(bucket, ALWAYS, LATER)
    done = compact(bucket, bucket, hour, largest=1)

    assert full in bucket.contents, "nothing of it would change"
    assert (done.before, done.after, done.events, done.repeated) == (3, 1, 1, 3)
    assert [name for name, _label in seen(bucket)] == ["e0", "e1"]


def test_a_single_object_that_repeats_itself_beside_a_full_one_is_written_anew() -> None:
    bucket = ChangingBucket()
    bucket.store(NOON, line(0))
    bucket.store(NOON + timedelta(minutes=1), line(1) + line(1))

    (hour,) = hours_to_compact(bucket, ALWAYS, LATER)
    assert compact(bucket, bucket, hour, largest=1).repeated == 1
    assert [name for name, _label in seen(bucket)] == ["e0", "e1"]


def test_two_runs_at_once_write_the_same_object() -> None:
    one, other = filled(), filled()
    other.contents = dict(one.contents)
    run(one)
    run(other)

    assert one.contents.keys() == other.contents.keys()
    assert one.contents == other.contents
    assert {stored.content[4:8] for stored in one.contents.values()} == {bytes(4)}, "gzip's time of writing"


class BesideOthers(ChangingBucket):
    """Others work on the same bucket: after `objects` were read, before a `put`, within `delete_all`."""

    def __init__(self) -> None:
        super().__init__()
        self.others: dict[str, Callable[[], object]] = {}

    def objects(self, keys: Iterable[str]) -> Iterator[StoredObject]:
        yield from super().objects(keys)
        self._let_others("objects")

    def put(self, *given: Any, **more: Any) -> Any:
        self._let_others("put")
        return super().put(*given, **more)

    def delete_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.contents.pop(key, None)
            self._let_others("delete_all")

    def _let_others(self, step: str) -> None:
        if other := self.others.pop(step, None):
            other()

    def rewrite_first(self) -> None:
        """As an erasure takes somebody's events out of an object."""
        first = min(self.contents)
        self.contents[first] = StoredObject(first, gzip.compress(line(1)), "web")


def beside_others() -> BesideOthers:
    bucket = BesideOthers()
    for minute in range(5):
        bucket.store(NOON + timedelta(minutes=minute), line(minute))
    return bucket


def test_who_reads_while_another_run_deletes_writes_nothing_or_events_would_be_there_twice_for_good() -> None:
    bucket = beside_others()
    before = seen(bucket)
    (hour,) = hours_to_compact(bucket, ALWAYS, LATER)

    def second_run() -> None:
        with pytest.raises(WizardError, match="Something else changed"):
            compact(bucket, bucket, hour)

    bucket.others["delete_all"] = second_run
    compact(bucket, bucket, hour)

    assert not bucket.others, "the second one ran in the middle of the deletions"
    assert seen(bucket) == before
    assert len(bucket.contents) == 1


def test_what_is_erased_after_it_was_read_is_not_written_again() -> None:
    bucket = beside_others()
    bucket.others["objects"] = bucket.rewrite_first

    with pytest.raises(WizardError, match="Something else changed") as stopped:
        run(bucket)

    assert "events erase" not in stopped.value.next_step
    assert not any(is_compacted(key) for key in bucket.contents)
    assert ("e0", "web") not in seen(bucket)
    (done,) = run(bucket)
    assert (done.before, done.after) == (5, 1)


def test_what_is_erased_in_the_moment_of_the_write_is_told_with_the_command_that_erases_it_again() -> None:
    bucket = beside_others()
    names = [name for name, _client in seen(bucket)]
    bucket.others["put"] = bucket.rewrite_first

    with pytest.raises(WizardError, match="Something else changed") as stopped:
        run(bucket)

    (compacted,) = (key for key in bucket.contents if is_compacted(key))
    assert "events erase" in stopped.value.next_step
    assert compacted in stopped.value.next_step
    assert {name for name, _client in seen(bucket)} == set(names), "nothing was deleted"


def test_only_finished_hours_of_the_period_are_touched_since_a_stream_may_still_deliver() -> None:
    bucket = filled()
    hours = [layout.hour_prefix(NOON + timedelta(hours=more)) for more in (0, 1)]

    def found(period: Period, now: datetime) -> list[str]:
        return [hour.prefix for hour in hours_to_compact(bucket, period, now)]

    assert found(ALWAYS, NOON + timedelta(minutes=80)) == []
    assert found(ALWAYS, NOON + timedelta(minutes=82)) == hours[:1]
    assert found(Period(since=NOON + timedelta(hours=1)), LATER) == hours[1:]
    assert found(Period(until=NOON + timedelta(hours=1)), LATER) == hours[:1]
    assert bucket.fetched == []


def test_an_hour_that_is_fine_is_not_read() -> None:
    bucket = ChangingBucket()
    bucket.store(NOON, line(0))
    bucket.contents[f"{layout.hour_prefix(NOON)}somebody.csv"] = StoredObject("x", b"a;b")

    assert run(bucket) == []
    bucket.store(NOON + timedelta(hours=1), json.dumps([event(1)]).encode(), form="json")
    (done,) = run(bucket)
    assert (done.before, done.after) == (1, 1), "a query engine reads no array"


def test_large_objects_stay_and_no_new_one_becomes_larger_than_readers_can_take() -> None:
    bucket = ChangingBucket()
    noise = "".join(chr(0x4E00 + number * 37 % 20_000) for number in range(400))
    large = bucket.store(NOON, line(0, noise=noise))
    for number in range(1, 10):
        bucket.store(NOON + timedelta(minutes=number), line(number))

    (hour,) = hours_to_compact(bucket, ALWAYS, LATER, large=400)
    done = compact(bucket, bucket, hour, largest=300)

    assert large in bucket.contents
    assert (done.before, done.after, done.events) == (9, 3, 9)
    assert not list(hours_to_compact(bucket, ALWAYS, LATER, large=400))
