"""Dying at every moment of a run, and what the operator's next command makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.aws.in_process import Call
from tests.aws.inventory import Inventory, differences
from tests.resilience.disk import watched
from tests.resilience.environment import Command, Environment
from tests.resilience.judgement import harm, lost, watched_by_clients
from tests.resilience.scenarios import Scenario, adopting_setup, set_up_streams, setup


@dataclass
class CrashTally:
    """What came of all crash points of one scenario and one following command."""

    scenario: str
    follow_up: str
    workers: str = ""
    calls: int = 0
    state_writes: int = 0
    crash_points: int = 0
    different_worlds: int = 0
    exact: int = 0
    problems: list[str] = field(default_factory=list)

    def as_row(self) -> dict[str, Any]:
        """For the table at the end of the run."""
        return {**asdict(self), "problems": len(self.problems), "harm": harm(self.problems)}


class CrashRun:
    """Runs a scenario once; at every moment the following command is tried, as if the run had died there."""

    def __init__(self, environment: Environment, scenario: Scenario, follow_up: str) -> None:
        self.environment = environment
        self.scenario = scenario
        self.tally = CrashTally(scenario.name, follow_up, environment.hands.name)
        self._follow = command_after(scenario, follow_up)
        self._changes = 0
        self._verdicts: dict[tuple[object, ...], list[str]] = {}
        self._expected: Inventory = {}

    def run_all(self) -> CrashTally:
        """All crash points."""
        with self.environment.aside() as aside:
            self._expected = self._undisturbed(aside)
        self.environment.account.calls.clear()
        with watched_by_clients(self.environment) as problems, self._watched():
            self.scenario.run(self.environment)
        self.tally.problems += problems + lost(self.environment)
        self.tally.calls = sum(map(self.scenario.disturbs, self.environment.account.calls.made))
        self.tally.different_worlds = len(self._verdicts)
        return self.tally

    def _undisturbed(self, environment: Environment) -> Inventory:
        """What should stand after the following command: as if the killed run had come to its end."""
        self.scenario.run(environment)
        if self.tally.follow_up != "run again":
            self._follow(environment)
        return environment.inventory()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        calls = self.environment.account.calls
        calls.before.append(self._before)
        calls.after.append(self._after)
        with watched(self.environment.path, self._at_write):
            yield
        calls.before.clear()
        calls.after.clear()

    def _before(self, call: Call) -> None:
        self.environment.hands.pause()
        if self.scenario.disturbs(call):
            self._die(f"before {call.name} ({call.number})")

    def _after(self, call: Call) -> None:
        self._changes += call.changing
        if self.scenario.disturbs(call):
            self._die(f"after {call.name} ({call.number})")
        self.environment.hands.pause()

    def _at_write(self, moment: str) -> None:
        self.tally.state_writes += moment.startswith("after")
        self._die(moment)

    def _die(self, moment: str) -> None:
        """A kill leaves AWS and the disk; where both are as at a moment before, so is all that follows."""
        left = (self._changes, self.environment.account.function.runs, self.environment.what_a_kill_leaves())
        if left not in self._verdicts:
            with self.environment.aside() as aside:
                self._verdicts[left] = self._what_follows(aside)
        found = self._verdicts[left]
        self.tally.crash_points += 1
        self.tally.exact += not found
        self.tally.problems += [f"{moment}: {problem}" for problem in found]

    def _what_follows(self, environment: Environment) -> list[str]:
        with watched_by_clients(environment) as problems:
            self._follow(environment)
        problems += lost(environment)
        problems += differences(self._expected, environment.inventory())
        return problems + self._untrue_state(environment)

    def _untrue_state(self, environment: Environment) -> list[str]:
        """The state file must say that the command came to its end, and that all is well."""
        state = environment.state
        if state is None:
            return []
        rolled_back = self._follow is roll_back or (
            self.tally.follow_up == "run again" and "rollback" in self.scenario.name
        )
        desired = "rolled back" if rolled_back else "deployed"
        problems = (
            [] if state.lifecycle == desired else [f"the state file says {state.lifecycle}, not {desired}"]
        )
        unfinished = [key for key, record in state.records.items() if record.status != "present"]
        problems += [f"{key} is still written down as unfinished" for key in unfinished]
        if not rolled_back and not environment.status().in_order:
            found = [text for phase in environment.status().phases for text in phase.sentences]
            problems.append(f"status finds something that is not as set up: {found}")
        return problems


def roll_back(environment: Environment) -> None:
    """`rollback --yes`."""
    environment.rollback()


def command_after(scenario: Scenario, follow_up: str) -> Command:
    """What the operator types after the kill."""
    commands: dict[str, Callable[[Environment], None]] = {
        "run again": scenario.run,
        "roll back": roll_back,
        "buffer again": set_up_streams,
        "set up again": adopting_setup if "adopt" in scenario.name else setup,
    }
    return commands[follow_up]
