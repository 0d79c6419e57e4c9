"""Dying at every moment of a run, and what the operator's next command makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.matrix.copies import in_a_copy
from tests.matrix.disk import watched
from tests.matrix.inventory import Inventory, differences, harm, inventory
from tests.matrix.scenes import Scene, adopting_setup, setup
from tests.matrix.universe import Command, Universe
from tests.support import Call


@dataclass
class CrashTally:
    """What came of all crash points of one scene and one following command."""

    scene: str
    follow_up: str
    calls: int = 0
    state_writes: int = 0
    crash_points: int = 0
    different_worlds: int = 0
    exact: int = 0
    problems: list[str] = field(default_factory=list)

    def as_row(self) -> dict[str, Any]:
        """For the table at the end of the run."""
        return {**asdict(self), "problems": len(self.problems), "harm": harm(self.problems)}


class CrashTour:
    """Runs a scene once; at every moment a copy of the process dies and tries the following command."""

    def __init__(self, universe: Universe, scene: Scene, follow_up: str) -> None:
        self.universe = universe
        self.scene = scene
        self.tally = CrashTally(scene.name, follow_up)
        self._follow = command_after(scene, follow_up)
        self._changes = 0
        self._verdicts: dict[tuple[object, ...], list[str]] = {}
        self._expected: Inventory = {}

    def travel(self) -> CrashTally:
        """All crash points."""
        self._expected = in_a_copy(self._undisturbed)
        self.universe.account.calls.clear()
        with self._watched():
            self.scene.run(self.universe)
        self.tally.calls = len(self.universe.account.calls.made)
        self.tally.different_worlds = len(self._verdicts)
        return self.tally

    def _undisturbed(self) -> Inventory:
        """What should stand after the following command: as if the killed run had come to its end."""
        self.universe.move_into_this_process()
        if self.tally.follow_up == "run again":
            self.scene.run(self.universe)
        else:
            self.scene.run(self.universe)
            self._follow(self.universe)
        return inventory(self.universe.account)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        calls = self.universe.account.calls
        calls.before.append(lambda call: self._die(f"before {call.name} ({call.number})"))
        calls.after.append(self._after)
        with watched(self.universe.path, self._at_write):
            yield
        calls.before.clear()
        calls.after.clear()

    def _after(self, call: Call) -> None:
        self._changes += call.changing
        self._die(f"after {call.name} ({call.number})")

    def _at_write(self, moment: str) -> None:
        self.tally.state_writes += moment.startswith("after")
        self._die(moment)

    def _die(self, moment: str) -> None:
        """A kill leaves AWS and the disk; where both are as at a moment before, so is all that follows."""
        left = (self._changes, self.universe.account.function.runs, self.universe.what_a_kill_leaves())
        if left not in self._verdicts:
            self._verdicts[left] = in_a_copy(self._what_follows)
        found = self._verdicts[left]
        self.tally.crash_points += 1
        self.tally.exact += not found
        self.tally.problems += [f"{moment}: {problem}" for problem in found]

    def _what_follows(self) -> list[str]:
        self.universe.move_into_this_process()
        self._follow(self.universe)
        problems = differences(self._expected, inventory(self.universe.account))
        return problems + self._untrue_state()

    def _untrue_state(self) -> list[str]:
        """The state file must say that the command came to its end, and that all is well."""
        state = self.universe.state
        if state is None:
            return []
        rolled_back = self._follow is roll_back or (
            self.tally.follow_up == "run again" and "rollback" in self.scene.name
        )
        wanted = "rolled back" if rolled_back else "deployed"
        problems = [] if state.stage == wanted else [f"the state file says {state.stage}, not {wanted}"]
        unfinished = [key for key, record in state.records.items() if record.status != "present"]
        problems += [f"{key} is still written down as unfinished" for key in unfinished]
        if not rolled_back and not self.universe.status().in_order:
            problems.append("status finds something that is not as set up")
        return problems


def roll_back(universe: Universe) -> None:
    """`rollback --yes`."""
    universe.rollback()


def command_after(scene: Scene, follow_up: str) -> Command:
    """What the operator types after the kill."""
    commands: dict[str, Callable[[Universe], None]] = {
        "run again": scene.run,
        "roll back": roll_back,
        "set up again": adopting_setup if "adopt" in scene.name else setup,
    }
    return commands[follow_up]
