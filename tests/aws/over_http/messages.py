"""One HTTP request and one HTTP answer, as bytes and text, nothing interpreted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

Headers = list[tuple[str, str]]


class ConnectionCutError(Exception):
    """The client gets no answer; with `reset` the connection is reset instead of closed."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("connection cut")
        self.reset = reset


def header_value(headers: Headers, name: str) -> str:
    """The first value of a header, its name compared without case; empty when absent."""
    desired = name.lower()
    return next((value for key, value in headers if key.lower() == desired), "")


@dataclass(frozen=True)
class Request:
    """A request as the client sent it; `target` is the raw path with its query."""

    method: str
    target: str
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; a bare `?versioning` has an empty value."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of a form body, as the query protocol of IAM and STS sends them."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @cached_property
    def json(self) -> dict[str, Any]:
        """The JSON object in the body; empty when the body holds none."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    def header(self, name: str) -> str:
        return header_value(self.headers, name)


@dataclass(frozen=True)
class Answer:
    """An answer to a request; `made_by` says who made it."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    made_by: str = "double"

    @property
    def succeeded(self) -> bool:
        return self.status < 300

    @property
    def json(self) -> dict[str, Any]:
        parsed = json.loads(self.body) if self.body else {}
        return parsed if isinstance(parsed, dict) else {}

    def header(self, name: str) -> str:
        return header_value(self.headers, name)


def json_answer(status: int, document: dict[str, Any], headers: Headers | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(
        status, [("Content-Type", "application/json"), *(headers or [])], json.dumps(document).encode()
    )


def is_without_body(method: str, answer: Answer) -> bool:
    """Whether HTTP leaves the body of an answer out."""
    return method == "HEAD" or answer.status in {204, 304}


def headers_to_send(method: str, answer: Answer) -> Headers:
    """The headers of an answer, with the length that its body has now."""
    described = answer.header("content-length") if method == "HEAD" else str(len(answer.body))
    headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
    if answer.status != 204:
        headers.append(("Content-Length", described or "0"))
    return headers
