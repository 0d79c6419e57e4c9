"""The log of calls: what arrived, in which order, and who answered it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .messages import Request
from .operations import Operation, Scope, identify, scope_of

NOT_ANSWERED = 0


@dataclass
class Call:
    """One call; `number` counts from 1 over all calls, `change_number` over the changing ones.

    `status` 0 means that no answer was sent; `executed` says whether the emulator ran it.
    """

    number: int
    change_number: int
    service: str
    operation: str
    changing: bool
    request: Request = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)
    scope: Scope = field(repr=False)
    status: int = NOT_ANSWERED
    answered_by: str = ""
    executed: bool = False
    notes: dict[str, Any] = field(default_factory=dict, repr=False)
    """What was found out about the call on its way, so that it is looked up once."""

    @property
    def name(self) -> str:
        """Service and operation, such as `s3.CreateBucket`."""
        return f"{self.service}.{self.operation}"

    @property
    def function_name(self) -> str:
        """The function that the call names, without the rest of its ARN or its qualifier."""
        named = str(self.parameters.get("FunctionName", ""))
        return (
            named.partition(":function:")[2].partition(":")[0]
            if ":function:" in named
            else named.partition(":")[0]
        )

    def as_json(self) -> dict[str, Any]:
        """What the log file keeps of a call."""
        return {
            "number": self.number,
            "service": self.service,
            "operation": self.operation,
            "changing": self.changing,
            "status": self.status,
            "answered_by": self.answered_by,
            "executed": self.executed,
            "method": self.request.method,
            "target": self.request.target,
        }


class CallLog:
    """All calls so far; with a file, each finished call is also appended there as one line of JSON."""

    def __init__(self, file: Path | None = None) -> None:
        self.calls: list[Call] = []
        self._file = file
        self._lock = threading.Lock()
        self._changes = 0

    def arrived(self, request: Request) -> Call:
        """Number and name a request."""
        operation: Operation = identify(request)
        with self._lock:
            self._changes += operation.changing
            call = Call(
                number=len(self.calls) + 1,
                change_number=self._changes if operation.changing else 0,
                service=operation.service,
                operation=operation.name,
                changing=operation.changing,
                request=request,
                parameters=operation.parameters,
                scope=scope_of(request),
            )
            self.calls.append(call)
        return call

    def finished(self, call: Call) -> None:
        if self._file is None:
            return
        with self._lock, self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(call.as_json()) + "\n")
