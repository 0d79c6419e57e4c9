"""Calls side by side, and what holds up the way out: nothing."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from tests import PROJECT
from wizard.daemons import Daemons

SECONDS = 30.0

HANGS = """
import sys, threading
from wizard.clock import SystemClock
from wizard.commands.common import guarded, stoppable
from wizard.daemons import Daemons
from wizard.options import Options

def hang():
    threading.Event().wait(600)

def act():
    with stoppable(SystemClock()), Daemons(2) as threads:
        running = [threads.submit(hang) for _ in range(3)]
        print("running", flush=True)
        running[0].result()

sys.exit(guarded(act, Options()))
"""


def test_a_future_has_what_its_call_returns_or_raises() -> None:
    with Daemons(2) as threads:
        good, bad = threads.submit(divmod, 7, 2), threads.submit(divmod, 7, 0)
        assert good.result(SECONDS) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            bad.result(SECONDS)


def test_as_many_as_that_run_at_once_and_no_more() -> None:
    together, running, most = threading.Barrier(2), 0, 0
    counting = threading.Lock()

    def call() -> None:
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        together.wait(SECONDS)
        with counting:
            running -= 1

    with Daemons(2) as threads:
        for one in [threads.submit(call) for _ in range(4)]:
            one.result(SECONDS)

    assert most == 2


def test_what_is_cancelled_before_a_thread_is_free_is_not_begun() -> None:
    begun: list[str] = []
    may_end = threading.Event()
    with Daemons(1) as threads:
        first = threads.submit(may_end.wait, SECONDS)
        second, third = threads.submit(begun.append, "second"), threads.submit(begun.append, "third")
        assert second.cancel()
        may_end.set()
        third.result(SECONDS)
    assert first.result(SECONDS)
    assert begun == ["third"]


def test_a_call_that_hangs_does_not_hold_up_the_way_out_after_ctrl_c() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGS], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"
            process.send_signal(2)
            _out, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, "Traceback" in said) == (130, False), said
