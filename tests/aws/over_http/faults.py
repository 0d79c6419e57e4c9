"""Single mishaps at chosen calls: refused, throttled, lost, cut, slow; and hooks for crash tests.

Every maker takes the same choice of calls: `at` (number of the call, from 1), `at_change` (number among
the changing calls), or `operation` such as "s3.CreateBucket" with `occurrence` (its K-th call). A fault that
strikes `times` times goes on with the next calls of the same operation; `times=None` means for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.aws.errors import INTERNAL_ERROR, THROTTLED, UNAVAILABLE

from . import wire
from .calls import Call
from .denial import denial
from .messages import Answer, ConnectionCutError
from .standard_errors import standard_error
from .world import World

Before = Callable[[Call, World, threading.Event], Answer | None]
After = Callable[[Call, Answer], Answer | None]


@dataclass
class Fault:
    """A mishap, the calls that it strikes, and what it does before or after the emulator executes them."""

    name: str
    before: Before | None = None
    after: After | None = None
    at: int | None = None
    at_change: int | None = None
    operation: str | None = None
    occurrence: int = 1
    times: int | None = 1
    struck: int = 0
    _seen: int = 0
    _struck_operation: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        if sum(choice is not None for choice in (self.at, self.at_change, self.operation)) != 1:
            raise ValueError("choose the calls by exactly one of at, at_change and operation")

    def strikes(self, call: Call) -> bool:
        """Whether this call is struck; to be asked once a call."""
        with self._lock:
            if self.times is not None and self.struck >= self.times:
                return False
            if self._struck_operation != call.name if self._struck_operation else not self._chosen(call):
                return False
            self._struck_operation = call.name
            self.struck += 1
            return True

    def _chosen(self, call: Call) -> bool:
        if self.operation is not None:
            self._seen += call.name == self.operation
            return call.name == self.operation and self._seen == self.occurrence
        return call.number == self.at if self.at is not None else call.change_number == self.at_change


def lost(**choice: Any) -> Fault:
    """AWS executes the call, the answer never comes: the connection is closed before its first byte."""

    def cut(_call: Call, _answer: Answer) -> Answer | None:
        raise ConnectionCutError

    return Fault("lost", after=cut, **choice)


def reset(**choice: Any) -> Fault:
    """The connection is reset before the call reaches AWS; nothing is executed."""

    def cut(_call: Call, _world: World, _stopped: threading.Event) -> Answer | None:
        raise ConnectionCutError(reset=True)

    return Fault("reset", before=cut, **choice)


def hang(seconds: float, *, executed: bool = False, **choice: Any) -> Fault:
    """No answer for so many real seconds, then the connection is closed; by default nothing is executed."""
    stop: list[threading.Event] = []

    def wait_and_cut(_call: Call, _world: World, stopped: threading.Event) -> Answer | None:
        stop.append(stopped)
        if executed:
            return None
        stopped.wait(seconds)
        raise ConnectionCutError

    def cut_afterwards(_call: Call, _answer: Answer) -> Answer | None:
        stop[-1].wait(seconds)
        raise ConnectionCutError

    return Fault("hang", before=wait_and_cut, after=cut_afterwards, **choice)


def refused(reason: str = "missing", **choice: Any) -> Fault:
    """Access denied, with the service's code and AWS's text; `reason` as in `errors.REASONS`."""
    return Fault("refused", before=lambda call, world, _stopped: denial(call, world, reason), **choice)


def refused_forever(reason: str = "missing", **choice: Any) -> Fault:
    """The operation is refused from the chosen call on."""
    return refused(reason, times=None, **choice)


def throttled(times: int | None = 3, **choice: Any) -> Fault:
    """Too many requests, so many times in a row for the same operation."""
    return Fault(
        "throttled", before=lambda call, _w, _s: standard_error(call, THROTTLED), times=times, **choice
    )


def error_500(**choice: Any) -> Fault:
    """An internal error of the service; nothing is executed."""
    return Fault("error_500", before=lambda call, _w, _s: standard_error(call, INTERNAL_ERROR), **choice)


def error_503(**choice: Any) -> Fault:
    """The service is unavailable; nothing is executed."""
    return Fault("error_503", before=lambda call, _w, _s: standard_error(call, UNAVAILABLE), **choice)


def executed_then_500(**choice: Any) -> Fault:
    """AWS executes the call and then answers an internal error, which clients tend to retry."""
    return Fault(
        "executed_then_500", after=lambda call, _answer: standard_error(call, INTERNAL_ERROR), **choice
    )


def answered(status: int, code: str, message: str, **choice: Any) -> Fault:
    """Any error of AWS, in the wire form of the service that is called; nothing is executed."""
    return Fault(
        f"answered {code}",
        before=lambda call, _w, _s: wire.error(call.service, call.request, status, code, message),
        **choice,
    )


def hook(
    before: Callable[[Call], object] | None = None,
    after: Callable[[Call], object] | None = None,
    **choice: Any,
) -> Fault:
    """Run something when a call arrives, or when it has been executed and before its answer is sent."""

    def run_before(call: Call, _world: World, _stopped: threading.Event) -> Answer | None:
        if before:
            before(call)
        return None

    def run_after(call: Call, _answer: Answer) -> Answer | None:
        if after:
            after(call)
        return None

    return Fault("hook", before=run_before, after=run_after, **choice)


def killed_before(kill: Callable[[], object], **choice: Any) -> Fault:
    """The client dies before the call is sent: `kill` runs as the call arrives, and it is not executed."""

    def kill_and_cut(_call: Call, _world: World, _stopped: threading.Event) -> Answer | None:
        kill()
        raise ConnectionCutError

    return Fault("killed_before", before=kill_and_cut, **choice)


def killed_after(kill: Callable[[], object], **choice: Any) -> Fault:
    """The client dies after AWS has executed the call and before it hears of it."""

    def kill_and_cut(_call: Call, _answer: Answer) -> Answer | None:
        kill()
        raise ConnectionCutError

    return Fault("killed_after", after=kill_and_cut, **choice)
