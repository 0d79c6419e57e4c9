"""One fault of each kind, met by the real command line at a real HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aws.inventory import differences
from tests.aws.over_http import AwsDouble
from tests.aws.over_http.faults import (
    Fault,
    error_500,
    executed_then_500,
    hang,
    lost,
    refused,
    refused_forever,
    reset,
    throttled,
)
from tests.resilience.judgement import harm, sent_twice_blindly
from tests.resilience.real import Bench

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("real faults")]

SETUP, ROLLBACK = ("setup", "--yes"), ("rollback", "--yes")


@pytest.fixture(scope="module")
def bench(emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One double for this module."""
    with AwsDouble(emulator_url) as double:
        yield Bench(emulator_url, double, tmp_path_factory.mktemp("operator"))


@dataclass(frozen=True)
class Case:
    """A fault in a run: whether the run outlasts it, and otherwise what it must say."""

    arguments: tuple[str, ...]
    fault: Callable[[], Fault]
    says: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Command, kind and operation."""
        made = self.fault()
        return f"{self.arguments[0]} {made.name} {made.operation}"


CASES = [
    Case(SETUP, lambda: lost(operation="apigateway.CreateRestApi")),
    Case(SETUP, lambda: lost(operation="iam.CreateRole")),
    Case(SETUP, lambda: executed_then_500(operation="lambda.CreateFunction")),
    Case(SETUP, lambda: hang(0.5, executed=True, operation="s3.CreateBucket", occurrence=1)),
    Case(SETUP, lambda: reset(operation="apigateway.CreateResource")),
    Case(SETUP, lambda: error_500(operation="logs.CreateLogGroup")),
    Case(SETUP, lambda: throttled(operation="apigateway.CreateDeployment")),
    Case(
        SETUP,
        lambda: refused(operation="iam.PutRolePolicy"),
        ("permissions boundary", "iam:PutRolePolicy", "Then run again"),
    ),
    Case(
        SETUP,
        lambda: refused_forever("service control policy", operation="apigateway.PutMethod"),
        ("method POST", "p-examplepolicy", "administrator"),
    ),
    Case(ROLLBACK, lambda: lost(operation="apigateway.DeleteRestApi")),
    Case(ROLLBACK, lambda: throttled(operation="lambda.DeleteFunction")),
    Case(
        ROLLBACK,
        lambda: refused_forever(operation="iam.DeleteRole"),
        ("execution role", "iam:DeleteRole", "eventtrack-wizard"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_a_fault_is_outlasted_or_explained_and_the_next_run_completes(
    case: Case, bench: Bench, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    bench.begin_anew(tmp_path / "operator")
    foreign = bench.inventory()
    if case.arguments == ROLLBACK:
        bench.run_well(*SETUP)
    fault = case.fault()
    bench.double.faults[:] = [fault]
    before = len(bench.double.calls)
    code, text = bench.run(*case.arguments)
    sent = [(call.name, call.request.path) for call in bench.double.calls[before:]]
    bench.double.faults.clear()

    assert fault.struck > 0, "the fault was met"
    assert code == (1 if case.says else 0), text
    said = " ".join(text.replace("│", " ").split())
    assert all(words in said for words in case.says), text
    assert sent_twice_blindly(sent) == []
    problems = _after_the_next_run(bench, case, foreign)
    row = {"scenario": case.arguments[0], "kind": fault.name, "cases": 1, "harm": harm(problems)}
    record_property("real faults", {**row, "endings": {"done" if code == 0 else f"stopped, exit {code}": 1}})
    assert problems == []


def _after_the_next_run(bench: Bench, case: Case, foreign: dict[str, object]) -> list[str]:
    """Run again where it stopped; one of each thing stands, and a rollback leaves what was there before."""
    if case.says:
        bench.run_well(*case.arguments)
    if case.arguments == SETUP:
        ours = [name for name, facts in bench.inventory().items() if "<this deployment>" in f"{name} {facts}"]
        kinds = sorted(name.partition(":")[0] for name in ours)
        assert kinds == ["apis", "buckets", "functions", "log groups", "roles"], ours
        bench.run_well("status")
        bench.run_well(*ROLLBACK)
    return differences(foreign, bench.inventory())
