"""The stored events: finding those of one request, telling ours from the operator's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from wizard.aws.bucket_contents import content_of, first_versions, keys_of
from wizard.events import layout
from wizard.events.decode import is_array, raw_of

if TYPE_CHECKING:
    from wizard.aws.client import Aws

# The wizard stores two events of its own (the test phase and the last check), a few more after repairs, and
# those of `send-test`; a bucket with more objects than this is taken for one that holds somebody's events.
MOST_OBJECTS_TO_READ = 200
# Up to so many every object is read, so that those of others can be counted; of more only as many as it takes
# to find one.
MOST_OBJECTS_TO_COUNT = 20

# Where a UUID says how it was made, and what it says there of one that was made of names (RFC 9562).
VERSION_AT, VERSION_OF_NAMES = 14, "5"
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


def marked(event: Mapping[str, Any], deployment_id: str) -> dict[str, Any]:
    """A sample event of the wizard's own, with an `event_id` that says so.

    The id is of this deployment and of all that the event says: a copy with other content, which somebody
    posts as an event of theirs, is none of ours.
    """
    return {**event, "event_id": _mark_of(event, deployment_id)}


def _mark_of(event: Mapping[str, Any], deployment_id: str) -> str:
    said = {name: value for name, value in event.items() if name not in layout.FILLED_IN}
    return str(uuid.uuid5(uuid.UUID(probe_event_id(deployment_id)), json.dumps(said, sort_keys=True)))


def is_ours(event: object, deployment_id: str) -> bool:
    """Whether the wizard itself has sent the event, to prove something or as a sample."""
    if not isinstance(event, dict):
        return False
    event_id = event.get("event_id")
    # Ids that are no digest of names, as most are, need no comparison, which takes most of a reader's time.
    if not isinstance(event_id, str) or event_id[VERSION_AT : VERSION_AT + 1] != VERSION_OF_NAMES:
        return False
    return event_id in (probe_event_id(deployment_id), _mark_of(event, deployment_id))


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


def stream_objects(aws: Aws, bucket: str, sent_at: datetime, known: set[str]) -> Iterator[StoredEvents]:
    """What streams have stored of events that came at `sent_at` or later, and of some before.

    Args:
        known: names of objects that are passed over; what is told is put there.
    """
    first = sent_at - layout.CLOCK_TOLERANCE - layout.LONGEST_BUFFERING
    for key in keys_of(aws, bucket, layout.ROOT, layout.hour_prefix(first)):
        begun = layout.begun_at(key) if layout.is_of_stream(key) and key not in known else None
        if begun is None or begun < first:
            continue
        known.add(key)
        if (stored := read_events(aws, bucket, key)) is not None:
            yield stored


def _keys_since(aws: Aws, bucket: str, sent_at: datetime) -> Iterator[str]:
    """In one listing, whatever hour it is: names have the order of time."""
    first = sent_at - layout.CLOCK_TOLERANCE
    return keys_of(aws, bucket, layout.ROOT, layout.first_key(first, first))


def read_events(aws: Aws, bucket: str, key: str, version_id: str | None = None) -> StoredEvents | None:
    """The events of one object in any of the formats; None when it is gone again.

    Raises:
        ValueError, OSError: the object does not hold events.
    """
    content = content_of(aws, bucket, key, version_id)
    if content is None:
        return None
    raw = raw_of(content)
    if raw is None:
        raise ValueError(f"{key} is no gzip although it begins like one")
    events = json.loads(raw) if is_array(raw.decode()) else [json.loads(line) for line in raw.splitlines()]
    return StoredEvents(bucket, key, events)


def foreign_objects(
    aws: Aws, bucket: str, deployment_id: str, known_probes: Collection[str] = ()
) -> tuple[int, bool]:
    """How many object versions hold anything but the wizard's own test and sample events, and whether there
    are more.

    Versions count, because an event that was deleted in a versioned bucket can still be brought back.
    Where there are more than a handful, all are said to hold somebody's events as soon as one does.

    Args:
        known_probes: names of objects that hold test events, so that they need not be read.
    """
    versions, more = first_versions(aws, bucket)
    if len(versions) > MOST_OBJECTS_TO_READ:
        return len(versions), more
    unread = [(key, version) for key, version in versions if key not in known_probes]
    foreign = (not _holds_ours(aws, bucket, key, version, deployment_id) for key, version in unread)
    if len(versions) > MOST_OBJECTS_TO_COUNT:
        return (len(versions) if any(foreign) else 0), False
    return sum(foreign), False


def _holds_ours(aws: Aws, bucket: str, key: str, version_id: str, deployment_id: str) -> bool:
    """Whether every event of the object is the wizard's own."""
    try:
        stored = read_events(aws, bucket, key, version_id)
    except BotoCoreError:
        raise  # that S3 did not answer says nothing of the object; some of these are OSErrors, too
    except (ValueError, OSError):
        return False
    if stored is None:
        return True
    return bool(stored.events) and all(is_ours(event, deployment_id) for event in stored.events)
