"""What a walk does with steps that wait for a free hand when something stops everything."""

from __future__ import annotations

import threading

import pytest

from wizard.engine.graph import OneByOne, Threads, Workers, walk
from wizard.errors import CredentialsError, Interrupted, WizardError

STEPS: dict[str, tuple[str, ...]] = {"first": (), "second": (), "third": (), "after first": ("first",)}
DEAD = CredentialsError(what="", why="", next_step="")


@pytest.mark.parametrize("workers", [OneByOne(STEPS), Threads(1)], ids=["one by one", "threads"])
@pytest.mark.parametrize("error", [DEAD, Interrupted(), KeyError("a fault of ours")], ids=repr)
def test_steps_that_wait_for_a_hand_are_not_begun_any_more(workers: Workers, error: BaseException) -> None:
    begun, told = [], []

    def work(step: str) -> None:
        begun.append(step)
        raise error

    found = walk(STEPS, work, workers, on_stopped=lambda step, because: told.append((step, because)))

    assert begun == ["first"], "dead credentials, a fault or the operator's wish concern every step"
    assert found.failed == {"first": error}
    because = "" if isinstance(error, Interrupted) else "first"  # to stop is not to fail
    assert sorted(told) == [("after first", because), ("second", ""), ("third", "")]
    assert dict(told) == found.stopped


def test_a_step_that_runs_meanwhile_is_let_end_and_counts() -> None:
    both = threading.Barrier(2, timeout=60)
    failed = threading.Event()

    def work(step: str) -> None:
        both.wait()
        if step == "first":
            failed.set()
            raise DEAD
        failed.wait(60)

    found = walk({"first": (), "second": ()}, work, Threads(2))

    assert found.failed == {"first": DEAD}
    assert found.done == ["second"]


def test_a_failure_of_one_step_leaves_those_that_wait_for_a_hand_alone() -> None:
    refused = WizardError(what="", why="", next_step="")

    def work(step: str) -> None:
        if step == "first":
            raise refused

    found = walk(STEPS, work, OneByOne(STEPS))

    assert found.done == ["second", "third"]
    assert found.stopped == {"after first": "first"}
