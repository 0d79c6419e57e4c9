"""Lives of deployments, made by raw and by the wizard in turns, and the table of what they took."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .laboratory import Conditions, Cost, Laboratory

INSTANT, FAR, SLOW_ROLE = Conditions(), Conditions(0.08), Conditions(0.08, 8.0)
# What can be measured of a deployment's life, in its order.
STEPS = {"fresh": "fresh setup", "no-change": "no change", "status": "status", "rollback": "rollback"}


@dataclass(frozen=True)
class Contestant:
    """One way to take every step: what follows `python -m`."""

    title: str
    commands: dict[str, list[str]]


def raw(url: str) -> Contestant:
    """The script. It has no status: its look at what stands takes that place."""
    scripts = {"fresh": "setup", "no-change": "no_change", "status": "no_change", "rollback": "rollback"}
    commands = {step: ["tests.benchmarks.raw", script, url] for step, script in scripts.items()}
    return Contestant("raw", commands)


def wizard(url: str, jobs: str, take_jobs: frozenset[str]) -> Contestant:
    """The command line; `jobs`, unless empty, is passed on to the commands that take it."""
    lines = {
        "fresh": ["setup", "--yes"],
        "no-change": ["setup", "--yes"],
        "status": ["status"],
        "rollback": ["rollback", "--yes"],
    }
    commands = {}
    for step, line in lines.items():
        option = ["--jobs", jobs] if jobs and line[0] in take_jobs else []
        commands[step] = ["wizard", "--endpoint-url", url, *line, *option]
    return Contestant(f"--jobs {jobs}" if jobs else "wizard", commands)


def commands_that_take_jobs(laboratory: Laboratory) -> frozenset[str]:
    """The wizard's commands with an option --jobs, by their help."""
    laboratory.clean()
    commands = ("setup", "status", "rollback")
    return frozenset(
        command for command in commands if "--jobs" in laboratory.output_of(["wizard", command, "--help"])
    )


class Comparison:
    """The lives of all contestants; the first one, raw, is the yardstick of the others."""

    def __init__(self, contestants: Sequence[Contestant], steps: Iterable[str]) -> None:
        self.yardstick, *self.wizards = contestants
        self.steps = tuple(steps)
        self._lives: dict[tuple[str, Conditions], list[dict[str, Cost]]] = defaultdict(list)

    def measure(self, laboratory: Laboratory, pairs: int, all_conditions: Sequence[Conditions]) -> None:
        """Let everybody take turns, after a life each that warms up and does not count."""
        contestants = [self.yardstick, *self.wizards]
        for contestant in contestants:
            self._live(laboratory, contestant, INSTANT)
        for pair in range(pairs):
            for conditions in all_conditions:
                print(f"pair {pair + 1} of {pairs}: {conditions}", file=sys.stderr, flush=True)
                for contestant in contestants[:: -1 if pair % 2 else 1]:
                    life = self._live(laboratory, contestant, conditions)
                    self._lives[contestant.title, conditions].append(life)

    def _live(
        self, laboratory: Laboratory, contestant: Contestant, conditions: Conditions
    ) -> dict[str, Cost]:
        """The measured steps of one life. A setup that is only needed for them is not slowed down."""
        laboratory.clean()
        measured = ("fresh",) if conditions.role_usable_after else self.steps
        life = {}
        for step in STEPS:
            command = contestant.commands[step]
            if step in measured:
                life[step] = laboratory.run(command, conditions)
            elif step == "fresh":
                laboratory.run(command)
        return life

    def print_steps(self) -> None:
        """A line for each step and wizard."""
        print("| | calls (changing) | 0 ms: wall | CPU | 80 ms: wall | 80 ms, role after 8 s: wall - 8 s |")
        print("|---|---|---|---|---|---|")
        for step in self.steps:
            for contestant in self.wizards:
                title = STEPS[step] if len(self.wizards) == 1 else f"{STEPS[step]}, {contestant.title}"
                print("|", " | ".join((title, *self._cells(contestant, step))), "|")

    def _cells(self, contestant: Contestant, step: str) -> Iterable[str]:
        both = (contestant, self.yardstick)
        yield "; raw ".join(self._counted(who, step) for who in both)
        for conditions, figure in ((INSTANT, "wall"), (INSTANT, "cpu"), (FAR, "wall")):
            seconds = self._median(contestant, conditions, step, figure)
            yield f"{seconds:.2f} s = {self._ratio(contestant, conditions, step, figure):.2f}x"
        if step == "fresh":
            waited = (
                self._median(who, SLOW_ROLE, step, "wall") - SLOW_ROLE.role_usable_after for who in both
            )
            yield "; raw ".join(f"{seconds:.2f} s" for seconds in waited)
        else:
            yield ""

    def _counted(self, who: Contestant, step: str) -> str:
        calls, changing = (self._median(who, INSTANT, step, figure) for figure in ("calls", "changing"))
        return f"{calls:g} ({changing:g})"

    def print_memory(self) -> None:
        """A line for each wizard."""
        for contestant in self.wizards:
            own, other = (
                self._median(who, INSTANT, "fresh", "peak_mb") for who in (contestant, self.yardstick)
            )
            print(f"Peak memory of setup, {contestant.title}: {own:.0f} MB; raw {other:.0f} MB")

    def _median(self, who: Contestant, conditions: Conditions, step: str, figure: str) -> float:
        """Of one contestant's figures."""
        lives = self._lives[who.title, conditions]
        return float(statistics.median(getattr(life[step], figure) for life in lives))

    def _ratio(self, who: Contestant, conditions: Conditions, step: str, figure: str) -> float:
        """Of one contestant's figures to raw's of the same pair."""
        own, other = (self._lives[title, conditions] for title in (who.title, self.yardstick.title))
        return median_ratio([life[step] for life in own], [life[step] for life in other], figure)


def median_ratio(costs: Sequence[Cost], others: Sequence[Cost], figure: str) -> float:
    """Of the pairs' ratios."""
    pairs = zip(costs, others, strict=True)
    return float(statistics.median(getattr(cost, figure) / getattr(other, figure) for cost, other in pairs))
