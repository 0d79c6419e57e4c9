"""Walking a graph of steps: what does not wait for another one runs side by side.

Workers are a collaborator: threads do the work in earnest, one after the other is the plain order, and
tests bring a pool that picks the next step by a seed.

**When a step fails**, what needs it is stopped, and so is what comes after it in its chain; everything else
goes on, so that one run does and tells as much as it can. A failure that concerns every step (dead
credentials, a state file that cannot be written, the operator's wish to stop, a fault of our own) starts
nothing more. In both cases what runs is let end.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import Protocol

from wizard.daemons import Daemons
from wizard.errors import CredentialsError, Interrupted, StateError, WizardError

Work = Callable[[str], None]
Outcome = tuple[str, BaseException | None]


class Workers(Protocol):
    """A few hands. `start` is called for steps that may run now, `ended` when nothing else can be started."""

    def start(self, step: str, work: Work) -> None:
        """Run `work(step)` as soon as a hand is free; never called twice for one step."""

    def ended(self) -> Outcome:
        """Wait for a step to end; returns it with what it raised, or None."""


class OneByOne:
    """The plain order: of the steps that may run, the first of the table."""

    def __init__(self, order: Iterable[str]) -> None:
        self._rank = {step: number for number, step in enumerate(order)}
        self._waiting: list[tuple[int, str, Work]] = []

    def start(self, step: str, work: Work) -> None:
        """See `Workers`."""
        heappush(self._waiting, (self._rank[step], step, work))

    def ended(self) -> Outcome:
        """See `Workers`."""
        _rank, step, work = heappop(self._waiting)
        return step, _outcome(step, work)


class Threads:
    """A few threads; a call that hangs when the operator has said stop twice does not hold up the way out."""

    def __init__(self, number: int) -> None:
        self._hands = Daemons(number)
        self._done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._open = 0

    def start(self, step: str, work: Work) -> None:
        """See `Workers`."""
        self._open += 1
        self._hands.submit(lambda: self._done.put((step, _outcome(step, work))))

    def ended(self) -> Outcome:
        """See `Workers`. When nothing is left to do the threads end: a command may walk many times."""
        outcome = self._done.get()
        self._open -= 1
        if not self._open:
            self._hands.let_go()
        return outcome


def _outcome(step: str, work: Work) -> BaseException | None:
    try:
        work(step)
    except BaseException as error:  # noqa: BLE001  handed to whoever walks the graph
        return error
    return None


def workers_for(jobs: int, order: Iterable[str]) -> Workers:
    """The hands for `--jobs`."""
    return OneByOne(order) if jobs == 1 else Threads(jobs)


class _NotBegunError(Exception):
    """A step was waiting for a hand when everything was stopped."""


def concerns_everything(error: BaseException) -> bool:
    """Whether no other step should be begun after this failure."""
    return not isinstance(error, WizardError) or isinstance(error, (CredentialsError, StateError))


def _unless_halted(work: Work, halted: threading.Event) -> Work:
    """Work that is not begun any more once a failure of everything has set `halted`."""

    def begin(step: str) -> None:
        if halted.is_set():
            raise _NotBegunError
        try:
            work(step)
        except BaseException as error:
            if concerns_everything(error):
                halted.set()
            raise

    return begin


@dataclass
class Walk:
    """What came of a walk.

    Attributes:
        done: the steps that ended well, in that order.
        failed: step to its failure, in the order in which they happened.
        stopped: step to the failed step because of which it was not begun; "" when all were stopped.
    """

    done: list[str] = field(default_factory=list)
    failed: dict[str, BaseException] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)

    def hindrance_to(self, needs: Iterable[str]) -> str | None:
        """Why a step is not begun, as in `stopped`; None where all that it needs is done. A step that was
        told to stop has not failed."""
        need = next((need for need in needs if need not in self.done), None)
        if need is None:
            return None
        because = self.stopped.get(need, need)
        return "" if isinstance(self.failed.get(because), Interrupted) else because

    def raise_failure_of_everything(self) -> None:
        """Raise what stopped all steps, if anything did; the operator's wish first."""
        fatal = [error for error in self.failed.values() if concerns_everything(error)]
        fatal.sort(key=lambda error: not isinstance(error, Interrupted))
        if fatal:
            raise fatal[0]


def walk(
    needs: Mapping[str, Collection[str]],
    work: Work,
    workers: Workers,
    *,
    on_stopped: Callable[[str, str], None] = lambda step, because: None,
) -> Walk:
    """Run every step after those that it needs; see above for failures.

    Args:
        needs: step to the steps that it needs, in the plain order; steps that are not there count as done.
        work: called with every step, on the workers.
        on_stopped: told of steps that are not begun.

    Raises:
        graphlib.CycleError: steps need each other.
    """
    edges = {step: [need for need in needed if need in needs] for step, needed in needs.items()}
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    found, running, halted = Walk(), 0, threading.Event()
    begin = _unless_halted(work, halted)
    while sorter.is_active():
        for step in sorted(sorter.get_ready(), key=list(needs).index):
            because = found.hindrance_to(edges[step])
            if because is None and not halted.is_set():
                workers.start(step, begin)
                running += 1
            else:
                found.stopped[step] = because or ""
                on_stopped(step, because or "")
                sorter.done(step)
        if not running:
            continue
        step, error = workers.ended()
        running -= 1
        if error is None:
            found.done.append(step)
        elif isinstance(error, _NotBegunError):
            found.stopped[step] = ""
            on_stopped(step, "")
        else:
            found.failed[step] = error
        sorter.done(step)
    return found
