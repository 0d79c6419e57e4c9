"""The double of Firehose: what it takes, when it delivers, and under which name."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from tests.aws.firehose import MIB, Configuration, DeliveryStream, Quota, RefusedError, quota_in
from wizard.events import layout

BEGIN = datetime(2026, 1, 2, 3, 59, 58, tzinfo=UTC).timestamp()


class Bench:
    """A stream, its clock, and what it has delivered."""

    def __init__(self, quota: Quota | None = None, **configuration: float) -> None:
        self.now = BEGIN
        self.objects: dict[str, bytes] = {}
        known = Configuration(layout.STREAM_PREFIX, **configuration)  # type: ignore[arg-type]
        self.stream = DeliveryStream(
            "one", known, self.objects.__setitem__, lambda: self.now, quota or quota_in("us-east-1")
        )

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.stream.advance()


def test_records_are_delivered_together_when_the_first_has_waited_long_enough() -> None:
    bench = Bench()
    bench.stream.put(b"a\n")
    bench.pass_by(299)
    bench.stream.put(b"b\n")
    assert bench.objects == {}
    assert bench.stream.undelivered == 2
    bench.pass_by(1)

    ((key, content),) = bench.objects.items()
    assert gzip.decompress(content) == b"a\nb\n"
    assert bench.stream.undelivered == 0
    assert key.startswith("events/year=2026/month=01/day=02/hour=03/events_one-1-2026-01-02-03-59-58-")
    assert layout.is_of_stream(key)
    assert layout.begun_at(key) == datetime.fromtimestamp(BEGIN, UTC)


def test_a_full_buffer_is_delivered_at_once() -> None:
    bench = Bench(size=3)
    bench.stream.put(b"ab")
    assert bench.objects == {}
    bench.stream.put(b"c")

    assert [gzip.decompress(content) for content in bench.objects.values()] == [b"abc"]


def test_what_comes_after_a_buffer_has_ended_is_in_the_next_object() -> None:
    bench = Bench()
    bench.stream.put(b"a")
    bench.now += 300
    bench.stream.put(b"b")

    assert [gzip.decompress(content) for content in bench.objects.values()] == [b"a"]
    bench.pass_by(300)
    assert len(bench.objects) == 2


def test_delivery_may_be_late_and_loses_nothing() -> None:
    bench = Bench(late=60, seconds=10)
    bench.stream.put(b"a")
    bench.pass_by(10)
    bench.stream.put(b"b")
    bench.pass_by(59)
    assert (bench.objects, bench.stream.undelivered) == ({}, 2)
    bench.pass_by(1)
    assert len(bench.objects) == 1
    bench.pass_by(10)
    assert len(bench.objects) == 2


def test_a_stream_can_be_as_it_was_so_that_a_test_may_try_what_would_happen() -> None:
    bench = Bench()
    bench.stream.put(b"a")
    kept = bench.stream.memory()
    bench.stream.put(b"b")
    bench.pass_by(300)
    assert bench.stream.undelivered == 0
    bench.stream.remember(kept)
    assert bench.stream.undelivered == 1
    bench.pass_by(0)

    assert sorted(gzip.decompress(content) for content in bench.objects.values()) == [b"a", b"ab"]


@pytest.mark.parametrize("quota", [Quota(2, 1000), Quota(1000, 20)], ids=["requests", "bytes"])
def test_above_its_quota_a_stream_refuses_and_takes_again_a_second_later(quota: Quota) -> None:
    bench = Bench(quota)
    for _ in range(2):
        bench.stream.put(b"0123456789")
    with pytest.raises(RefusedError) as refused:
        bench.stream.put(b"0123456789")
    assert (refused.value.status, refused.value.code) == (500, "ServiceUnavailableException")
    bench.now += 0.5
    bench.stream.put(b"0123456789")
    with pytest.raises(RefusedError):
        bench.stream.put(b"0123456789")

    assert bench.stream.undelivered == 3


def test_a_record_that_is_too_large_is_refused() -> None:
    with pytest.raises(RefusedError, match="ValidationException"):
        Bench().stream.put(bytes(MIB))
