"""A few threads that hold up no way out."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Daemons:
    """Threads that run calls side by side; as a context manager they are let go at the end.

    Nobody waits for what still runs then: a call to a server that is silent would hold up the way out after
    Ctrl-C for as long as its timeout. The executors of the standard library join their threads, at the latest
    when Python ends (https://docs.python.org/3/library/concurrent.futures.html).

    Args:
        number: how many calls may run at once. `submit` and `let_go` are called from one thread alone.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._todo: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._started = 0

    def submit(
        self, call: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Result]:
        """Run the call as soon as a thread is free; the future has what it returns or raises."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = call(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  handed to whoever asks for the result
                future.set_exception(error)
            else:
                future.set_result(result)

        self._todo.put(run)
        if self._started < self._number:
            self._started += 1
            threading.Thread(target=self._serve, daemon=True, name=f"worker-{self._started}").start()
        return future

    def let_go(self) -> None:
        """The threads end with what they have to do; `submit` makes new ones."""
        for _ in range(self._started):
            self._todo.put(None)
        self._started = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.let_go()

    def _serve(self) -> None:
        while todo := self._todo.get():
            todo()
