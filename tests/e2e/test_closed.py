"""Closing and opening the endpoint, and what needs saying twice, on the embedded local AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest

from tests.tools.local_deployment import LocalDeployment, deployed
from wizard.commands import status
from wizard.errors import ExitCode
from wizard.options import Options

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("closed")]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory)


def test_a_closed_endpoint_refuses_all_says_so_everywhere_and_is_opened_again(
    deployment: LocalDeployment,
) -> None:
    endpoint = deployment.endpoint()
    closing = deployment.run("setup", "--yes", "--closed")
    assert endpoint.post([]).status == 429
    assert "invoking it directly" in " ".join(closing.stderr.split())
    assert "It is closed" in closing.stdout and "curl -X" not in closing.stdout
    assert "setup --open" in deployment.run("status").stdout
    for command in (("status", "--json"), ("status", "--offline", "--json")):
        assert json.loads(deployment.run(*command).stdout)["closed"] is True
    refused = deployment.run("send-test", exit_code=1)
    assert "It is closed" in refused.stderr and "setup --open" in refused.stderr

    assert "curl -X" in deployment.run("setup", "--yes", "--open").stdout
    assert endpoint.post({"event_name": "again"}).status == 200
    assert json.loads(deployment.run("status", "--json").stdout)["closed"] is False


def test_a_timeout_above_the_gateways_is_taken_from_who_insists_once(deployment: LocalDeployment) -> None:
    refused = deployment.run("setup", "--yes", "--timeout-seconds", "60", exit_code=2)
    assert "longer than API Gateway waits" in refused.stderr and "--insist" in refused.stderr
    deployment.run("setup", "--yes", "--timeout-seconds", "60", "--insist")
    assert "nothing to do" in deployment.run("setup", "--yes", "--timeout-seconds", "60").stderr


def test_status_warns_of_the_end_of_a_runtime_and_is_healthy_all_the_same(
    deployment: LocalDeployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    options = Options(state=deployment.folder / "eventtrack-state.json")
    assert status.run(options, as_json=True, today=date(2029, 1, 1)) == ExitCode.DONE
    [warning] = json.loads(capsys.readouterr().out)["warnings"]
    assert "python3.13 ends on 2029-06-30, in 180 days" in warning
    assert status.run(options, as_json=True, today=date(2028, 12, 31)) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["warnings"] == []
