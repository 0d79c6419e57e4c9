"""One fault at every call of a run: how it ends, whether it says so well, what the next run makes of it."""

from __future__ import annotations

import json
import re
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.aws.in_process import Call
from tests.aws.inventory import Inventory, differences
from tests.resilience.environment import Environment
from tests.resilience.fault_kinds import FaultKind
from tests.resilience.judgement import (
    harm,
    lost,
    sent_twice_blindly,
    unclear,
    untrue,
    watched_by_clients,
)
from tests.resilience.scenarios import Scenario
from wizard.engine.progress import Noticed
from wizard.errors import WizardError

OF_ONE_RUN = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00|\"seconds\": [\d.]+|events_\d+_[\da-f-]{36}")
"""What the state file has of when things were done, how long they took, and of the proofs' objects: it
differs from run to run, and nothing hangs on it."""


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
    """Runs a scenario once for every call of it, from the same beginning; there it meets the fault."""

    def __init__(self, environment: Environment, scenario: Scenario, kind: FaultKind) -> None:
        self.environment = environment
        self.scenario = scenario
        self.kind = kind
        self.tally = FaultTally(scenario.name, kind.name, environment.hands.name)
        self._expected: Inventory = {}
        self._drift: list[str] = []
        self._worlds: dict[tuple[object, ...], list[str]] = {}

    def run_all(self) -> FaultTally:
        """All calls; where the scenario is about some of them, one of each name and subject, half of these by
        one worker, the others by several.

        Of a kind that AWS executes first, those that change something: a read whose answer is lost is a
        read that hangs.
        """
        self._drift = untrue(self.environment)
        for call in self._to_strike(self._undisturbed()):
            with self.environment.aside() as aside:
                self._count(call, self._verdict(aside, call))
        return self.tally

    def _to_strike(self, calls: list[Call]) -> list[Call]:
        found = [
            call
            for call in calls
            if self.scenario.disturbs(call) and (call.changing or not self.kind.executed)
        ]
        if not self.scenario.about:
            return found
        first = {(call.name, self.scenario.subject_of(call)): call for call in reversed(found)}
        half = sorted(first, key=str)[self.environment.hands.seed is not None :: 2]
        return [first[kind] for kind in half]

    def _undisturbed(self) -> list[Call]:
        with self.environment.aside() as aside:
            self._let_others_go_on(aside)
            self.scenario.run(aside)
            calls = list(aside.account.calls.made)
            aside.account.calls.clear()
            self._expected = aside.inventory()
        return calls

    def _count(self, call: Call, verdict: tuple[str, list[str]]) -> None:
        ending, problems = verdict
        self.tally.cases += 1
        self.tally.endings[ending] += 1
        self.tally.problems += [f"{call.name} ({call.number}): {problem}" for problem in problems]

    def _let_others_go_on(self, environment: Environment) -> None:
        """Several workers: at every call another one may be drawn."""
        calls = environment.account.calls
        calls.before.append(lambda _call: environment.hands.pause())
        calls.after.append(lambda _call: environment.hands.pause())

    def _verdict(self, environment: Environment, target: Call) -> tuple[str, list[str]]:
        """How the run ended and what is wrong, also of what follows."""
        calls, strike = environment.account.calls, _Strike(self.kind, target)
        self._let_others_go_on(environment)
        (calls.after if self.kind.executed else calls.before).insert(0 if self.kind.executed else 1, strike)
        with watched_by_clients(environment) as problems:
            failure = self._failure_of(environment)
        if not strike.struck:
            return "broken", [f"the run is not repeatable: there was no {target.name} ({target.number})"]
        problems += sent_twice_blindly(
            (call.name, f"{call.parameters.get('url_path')} {_thing_of(call)}") for call in calls.made
        )
        calls.clear()
        if isinstance(failure, WizardError):
            ending = f"stopped, exit {int(failure.exit_code)}"
            problems += unclear(failure, environment)
        elif failure is None:
            ending = "done, and named what stays" if _named_as_staying(environment) else "done"
        else:
            return "broken", ["".join(traceback.format_exception(failure))]
        return ending, problems + self._what_follows(environment, ending)

    def _what_follows(self, environment: Environment, ending: str) -> list[str]:
        """Where AWS and the disk are as after a fault before, and the run ended as then, all that follows is
        the same.

        Not where clients send: each time others of theirs are under way.
        """
        if environment.clients is not None:
            return self._next_run(environment, ending)
        runs, left = environment.account.function.runs, OF_ONE_RUN.sub("", environment.what_a_kill_leaves())
        world = (ending, environment.account.known.histories(), runs, left)
        if world not in self._worlds:
            self._worlds[world] = self._next_run(environment, ending)
        return self._worlds[world]

    def _next_run(self, environment: Environment, ending: str) -> list[str]:
        """What is wrong once AWS works again, and a run that was not done has been made once more."""
        problems = []
        if ending.startswith("stopped"):
            problems += [text for text in untrue(environment) if text not in self._drift]
        if ending != "done":
            problems += self._run_again(environment)
        return [*problems, *lost(environment), *differences(self._expected, environment.inventory())]

    def _run_again(self, environment: Environment) -> list[str]:
        with watched_by_clients(environment) as problems:
            self.scenario.run(environment)
        return problems

    def _failure_of(self, environment: Environment) -> BaseException | None:
        try:
            self.scenario.run(environment)
        except Exception as failure:  # noqa: BLE001  it is judged
            return failure
        return None


def _thing_of(call: Call) -> str:
    """Firehose and Glue have one path for all streams, and tables."""
    if call.service not in ("firehose", "glue"):
        return ""
    asked = json.loads(call.parameters["body"])
    return str(asked.get("DeliveryStreamName") or asked.get("TableInput", {}).get("Name", ""))


class _Strike:
    """Raises at one call, and at the calls of its name that follow, as often as the kind says."""

    def __init__(self, kind: FaultKind, target: Call) -> None:
        self.struck = False
        self._kind = kind
        self._target = target
        self._left = kind.times

    def __call__(self, call: Call) -> None:
        """A rule of `Calls`."""
        if call.name != self._target.name or call.number < self._target.number or self._left == 0:
            return
        self.struck = True
        if self._left is not None:
            self._left -= 1
        raise self._kind.error(call)


def _named_as_staying(environment: Environment) -> list[str]:
    """A bucket that S3 does not show may be somebody else's by now: a rollback leaves it and says so."""
    return [event.message for event in environment.events if isinstance(event, Noticed)]
