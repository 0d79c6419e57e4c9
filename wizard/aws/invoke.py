"""Invoking the function directly."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wizard.aws.client import Aws


@dataclass(frozen=True)
class Invocation:
    """What came back: the handler's answer, or the function's error, and the last lines of the log."""

    status: int
    body: dict[str, Any]
    request_id: str
    error: str | None
    log_tail: str


def invoke(aws: Aws, function: str, payload: dict[str, Any]) -> Invocation:
    """Invoke the function once and wait for its answer; botocore never sends it twice."""
    answer = aws.invoker.invoke(FunctionName=function, LogType="Tail", Payload=json.dumps(payload).encode())
    result = _decoded(answer["Payload"].read())
    log_tail = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace")
    if answer.get("FunctionError"):
        reason = f"{result.get('errorType', 'error')}: {result.get('errorMessage', 'no message')}"
        return Invocation(0, {}, "", reason, log_tail)
    headers = {str(name).casefold(): value for name, value in (result.get("headers") or {}).items()}
    return Invocation(
        status=int(result.get("statusCode", 0)),
        body=_decoded(result.get("body", "")),
        request_id=str(headers.get("x-request-id", "")),
        error=None,
        log_tail=log_tail,
    )


def _decoded(text: str | bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
