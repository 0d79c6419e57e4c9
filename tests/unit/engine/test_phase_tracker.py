"""From steps that begin and end in any order to what a screen shows of the phases."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import pytest

from wizard.engine.graph import Threads, walk
from wizard.engine.phase_tracker import PhaseTracker
from wizard.engine.progress import (
    ChangeDone,
    ChangeStarted,
    Event,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    PhaseStopped,
    Waiting,
)
from wizard.errors import WizardError

SECONDS = 10.0
PHASE_OF = {"a1": "a", "a2": "a", "b1": "b"}
FAILURE = WizardError(what="It failed.", why="-", next_step="-")


@dataclass
class Screen:
    """A listener, and who is told when a phase is done; both write into one list."""

    heard: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def listen(self, event: Event) -> None:
        self.events.append(event)
        self.heard.append(f"{type(event).__name__} {event.phase}")

    def on_done(self, phase: str, changes: int, seconds: float) -> None:
        assert seconds >= 0
        self.heard.append(f"{phase} is done with {changes}")


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def tracker(screen: Screen) -> PhaseTracker:
    return PhaseTracker(PHASE_OF, ["a", "b"], screen.listen, screen.on_done)


def begin(tracker: PhaseTracker, key: str) -> AbstractContextManager[None]:
    step = tracker.step(key)
    step.__enter__()
    return step


def end(step: AbstractContextManager[None]) -> None:
    step.__exit__(None, None, None)


def test_a_phase_begins_with_its_first_step_and_is_done_with_its_last_one(
    tracker: PhaseTracker, screen: Screen
) -> None:
    for key in ("a1", "b1", "a2"):
        with tracker.step(key):
            pass
    assert screen.heard == [
        "PhaseStarted a", "PhaseStarted b", "b is done with 0", "PhaseDone b", "a is done with 0",
        "PhaseDone a",
    ]  # fmt: skip


def test_two_phases_at_work_at_once_are_both_begun_before_either_is_done(
    tracker: PhaseTracker, screen: Screen
) -> None:
    both = threading.Barrier(3)

    def work(key: str) -> None:
        with tracker.step(key), tracker.change(key, "create", key):
            both.wait(SECONDS)

    walk(dict.fromkeys(PHASE_OF, ()), work, Threads(3)).raise_failure_of_everything()
    kinds = [type(event) for event in screen.events]
    assert kinds.index(PhaseDone) > max(n for n, kind in enumerate(kinds) if kind is PhaseStarted)
    assert sorted(e.phase for e in screen.events if isinstance(e, PhaseStarted)) == ["a", "b"]
    assert {e.phase: e.changes for e in screen.events if isinstance(e, PhaseDone)} == {"a": 2, "b": 1}
    assert tracker.changed == {"a1", "a2", "b1"}


def test_the_state_file_knows_that_a_phase_is_done_before_the_screen_says_so(
    tracker: PhaseTracker, screen: Screen
) -> None:
    with tracker.step("b1"), tracker.change("b1", "create", "the thing"):
        pass
    assert screen.heard[-2:] == ["b is done with 1", "PhaseDone b"]


def test_a_change_is_said_before_and_after_and_counted_only_when_aws_has_made_it(
    tracker: PhaseTracker, screen: Screen
) -> None:
    with (
        pytest.raises(WizardError),
        tracker.step("b1"),
        tracker.change("b1", "update", "the thing", ("why",)),
    ):
        raise FAILURE
    started = [event for event in screen.events if isinstance(event, ChangeStarted)]
    assert started == [ChangeStarted("b", "b1", "update", "the thing", ("why",))]
    assert not any(isinstance(event, ChangeDone) for event in screen.events)
    assert tracker.changed == set()


def test_a_check_changes_nothing(tracker: PhaseTracker, screen: Screen) -> None:
    with tracker.step("b1"), tracker.change("b1", "check", "it works"):
        pass
    assert tracker.changed == set()
    assert "b is done with 0" in screen.heard


def test_a_failed_phase_is_never_done_although_its_other_steps_end_well(
    tracker: PhaseTracker, screen: Screen
) -> None:
    running = begin(tracker, "a2")
    with pytest.raises(WizardError), tracker.step("a1"):
        raise FAILURE
    end(running)
    assert screen.heard == ["PhaseStarted a", "PhaseFailed a"]
    [failed] = [event for event in screen.events if isinstance(event, PhaseFailed)]
    assert failed.error is FAILURE


def test_a_second_failure_of_a_phase_is_said_too(tracker: PhaseTracker, screen: Screen) -> None:
    for key in ("a1", "a2"):
        with pytest.raises(WizardError), tracker.step(key):
            raise FAILURE
    assert screen.heard.count("PhaseFailed a") == 2


def test_a_phase_whose_step_fails_after_it_was_done_has_failed(tracker: PhaseTracker, screen: Screen) -> None:
    """The last look finds what the step did not."""
    with tracker.step("b1"):
        pass
    tracker.failed("b1", FAILURE)
    assert screen.heard[-2:] == ["PhaseDone b", "PhaseFailed b"]


def test_a_phase_is_stopped_once_and_never_after_it_has_failed(tracker: PhaseTracker, screen: Screen) -> None:
    with pytest.raises(WizardError), tracker.step("a1"):
        raise FAILURE
    tracker.stopped("a2", "needs the first")
    tracker.stopped("b1", "needs the first")
    tracker.stopped("b1", "needs the second")
    stopped = [event for event in screen.events if isinstance(event, PhaseStopped)]
    assert stopped == [PhaseStopped("b", "needs the first")]


def test_the_wish_to_stop_is_no_failure_of_a_phase(tracker: PhaseTracker, screen: Screen) -> None:
    with pytest.raises(KeyboardInterrupt), tracker.step("a1"):
        raise KeyboardInterrupt
    assert screen.heard == ["PhaseStarted a"]


def test_a_phase_without_a_step_is_done_at_once(screen: Screen) -> None:
    PhaseTracker(PHASE_OF, ["a", "empty", "b"], screen.listen, screen.on_done)
    assert screen.events == [PhaseStarted("empty"), PhaseDone("empty", 0, 0.0)]


def test_a_wait_is_that_of_the_step_of_its_own_thread(tracker: PhaseTracker, screen: Screen) -> None:
    both = threading.Barrier(3)

    def work(key: str) -> None:
        with tracker.step(key):
            both.wait(SECONDS)
            tracker.waiting(f"{key} waits", 1.0, 9.0)
            both.wait(SECONDS)

    walk(dict.fromkeys(PHASE_OF, ()), work, Threads(3)).raise_failure_of_everything()
    waits = [event for event in screen.events if isinstance(event, Waiting)]
    assert len(waits) == 3
    assert {(event.resource, event.reason, event.phase) for event in waits} == {
        (key, f"{key} waits", phase) for key, phase in PHASE_OF.items()
    }


def test_a_wait_outside_of_every_step_concerns_nobody(tracker: PhaseTracker, screen: Screen) -> None:
    with tracker.step("b1"):
        pass
    tracker.waiting("for a quota", 1.0, 9.0)
    assert not any(isinstance(event, Waiting) for event in screen.events)


def test_a_notice_is_its_phases(tracker: PhaseTracker, screen: Screen) -> None:
    tracker.notice("a2", "the bucket stays")
    assert screen.events == [Noticed("a", "the bucket stays")]


def test_the_listener_is_never_called_twice_at_once_whatever_happens_at_the_same_moment() -> None:
    """Screens have no lock of their own."""
    inside, overlaps, heard = threading.Lock(), [], []

    def listen(event: Event) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(event)
            return
        heard.append(event)
        threading.Event().wait(0.0005)
        inside.release()

    phase_of = {f"s{count}": f"p{count % 4}" for count in range(24)}
    tracker = PhaseTracker(phase_of, sorted(set(phase_of.values())), listen)

    def work(key: str) -> None:
        with tracker.step(key):
            with tracker.change(key, "create", key):
                tracker.waiting("a moment", 0.1, 1.0)
            tracker.notice(key, "said")
            if key == "s7":
                raise FAILURE

    found = walk(
        {key: (("s7",) if key == "s23" else ()) for key in phase_of},
        work,
        Threads(8),
        on_stopped=lambda key, because: tracker.stopped(key, because),
    )
    assert overlaps == []
    assert set(found.failed) == {"s7"}
    assert sum(isinstance(event, ChangeDone) for event in heard) == len(tracker.changed) == 23
    assert sum(isinstance(event, Waiting) for event in heard) == 23
    assert sorted(event.phase for event in heard if isinstance(event, PhaseDone)) == ["p0", "p1", "p2"]
