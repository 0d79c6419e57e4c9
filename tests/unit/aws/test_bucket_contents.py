"""How much a bucket holds, before somebody agrees to lose it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.aws.in_process import Account, FakeClock
from wizard.aws.bucket_contents import Contents, contents_of
from wizard.ui.rollback_table import doomed_events
from wizard.ui.text import size


@pytest.fixture
def bucket(account: Account) -> str:
    """A versioned bucket: two objects, one of them stored twice and then deleted."""
    s3 = account.look.s3
    s3.create_bucket(Bucket="shop-events")
    s3.put_bucket_versioning(Bucket="shop-events", VersioningConfiguration={"Status": "Enabled"})
    for key, body in (("a", b"12345"), ("a", b"123"), ("b", b"12")):
        s3.put_object(Bucket="shop-events", Key=key, Body=body)
    s3.delete_object(Bucket="shop-events", Key="a")
    return "shop-events"


def test_old_versions_count_because_they_are_lost_too(account: Account, bucket: str) -> None:
    found = contents_of(account.aws(FakeClock()), bucket)
    assert (found.objects, found.size, found.is_all) == (3, 10, True)
    assert found.oldest is not None
    assert found.newest is not None
    assert found.oldest <= found.newest


@pytest.mark.parametrize("bucket", ["empty", "gone"])
def test_a_bucket_without_anything_or_that_is_gone_holds_nothing(account: Account, bucket: str) -> None:
    account.look.s3.create_bucket(Bucket="empty")
    assert contents_of(account.aws(FakeClock()), bucket) == Contents()


def test_counting_a_huge_bucket_ends_at_some_point(account: Account) -> None:
    account.look.s3.create_bucket(Bucket="huge")
    for number in range(1001):
        account.look.s3.put_object(Bucket="huge", Key=f"{number:04}", Body=b"x")
    found = contents_of(account.aws(FakeClock()), "huge", most=1000)
    assert (found.objects, found.is_all) == (1000, False)
    assert doomed_events(found).startswith("Permanently deletes more than 1,000 objects, 1.0 KB, oldest 20")


def test_the_sentence_says_what_is_lost_in_numbers() -> None:
    first, last = datetime(2026, 1, 2, 3, 4, tzinfo=UTC), datetime(2026, 11, 12, 13, 14, tzinfo=UTC)
    assert doomed_events(Contents(12_340, 1_234_567_890, first, last)) == (
        "Permanently deletes 12,340 objects, 1.2 GB,"
        " oldest 2026-01-02 03:04 UTC, newest 2026-11-12 13:14 UTC."
    )
    assert "deletes 1 object, 7 bytes" in doomed_events(Contents(1, 7, first, first))


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (999_960, "1.0 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_said_in_the_unit_that_people_use(count: int, words: str) -> None:
    assert size(count) == words
