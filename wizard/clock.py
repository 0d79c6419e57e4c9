"""Time as a collaborator, and the operator's wish to stop."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from wizard.errors import Interrupted


class Clock(Protocol):
    """Tests bring one that does not wait. Called from several threads."""

    def time(self) -> float:
        """Seconds since some fixed moment, never running backwards."""

    def sleep(self, seconds: float) -> None:
        """Pause; raises `Interrupted` as soon as the operator asks to stop."""

    def check(self) -> None:
        """Raise `Interrupted` if the operator has asked to stop."""


class SystemClock:
    """The real time. `stop` is set by a signal handler and ends every pause."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def time(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause `seconds`, or until the operator asks to stop."""
        self.stop.wait(seconds)
        self.check()

    def check(self) -> None:
        """Raise `Interrupted` if the operator has asked to stop."""
        if self.stop.is_set():
            raise Interrupted
