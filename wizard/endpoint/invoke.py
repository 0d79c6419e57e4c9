"""Invoking the function directly, and making it start afresh."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wizard.resources.base import Context
from wizard.resources.function import DESCRIPTION

# The handler's word for "S3 refused me".
STORAGE_DENIED = "StorageAccessDenied"


@dataclass(frozen=True)
class Invocation:
    """What came back: the handler's answer, or the function's error, and the last lines of the log."""

    status: int
    body: dict[str, Any]
    request_id: str
    error: str | None
    log_tail: str


def invoke(context: Context, payload: dict[str, Any]) -> Invocation:
    """Invoke the function once and wait for its answer; botocore never sends it twice."""
    answer = context.aws.invoker.invoke(
        FunctionName=context.settings.function_name, LogType="Tail", Payload=json.dumps(payload).encode()
    )
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


def recycle(context: Context) -> None:
    """Make Lambda replace the running environments, which keep the credentials of their first moment.

    An environment that started before the role's policy had spread stays without it for minutes,
    however often it is invoked; a change of the configuration replaces it.
    """
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    context.aws.functions.update_function_configuration(
        FunctionName=context.settings.function_name, Description=f"{DESCRIPTION} Started afresh {moment}."
    )
