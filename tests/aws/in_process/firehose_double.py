"""Firehose between the function and S3: streams that take time to come, to deliver and to go."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.aws.firehose import DeliveryStream, configuration_of
from wizard.aws.client import Aws

from .moto_gaps import Answered

IN_USE = "Firehose {} is still being made or deleted"


@dataclass
class Seconds:
    """How long AWS takes; at once, unless a test lets time pass."""

    to_make: float = 0.0
    to_delete: float = 0.0
    to_deliver: float = 0.0
    """From the end of a buffer to its object."""


@dataclass
class Known:
    """What has happened so far, apart from what stands in moto."""

    now: float = 0.0
    active_from: dict[str, float] = field(default_factory=dict)
    gone_from: dict[str, float] = field(default_factory=dict)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    planned: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    streams: dict[str, DeliveryStream] = field(default_factory=dict)

    def copy(self) -> Known:
        """The same, to be kept; of the streams what they hold is kept beside it."""
        return Known(
            self.now, dict(self.active_from), dict(self.gone_from), list(self.taken), list(self.planned),
            dict(self.streams),
        )  # fmt: skip


class FirehoseDouble:
    """PutRecord on the streams that stand in moto; they buffer as `tests.aws.firehose` has it.

    Its time is that of `pass_by`, in seconds. `taken` are the stream and the lines of all records so far.
    What a stream has not delivered is lost with it:
    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeleteDeliveryStream.html
    """

    def __init__(self, look: Aws) -> None:
        self._look = look
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.seconds = Seconds()
        self._begun = time.time()
        self._known = Known()

    def memory(self) -> tuple[object, ...]:
        """All that `remember` needs."""
        held = {name: stream.memory() for name, stream in self._known.streams.items()}
        return self._known.copy(), held

    def remember(self, memory: Any) -> None:
        """Be as it was then."""
        self._known, held = memory
        for name, stream in self._known.streams.items():
            stream.remember(held[name])

    @property
    def taken(self) -> list[tuple[str, bytes]]:
        """See above."""
        return self._known.taken

    def is_active(self, name: str) -> bool:
        """Whether a stream that stands takes events."""
        return self._known.now >= self._known.active_from.get(name, 0.0)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen when so much time has passed."""
        self._known.planned.append((self._known.now + seconds, action))

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and happen and be delivered what is due."""
        known, end = self._known, self._known.now + seconds
        while due := [plan for plan in known.planned if plan[0] <= end]:
            first = min(due, key=lambda plan: plan[0])
            known.planned.remove(first)
            known.now, action = first
            action()
        known.now = end
        for stream in list(known.streams.values()):
            stream.advance()

    def put(self, name: str, described: Any, content: bytes) -> bool:
        """Whether the stream, as AWS describes it, has taken the record."""
        if not self.is_active(name):
            return False
        stored = described["Destinations"][0]["ExtendedS3DestinationDescription"]
        configuration = configuration_of(stored, self.seconds.to_deliver)
        bucket = stored["BucketARN"].rpartition(":")[2]
        if name not in self._known.streams:
            self._known.streams[name] = DeliveryStream(
                name,
                configuration,
                lambda key, body: self._deliver(bucket, key, body),
                lambda: self._begun + self._known.now,
            )
        self._known.streams[name].configuration = configuration
        self._known.streams[name].put(content)
        self._known.taken.append((name, content))
        return True

    def _deliver(self, bucket: str, key: str, content: bytes) -> None:
        self._look.s3.put_object(Bucket=bucket, Key=key, Body=content)

    def watch(self, service: str, client: Any) -> None:
        """Let a client see streams come and go."""
        if service == "firehose":
            client.meta.events.register_last("before-call", self._before_call)
            client.meta.events.register("after-call", self._after_call)

    def _before_call(self, model: Any, params: Any, context: Any, **_: object) -> tuple[Answered, Any] | None:
        name = json.loads(params["body"]).get("DeliveryStreamName")
        context["test_stream"] = name
        known = self._known
        is_going = model.name == "CreateDeliveryStream" and known.now < known.gone_from.get(name, 0.0)
        is_coming = model.name == "DeleteDeliveryStream" and not self.is_active(name)
        if not (is_going or is_coming):
            return None
        error = {"Code": "ResourceInUseException", "Message": IN_USE.format(name)}
        return Answered(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}

    def _after_call(self, model: Any, parsed: Any, context: Any, **_: object) -> None:
        if "Error" in parsed:
            return
        name, known = context["test_stream"], self._known
        if model.name == "CreateDeliveryStream":
            known.active_from[name] = known.now + self.seconds.to_make
        elif model.name == "DeleteDeliveryStream":
            known.streams.pop(name, None)
            known.gone_from[name] = known.now + self.seconds.to_delete
        elif model.name == "DescribeDeliveryStream" and not self.is_active(name):
            parsed["DeliveryStreamDescription"]["DeliveryStreamStatus"] = "CREATING"
