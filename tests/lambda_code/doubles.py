"""What stands in for Lambda's context and for the bucket, and short ways to make requests."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from configuration import Configuration
from lambda_function import Application, handle

TOKEN = "the-token-of-the-tests"
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()
REQUEST_ID = "5e0f1c4e-0000-4000-8000-00000000beef"
NOON = 1_767_355_200_123_456_789  # 2026-01-02T12:00:00.123456789Z


class Context:
    """Lambda's context object, as far as the handler looks at it."""

    def __init__(self, request_id: str = REQUEST_ID, milliseconds: int = 10_000) -> None:
        self.aws_request_id = request_id
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """How long until Lambda stops the function."""
        return self._milliseconds


class StoredObject(NamedTuple):
    """One object that was put."""

    name: str
    content: bytes
    content_type: str
    metadata: dict[str, str]
    seconds: float

    @property
    def events(self) -> list[Any]:
        """The events in it, whatever the format."""
        text = (gzip.decompress(self.content) if self.name.endswith(".gz") else self.content).decode()
        if self.name.endswith(".json"):
            events: list[Any] = json.loads(text)
            return events
        assert text.endswith("\n"), "a line format ends with a line break"
        return [json.loads(line) for line in text[:-1].split("\n")]


class MemoryStore:
    """A bucket that keeps everything, or fails with the given error."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.objects: list[StoredObject] = []
        self._failure = failure

    def put(
        self,
        name: str,
        content: bytes | bytearray,
        content_type: str,
        metadata: dict[str, str],
        seconds: float,
    ) -> None:
        """Keep a copy."""
        if self._failure:
            raise self._failure
        self.objects.append(StoredObject(name, bytes(content), content_type, metadata, seconds))


class MemoryBuffer:
    """Streams that keep everything, or fail with the given error."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.records: list[tuple[bytes, float]] = []
        self._failure = failure

    def put(self, content: bytes | bytearray, seconds: float) -> None:
        """Keep a copy."""
        if self._failure:
            raise self._failure
        self.records.append((bytes(content), seconds))

    @property
    def events(self) -> list[Any]:
        """The events of all records."""
        return [json.loads(line) for content, _ in self.records for line in content.splitlines()]


class Endpoint:
    """The handler with a bucket in memory; keyword arguments are settings of Configuration."""

    def __init__(
        self,
        *,
        failure: Exception | None = None,
        buffer: MemoryBuffer | None = None,
        nanoseconds: Callable[[], int] = lambda: NOON,
        **settings: Any,
    ) -> None:
        self.store = MemoryStore(failure)
        configuration = Configuration(**{"bucket": "bucket", "token_digests": (DIGEST,)} | settings)
        self._application = Application(configuration, self.store, nanoseconds, buffer)

    def send(self, event: object, context: object = None) -> Answer:
        """Hand over a raw request event."""
        answer = handle(event, context or Context(), self._application)
        assert type(answer["statusCode"]) is int, "the gateway wants a number"
        assert type(answer["body"]) is str, "the gateway wants text"
        assert all(type(value) is str for value in answer["headers"].values()), "headers are text"
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def post(self, body: object, token: str | None = TOKEN, **parts: Any) -> Answer:
        """Post a body (anything but text and None is written as JSON) with the token in its header."""
        return self.send(request(body, token, **parts))


class Answer(NamedTuple):
    """The handler's answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The parsed body."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


def request(body: object, token: str | None = TOKEN, **parts: Any) -> dict[str, Any]:
    """The event of API Gateway's Lambda proxy integration for a POST."""
    headers = {"Content-Type": "application/json", **parts.pop("headers", {})}
    if token is not None:
        headers["X-Auth-Token"] = token
    return {
        "resource": "/events",
        "path": "/events",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "isBase64Encoded": False,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        **parts,
    }


def binary(content: bytes) -> dict[str, Any]:
    """The parts of a request whose body the gateway took for binary."""
    return {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}


def compressed(content: bytes, encoding: str) -> dict[str, Any]:
    """The parts of a compressed request as an HTTP API or a Function URL hands it over."""
    return {**binary(content), "headers": {"Content-Encoding": encoding}}
