"""What MiniStack answers about itself. `http.client` on purpose: no proxy of the operator gets in between."""

from __future__ import annotations

import http
import http.client
import json
from dataclasses import dataclass

from wizard.local.ports import LOOPBACK

HEALTH_TIMEOUT_SECONDS = 3.0
RESET_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Health:
    """The part of the health answer that we use."""

    instance: str
    version: str


def read_health(port: int) -> Health | None:
    """The health of whoever listens on the port, or None if it is no MiniStack or does not answer."""
    try:
        content = json.loads(_request("GET", port, "/_ministack/health", HEALTH_TIMEOUT_SECONDS))
        return Health(instance=content["edition"], version=content["version"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, OverflowError):
        return None


def post_reset(port: int) -> None:
    """Make the running MiniStack forget everything, in memory and on disk.

    Raises:
        OSError, http.client.HTTPException: it did not do so.
    """
    _request("POST", port, "/_ministack/reset", RESET_TIMEOUT_SECONDS)


def _request(method: str, port: int, path: str, timeout_seconds: float) -> bytes:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_seconds)
    try:
        connection.request(method, path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise http.client.HTTPException(f"{method} {path} answered {answer.status}")
    return body
