"""When a token was last used, by what is stored; and how far that is known."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.events.buckets import Bucket
from wizard.aws.objects import StoredObject
from wizard.events.stored import marked, probe_event_id
from wizard.tokens.use import Use, uses

DEPLOYMENT = "shop.eu-central-1.0a1b2c3d"
NOW = datetime(2027, 1, 1, 0, 20, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@pytest.fixture
def bucket() -> Bucket:
    """Events of three clients, one of them too long ago."""
    bucket = Bucket()
    bucket.put(ago(hours=24, minutes=1), "old", label="web")
    bucket.put(ago(hours=25), "old", label="gone")
    bucket.put(ago(hours=23), "a", "b", label="web")
    bucket.put(ago(hours=1), "c", label="app")
    bucket.put(ago(minutes=5), "d", label="web")
    return bucket


def test_events_are_counted_by_label_and_the_last_one_tells_when_it_was_used(bucket: Bucket) -> None:
    found = uses(bucket, NOW, DEPLOYMENT)

    assert found.by_label == {"web": Use(3, ago(minutes=5)), "app": Use(1, ago(hours=1))}
    assert (found.since, found.is_all) == (ago(hours=24), True)


def test_what_the_wizard_sends_to_prove_that_a_token_is_in_force_is_no_use_of_it(bucket: Bucket) -> None:
    key = bucket.put(ago(minutes=1), "test_event", label="new")
    proof, sample = {"event_id": probe_event_id(DEPLOYMENT)}, marked({"event_name": "x"}, DEPLOYMENT)
    content = json.dumps([proof, sample, {"event_id": "of a client"}]).encode()
    bucket.contents[key] = StoredObject(key, content, "new")

    assert uses(bucket, NOW, DEPLOYMENT).by_label["new"].events == 1
    assert uses(bucket, NOW, "another deployment").by_label["new"].events == 3


def test_events_of_a_stream_count_for_the_client_that_each_names_at_their_own_time() -> None:
    bucket = Bucket()
    bucket.put_of_stream(
        (ago(hours=24, minutes=5), "too old", "web"),
        (ago(hours=23, minutes=55), "a", "web"),
        (ago(hours=23, minutes=50), "b", "app"),
    )

    found = uses(bucket, NOW, DEPLOYMENT)

    assert found.by_label == {
        "web": Use(1, ago(hours=23, minutes=55)),
        "app": Use(1, ago(hours=23, minutes=50)),
    }


def test_an_object_of_a_stream_that_was_begun_in_the_hour_before_the_day_may_hold_events_of_it() -> None:
    bucket = Bucket()
    after_midnight = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)
    day_ago = after_midnight - timedelta(days=1)
    late = day_ago + timedelta(minutes=2)
    bucket.put_of_stream((day_ago - timedelta(minutes=8), "too old", "web"), (late, "a", "web"))

    assert uses(bucket, after_midnight, DEPLOYMENT).by_label == {"web": Use(1, late)}


def test_what_does_not_say_when_it_came_is_not_said_to_be_of_today(bucket: Bucket) -> None:
    key = "events/year=2027/month=01/day=01/hour=00/somebodys.json"
    bucket.contents[key] = StoredObject(key, json.dumps([{"event_name": "x"}]).encode(), "web")

    assert uses(bucket, NOW, DEPLOYMENT).by_label["web"].events == 3


def test_of_too_many_objects_the_newest_are_read_and_it_says_from_when_on(bucket: Bucket) -> None:
    found = uses(bucket, NOW, DEPLOYMENT, most_objects=2)

    assert found.by_label == {"web": Use(1, ago(minutes=5)), "app": Use(1, ago(hours=1))}
    assert (found.since, found.is_all) == (ago(hours=1), False)
    assert len(bucket.fetched) == 2


def test_of_too_many_bytes_as_well(bucket: Bucket) -> None:
    found = uses(bucket, NOW, DEPLOYMENT, most_bytes=5)

    assert found.by_label == {"web": Use(1, ago(minutes=5))}
    assert (found.since, found.is_all) == (ago(minutes=5), False)


def test_behind_an_object_of_a_stream_is_its_hour_which_may_not_have_been_read() -> None:
    bucket = Bucket()
    bucket.put(ago(minutes=90), "unread", label="web")
    bucket.put_of_stream((ago(minutes=85), "a", "web"))

    found = uses(bucket, NOW, DEPLOYMENT, most_objects=1)

    assert found.since == datetime(2026, 12, 31, 23, 15, tzinfo=UTC)


def test_an_empty_bucket_has_seen_nobody() -> None:
    found = uses(Bucket(), NOW, DEPLOYMENT)

    assert (found.by_label, found.is_all) == ({}, True)
