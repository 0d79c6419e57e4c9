"""A boto3 client of this process without a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError

from tests.aws.quick_clients import hurry, keep_user_agent
from wizard.aws.client import Aws

from .messages import Answer, ConnectionCutError, Request, headers_to_send, is_without_body


class _Body(BytesIO):
    """An answer's body as botocore reads it from a connection."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """All of it."""
        yield self.read()


def hand_to(client: Any, answer: Callable[[Request], Answer]) -> None:
    """Let a function answer a client's requests, instead of whoever listens at its URL."""

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        try:
            found = answer(_as_sent(request))
        except ConnectionCutError as cut:
            raise ConnectionClosedError(error=cut, endpoint_url=request.url) from cut
        headers: Any = dict(headers_to_send(request.method, found))
        body = b"" if is_without_body(request.method, found) else found.body
        return AWSResponse(request.url, found.status, headers, _Body(body))

    client.meta.events.register_first("before-send", send)


def _as_sent(request: AWSPreparedRequest) -> Request:
    """What a server would read."""
    parts = urlsplit(request.url)
    headers = [
        (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
        for name, value in request.headers.items()
    ]
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Request(request.method, target, [("Host", parts.netloc), *headers], _body_of(request))


def _body_of(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read() if hasattr(body, "read") else body or b"")


class HandedAws(Aws):
    """The wizard's clients, whose requests a function answers. `arguments` are those of `Aws`."""

    def __init__(
        self, session: boto3.Session, answer: Callable[[Request], Answer], *arguments: Any, **more: Any
    ) -> None:
        super().__init__(session, *arguments, **more)
        self._answer = answer

    def _make(self, service: str, read_timeout: int, region: str | None) -> Any:
        client = super()._make(service, read_timeout, region)
        hurry(service, client)
        keep_user_agent(client)
        hand_to(client, self._answer)
        return client
