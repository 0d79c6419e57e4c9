"""Below the phases, for buffered ingest: the streams of Firehose, and the function's right to use them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, TypedDict

from wizard.aws import policies
from wizard.aws.calls import answered_at, none_if
from wizard.aws.rule import Wait
from wizard.events.layout import LONGEST_BUFFERING, STREAM_ERRORS, STREAM_PREFIX
from wizard.resources.base import OWNER_TAG, Deployment
from wizard.resources.delivery import (
    LOG_STREAM,
    delivery_log_group_name,
    delivery_role_arn,
)
from wizard.resources.role import InlinePolicy
from wizard.resources.tagged import DesiredTags, TaggedResource, as_list, from_list, to_put, to_take_off
from wizard.settings.table import MOST_STREAMS
from wizard.state.model import Facts

GONE = ("ResourceNotFoundException",)
# An object of 64 MB before compression: few, and none too large for a reader of one.
BUFFER_MB = 64
EXTENSION = ".jsonl.gz"
# What Firehose may need beyond the buffer's time; it treats that as a hint.
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html
DELIVERY_SECONDS = 60
# Each change of a stream gives it another one.
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html
FIRST_VERSION = "1"
DELIVERS = "the streams deliver first what they have buffered"
NUMBERS = range(1, MOST_STREAMS + 1)


class StreamFacts(TypedDict):
    """`logging` is group and stream of its log lines, None where it is off; a change has to name `version`
    and `destination_id`. `holds_seconds`: so long it may still buffer what it has. MB of 1024² bytes."""

    name: str
    arn: str
    status: str
    failure: str | None
    version: str
    destination_id: str
    role: str | None
    bucket: str | None
    prefix: str | None
    error_prefix: str | None
    buffer_seconds: int | None
    holds_seconds: int
    buffer_mb: int | None
    compression: str | None
    extension: str | None
    time_zone: str
    processing: bool
    logging: str | None
    owner: str | None
    tags: dict[str, str]


def stream_name(at: Deployment, number: int) -> str:
    """A stream's name. The dot is in no deployment's name, so `name.*` is the streams of one."""
    return f"{at.identity.name}.{number}"


def stream_names(at: Deployment) -> list[str]:
    """The streams that the function hands events to; none where it stores them itself."""
    return [stream_name(at, number) for number in NUMBERS if _is_desired(at, number)]


def stream_key(number: int) -> str:
    """The stream's key in the state file."""
    return f"buffer.stream.{number}"


STREAM_KEYS = tuple(map(stream_key, NUMBERS))


def _is_desired(at: Deployment, number: int) -> bool:
    return at.settings.is_buffered and number <= at.settings.streams


def stream_arn(at: Deployment, number: int) -> str:
    """A stream's ARN, known before the stream stands."""
    place, name = at.identity, stream_name(at, number)
    return f"arn:{place.partition}:firehose:{place.region}:{place.account}:deliverystream/{name}"


