"""Walking a graph: in order, side by side, and what a failure stops."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from graphlib import CycleError
from typing import Any

import pytest

from wizard.engine.graph import OneByOne, Threads, Walk, Workers, walk, workers_for
from wizard.errors import CredentialsError, Interrupted, StateError, VerificationError, WizardError

SECONDS = 10.0
# a — b — c is a chain, d stands alone, e needs both ends.
NEEDS = {"a": (), "b": ("a",), "c": ("b",), "d": (), "e": ("c", "d")}

Hands = Callable[[], Workers]
both_ways = pytest.mark.parametrize(
    "hands", [lambda: OneByOne(NEEDS), lambda: Threads(4)], ids=["one by one", "threads"]
)


def error(kind: type[WizardError] = WizardError) -> WizardError:
    return kind(what="It failed.", why="-", next_step="-")


class Work:
    """Steps that say that they ran; those in `failing` raise."""

    def __init__(self, **failing: BaseException) -> None:
        self.failing = failing
        self.begun: list[str] = []
        self.ended: list[str] = []

    def __call__(self, step: str) -> None:
        self.begun.append(step)
        if step in self.failing:
            raise self.failing[step]
        self.ended.append(step)


@both_ways
def test_every_step_runs_once_after_those_that_it_needs(hands: Hands) -> None:
    work = Work()
    found = walk(NEEDS, work, hands())
    assert sorted(work.begun) == sorted(NEEDS)
    for step, needed in NEEDS.items():
        assert all(work.begun.index(need) < work.begun.index(step) for need in needed)
    assert sorted(found.done) == sorted(NEEDS)
    assert (found.failed, found.stopped) == ({}, {})


def test_threads_end_with_the_work_and_keep_nothing_alive_because_a_command_may_walk_many_times() -> None:
    def workers() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name.startswith("worker-")}

    before, work = workers(), Work()
    kept = weakref.ref(work)

    walk(NEEDS, work, Threads(4))
    del work
    for thread in workers() - before:
        thread.join(SECONDS)

    assert workers() <= before
    assert kept() is None


def test_a_step_begins_only_when_those_that_it_needs_have_ended() -> None:
    standing: set[str] = set()

    def work(step: str) -> None:
        assert set(NEEDS[step]) <= standing
        standing.add(step)

    walk(NEEDS, work, Threads(4)).raise_failure_of_everything()
    assert standing == set(NEEDS)


def test_one_by_one_is_the_order_of_the_table_whatever_becomes_ready_first() -> None:
    needs = {"first": (), "second": ("last of all",), "third": (), "last of all": ()}
    work = Work()
    walk(needs, work, OneByOne(needs))
    assert work.begun == ["first", "third", "last of all", "second"]
    work = Work()
    walk(NEEDS, work, OneByOne(NEEDS))
    assert work.begun == list(NEEDS)


def test_one_by_one_a_step_that_gets_ready_late_goes_before_those_that_stand_below_it() -> None:
    needs = {"a": (), "z, but second in the table": ("a",), "b": (), "c": ()}
    work = Work()
    walk(needs, work, OneByOne(needs))
    assert work.begun == list(needs)


def test_steps_that_need_nothing_of_each_other_are_at_work_at_the_same_moment() -> None:
    together = threading.Barrier(3)
    found = walk({"a": (), "b": (), "c": ()}, lambda _step: void(together.wait(SECONDS)), Threads(3))
    assert sorted(found.done) == ["a", "b", "c"]


def void(_value: object) -> None:
    """For lambdas of what returns something."""


def test_a_slow_step_holds_up_only_what_needs_it() -> None:
    gate = threading.Event()

    def work(step: str) -> None:
        if step == "slow":
            assert gate.wait(SECONDS), "the other chain did not go on"
        if step == "quick 3":
            gate.set()

    needs = {"slow": (), "quick 1": (), "quick 2": ("quick 1",), "quick 3": ("quick 2",), "end": ("slow",)}
    found = walk(needs, work, Threads(2))
    assert found.failed == {}
    assert found.done[-2:] == ["slow", "end"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_never_more_steps_are_at_work_than_there_are_hands(number: int) -> None:
    lock, free = threading.Lock(), threading.Semaphore(number)

    def work(_step: str) -> None:
        with lock:
            assert free.acquire(blocking=False), "one more than allowed"
        threading.Event().wait(0.005)
        free.release()

    steps: dict[str, tuple[str, ...]] = {str(count): () for count in range(12)}
    walk(steps, work, workers_for(number, steps)).raise_failure_of_everything()


def test_one_job_is_the_plain_order_in_the_callers_own_thread() -> None:
    threads: set[int] = set()
    walk(NEEDS, lambda _step: threads.add(threading.get_ident()), workers_for(1, NEEDS))
    assert threads == {threading.get_ident()}


@both_ways
def test_a_failure_stops_what_needs_it_directly_or_not_and_nothing_else(hands: Hands) -> None:
    failure = error()
    work, told = Work(b=failure), []
    found = walk(NEEDS, work, hands(), on_stopped=lambda step, because: told.append((step, because)))
    assert sorted(work.ended) == ["a", "d"]
    assert found.failed == {"b": failure}
    assert found.stopped == {"c": "b", "e": "b"}
    assert told == [("c", "b"), ("e", "b")]
    found.raise_failure_of_everything()


@both_ways
def test_what_needs_two_failed_steps_names_the_one_that_it_needs_first(hands: Hands) -> None:
    found = walk(NEEDS, Work(c=error(), d=error()), hands())
    assert set(found.failed) == {"c", "d"}
    assert found.stopped == {"e": "c"}


FAILURES_OF_EVERYTHING: list[BaseException] = [
    error(CredentialsError),
    error(StateError),
    Interrupted(),
    KeyboardInterrupt(),
    ZeroDivisionError("a fault of ours"),
]


@pytest.mark.parametrize("failure", FAILURES_OF_EVERYTHING, ids=lambda failure: type(failure).__name__)
def test_a_failure_that_concerns_every_step_begins_nothing_more(failure: BaseException) -> None:
    work = Work(a=failure)
    found = walk(NEEDS, work, OneByOne(NEEDS))
    assert "e" not in work.begun
    assert found.failed == {"a": failure}
    assert found.stopped["b"] == ("" if isinstance(failure, Interrupted) else "a"), "to stop is not to fail"
    with pytest.raises(type(failure)) as caught:
        found.raise_failure_of_everything()
    assert caught.value is failure


@pytest.mark.parametrize("failure", FAILURES_OF_EVERYTHING, ids=lambda failure: type(failure).__name__)
def test_what_runs_when_everything_is_stopped_is_let_end_and_nothing_follows_it(
    failure: BaseException,
) -> None:
    begun, failed = threading.Event(), threading.Event()
    order: list[str] = []

    def work(step: str) -> None:
        order.append(step)
        if step == "failing":
            assert begun.wait(SECONDS)
            raise failure
        if step == "running":
            begun.set()
            assert failed.wait(SECONDS)

    def watched(step: str) -> None:
        try:
            work(step)
        finally:
            if step == "failing":
                failed.set()

    needs = {"failing": (), "running": (), "after it": ("running",), "last": ("after it",)}
    hands = FailureFirst(Threads(2))
    found = walk(needs, watched, hands)
    assert sorted(order) == ["failing", "running"]
    assert found.done == ["running"]
    assert found.stopped == {"after it": "", "last": ""}


class FailureFirst:
    """Hands over the end of a failed step before those of others, as it may happen."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._kept: list[tuple[str, BaseException | None]] = []
        self._open = 0

    def start(self, step: str, work: Any) -> None:
        self._open += 1
        self._workers.start(step, work)

    def ended(self) -> tuple[str, BaseException | None]:
        while len(self._kept) < self._open:
            self._kept.append(self._workers.ended())
        self._kept.sort(key=lambda outcome: outcome[1] is None)
        self._open -= 1
        return self._kept.pop(0)


def test_the_operators_wish_to_stop_counts_more_than_what_failed_beside_it() -> None:
    wish = Interrupted()
    found = Walk(failed={"a": error(StateError), "b": wish, "c": error(CredentialsError)})
    with pytest.raises(Interrupted) as caught:
        found.raise_failure_of_everything()
    assert caught.value is wish


def test_a_failure_of_one_step_alone_is_not_raised_because_the_caller_sums_them_up() -> None:
    Walk(failed={"a": error(), "b": error(VerificationError)}).raise_failure_of_everything()


@both_ways
def test_steps_that_need_each_other_are_a_fault_that_shows_before_anything_is_done(hands: Hands) -> None:
    work = Work()
    with pytest.raises(CycleError):
        walk({"a": (), "b": ("c",), "c": ("b",)}, work, hands())
    assert work.begun == []


@both_ways
def test_what_is_needed_but_not_in_the_graph_counts_as_done(hands: Hands) -> None:
    work = Work()
    found = walk({"a": ("elsewhere",), "b": ("a", "elsewhere")}, work, hands())
    assert found.done == ["a", "b"]


@both_ways
def test_an_empty_graph_is_walked(hands: Hands) -> None:
    assert walk({}, Work(), hands()) == Walk()
