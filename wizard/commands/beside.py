"""Work beside a command's own, whose answer is not worth waiting for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Beside(Generic[Answer]):
    """Begins at once, in a thread that holds up nobody's way out."""

    def __init__(self, work: Callable[[], Answer]) -> None:
        self._work = work
        self._answers: list[Answer] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="beside")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answers.append(self._work())
        except BaseException as error:  # noqa: BLE001  raised where the answer is wanted
            self._error = error

    def answer(self, seconds: float, otherwise: Callable[[], Answer]) -> Answer:
        """What came of it, or what it raised; `otherwise` where it takes so many seconds more."""
        self._thread.join(seconds)
        if self._error is not None:
            raise self._error
        return self._answers[0] if self._answers else otherwise()
