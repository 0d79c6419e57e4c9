"""The HTTP answers that API Gateway passes on to the client."""

from __future__ import annotations

from json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ALLOWED_HEADERS = (
    "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Auth-Token,Content-Encoding"
)
ALLOWED_METHODS = "OPTIONS,POST"


def answer(status: int, body: dict[str, object] | None, headers: dict[str, str]) -> dict[str, Any]:
    """The shape of the Lambda proxy integration; the body is always text."""
    return {
        "statusCode": status,
        "headers": headers,
        "body": "" if body is None else dumps(body, separators=(", ", ": ")),
    }


def headers_for(allowed_origins: tuple[str, ...], origin: str, request_id: str) -> dict[str, str]:
    """The headers of every answer, so that a browser's script can read refusals too."""
    headers = {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": origin if origin in allowed_origins else allowed_origins[0],
        "Access-Control-Expose-Headers": "X-Request-Id",
        "X-Request-Id": request_id,
    }
    if len(allowed_origins) > 1:
        headers["Vary"] = "Origin"
    return headers


def preflight_headers() -> dict[str, str]:
    """What a browser asks before it sends an event; the gateway answers it unless misconfigured."""
    return {
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Allow-Methods": ALLOWED_METHODS,
    }
