"""Firehose's Direct PUT as it is documented: limits, buffering by size and time, gzip, names, late delivery.

Sources: https://docs.aws.amazon.com/firehose/latest/dev/limits.html, …/dev/s3-object-name.html and
…/APIReference/API_BufferingHints.html.
"""

from __future__ import annotations

import gzip
import math
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

MIB = 1024 * 1024
MOST_RECORD_BYTES = 1_000 * 1024
TIMESTAMP = re.compile(r"!\{timestamp:([^}]+)\}")
# Java's patterns, as far as prefixes here have them, in Python's words.
PATTERNS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H"}


class RefusedError(Exception):
    """What PutRecord answers: HTTP status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Quota:
    """What one stream takes in a second: requests and bytes."""

    requests: float
    size: float


LARGE_QUOTA, QUOTA = Quota(2_000, 5 * MIB), Quota(1_000, MIB)
LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


def quota_in(region: str) -> Quota:
    """The quota that an account has without asking for more."""
    return LARGE_QUOTA if region in LARGE_REGIONS else QUOTA


class Allowance:
    """A token bucket that holds what one second brings."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left = per_second
        self._filled_at: float | None = None

    def take(self, amount: float, now: float) -> bool:
        """Whether so much may be used at this second."""
        passed = now - self._filled_at if self._filled_at is not None else 0.0
        self._filled_at = now
        self._left = min(self._per_second, self._left + passed * self._per_second)
        if amount > self._left:
            return False
        self._left -= amount
        return True


@dataclass
class Buffer:
    """Records that will be one object."""

    begun: float
    records: list[bytes] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True)
class Configuration:
    """How a stream stores: `prefix` may have Firehose's timestamps in it; `seconds` and `size` (bytes),
    whichever is reached first, end a buffer; `late` seconds pass from then to the object."""

    prefix: str
    suffix: str = ".jsonl.gz"
    compressed: bool = True
    seconds: float = 300.0
    size: int = 64 * MIB
    late: float = 0.0


def configuration_of(stored: dict[str, Any], late: float, most: float = math.inf) -> Configuration:
    """Of an extended S3 destination as AWS describes it; without hints Firehose's own hold.

    Args:
        most: bytes of a buffer, whatever is described.
    """
    hints = stored.get("BufferingHints", {})
    return Configuration(
        prefix=stored.get("Prefix", ""),
        suffix=stored.get("FileExtension", ""),
        compressed=stored.get("CompressionFormat") == "GZIP",
        seconds=hints.get("IntervalInSeconds", 300),
        size=min(most, hints.get("SizeInMBs", 5) * MIB),
        late=late,
    )


class DeliveryStream:
    """One stream. What it has taken is delivered when `advance` is called at the time or later.

    Args:
        deliver: stores an object of this name and content.
        now: seconds since 1970.
    """

    def __init__(
        self,
        name: str,
        configuration: Configuration,
        deliver: Callable[[str, bytes], None],
        now: Callable[[], float],
        quota: Quota = LARGE_QUOTA,
    ) -> None:
        self.name = name
        self.configuration = configuration
        self._deliver = deliver
        self._now = now
        self._requests, self._bytes = Allowance(quota.requests), Allowance(quota.size)
        self._buffer: Buffer | None = None
        self._waiting: list[tuple[float, Buffer]] = []
        self._lock = threading.RLock()

    @property
    def undelivered(self) -> int:
        """How many records it has taken that are not in an object yet."""
        buffers = [buffer for _, buffer in self._waiting] + ([self._buffer] if self._buffer else [])
        return sum(len(buffer.records) for buffer in buffers)

    def memory(self) -> tuple[object, ...]:
        """All that `remember` needs: what is not delivered."""
        with self._lock:
            buffer = self._buffer
            kept = replace(buffer, records=list(buffer.records)) if buffer is not None else None
            return kept, list(self._waiting)

    def remember(self, memory: Any) -> None:
        """Hold what was not delivered then."""
        with self._lock:
            buffer, waiting = memory
            self._buffer = replace(buffer, records=list(buffer.records)) if buffer is not None else None
            self._waiting = list(waiting)

    def put(self, data: bytes) -> None:
        """Take a record; raises RefusedError."""
        with self._lock:
            now = self._now()
            if len(data) > MOST_RECORD_BYTES:
                message = "1 validation error detected: the record is larger than 1024000 bytes"
                raise RefusedError(400, "ValidationException", message)
            if not (self._requests.take(1, now) and self._bytes.take(len(data), now)):
                raise RefusedError(500, "ServiceUnavailableException", "Slow down.")
            self.advance()
            if self._buffer is None:
                self._buffer = Buffer(now)
            self._buffer.records.append(data)
            self._buffer.size += len(data)
            self.advance()

    def advance(self) -> None:
        """Deliver what is due now."""
        with self._lock:
            now, known = self._now(), self.configuration
            if (buffer := self._buffer) is not None:
                ended = now if buffer.size >= known.size else buffer.begun + known.seconds
                if ended <= now:
                    self._waiting.append((ended + known.late, buffer))
                    self._buffer = None
            due = [waiting for waiting in self._waiting if waiting[0] <= now]
            self._waiting = [waiting for waiting in self._waiting if waiting[0] > now]
        for _, buffer in due:
            content = b"".join(buffer.records)
            self._deliver(self._key(buffer.begun), gzip.compress(content) if known.compressed else content)

    def _key(self, begun: float) -> str:
        """Filed under the time of its first record, in UTC."""
        moment = datetime.fromtimestamp(begun, UTC)
        prefix = TIMESTAMP.sub(lambda found: moment.strftime(PATTERNS[found[1]]), self.configuration.prefix)
        name = f"{self.name}-1-{moment:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
        return f"{prefix}{name}{self.configuration.suffix}"
