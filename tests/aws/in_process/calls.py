"""Every call that the wizard makes, and a way to let some of them fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.aws.names import is_changing


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the wizard may catch it."""


@dataclass(frozen=True)
class Call:
    """One call; `number` counts from 1. Changing is everything that is not a read, Invoke included."""

    number: int
    service: str
    operation: str
    parameters: dict[str, Any] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Service and operation, such as `s3.CreateBucket`."""
        return f"{self.service}.{self.operation}"

    @property
    def changing(self) -> bool:
        """Whether it changes anything."""
        return is_changing(self.operation)


Rule = Callable[[Call], None]


class Calls:
    """The log of calls, and rules that may raise: before a call is sent, or after AWS has executed it."""

    def __init__(self) -> None:
        self.made: list[Call] = []
        self.before: list[Rule] = []
        self.after: list[Rule] = []
        self._alterations: list[tuple[str, Callable[[Any], None]]] = []
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """All calls so far."""
        return [call.name for call in self.made]

    def changing(self) -> list[str]:
        """The calls so far that change something."""
        return [call.name for call in self.made if call.changing]

    def clear(self) -> None:
        """Forget calls and rules."""
        self.made.clear()
        self.before.clear()
        self.after.clear()
        self._alterations.clear()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """An empty log and no rules, for as long as the context lasts."""
        kept = self.made, self.before, self.after, self._alterations
        self.made, self.before, self.after, self._alterations = [], [], [], []
        try:
            yield
        finally:
            self.made, self.before, self.after, self._alterations = kept

    def kill_before(self, number: int) -> None:
        """The process dies before call `number` is sent."""
        self.before.append(_killer(number))

    def kill_after(self, number: int) -> None:
        """The process dies after AWS executed call `number`, before anything is written down."""
        self.after.append(_killer(number))

    def refuse(
        self, name: str, code: str, message: str = "", *, status: int = 400, times: int | None = None
    ) -> None:
        """AWS answers the next `times` calls of that name (for ever: None) with an error, doing nothing."""
        error = ClientError(
            {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
            name.partition(".")[2],
        )
        self.before.append(_thrower(name, error, times))

    def fail(self, name: str, error: Exception, *, times: int | None = None) -> None:
        """The next `times` calls of that name are not sent: a broken connection, dead credentials."""
        self.before.append(_thrower(name, error, times))

    def lose_answer(self, name: str, *, times: int | None = 1) -> None:
        """AWS executes the next `times` calls of that name, but the answer never comes."""
        self.after.append(_thrower(name, ReadTimeoutError(endpoint_url="https://aws"), times))

    def alter(self, name: str, change: Callable[[Any], None]) -> None:
        """Every answer to calls of that name is changed in place."""
        self._alterations.append((name, change))

    def watch(self, client: Any) -> None:
        """Log the calls of a client from now on."""
        client.meta.events.register_last("before-call", self._before_call)
        client.meta.events.register_last("after-call", self._after_call)

    def _before_call(self, model: Any, params: Any, context: Any, **_: object) -> None:
        with self._lock:
            service = model.service_model.service_name
            call = Call(len(self.made) + 1, service, model.name, dict(params))
            self.made.append(call)
        context["test_call"] = call
        for rule in self.before:
            rule(call)

    def _after_call(self, context: Any, parsed: Any, **_: object) -> None:
        for name, change in self._alterations:
            if context["test_call"].name == name:
                change(parsed)
        for rule in self.after:
            rule(context["test_call"])


def _killer(number: int) -> Rule:
    def kill(call: Call) -> None:
        if call.number == number:
            raise Killed(call.name)

    return kill


def _thrower(name: str, error: Exception, times: int | None) -> Rule:
    left = [times]

    def throw(call: Call) -> None:
        if call.name != name or left[0] == 0:
            return
        if left[0] is not None:
            left[0] -= 1
        raise error

    return throw
