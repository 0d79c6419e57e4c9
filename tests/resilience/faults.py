"""One fault at every call of a run: how it ends, whether it says so well, what the next run makes of it."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.aws.in_process import Call
from tests.aws.inventory import Inventory, differences
from tests.resilience.copies import Copy, in_a_copy
from tests.resilience.environment import Environment
from tests.resilience.fault_kinds import FaultKind
from tests.resilience.judgement import harm, sent_twice_blindly, unclear, untrue
from tests.resilience.scenarios import Scenario
from wizard.engine.progress import Noticed
from wizard.errors import WizardError


@dataclass
class FaultTally:
    """What came of one kind of fault at every call of one scenario."""

    scenario: str
    kind: str
    workers: str = ""
    cases: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def as_row(self) -> dict[str, Any]:
        """For the table at the end of the run."""
        return {
            "scenario": self.scenario,
            "kind": self.kind,
            "workers": self.workers,
            "cases": self.cases,
            "endings": dict(self.endings),
            "problems": len(self.problems),
            "harm": harm(self.problems),
        }


class FaultRun:
    """Runs a scenario once; before every call a copy of the process goes on, and there it meets the fault."""

    def __init__(self, environment: Environment, scenario: Scenario, kind: FaultKind) -> None:
        self.environment = environment
        self.scenario = scenario
        self.kind = kind
        self.tally = FaultTally(scenario.name, kind.name, environment.hands.name)
        self._expected: Inventory = {}
        self._copy: Copy | None = None
        self._left = kind.times
        self._struck = ""

    def run_all(self) -> FaultTally:
        """All calls."""
        self._expected = in_a_copy(self._undisturbed)
        calls = self.environment.account.calls
        calls.clear()
        calls.before += [self._pause, self._branch]
        calls.after.append(self._pause)
        failure = self._run()
        if self._copy is not None:
            self._copy.send(lambda: self._verdict(failure))
        calls.clear()
        if failure is not None:
            raise failure
        return self.tally

    def _undisturbed(self) -> Inventory:
        self.environment.move_into_this_process()
        self.scenario.run(self.environment)
        return self.environment.inventory()

    def _run(self) -> BaseException | None:
        try:
            self.scenario.run(self.environment)
        except BaseException as failure:  # noqa: BLE001  it is judged, or nothing may get out of the copy
            return failure
        return None

    def _pause(self, _call: Call) -> None:
        self.environment.hands.pause()

    def _branch(self, call: Call) -> None:
        if self.kind.executed and not call.changing:
            return  # a read whose answer is lost is a read that hangs
        copy = Copy()
        if copy.is_here:
            self._go_on_here(copy, call)
            return
        found = copy.result()
        self.tally.cases += 1
        self.tally.endings[found["ending"]] += 1
        self.tally.problems += [f"{call.name} ({call.number}): {problem}" for problem in found["problems"]]

    def _go_on_here(self, copy: Copy, call: Call) -> None:
        self._copy, self._struck = copy, call.name
        self.environment.move_into_this_process()
        calls = self.environment.account.calls
        calls.before.append(self._pause)
        (calls.after if self.kind.executed else calls.before).append(self._strike)
        calls.after.append(self._pause)
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
        return [event.message for event in self.environment.events if isinstance(event, Noticed)]

    def _verdict(self, failure: BaseException | None) -> dict[str, Any]:
        """Judge how the run ended, then let AWS work again and run once more."""
        environment, calls = self.environment, self.environment.account.calls
        problems = sent_twice_blindly(
            (call.name, str(call.parameters.get("url_path"))) for call in calls.made
        )
        calls.clear()
        if isinstance(failure, WizardError):
            ending = f"stopped, exit {int(failure.exit_code)}"
            problems += unclear(failure, environment) + untrue(environment)
            self.scenario.run(environment)
        elif failure is None and self._named_as_staying():
            ending = "done, and named what stays"
            self.scenario.run(environment)
        elif failure is None:
            ending = "done"
        else:
            return {"ending": "broken", "problems": ["".join(traceback.format_exception(failure))]}
        problems += differences(self._expected, environment.inventory())
        return {"ending": ending, "problems": problems}
