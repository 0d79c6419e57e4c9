"""Says where a run of the tests is, wherever its output goes: a log that stands still looks like a hang.

On a terminal pytest's own display is enough. Elsewhere there is a line every `SECONDS`, whether or not a test
has ended meanwhile:

    [ 42 %] 812 of 1900, 96 s, longest running: tests/e2e/test_load.py::test_… (12 s)
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence

import pytest

SECONDS = 15.0


class ProgressLine:
    """Counts what has begun and ended, in this process or in those of pytest-xdist, and prints from a thread.

    `output` is a file descriptor; pytest's own are redirected while a test runs.
    """

    def __init__(self, output: int, seconds: float = SECONDS) -> None:
        self._output = output
        self._seconds = seconds
        self._begun = time.monotonic()
        self._running: dict[str, float] = {}
        self._done = self._total = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._print_now_and_then, daemon=True, name="progress line")

    def line(self) -> str:
        """Where the run is now."""
        now = time.monotonic()
        percent = 100 * self._done // max(self._total, 1)
        text = f"[{percent:3d} %] {self._done} of {self._total}, {now - self._begun:.0f} s"
        running = dict(self._running)
        if not running:
            return text
        longest = min(running, key=lambda test: running[test])
        return f"{text}, longest running: {longest} ({now - running[longest]:.0f} s)"

    def _print_now_and_then(self) -> None:
        while not self._ended.wait(self._seconds):
            os.write(self._output, f"\n{self.line()}\n".encode())

    def pytest_sessionstart(self) -> None:
        """Begin to print."""
        self._thread.start()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many tests there are, where this process runs them itself."""
        self._total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """How many tests there are, where other processes run them."""
        self._total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test has ended."""
        self._running.pop(nodeid, None)
        self._done += 1

    def pytest_sessionfinish(self) -> None:
        """Print no more."""
        self._ended.set()
        self._thread.join()


def pytest_configure(config: pytest.Config) -> None:
    """Only where no terminal shows it already, and once, not in every process of pytest-xdist."""
    if hasattr(config, "workerinput") or config.option.collectonly or sys.stdout.isatty():
        return
    output = os.dup(sys.stdout.fileno())
    config.add_cleanup(lambda: os.close(output))
    config.pluginmanager.register(ProgressLine(output))