class Stream(TaggedResource[StreamFacts]):
    """One stream, which stores what the function puts into it as few, compressed objects in the bucket.

    One that is being deleted counts as gone: that may take minutes, and AWS advises not to wait for it.
    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeleteDeliveryStream.html
    """

    # The bucket: it is emptied when no stream writes any more.
    needs: ClassVar[tuple[str, ...]] = (
        "bucket", "buffer.role", "buffer.policy", "buffer.log_group.retention", "buffer.log_group.stream",
    )  # fmt: skip
    # What stood there before stores other things elsewhere.
    adoptable = False
    labels = {
        "role": "the stream's role",
        "bucket": "the stream's bucket",
        "prefix": "the stream's prefix",
        "error_prefix": "the stream's prefix for what it cannot store",
        "buffer_seconds": "the stream's buffer in seconds",
        "buffer_mb": "the stream's buffer in MB",
        "compression": "the stream's compression",
        "extension": "the file extension of the stream's objects",
        "time_zone": "the time zone of the stream's prefix",
        "processing": "processing in the stream",
        "logging": "the stream's log",
        "failure": "Firehose could not make the stream",
    }
    actions = {
        "streams": (
            "firehose:CreateDeliveryStream", "firehose:DeleteDeliveryStream",
            "firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream",
            "firehose:TagDeliveryStream", "firehose:UntagDeliveryStream", "firehose:UpdateDestination",
        ),
        "delivery role": ("iam:PassRole",),
        "account": ("firehose:ListDeliveryStreams",),
    }  # fmt: skip

    def __init__(self, number: int) -> None:
        self.number = number
        self.key = stream_key(number)

    def name(self, at: Deployment) -> str:
        """Its name, unique in the region."""
        return stream_name(at, self.number)

    def title(self, at: Deployment) -> str:
        return f"stream {self.name(at)}"

    def desired(self, at: Deployment) -> Facts | None:
        if not _is_desired(at, self.number):
            return None
        return {
            "role": delivery_role_arn(at),
            "bucket": f"arn:{at.identity.partition}:s3:::{at.settings.bucket_name}",
            "prefix": STREAM_PREFIX,
            "error_prefix": STREAM_ERRORS,
            "buffer_seconds": at.settings.buffer_seconds,
            "buffer_mb": BUFFER_MB,
            "compression": "GZIP",
            "extension": EXTENSION,
            "time_zone": "UTC",
            "processing": False,
            "logging": f"{delivery_log_group_name(at)}:{LOG_STREAM}",
            "failure": None,
            "tags": at.desired_tags,
        }

    def read(self, at: Deployment) -> StreamFacts | None:
        name, firehose = self.name(at), at.aws.firehose
        answer = none_if(GONE, lambda: firehose.describe_delivery_stream(DeliveryStreamName=name))
        if answer is None or answer["DeliveryStreamDescription"]["DeliveryStreamStatus"] == "DELETING":
            return None
        tagged = none_if(GONE, lambda: firehose.list_tags_for_delivery_stream(DeliveryStreamName=name))
        if tagged is None:
            return None
        facts = _facts(answer["DeliveryStreamDescription"], from_list(tagged["Tags"]), answered_at(answer))
        # MiniStack, which the local AWS is, takes the extension and never tells it.
        return {**facts, "extension": facts["extension"] or (EXTENSION if at.identity.is_emulated else None)}

    def find(self, at: Deployment) -> StreamFacts | None:
        """One list tells which of them there are."""
        first, most = f"{at.identity.name}.", 10 * MOST_STREAMS
        ask = at.aws.firehose.list_delivery_streams
        answer = at.answers.once(
            "firehose.ListDeliveryStreams", lambda: ask(ExclusiveStartDeliveryStreamName=first, Limit=most)
        )
        return self.read(at) if self.name(at) in answer["DeliveryStreamNames"] else None

    def not_ready(self, observed: StreamFacts) -> str | None:
        """A stream is made in the background, mostly within a minute."""
        return "Firehose is still making the stream" if observed["status"] == "CREATING" else None

    def failure(self, observed: StreamFacts) -> str | None:
        return observed["failure"]

    def must_recreate(self, desired: Facts, observed: StreamFacts) -> bool:
        """AWS makes no second attempt at what has failed."""
        return observed["failure"] is not None

    def sentence(self, name: str, desired: object, found: object) -> str:
        if name == "failure":
            return f"{self.labels[name]}: {found}"
        return super().sentence(name, desired, found)

    def create(self, at: Deployment, desired: Facts) -> StreamFacts | None:
        """AWS goes on in the background: what has come of it must be read."""
        at.aws.firehose.create_delivery_stream(
            DeliveryStreamName=self.name(at),
            DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration=destination(desired),
            Tags=as_list(at.tags),
        )
        return None

    def change(
        self, at: Deployment, desired: Facts, observed: StreamFacts, difference: frozenset[str]
    ) -> bool:
        """The whole destination; events are taken meanwhile. The answer does not tell the new version."""
        at.aws.firehose.update_destination(
            DeliveryStreamName=observed["name"],
            CurrentDeliveryStreamVersionId=observed["version"],
            DestinationId=observed["destination_id"],
            ExtendedS3DestinationUpdate=destination(desired),
        )
        return False

    def change_tags(self, at: Deployment, observed: StreamFacts, changes: DesiredTags) -> None:
        firehose, name = at.aws.firehose, observed["name"]
        if tags := to_put(changes):
            firehose.tag_delivery_stream(DeliveryStreamName=name, Tags=as_list(tags))
        if keys := to_take_off(changes):
            firehose.untag_delivery_stream(DeliveryStreamName=name, TagKeys=keys)

    def delivers_first(self, at: Deployment, observed: StreamFacts) -> Wait | None:
        """A deleted stream need not deliver what it has buffered: the buffer's time, the longest request that
        may still be on its way to it, and what Firehose needs itself. Emulators buffer nothing."""
        if observed["status"] != "ACTIVE" or at.identity.is_emulated:
            return None
        return Wait(DELIVERS, observed["holds_seconds"] + at.settings.timeout_seconds + DELIVERY_SECONDS)

    def delete(self, at: Deployment, observed: StreamFacts) -> None:
        name = observed["name"]
        none_if(GONE, lambda: at.aws.firehose.delete_delivery_stream(DeliveryStreamName=name))

    def settings_from(self, observed: StreamFacts) -> dict[str, object]:
        seconds = observed["buffer_seconds"]
        return {} if seconds is None else {"buffer_seconds": seconds}


