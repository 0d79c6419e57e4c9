"""One fault at every call of a run: how it ends, whether it says so well, what the next run makes of it."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.matrix.copies import Copy, in_a_copy
from tests.matrix.fault_kinds import FaultKind
from tests.matrix.inventory import Inventory, differences, harm, inventory
from tests.matrix.judgement import sent_twice_blindly, unclear, untrue
from tests.matrix.scenes import Scene
from tests.matrix.universe import Universe
from tests.support import Call
from wizard.errors import WizardError
from wizard.events import Noticed


@dataclass
class FaultTally:
    """What came of one kind of fault at every call of one scene."""

    scene: str
    kind: str
    cases: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def as_row(self) -> dict[str, Any]:
        """For the table at the end of the run."""
        return {
            "scene": self.scene,
            "kind": self.kind,
            "cases": self.cases,
            "endings": dict(self.endings),
            "problems": len(self.problems),
            "harm": harm(self.problems),
        }


class FaultTour:
    """Runs a scene once; before every call a copy of the process goes on, where that call meets the fault."""

    def __init__(self, universe: Universe, scene: Scene, kind: FaultKind) -> None:
        self.universe = universe
        self.scene = scene
        self.kind = kind
        self.tally = FaultTally(scene.name, kind.name)
        self._expected: Inventory = {}
        self._copy: Copy | None = None
        self._left = kind.times
        self._struck = ""

    def travel(self) -> FaultTally:
        """All calls."""
        self._expected = in_a_copy(self._undisturbed)
        calls = self.universe.account.calls
        calls.clear()
        calls.before.append(self._branch)
        failure = self._run()
        if self._copy is not None:
            self._copy.tell(lambda: self._verdict(failure))
        calls.clear()
        if failure is not None:
            raise failure
        return self.tally

    def _undisturbed(self) -> Inventory:
        self.universe.move_into_this_process()
        self.scene.run(self.universe)
        return inventory(self.universe.account)

    def _run(self) -> BaseException | None:
        try:
            self.scene.run(self.universe)
        except BaseException as failure:  # noqa: BLE001  it is judged, or nothing may get out of the copy
            return failure
        return None

    def _branch(self, call: Call) -> None:
        if self.kind.executed and not call.changing:
            return  # a read whose answer is lost is a read that hangs
        copy = Copy()
        if copy.is_here:
            self._go_on_here(copy, call)
            return
        found = copy.told()
        self.tally.cases += 1
        self.tally.endings[found["ending"]] += 1
        self.tally.problems += [f"{call.name} ({call.number}): {problem}" for problem in found["problems"]]

    def _go_on_here(self, copy: Copy, call: Call) -> None:
        self._copy, self._struck = copy, call.name
        self.universe.move_into_this_process()
        calls = self.universe.account.calls
        (calls.after if self.kind.executed else calls.before).append(self._strike)
        if not self.kind.executed:
            self._strike(call)

    def _strike(self, call: Call) -> None:
        if call.name != self._struck or self._left == 0:
            return
        if self._left is not None:
            self._left -= 1
        raise self.kind.error(call)

    def _named_as_staying(self) -> list[str]:
        """A bucket that S3 does not show may be somebody else's by now: a rollback leaves it and says so."""
        return [event.message for event in self.universe.events if isinstance(event, Noticed)]

    def _verdict(self, failure: BaseException | None) -> dict[str, Any]:
        """Judge how the run ended, then let AWS work again and run once more."""
        universe, calls = self.universe, self.universe.account.calls
        problems = sent_twice_blindly(
            (call.name, str(call.parameters.get("url_path"))) for call in calls.made
        )
        calls.clear()
        if isinstance(failure, WizardError):
            ending = f"stopped, exit {int(failure.exit_code)}"
            problems += unclear(failure, universe) + untrue(universe)
            self.scene.run(universe)
        elif failure is None and self._named_as_staying():
            ending = "done, and named what stays"
            self.scene.run(universe)
        elif failure is None:
            ending = "done"
        else:
            return {"ending": "broken", "problems": ["".join(traceback.format_exception(failure))]}
        problems += differences(self._expected, inventory(universe.account))
        return {"ending": ending, "problems": problems}
