"""What runs when a function is changed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..calls import Call
from ..messages import Answer
from ..world import World
from .base import Behaviour
from .functions import UPDATES

SECONDS_TO_END = 30.0


class RunningInvocationsEnd(Behaviour):
    """A change of a function lets what runs end with what it began with; the emulator kills it: a 502.

    So a change waits here until nothing runs, and what arrives meanwhile waits for the change. It counts what
    reaches the emulator, so it is the last of the behaviours.
    """

    def __init__(self) -> None:
        self._running = 0
        self._changing = False
        self._ended = threading.Condition()

    def before(self, call: Call, world: World) -> Answer | None:
        with self._ended:
            if _changes(call):
                self._wait(lambda: not self._changing)
                self._changing = True
                self._wait(lambda: not self._running)
            elif _invokes(call):
                self._wait(lambda: not self._changing)
                self._running += 1
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        with self._ended:
            if _changes(call):
                self._changing = False
            elif _invokes(call):
                self._running -= 1
            self._ended.notify_all()
        return answer

    def _wait(self, ended: Callable[[], bool]) -> None:
        if not self._ended.wait_for(ended, SECONDS_TO_END):
            raise TimeoutError(f"an invocation or a change did not end within {SECONDS_TO_END:.0f} s")


def _changes(call: Call) -> bool:
    return call.service == "lambda" and call.operation in UPDATES


def _invokes(call: Call) -> bool:
    return call.service == "execute-api" or call.name == "lambda.Invoke"
