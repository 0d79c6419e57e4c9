"""Stored events: found by their request, told from the operator's, emptied with every version."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.aws.in_process import Account, Workspace
from wizard.aws.bucket_contents import delete_all_objects
from wizard.aws.objects import ObjectWriter
from wizard.errors import WizardError
from wizard.events import stored as objects
from wizard.phases import PHASES
from wizard.resources.base import Deployment

REQUEST = "0f9a"


@pytest.fixture
def at(workspace: Workspace) -> Deployment:
    """A deployment whose bucket stands, empty."""
    return workspace.apply(phases=PHASES[:1]).at


@pytest.fixture
def bucket(workspace: Workspace) -> str:
    return workspace.settings.bucket_name


def store(
    account: Account, bucket: str, moment: datetime, request: str = REQUEST, suffix: str = "json"
) -> str:
    """As the handler stores."""
    nanoseconds = int(moment.timestamp() * 1_000_000_000)
    key = f"events/{moment:year=%Y/month=%m/day=%d/hour=%H}/events_{nanoseconds}_{request}.{suffix}"
    events = [{"event_id": "1"}, {"event_id": "2"}]
    text = json.dumps(events) if suffix == "json" else "\n".join(map(json.dumps, events))
    content = gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode()
    account.look.s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key


@pytest.mark.parametrize("suffix", ["json", "jsonl", "jsonl.gz"])
def test_the_events_of_a_request_are_found_in_every_format(
    account: Account, at: Deployment, bucket: str, suffix: str
) -> None:
    moment = datetime.now(UTC)
    store(account, bucket, moment, "another")
    key = store(account, bucket, moment, suffix=suffix)
    stored = objects.find_stored(at.aws, bucket, REQUEST, moment)
    assert stored is not None
    assert stored.key == key
    assert [event["event_id"] for event in stored.events] == ["1", "2"]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_that_differs_by_minutes_does_not_hide_them_even_over_the_hour(
    account: Account, at: Deployment, bucket: str, minutes: int
) -> None:
    now = datetime.now(UTC)
    store(account, bucket, now + timedelta(minutes=minutes))
    assert objects.find_stored(at.aws, bucket, REQUEST, now) is not None


@pytest.mark.parametrize("minutes", [0, 30, 90])
def test_one_listing_finds_it_over_the_hour_too_so_that_a_run_at_full_hour_makes_no_other_calls(
    account: Account, at: Deployment, bucket: str, minutes: int
) -> None:
    now = datetime.now(UTC)
    key = store(account, bucket, now)
    account.calls.clear()
    stored = objects.find_stored(at.aws, bucket, REQUEST, now - timedelta(minutes=minutes))
    assert stored is not None and stored.key == key
    assert account.calls.names() == ["s3.ListObjectsV2", "s3.GetObject"]


def test_a_request_that_stored_nothing_is_not_found(account: Account, at: Deployment, bucket: str) -> None:
    now = datetime.now(UTC)
    store(account, bucket, now, "another")
    assert objects.find_stored(at.aws, bucket, REQUEST, now) is None


def put(account: Account, bucket: str, key: str, events: Any) -> None:
    content = events if isinstance(events, bytes) else json.dumps(events).encode()
    account.look.s3.put_object(Bucket=bucket, Key=key, Body=content)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ([{"event_id": "PROBE"}], 0),
        ([{"event_id": "PROBE"}, {"event_id": "PROBE"}], 0),
        ([{"event_id": "PROBE"}, {"event_id": "a client's"}], 1),
        ([{"event_id": "a client's"}], 1),
        ([{}], 1),
        ([1], 1),
        ({"event_id": "PROBE"}, 0),
        (b"not json", 1),
        (b"\xff\xfe", 1),
        (b"", 1),
    ],
)
def test_whatever_is_not_surely_our_own_test_event_counts_as_the_operators(
    account: Account, at: Deployment, bucket: str, content: Any, count: int
) -> None:
    if not isinstance(content, bytes):
        content = json.dumps(content).replace("PROBE", objects.probe_event_id(at.identity.id)).encode()
    put(account, bucket, "events/a.json", content)
    found, _more = objects.foreign_objects(at.aws, bucket, at.identity.id)
    assert found == count


def test_an_empty_bucket_and_one_that_is_gone_hold_nothing(at: Deployment, bucket: str) -> None:
    assert objects.foreign_objects(at.aws, bucket, at.identity.id) == (0, False)
    assert objects.foreign_objects(at.aws, "no-such-bucket", at.identity.id) == (0, False)


def test_the_test_events_of_another_deployment_are_not_ours(
    account: Account, at: Deployment, bucket: str
) -> None:
    put(account, bucket, "events/a.json", [{"event_id": objects.probe_event_id("another-1")}])
    assert objects.foreign_objects(at.aws, bucket, at.identity.id)[0] == 1


def test_a_bucket_with_many_objects_is_not_read_one_by_one(
    account: Account, at: Deployment, bucket: str
) -> None:
    for number in range(objects.MOST_OBJECTS_TO_READ + 1):
        put(account, bucket, f"events/{number}.json", [1])
    account.calls.clear()
    assert objects.foreign_objects(at.aws, bucket, at.identity.id)[0] == objects.MOST_OBJECTS_TO_READ + 1
    assert account.calls.names() == ["s3.ListObjectVersions"]


def test_of_some_objects_only_as_many_are_read_as_it_takes_to_find_one_that_is_not_ours(
    account: Account, at: Deployment, bucket: str
) -> None:
    many = objects.MOST_OBJECTS_TO_COUNT + 5
    for number in range(many):
        put(account, bucket, f"events/{number:03}.json", [objects.marked({"number": number}, at.identity.id)])
    assert objects.foreign_objects(at.aws, bucket, at.identity.id) == (0, False), "a long `send-test --count`"

    put(account, bucket, "events/001a.json", [{"number": 1}])
    account.calls.clear()
    assert objects.foreign_objects(at.aws, bucket, at.identity.id) == (many + 1, False)
    assert account.calls.names() == ["s3.ListObjectVersions", *["s3.GetObject"] * 3]


def test_a_bucket_is_emptied_of_versions_and_delete_markers(
    account: Account, at: Deployment, bucket: str
) -> None:
    account.look.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        put(account, bucket, "a", [number])
    account.look.s3.delete_object(Bucket=bucket, Key="a")
    delete_all_objects(at.aws, bucket)
    left = account.look.s3.list_object_versions(Bucket=bucket)
    assert "Versions" not in left
    assert "DeleteMarkers" not in left


def test_objects_that_s3_asks_to_delete_once_more_are_no_failure(
    account: Account, at: Deployment, bucket: str
) -> None:
    put(account, bucket, "busy", [1])
    answers = iter(("SlowDown", "InternalError"))

    def refuse(answer: Any) -> None:
        if code := next(answers, None):
            answer["Errors"] = [{"Key": "gone", "Code": "AccessDenied"}, {"Key": "busy", "Code": code}]

    account.calls.alter("s3.DeleteObjects", refuse)
    ObjectWriter(at.aws, bucket).delete_all(["busy"])
    assert account.calls.names().count("s3.DeleteObjects") == 3


def test_objects_that_s3_does_not_delete_are_an_error_although_it_answers_200(
    account: Account, at: Deployment, bucket: str
) -> None:
    put(account, bucket, "locked", [1])

    def refuse(answer: Any) -> None:
        answer["Errors"] = [{"Key": "locked", "Code": "AccessDenied"}]

    account.calls.alter("s3.DeleteObjects", refuse)
    with pytest.raises(WizardError, match="locked: AccessDenied"):
        delete_all_objects(at.aws, bucket)
