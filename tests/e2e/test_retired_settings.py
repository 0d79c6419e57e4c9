"""A deployment whose runtime has been retired since: it stays visible, usable and removable."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.tools.local_deployment import LocalDeployment, deployed
from tests.tools.terminal import Terminal

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("retired settings")]

STATE_FILE = "eventtrack-state.json"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory)


@pytest.fixture
def deployment(standing: LocalDeployment) -> LocalDeployment:
    """As an older version has left it, with a runtime of those days and a setting that is gone since."""
    state = standing.state
    state["settings"] |= {"runtime": "python3.9", "gone_since": ["x"]}
    (standing.folder / STATE_FILE).write_text(json.dumps(state))
    functions, name = standing.client("lambda"), state["settings"]["function_name"]
    functions.update_function_configuration(FunctionName=name, Runtime="python3.9")
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return standing


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--json"),
        ("status", "--offline"),
        ("token", "list"),
        ("token", "add"),
        ("snippet", "curl"),
        ("policy",),
    ],
    ids=" ".join,
)
def test_a_deployment_with_a_retired_runtime_can_be_worked_with(
    deployment: LocalDeployment, arguments: tuple[str, ...]
) -> None:
    deployment.run(*arguments)


def test_setup_says_which_flag_cures_it_because_it_would_write_the_runtime(
    deployment: LocalDeployment,
) -> None:
    before = deployment.state
    refused = deployment.run("setup", "--local", "--yes", exit_code=2)
    assert "--runtime python3.13" in refused.stderr
    assert deployment.state == before


def test_setup_with_another_runtime_goes_on_and_keeps_what_it_does_not_know(
    deployment: LocalDeployment,
) -> None:
    deployment.run("setup", "--local", "--yes", "--runtime", "python3.12")
    assert deployment.state["settings"]["runtime"] == "python3.12"
    assert deployment.state["settings"]["gone_since"] == ["x"]
    assert "nothing to do" in deployment.run("setup", "--local", "--yes").stderr


def test_setup_asks_for_what_cannot_stay_and_for_nothing_else(deployment: LocalDeployment) -> None:
    program = "import sys; from wizard.__main__ import main; sys.argv[1:] = ['setup', '--local']; main()"
    state = str(deployment.folder / STATE_FILE)
    environment = deployment.environment | {"EVENTTRACK_STATE": state, "CI": ""}  # somebody looks at it
    with Terminal(program, columns=120, rows=60, **environment) as terminal:
        terminal.see("python3.14: supported until")
        assert "Runtime: what this deployment has cannot be used any more." in terminal.text
        terminal.type("\r")
        terminal.see("Go ahead?")
        assert "asked" not in terminal.text, "the default was taken"
        terminal.type("n\r")
        terminal.see("Nothing was changed.")


def test_it_can_be_removed(deployment: LocalDeployment) -> None:
    deployment.run("rollback", "--yes", "--delete-events")
    assert deployment.state["stage"] == "rolled back"
    assert not deployment.client("lambda").list_functions()["Functions"]
