"""The cache of events: complete after every run, whatever happened to the run before."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock
import pytest

from tests.unit.events.buckets import Bucket
from wizard.aws.objects import StoredObject
from wizard.errors import BusyError
from wizard.events import layout
from wizard.events.cache import MOST_PARTS, SPILLED, Cache
from wizard.events.period import Period
from wizard.events.query import Converter, answered

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALWAYS = Period()
NAMES = "SELECT event_name FROM events_raw ORDER BY 1"


class Killed(BaseException):
    """Stands for SIGKILL."""


class DyingConverter(Converter):
    """Dies at the call with this number: before it has written anything, or right after."""

    def __init__(self, folder: Path, dies_at: int, *, after: bool) -> None:
        super().__init__(folder)
        self._left = dies_at
        self._after = after

    def from_lines(self, lines: Path, part: Path) -> int:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Killed
        written = super().from_lines(lines, part)
        if self._left < 0:
            raise Killed
        return written


class FullOnce(Converter):
    """The disk is full while the first hour is converted, and has room again for the next."""

    full = True

    def from_lines(self, lines: Path, part: Path) -> int:
        if self.full:
            self.full = False
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().from_lines(lines, part)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "a folder" / "events")


@pytest.fixture
def bucket() -> Bucket:
    """Two objects in one hour, one in the next."""
    bucket = Bucket()
    bucket.put(NOON, "a", "b")
    bucket.put(NOON + timedelta(minutes=5), "c")
    bucket.put(NOON + timedelta(hours=1), "d")
    return bucket


def names(cache: Cache, bucket: Bucket, period: Period = ALWAYS) -> list[str]:
    """The names of all events that a query finds."""
    cache.folder.mkdir(parents=True, exist_ok=True)
    with (
        cache.filled(bucket, period, Converter(cache.folder)) as filled,
        answered(NAMES, filled.parts, cache.folder, period) as answer,
    ):
        return [str(row[0]) for row in answer.rows]


def test_what_was_fetched_is_not_fetched_again(cache: Cache, bucket: Bucket) -> None:
    assert names(cache, bucket) == ["a", "b", "c", "d"]
    bucket.fetched.clear()
    new = bucket.put(NOON + timedelta(hours=1, minutes=1), "e")

    assert names(cache, bucket) == ["a", "b", "c", "d", "e"]
    assert bucket.fetched == [new]


def test_only_the_hours_of_the_period_are_fetched(cache: Cache, bucket: Bucket) -> None:
    assert names(cache, bucket, Period(NOON + timedelta(hours=1))) == ["d"]
    assert len(bucket.fetched) == 1


def test_the_hour_before_is_fetched_where_a_stream_has_filed_later_events_under_it(
    cache: Cache, bucket: Bucket
) -> None:
    hour = NOON + timedelta(hours=1)
    bucket.put_of_stream((hour - timedelta(minutes=1), "x", "web"), (hour + timedelta(minutes=1), "y", "web"))

    assert names(cache, bucket, Period(hour)) == ["d", "y"]


def test_an_object_that_was_deleted_leaves_the_cache_because_its_events_may_have_been_erased(
    cache: Cache, bucket: Bucket
) -> None:
    names(cache, bucket)
    del bucket.contents[min(bucket.contents)]

    assert names(cache, bucket) == ["c", "d"]
    assert len(list(cache.folder.glob("2026-03-01-12-*.parquet"))) == 1, "the old copy is gone from the disk"


def test_an_object_that_was_rewritten_is_read_again(cache: Cache, bucket: Bucket) -> None:
    names(cache, bucket)
    key = min(bucket.contents)
    bucket.contents[key] = StoredObject(key, b'[{"event_name": "b"}]')

    assert names(cache, bucket) == ["b", "c", "d"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", [0, 1])
def test_a_run_that_was_killed_leaves_nothing_twice_and_nothing_out(
    cache: Cache, bucket: Bucket, call: int, after: bool
) -> None:
    cache.folder.mkdir(parents=True)
    dying = DyingConverter(cache.folder, call, after=after)
    with pytest.raises(Killed), cache.filled(bucket, ALWAYS, dying):
        pass
    bucket.fetched.clear()

    assert names(cache, bucket) == ["a", "b", "c", "d"]
    assert len(bucket.fetched) == (3 if call == 0 else 1), "hours that were complete are kept"


def test_an_hour_that_could_not_be_written_fails_the_run_because_its_events_would_be_missing(
    cache: Cache, bucket: Bucket
) -> None:
    cache.folder.mkdir(parents=True)
    with pytest.raises(OSError, match="No space"), cache.filled(bucket, ALWAYS, FullOnce(cache.folder)):
        pass

    assert names(cache, bucket) == ["a", "b", "c", "d"]


def test_a_damaged_list_is_no_reason_to_fail(cache: Cache, bucket: Bucket) -> None:
    names(cache, bucket)
    damaged, wrong = sorted(cache.folder.glob("*.json"))
    damaged.write_text('{"objects": ')
    wrong.write_text('{"objects": {}, "parts": ["gone.parquet"], "bad": 0}')

    assert names(cache, bucket) == ["a", "b", "c", "d"]


def test_many_looks_at_one_hour_do_not_leave_many_files(cache: Cache, bucket: Bucket) -> None:
    for minute in range(2 * MOST_PARTS + 3):
        bucket.put(NOON + timedelta(minutes=10 + minute), f"x{minute:02}")
        found = names(cache, bucket)

    assert found == ["a", "b", "c", "d", *(f"x{minute:02}" for minute in range(2 * MOST_PARTS + 3))]
    assert len(list(cache.folder.glob("*.parquet"))) <= MOST_PARTS + 2


def test_the_hours_that_were_asked_for_longest_ago_make_room(bucket: Bucket, tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=1)
    names(cache, bucket, Period(until=NOON + timedelta(hours=1)))
    assert len(list(tmp_path.glob("2026-03-01-12*"))) == 2, "what is asked for now stays, whatever its size"

    names(cache, bucket, Period(NOON + timedelta(hours=1)))

    assert {file.name[:13] for file in tmp_path.glob("2026*")} == {"2026-03-01-13"}
    assert names(cache, bucket) == ["a", "b", "c", "d"]


def test_an_hour_that_was_asked_for_again_does_not_make_room_for_another(
    bucket: Bucket, tmp_path: Path
) -> None:
    """Or what an operator asks for every day would be fetched every day."""
    names(Cache(tmp_path), bucket)
    for second, list_ in enumerate(sorted(tmp_path.glob("*.json"))):
        os.utime(list_, (second, second))
    names(Cache(tmp_path), bucket, Period(until=NOON + timedelta(hours=1)))
    bucket.put(NOON + timedelta(hours=2), "e")
    size = sum(part.stat().st_size for part in tmp_path.glob("*.parquet"))

    names(Cache(tmp_path, limit=size), bucket, Period(NOON + timedelta(hours=2)))

    assert {part.name[:13] for part in tmp_path.glob("*.parquet")} == {"2026-03-01-12", "2026-03-01-14"}


def test_lines_that_are_no_events_are_counted_and_stay_counted(cache: Cache, bucket: Bucket) -> None:
    key = bucket.put(NOON, "x", request="s")
    bucket.contents[key] = StoredObject(key, b'{"event_name": "x"}\nno json\n[1]\n7\n{"event_name": "y"}\n')

    for _ in range(2):
        cache.folder.mkdir(parents=True, exist_ok=True)
        with cache.filled(bucket, ALWAYS, Converter(cache.folder)) as filled:
            assert filled.bad == 3
    assert names(cache, bucket) == ["a", "b", "c", "d", "x", "y"]


def test_events_of_persons_are_readable_by_their_owner_alone(cache: Cache, bucket: Bucket) -> None:
    with cache.filled(bucket, ALWAYS, Converter(cache.folder)):
        pass

    assert oct(cache.folder.stat().st_mode)[-3:] == "700"
    modes = {oct(file.stat().st_mode)[-2:] for file in cache.folder.iterdir() if file.suffix != ".lock"}
    assert modes == {"00"}


def test_two_runs_at_once_do_not_mix(bucket: Bucket, tmp_path: Path) -> None:
    cache = Cache(tmp_path, timeout=0.05)
    with filelock.FileLock(tmp_path / "cache.lock"), pytest.raises(BusyError, match="Another run"):
        names(cache, bucket)


def test_clearing_says_how_much_it_was_and_leaves_nothing(cache: Cache, bucket: Bucket) -> None:
    assert cache.clear() == 0, "nothing was there"
    names(cache, bucket)
    size = sum(file.stat().st_size for file in cache.folder.iterdir())

    assert cache.clear() == size > 0
    assert [file.suffix for file in cache.folder.iterdir()] in ([".lock"], [])


def spilled_by_a_killed_query(cache: Cache) -> Path:
    folder = cache.folder / SPILLED
    folder.mkdir(parents=True)
    (folder / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("of a person")
    return folder


def test_clearing_takes_what_a_killed_query_has_spilled_because_it_tells_of_persons(cache: Cache) -> None:
    spilled = spilled_by_a_killed_query(cache)

    assert cache.clear() == len("of a person")
    assert not spilled.exists()


def test_the_next_query_deletes_what_a_killed_one_has_spilled_or_it_would_stay_on_the_disk(
    cache: Cache, bucket: Bucket
) -> None:
    spilled = spilled_by_a_killed_query(cache)

    assert names(cache, bucket) == ["a", "b", "c", "d"]
    assert not spilled.exists()


def test_nobody_fills_a_cache_that_is_kept_clear_or_an_erased_person_would_be_copied_again(
    bucket: Bucket, tmp_path: Path
) -> None:
    cache = Cache(tmp_path, timeout=0.05)
    names(cache, bucket)

    with cache.cleared():
        assert not list(tmp_path.glob("*.parquet"))
        with pytest.raises(BusyError):
            names(cache, bucket)
    assert names(cache, bucket) == ["a", "b", "c", "d"]


def test_the_label_of_the_client_is_no_json_of_the_clients_own(cache: Cache, bucket: Bucket) -> None:
    bucket.put(NOON, "x", label='a"b\\', request="s")
    cache.folder.mkdir(parents=True)

    with (
        cache.filled(bucket, ALWAYS, Converter(cache.folder)) as filled,
        answered(
            "SELECT client FROM events_raw WHERE event_name = 'x'", filled.parts, cache.folder, ALWAYS
        ) as a,
    ):
        assert list(a.rows) == [('a"b\\',)]


@pytest.mark.parametrize("key", ["hour=12", "hour=12-old/x.json", "x.json"])
def test_what_others_name_like_an_hour_is_no_part_of_it(cache: Cache, bucket: Bucket, key: str) -> None:
    names(cache, bucket)
    stored = StoredObject("", b'[{"event_name": "of others"}]')
    bucket.contents[f"{layout.hour_prefix(NOON).rpartition('hour=')[0]}{key}"] = stored
    bucket.fetched.clear()

    assert names(cache, bucket) == ["a", "b", "c", "d"]
    assert bucket.fetched == [], "the hour is as it was, and nothing of it counts as erased"


def test_what_lies_deeper_is_of_its_hour(cache: Cache, bucket: Bucket) -> None:
    key = f"{layout.hour_prefix(NOON)}deeper/x.json"
    bucket.contents[key] = StoredObject(key, b'[{"event_name": "e"}]')

    assert names(cache, bucket) == ["a", "b", "c", "d", "e"]
