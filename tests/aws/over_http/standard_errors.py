"""The errors that any call can meet, as answers."""

from __future__ import annotations

from tests.aws.errors import WireError

from . import wire
from .calls import Call
from .messages import Answer


def standard_error(call: Call, table: dict[str, WireError]) -> Answer:
    """The error of the call's service from one of the tables above."""
    status, code, message = table.get(call.service, table["lambda"])
    return wire.error(call.service, call.request, status, code, message)
