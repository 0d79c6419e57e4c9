"""Firehose: what a stream has taken is in S3 minutes later, and what it must not take it refuses."""

from __future__ import annotations

import base64
import threading
import time

from botocore.exceptions import ClientError

from tests.aws.firehose import MIB, DeliveryStream, Quota, RefusedError, configuration_of, quota_in

from ..calls import Call
from ..messages import Answer, json_answer
from ..world import World
from .base import Behaviour, refusal

DESTINATIONS = {
    "CreateDeliveryStream": "ExtendedS3DestinationConfiguration",
    "UpdateDestination": "ExtendedS3DestinationUpdate",
}


class StreamsBuffer(Behaviour):
    """PutRecord as `tests.aws.firehose` has it, by each stream's own buffering, prefix and compression.

    The emulator stores each record at once and as it is, and never tells a stream's file extension again:
    it is that which was given through the double. What is due is delivered with the next call of any kind.
    Deleting a stream deletes what it has not delivered:
    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeleteDeliveryStream.html

    Args:
        quota: of each stream; None: what its region has.
        late: seconds from the end of a buffer to its object.
        most: bytes that end a buffer earlier than the stream's own size does, which is a hint.
        extension: of streams that were not made through the double.
    """

    def __init__(
        self, quota: Quota | None = None, late: float = 0.0, most: int = 128 * MIB, extension: str = ""
    ) -> None:
        self.quota = quota
        self.late = late
        self.most = most
        self.extension = extension
        self.streams: dict[tuple[str, str], DeliveryStream] = {}
        self._extensions: dict[tuple[str, str], str] = {}
        self._known: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def deliver(self) -> None:
        """Store what is due now."""
        for stream in list(self.streams.values()):
            stream.advance()

    def before(self, call: Call, world: World) -> Answer | None:
        self.deliver()
        if call.name != "firehose.PutRecord":
            return None
        name = str(call.parameters.get("DeliveryStreamName"))
        try:
            stream = self._stream(call.scope.region, name, world)
            stream.put(base64.b64decode(call.parameters["Record"]["Data"]))
        except ClientError as error:
            said = error.response["Error"]
            return refusal(call, 400, said["Code"], said["Message"])
        except RefusedError as refused:
            return refusal(call, refused.status, refused.code, refused.message)
        call.executed = True
        return json_answer(200, {"RecordId": f"record-{call.number}", "Encrypted": False})

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.service != "firehose" or not answer.succeeded:
            return answer
        self._known.clear()
        key = call.scope.region, str(call.parameters.get("DeliveryStreamName"))
        if call.operation == "DeleteDeliveryStream":
            self.streams.pop(key, None)
        given = call.parameters.get(DESTINATIONS.get(call.operation, ""), {})
        if "FileExtension" in given:
            self._extensions[key] = str(given["FileExtension"])
        if call.operation != "DescribeDeliveryStream" or key not in self._extensions:
            return answer
        document = answer.json
        for destination in document["DeliveryStreamDescription"]["Destinations"]:
            destination["ExtendedS3DestinationDescription"]["FileExtension"] = self._extensions[key]
        return json_answer(200, document)

    def _stream(self, region: str, name: str, world: World) -> DeliveryStream:
        """Described anew after every other call to Firehose: it may have been changed, or deleted."""
        if (region, name) in self._known:
            return self.streams[region, name]
        described = world.firehose(region).describe_delivery_stream(DeliveryStreamName=name)
        (destination,) = described["DeliveryStreamDescription"]["Destinations"]
        stored = destination["ExtendedS3DestinationDescription"]
        extension = {"FileExtension": self._extensions.get((region, name), self.extension)}
        configuration = configuration_of({**stored, **extension}, self.late, self.most)
        with self._lock:
            known = self.streams.get((region, name))
            if known is None:
                begun = time.time() - world.clock.now()
                bucket = stored["BucketARN"].rpartition(":")[2]
                known = self.streams[region, name] = DeliveryStream(
                    name,
                    configuration,
                    lambda key, content: _store(world, region, bucket, key, content),
                    lambda: begun + world.clock.now(),
                    self.quota or quota_in(region),
                )
            known.configuration = configuration
            self._known.add((region, name))
        return known


def _store(world: World, region: str, bucket: str, key: str, content: bytes) -> None:
    world.s3(region).put_object(Bucket=bucket, Key=key, Body=content)
