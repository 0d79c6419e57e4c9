"""A real SIGKILL of the real command line, at calls that arrive at a real HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aws.inventory import Inventory, differences
from tests.aws.over_http import AwsDouble
from tests.resilience.judgement import harm
from tests.resilience.real import Bench, Moment

pytestmark = [pytest.mark.local, pytest.mark.slow]

Prepare = Callable[[Bench], None]
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def bench(emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One double for this module."""
    with AwsDouble(emulator_url) as double:
        yield Bench(emulator_url, double, tmp_path_factory.mktemp("operator"))


def prepare_nothing(_bench: Bench) -> None:
    """The first setup."""


def prepare_setup(bench: Bench) -> None:
    """A deployment stands."""
    bench.run_well("setup", "--yes")


def prepare_drift(bench: Bench) -> None:
    """A deployment stands, and things were deleted behind its back."""
    prepare_setup(bench)
    look, settings = bench.look, bench.state["settings"]
    look.iam.delete_role_policy(RoleName=settings["role_name"], PolicyName=settings["policy_name"])
    look.functions.update_function_configuration(FunctionName=settings["function_name"], MemorySize=512)
    api_id = bench.state["records"]["api"]["facts"]["id"]
    look.apigateway.delete_stage(restApiId=api_id, stageName=settings["stage_name"])


ONE_BY_ONE = ("--jobs", "1")


@dataclass(frozen=True)
class Case:
    """A run to be killed at `count` moments; by default several calls are in flight then."""

    prepare: Prepare
    arguments: tuple[str, ...]
    count: int


CASES: dict[str, Case] = {
    "setup": Case(prepare_nothing, ("setup", "--yes"), 4),
    "repair": Case(prepare_drift, ("setup", "--yes"), 2),
    "rollback": Case(prepare_setup, ("rollback", "--yes"), 2),
    "setup, one by one": Case(prepare_nothing, ("setup", "--yes", *ONE_BY_ONE), 2),
    "rollback, one by one": Case(prepare_setup, ("rollback", "--yes", *ONE_BY_ONE), 1),
}
# How often AWS is asked whether it is ready differs by a few from run to run, one by one as side by side.
CALLS_MORE_OR_LESS = 8


def spread(moments: list[Moment], count: int) -> list[Moment]:
    """So many of them, evenly, the first and the last among them."""
    step = (len(moments) - 1) / max(count - 1, 1)
    return [moments[round(step * index)] for index in range(count)]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(f"kill {name}")) for name in CASES]
)
def test_after_a_sigkill_the_next_command_finishes_or_takes_everything_back(
    name: str, bench: Bench, tmp_path: Path, record_property: Record, pytestconfig: pytest.Config
) -> None:
    case = CASES[name]
    bench.begin_anew(tmp_path / "before")
    foreign = bench.inventory()
    case.prepare(bench)
    moments = bench.moments_of(*case.arguments)
    moments = [moment for moment in moments if moment.number <= moments[-1].number - CALLS_MORE_OR_LESS]
    finished = bench.inventory()
    every = bool(pytestconfig.getoption("--every-crash-point"))
    resumed: list[list[str]] = []
    rolled_back: list[list[str]] = []

    for index, moment in enumerate(moments if every else spread(moments, case.count)):
        if every or index % 2 == 0:
            resumed.append(
                _killed_then(bench, tmp_path / f"{index}-again", case, moment, case.arguments, finished)
            )
        if every or index % 2 == 1:
            back = tmp_path / f"{index}-back"
            rolled_back.append(_killed_then(bench, back, case, moment, ("rollback", "--yes"), foreign))

    problems = [text for found in (*resumed, *rolled_back) for text in found]
    row = {
        "scenario": name,
        "calls": sum(not moment.executed for moment in moments),
        "crash_points": len(resumed) + len(rolled_back),
        "resumed": f"{resumed.count([])} of {len(resumed)}",
        "rolled_back": f"{rolled_back.count([])} of {len(rolled_back)}",
        "harm": harm(problems),
    }
    record_property("real kills", row)
    assert problems == []


def _killed_then(
    bench: Bench, folder: Path, case: Case, moment: Moment, command: tuple[str, ...], expected: Inventory
) -> list[str]:
    """Prepare, kill, type the next command; what then differs from `expected`."""
    bench.begin_anew(folder)
    case.prepare(bench)
    assert bench.run_until_killed(moment, *case.arguments), f"{moment} never came"
    if command[0] == "rollback" and not bench.state:
        code, text = bench.run(*command)
        assert code == 1 and "no deployment here" in text, text
    else:
        bench.run_well(*command)
    return [f"{moment}: {problem}" for problem in differences(expected, bench.inventory())]


@pytest.mark.parametrize("stage", ["setting up", "rolling back"])
@pytest.mark.xdist_group("kill rollback")
def test_a_kill_just_before_the_last_word_is_written_is_made_good_by_the_next_setup(
    stage: str, bench: Bench, tmp_path: Path
) -> None:
    bench.begin_anew(tmp_path / "operator")
    prepare_setup(bench)
    bench.write_state({**bench.state, "stage": stage})

    bench.run_well("setup", "--yes")

    assert bench.state["stage"] == "deployed"
    bench.run_well("status")