def destination(desired: Facts) -> Any:
    """As CreateDeliveryStream and UpdateDestination take it; the bucket's own encryption does."""
    group, _, stream = desired["logging"].rpartition(":")
    return {
        "RoleARN": desired["role"],
        "BucketARN": desired["bucket"],
        "Prefix": desired["prefix"],
        "ErrorOutputPrefix": desired["error_prefix"],
        "BufferingHints": {
            "SizeInMBs": desired["buffer_mb"],
            "IntervalInSeconds": desired["buffer_seconds"],
        },
        "CompressionFormat": desired["compression"],
        "FileExtension": desired["extension"],
        "CustomTimeZone": desired["time_zone"],
        "ProcessingConfiguration": {"Enabled": desired["processing"]},
        "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": group, "LogStreamName": stream},
    }


def _facts(stream: Any, tags: dict[str, str], now: datetime) -> StreamFacts:
    """A stream has one destination; ours is an extended one of S3."""
    to: Any = next(iter(stream.get("Destinations", ())), {})
    s3 = to.get("ExtendedS3DestinationDescription", {})
    buffer, log = s3.get("BufferingHints", {}), s3.get("CloudWatchLoggingOptions", {})
    return {
        "name": stream["DeliveryStreamName"],
        "arn": stream["DeliveryStreamARN"],
        "status": stream["DeliveryStreamStatus"],
        "failure": _failure(stream),
        "version": stream.get("VersionId", ""),
        "destination_id": to.get("DestinationId", ""),
        "role": s3.get("RoleARN"),
        "bucket": s3.get("BucketARN"),
        "prefix": s3.get("Prefix"),
        "error_prefix": s3.get("ErrorOutputPrefix"),
        "buffer_seconds": buffer.get("IntervalInSeconds"),
        "holds_seconds": _holds_seconds(stream, buffer.get("IntervalInSeconds") or 0, now),
        "buffer_mb": buffer.get("SizeInMBs"),
        "compression": s3.get("CompressionFormat"),
        "extension": s3.get("FileExtension"),
        "time_zone": s3.get("CustomTimeZone") or "UTC",
        "processing": bool(s3.get("ProcessingConfiguration", {}).get("Enabled")),
        "logging": f"{log.get('LogGroupName')}:{log.get('LogStreamName')}" if log.get("Enabled") else None,
        "owner": tags.get(OWNER_TAG),
        "tags": tags,
    }


def _holds_seconds(stream: Any, buffer_seconds: int, now: datetime) -> int:
    """What a changed stream took before the change may be held for as long as its former buffer said, which
    nothing tells any more. Each change has another version."""
    changed = stream.get("LastUpdateTimestamp")
    if changed is None or stream.get("VersionId") == FIRST_VERSION or changed + LONGEST_BUFFERING <= now:
        return buffer_seconds
    return int(LONGEST_BUFFERING.total_seconds())


def _failure(stream: Any) -> str | None:
    """Why Firehose could not make or delete it; None when it could."""
    if not str(stream["DeliveryStreamStatus"]).endswith("FAILED"):
        return None
    said = stream.get("FailureDescription", {})
    return str(said.get("Details") or said.get("Type") or "it gives no reason")


class PutRight(InlinePolicy):
    """The function's right to hand events to exactly these streams, beside the documented policy."""

    key = "buffer.right"
    labels = {"document": "the inline policy for the streams"}

    def name(self, at: Deployment) -> str:
        return "HandEventsToStreams"

    def title(self, at: Deployment) -> str:
        return f"inline policy {self.name(at)}"

    def desired(self, at: Deployment) -> Facts | None:
        arns = [stream_arn(at, number) for number in NUMBERS if _is_desired(at, number)]
        return {"document": policies.put_records(arns)} if arns else None
