"""The seven things that may befall a call, with the codes that each service uses on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.aws.errors import INTERNAL_ERROR, REFUSED, THROTTLED, WireError, refusal_text
from tests.aws.in_process import Call
from tests.aws.names import ACCOUNT_ID

OPERATOR = f"arn:aws:iam::{ACCOUNT_ID}:user/operator"


@dataclass(frozen=True)
class FaultKind:
    """What is raised, how often in a row for the same operation, and whether AWS executes the call first."""

    name: str
    error: Callable[[Call], Exception]
    times: int | None = 1
    executed: bool = False


def _answered(call: Call, answer: WireError) -> ClientError:
    """An error answer as boto3 shows it; an answer to HEAD has no body and so neither code nor text."""
    status, code, message = answer
    if call.operation.startswith("Head"):
        code, message = str(status), {403: "Forbidden"}.get(status, "")
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, call.operation)


def _refused(call: Call) -> ClientError:
    message = refusal_text(OPERATOR, f"{call.service}:{call.operation}", "*")
    return _answered(call, (*REFUSED[call.service], message))


def _throttled(call: Call) -> ClientError:
    return _answered(call, THROTTLED[call.service])


def _internal_error(call: Call) -> ClientError:
    return _answered(call, INTERNAL_ERROR[call.service])


def _reset(_call: Call) -> ConnectionClosedError:
    return ConnectionClosedError(endpoint_url="https://aws")


def _timed_out(_call: Call) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://aws")


KINDS = {
    kind.name: kind
    for kind in (
        FaultKind("refused once", _refused),
        FaultKind("refused for ever", _refused, times=None),
        FaultKind("throttled 3 times", _throttled, times=3),
        FaultKind("500", _internal_error),
        FaultKind("reset", _reset),
        FaultKind("hang", _timed_out),
        FaultKind("lost answer", _timed_out, executed=True),
    )
}
