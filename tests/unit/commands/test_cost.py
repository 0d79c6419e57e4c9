"""`cost`: the estimate for a deployment, or before there is one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.aws.in_process import Account
from tests.aws.in_process.workspace import make_identity, make_settings
from wizard.cli.app import app
from wizard.commands import cost as command
from wizard.commands.cost import counted_in
from wizard.endpoint.traffic import Billed
from wizard.errors import WizardError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.state.model import State


def cost(folder: Path, *arguments: str, **environment: str) -> Result:
    state = str(folder / "state.json")
    return CliRunner().invoke(
        app, ["cost", "--state", state, *arguments], env={"AWS_REGION": "", **environment}
    )


def document(folder: Path, *arguments: str, **environment: str) -> Any:
    done = cost(folder, "--events-per-day", "100000", "--json", *arguments, **environment)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def with_state(tmp_path: Path) -> Path:
    """A folder with a deployment in us-east-1 that has twice the memory and keeps events for 90 days."""
    settings = make_settings(memory_mb=256, event_retention_days=90)
    (tmp_path / "state.json").write_text(State(make_identity(), settings=settings.as_json()).as_text())
    return tmp_path


def test_before_a_setup_it_is_that_of_the_documented_settings(tmp_path: Path) -> None:
    """100,000 events a day are 3.0417 M requests a month: x 9.025 and 0.9125 GB x 0.023."""
    found = document(tmp_path, "--region", "us-east-1")
    assert found["usd"] == pytest.approx(27.472, abs=1e-3)
    assert found["usd"] == pytest.approx(sum(line["usd"] for line in found["services"]))
    assert found["traffic"]["requests_a_month"] == pytest.approx(3_041_667, abs=1)
    assert document(tmp_path, "--batch", "10", AWS_REGION="eu-central-1")["prices_of"] == "eu-central-1"


def test_a_deployment_is_reckoned_with_its_own_settings_and_region(with_state: Path) -> None:
    found = document(with_state, AWS_REGION="eu-central-1")
    assert found["region"] == "us-east-1"
    time = next(line for line in found["services"] if line["service"] == "Lambda, time")
    assert time["formula"] == "3.04 M x 0.06 s x 0.25 GB x 16.6667 USD/M GB-s"
    assert found["storage"][1]["gigabytes"] == pytest.approx(2.7)  # 90 days of 30 MB


def test_another_region_may_be_asked_for_because_one_compares_before_one_decides(with_state: Path) -> None:
    found = document(with_state, "--region", "ap-southeast-1")
    assert (found["region"], found["prices_of"]) == ("ap-southeast-1", "us-east-1")
    said = cost(with_state, "--events-per-day", "1", "--region", "ap-southeast-1").stdout
    assert "The prices of ap-southeast-1 are not known here: these are those of us-east-1" in said
    assert "events are deleted after 90 days" in said
    assert "old version" not in said and "is closed" not in said


def test_what_a_closed_endpoint_would_cost_is_not_taken_for_what_it_costs(tmp_path: Path) -> None:
    state = State(make_identity(), settings=make_settings(closed=True).as_json())
    (tmp_path / "state.json").write_text(state.as_text())
    assert "The endpoint is closed" in cost(tmp_path, "--events-per-day", "1").stdout


def test_without_a_deployment_it_says_how_to_give_the_traffic(tmp_path: Path) -> None:
    done = cost(tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cost --events-per-day 100000" in " ".join(done.stderr.split())


def test_what_cloudwatch_counted_is_taken_where_no_traffic_is_given(
    account: Account, with_state: Path
) -> None:
    """Two runs of 50 ms, and a preflight."""
    settings = make_settings()
    sent = {
        "AWS/Lambda": (
            {"FunctionName": settings.function_name},
            {"Invocations": [1, 1], "Duration": [40, 60]},
        ),
        "AWS/ApiGateway": (
            {"ApiName": settings.api_name, "Stage": settings.stage_name},
            {"Count": [1, 1, 1]},
        ),
    }
    for namespace, (of, metrics) in sent.items():
        dimensions: Any = [{"Name": name, "Value": value} for name, value in of.items()]
        data: Any = [
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": datetime.now(UTC), "Value": value}
            for name, values in metrics.items()
            for value in values
        ]
        account.look.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    found = json.loads(cost(with_state, "--json", "--batch", "10", "--region", "eu-central-1").stdout)

    traffic = found["traffic"]
    assert (traffic["events_a_day"], traffic["batch"], traffic["without_function"]) == (20, 10, 1)
    assert traffic["seconds"] == pytest.approx(0.05)
    assert found["source"].endswith("in the last 24 hours")
    assert found["region"] == "eu-central-1", "counted where it stands, reckoned for elsewhere"


@pytest.mark.parametrize("lifecycle", ["deployed", "rolled back"])
def test_what_was_counted_before_a_rollback_is_said_to_be_of_then(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str], lifecycle: Any
) -> None:
    state = State(make_identity(), settings=make_settings().as_json(), lifecycle=lifecycle)
    (tmp_path / "state.json").write_text(state.as_text())
    counts = Billed(days=7, runs=10.0, seconds=0.05, without_function=0.0)
    command.run(
        Options(state=tmp_path / "state.json"), command.Given(), as_json=True, count=lambda _at: counts
    )
    source = json.loads(capsys.readouterr().out)["source"]
    assert "counted them in the last 7 days" in source
    assert ("before it was rolled back" in source) is (lifecycle == "rolled back")


def test_where_nothing_was_counted_nothing_is_made_up(account: Account, with_state: Path) -> None:
    done = cost(with_state, "--json")
    assert done.exit_code == 1
    error = json.loads(done.stdout)["error"]
    assert error["what"] == "CloudWatch has counted no request in the last 7 days."
    assert "cost --events-per-day" in error["next_step"]


def test_where_cloudwatch_does_not_say_the_traffic_can_still_be_given(
    account: Account, with_state: Path
) -> None:
    def refused(_at: Deployment) -> None:
        raise WizardError(what="Could not read.", why="Refused.", next_step="Ask somebody.")

    with pytest.raises(WizardError) as caught:
        command.run(Options(state=with_state / "state.json"), command.Given(), as_json=False, count=refused)
    assert caught.value.next_step.startswith(
        "Ask somebody. Give the traffic: `eventtrack-wizard cost --events"
    )


def test_what_the_local_aws_counts_is_not_said_to_be_the_traffic() -> None:
    assert counted_in(1, local=True) == (
        "direct invocations in the last 24 hours: the local AWS counts no requests"
    )
    assert counted_in(7, local=False).endswith("as CloudWatch counted them in the last 7 days")


def test_what_athena_asks_for_is_said_where_there_is_a_query_table(tmp_path: Path) -> None:
    """91 GB of 1024 a TB, at 5 USD."""
    said = {}
    for is_wanted in (False, True):
        settings = make_settings(query_table=is_wanted, event_format="jsonl")
        (tmp_path / "state.json").write_text(State(make_identity(), settings=settings.as_json()).as_text())
        done = cost(tmp_path, "--events-per-day", "10000000", COLUMNS="200")
        said[is_wanted] = [line for line in done.stdout.splitlines() if "Athena" in line]
    assert said[False] == []
    (line,) = said[True]
    assert "0.41 USD for what is read" in line
    assert "at most 0.045 USD a query" in line
