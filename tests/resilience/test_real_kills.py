"""A real SIGKILL of the real command line, at calls that arrive at a real HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


SCENARIOS: dict[str, tuple[Prepare, tuple[str, ...], int]] = {
    "setup": (prepare_nothing, ("setup", "--yes"), 4),
    "repair": (prepare_drift, ("setup", "--yes"), 2),
    "rollback": (prepare_setup, ("rollback", "--yes"), 2),
}


def spread(moments: list[Moment], count: int) -> list[Moment]:
    """So many of them, evenly, the first and the last among them."""
    step = (len(moments) - 1) / max(count - 1, 1)
    return [moments[round(step * index)] for index in range(count)]


@pytest.mark.parametrize(
    "scenario", [pytest.param(name, marks=pytest.mark.xdist_group(f"kill {name}")) for name in SCENARIOS]
)
def test_after_a_sigkill_the_next_command_finishes_or_takes_everything_back(
    scenario: str, bench: Bench, tmp_path: Path, record_property: Record, pytestconfig: pytest.Config
) -> None:
    prepare, arguments, count = SCENARIOS[scenario]
    bench.begin_anew(tmp_path / "before")
    foreign = bench.inventory()
    prepare(bench)
    moments = bench.moments_of(*arguments)
    finished = bench.inventory()
    every = bool(pytestconfig.getoption("--every-crash-point"))
    resumed: list[list[str]] = []
    rolled_back: list[list[str]] = []

    for index, moment in enumerate(moments if every else spread(moments, count)):
        if every or index % 2 == 0:
            resumed.append(
                _killed_then(bench, tmp_path / f"{index}-again", scenario, moment, arguments, finished)
            )
        if every or index % 2 == 1:
            rolled_back.append(
                _killed_then(
                    bench, tmp_path / f"{index}-back", scenario, moment, ("rollback", "--yes"), foreign
                )
            )

    problems = [text for found in (*resumed, *rolled_back) for text in found]
    row = {
        "scenario": scenario,
        "calls": sum(not moment.executed for moment in moments),
        "crash_points": len(resumed) + len(rolled_back),
        "resumed": f"{resumed.count([])} of {len(resumed)}",
        "rolled_back": f"{rolled_back.count([])} of {len(rolled_back)}",
        "harm": harm(problems),
    }
    record_property("real kills", row)
    assert problems == []


def _killed_then(
    bench: Bench, folder: Path, scenario: str, moment: Moment, command: tuple[str, ...], expected: Inventory
) -> list[str]:
    """Prepare, kill, type the next command; what then differs from `expected`."""
    prepare, arguments, _count = SCENARIOS[scenario]
    bench.begin_anew(folder)
    prepare(bench)
    assert bench.run_until_killed(moment, *arguments), f"{moment} never came"
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
