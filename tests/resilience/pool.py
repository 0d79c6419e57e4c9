"""Workers whose interleaving a seed decides, so that every run of a graph can be repeated exactly.

Steps run as greenlets, all in one thread: at every AWS call, before it is sent and after it was executed,
and at every pause, the next step to go on is drawn. So two creates can be in flight at the moment of a
kill.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import greenlet

from wizard.engine.graph import OneByOne, Outcome, Work, Workers

HANDS = 4


class SeededPool:
    """`wizard.engine.graph.Workers`; `pause` is for whoever watches the calls."""

    def __init__(self, seed: int, hands: int = HANDS) -> None:
        self._random = Random(seed)
        self._hands = hands
        self._waiting: list[tuple[str, Work]] = []
        self._running: list[greenlet.greenlet] = []

    def start(self, step: str, work: Work) -> None:
        """See `Workers`."""
        self._waiting.append((step, work))

    def ended(self) -> Outcome:
        """See `Workers`."""
        while True:
            free = self._waiting if len(self._running) < self._hands else []
            number = self._random.randrange(len(self._running) + len(free))
            if number >= len(self._running):
                step, work = self._waiting.pop(number - len(self._running))
                self._running.append(greenlet.greenlet(_doing(step, work)))
            one = self._running[number] if number < len(self._running) else self._running[-1]
            outcome: Outcome = one.switch()
            if one.dead:
                self._running.remove(one)
                return outcome

    def pause(self) -> None:
        """Let another step go on, if this is one."""
        here = greenlet.getcurrent()
        if here in self._running and here.parent is not None:
            here.parent.switch(None)


def _doing(step: str, work: Work) -> Callable[[], Outcome]:
    def run() -> Outcome:
        try:
            work(step)
        except BaseException as error:  # noqa: BLE001  handed to whoever walks the graph
            return step, error
        return step, None

    return run


class Hands:
    """Makes the workers of the engine for one seed; None is the plain order, one after the other."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
        self._pool: SeededPool | None = None

    @property
    def name(self) -> str:
        """For the tables at the end of the run."""
        return "one" if self.seed is None else f"several, seed {self.seed}"

    def __call__(self, jobs: int, order: Sequence[str]) -> Workers:
        """The engine's `workers_for`."""
        if self.seed is None:
            return OneByOne(order)
        self._pool = SeededPool(self.seed)
        return self._pool

    def pause(self) -> None:
        """To be called at every AWS call and pause."""
        if self._pool is not None:
            self._pool.pause()
