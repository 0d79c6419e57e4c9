"""The stored events: finding those of one request, telling ours from the operator's, emptying a bucket."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from wizard.aws.calls import none_if
from wizard.errors import WizardError
from wizard.resources.base import Context

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef, ObjectIdentifierTypeDef

# The wizard stores two events of its own (the test phase and the last check) and a few more after
# repairs; a bucket with more objects than this surely holds somebody's events.
MOST_OBJECTS_TO_READ = 20
CLOCK_TOLERANCE = timedelta(minutes=6)

PROBE_NAMESPACE = uuid.UUID("5f0b51a2-6f2c-5b0c-9a42-2f5ad1c8a7d1")


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


def find_stored(context: Context, bucket: str, request_id: str, sent_at: datetime) -> StoredEvents | None:
    """The object that the request stored; None while there is none.

    Args:
        sent_at: a moment before the request, UTC, by the clock of this machine; AWS's may differ by minutes.
    """
    for key in _keys_since(context, bucket, sent_at):
        if request_id in key:
            return read_events(context, bucket, key)
    return None


def stored_request_ids(context: Context, bucket: str, sent_at: datetime) -> Iterator[str]:
    """The request ids of all objects stored since `sent_at` or a few minutes before, one an object.

    The object's name holds the id, so nothing but names is fetched: one call for a thousand objects.
    """
    for key in _keys_since(context, bucket, sent_at):
        yield key.rpartition("/")[2].partition(".")[0].rpartition("_")[2]


def _keys_since(context: Context, bucket: str, sent_at: datetime) -> Iterator[str]:
    first, last = sent_at - CLOCK_TOLERANCE, datetime.now(UTC) + CLOCK_TOLERANCE
    hour = first.replace(minute=0, second=0, microsecond=0)
    while hour <= last:
        yield from _keys_in_hour(context, bucket, hour, first)
        hour += timedelta(hours=1)


def _keys_in_hour(context: Context, bucket: str, hour: datetime, first: datetime) -> Iterator[str]:
    prefix = f"events/year={hour.year}/month={hour.month:02d}/day={hour.day:02d}/hour={hour.hour:02d}/"
    start_after = f"{prefix}events_{int(first.timestamp() * 1_000_000_000)}"
    pages = context.aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, StartAfter=start_after
    )
    for page in pages:
        for found in page.get("Contents", []):
            yield found["Key"]


def read_events(
    context: Context, bucket: str, key: str, version_id: str | None = None
) -> StoredEvents | None:
    """The events of one object in any of the formats; None when it is gone again.

    Raises:
        ValueError, OSError: the object does not hold events.
    """
    request: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
    if version_id:
        request["VersionId"] = version_id
    answer = none_if(("NoSuchKey", "NoSuchVersion", "404"), lambda: context.aws.s3.get_object(**request))
    if answer is None:
        return None
    content = answer["Body"].read()
    text = gzip.decompress(content) if key.endswith(".gz") else content
    events = [json.loads(line) for line in text.splitlines()] if ".jsonl" in key else json.loads(text)
    return StoredEvents(bucket, key, events)


def foreign_objects(context: Context, bucket: str) -> tuple[int, bool]:
    """How many object versions hold anything but the wizard's own test events, and whether there are more.

    Versions count, because an event that was deleted in a versioned bucket can still be brought back.
    Only a handful of objects is ever read; a bucket with more is not worth telling apart.
    """
    answer = none_if(("NoSuchBucket",), lambda: context.aws.s3.list_object_versions(Bucket=bucket))
    if answer is None:
        return 0, False
    versions = [(found["Key"], found["VersionId"]) for found in answer.get("Versions", [])]
    if len(versions) > MOST_OBJECTS_TO_READ:
        return len(versions), bool(answer.get("IsTruncated"))
    return sum(not _is_probe(context, bucket, key, version) for key, version in versions), False


def _is_probe(context: Context, bucket: str, key: str, version_id: str) -> bool:
    try:
        stored = read_events(context, bucket, key, version_id)
    except BotoCoreError:
        raise  # that S3 did not answer says nothing of the object; some of these are OSErrors, too
    except (ValueError, OSError):
        return False
    if stored is None:
        return True
    ours = probe_event_id(context.identity.id)
    return isinstance(stored.events, list) and all(
        isinstance(event, dict) and event.get("event_id") == ours for event in stored.events
    )


def delete_all_objects(context: Context, bucket: str) -> None:
    """Delete every version and delete marker; a bucket that was never versioned has one of each object.

    Raises:
        WizardError: S3 refused to delete some of them.
    """
    pages = context.aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed: list[ObjectIdentifierTypeDef] = [
            {"Key": version["Key"], "VersionId": version["VersionId"]} for version in found
        ]
        if doomed:
            answer = context.aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
            _raise_on_refusals(bucket, answer.get("Errors", []))


def _raise_on_refusals(bucket: str, refusals: list[Any]) -> None:
    if refusals:
        first = refusals[0]
        raise WizardError(
            what=f"S3 did not delete {len(refusals)} objects of {bucket}.",
            why=f"The first is {first.get('Key')}: {first.get('Code')}.",
            next_step="Look for a bucket policy or object lock, then run `eventtrack-wizard rollback` again.",
        )
