"""What the plan counts is what the run makes, on an emulator that nobody has written for this."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.local_deployment import LocalDeployment

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("counts")]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    found = LocalDeployment(tmp_path_factory.mktemp("counts"))
    yield found
    found.run("local", "stop")


def set_up(deployment: LocalDeployment, *arguments: str) -> tuple[list[dict[str, Any]], list[str], int, int]:
    """The planned steps, the planned checks, how many changes and checks were made."""
    done = deployment.run("setup", "--yes", "--json", *arguments)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    plan, result = (next(line for line in lines if line["type"] == kind) for kind in ("plan", "result"))
    checks = [line for line in lines if line["type"] == "change_done" and line["change"] == "check"]
    steps = [step for step in plan["steps"] if not step["with_parent"]]
    return steps, plan["checks"], result["changes"], len(checks)


def test_a_fresh_setup(deployment: LocalDeployment) -> None:
    steps, checks, changes, checked = set_up(deployment, "--local")
    assert (len(steps), len(checks)) == (changes, checked) == (15, 2)


def test_a_token_that_was_lost_is_made_anew_as_the_plan_says(deployment: LocalDeployment) -> None:
    """Its digest joins the function's environment, and both proofs are due again."""
    lost = deployment.token
    (deployment.folder / "eventtrack-state.token").unlink()
    dry = deployment.run("setup", "--dry-run")
    shown = dry.stdout
    assert "A token joins those that there are, as default-2; all stay valid (default)" in dry.stderr
    assert "environment variable AUTH_TOKEN_SHA256 is not as set up" in shown
    assert "1 to change, 20 as they should be, and 2 checks to run" in shown
    assert not (deployment.folder / "eventtrack-state.token").exists(), "a dry run makes none"
    steps, checks, changes, checked = set_up(deployment)
    assert ([step["resource"] for step in steps], changes) == (["function.environment"], 1)
    assert (len(checks), checked) == (2, 2)
    assert deployment.token != lost
    assert deployment.endpoint().post([{"event_name": "x"}], token=lost).status == 200, "clients keep theirs"
