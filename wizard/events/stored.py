"""The stored events: finding those of one request, telling ours from the operator's, emptying a bucket."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from wizard.aws.calls import none_if
from wizard.errors import WizardError
from wizard.events import layout

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef, ObjectIdentifierTypeDef

    from wizard.aws.client import Aws

# The wizard stores two events of its own (the test phase and the last check) and a few more after
# repairs; a bucket with more objects than this surely holds somebody's events.
MOST_OBJECTS_TO_READ = 20
CLOCK_TOLERANCE = timedelta(minutes=6)

PROBE_NAMESPACE = uuid.UUID("5f0b51a2-6f2c-5b0c-9a42-2f5ad1c8a7d1")


# Counting a bucket takes one call for a thousand versions; beyond this "more than" says enough.
MOST_VERSIONS_TO_COUNT = 100_000


@dataclass(frozen=True)
class Contents:
    """What a bucket holds, old versions among it.

    Attributes:
        objects: how many versions of objects; those that only mark a deletion do not count.
        size: bytes of all of them.
        oldest, newest: when they were stored, UTC; None in an empty bucket.
        is_all: False where counting stopped at `MOST_VERSIONS_TO_COUNT`.
    """

    objects: int = 0
    size: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    is_all: bool = True


@dataclass(frozen=True)
class StoredEvents:
    """An object in the bucket and the events in it."""

    bucket: str
    key: str
    events: list[Any]


def probe_event_id(deployment_id: str) -> str:
    """The `event_id` of the events that the wizard itself sends to prove that the deployment works.

    Derived from the deployment's id, so that a rollback knows them even after the state file was lost.
    """
    return str(uuid.uuid5(PROBE_NAMESPACE, deployment_id))


def find_stored(aws: Aws, bucket: str, request_id: str, sent_at: datetime) -> StoredEvents | None:
    """The object that the request stored; None while there is none.

    Args:
        sent_at: a moment before the request, UTC, by the clock of this machine; AWS's may differ by minutes.
    """
    for key in _keys_since(aws, bucket, sent_at):
        if request_id in key:
            return read_events(aws, bucket, key)
    return None


def stored_request_ids(aws: Aws, bucket: str, sent_at: datetime) -> Iterator[str]:
    """The request ids of all objects stored since `sent_at` or a few minutes before, one an object.

    The object's name holds the id, so nothing but names is fetched: one call for a thousand objects.
    """
    for key in _keys_since(aws, bucket, sent_at):
        yield layout.request_id_of(key)


def _keys_since(aws: Aws, bucket: str, sent_at: datetime) -> Iterator[str]:
    first, last = sent_at - CLOCK_TOLERANCE, datetime.now(UTC) + CLOCK_TOLERANCE
    for hour in layout.hours(first, last):
        yield from _keys_in_hour(aws, bucket, hour, first)


def _keys_in_hour(aws: Aws, bucket: str, hour: datetime, first: datetime) -> Iterator[str]:
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=layout.hour_prefix(hour), StartAfter=layout.first_key(hour, first)
    )
    for page in pages:
        for found in page.get("Contents", []):
            yield found["Key"]


def read_events(aws: Aws, bucket: str, key: str, version_id: str | None = None) -> StoredEvents | None:
    """The events of one object in any of the formats; None when it is gone again.

    Raises:
        ValueError, OSError: the object does not hold events.
    """
    request: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
    if version_id:
        request["VersionId"] = version_id
    answer = none_if(("NoSuchKey", "NoSuchVersion", "404"), lambda: aws.s3.get_object(**request))
    if answer is None:
        return None
    content = answer["Body"].read()
    text = gzip.decompress(content) if key.endswith(".gz") else content
    events = [json.loads(line) for line in text.splitlines()] if ".jsonl" in key else json.loads(text)
    return StoredEvents(bucket, key, events)


def foreign_objects(
    aws: Aws, bucket: str, deployment_id: str, known_probes: Collection[str] = ()
) -> tuple[int, bool]:
    """How many object versions hold anything but the wizard's own test events, and whether there are more.

    Versions count, because an event that was deleted in a versioned bucket can still be brought back.
    Only a handful of objects is ever read; a bucket with more is not worth telling apart.

    Args:
        known_probes: names of objects that hold test events, so that they need not be read.
    """
    answer = none_if(("NoSuchBucket",), lambda: aws.s3.list_object_versions(Bucket=bucket))
    if answer is None:
        return 0, False
    versions = [(found["Key"], found["VersionId"]) for found in answer.get("Versions", [])]
    if len(versions) > MOST_OBJECTS_TO_READ:
        return len(versions), bool(answer.get("IsTruncated"))
    unread = [(key, version) for key, version in versions if key not in known_probes]
    ours = probe_event_id(deployment_id)
    return sum(not _is_probe(aws, bucket, key, version, ours) for key, version in unread), False


def contents_of(aws: Aws, bucket: str, most: int = MOST_VERSIONS_TO_COUNT) -> Contents:
    """How much the bucket holds; one that is gone holds nothing.

    Args:
        most: versions after which counting stops, at the end of a page of a thousand.
    """
    found = Contents()
    pages = iter(aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket))
    while page := none_if(("NoSuchBucket",), lambda: next(pages, None)):
        versions = page.get("Versions", [])
        moments = [version["LastModified"] for version in versions]
        found = Contents(
            found.objects + len(versions),
            found.size + sum(version["Size"] for version in versions),
            min((moment for moment in (found.oldest, *moments) if moment), default=None),
            max((moment for moment in (found.newest, *moments) if moment), default=None),
        )
        if found.objects >= most and page.get("IsTruncated"):
            return replace(found, is_all=False)
    return found


def _is_probe(aws: Aws, bucket: str, key: str, version_id: str, probe_id: str) -> bool:
    try:
        stored = read_events(aws, bucket, key, version_id)
    except BotoCoreError:
        raise  # that S3 did not answer says nothing of the object; some of these are OSErrors, too
    except (ValueError, OSError):
        return False
    if stored is None:
        return True
    return isinstance(stored.events, list) and all(
        isinstance(event, dict) and event.get("event_id") == probe_id for event in stored.events
    )


def delete_all_objects(aws: Aws, bucket: str) -> None:
    """Delete every version and delete marker; a bucket that was never versioned has one of each object.

    Raises:
        WizardError: S3 refused to delete some of them.
    """
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed: list[ObjectIdentifierTypeDef] = [
            {"Key": version["Key"], "VersionId": version["VersionId"]} for version in found
        ]
        if doomed:
            answer = aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
            _raise_on_refusals(bucket, answer.get("Errors", []))


def _raise_on_refusals(bucket: str, refusals: list[Any]) -> None:
    if refusals:
        first = refusals[0]
        raise WizardError(
            what=f"S3 did not delete {len(refusals)} objects of {bucket}.",
            why=f"The first is {first.get('Key')}: {first.get('Code')}.",
            next_step="Look for a bucket policy or object lock, then run `eventtrack-wizard rollback` again.",
        )
