"""A state file that is gone or broken: rebuilt from what AWS shows, so that the next command goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import PROJECT
from tests.aws.in_process import Account, Workspace, leftovers, snapshot
from tests.aws.in_process.workspace import make_identity
from tests.tools.local_deployment import LocalDeployment
from tests.tools.local_deployment import deployed as set_up_locally
from tests.tools.terminal import Terminal
from wizard.commands import recover as command
from wizard.engine import recover as recovery
from wizard.engine.plan import make_plan
from wizard.engine.recover import Recovered
from wizard.errors import LostStateError, StateError, UsageError, WizardError
from wizard.options import Options
from wizard.phases import PHASES
from wizard.resources.base import NAME_TAG, OWNER_TAG
from wizard.state.model import State
from wizard.state.store import Store

CHOICES: dict[str, Any] = {
    "tags": {"cost-centre": "4711", "team": "web"},
    "versioning": True,
    "encryption": "SSE-KMS",
    "runtime": "python3.12",
    "architecture": "arm64",
    "log_retention_days": 90,
    "event_format": "jsonl.gz",
    "allow_beacon": True,
    "max_events": 500,
    "max_request_bytes": 2048,
    "memory_mb": 256,
    "timeout_seconds": 20,
    "reserved_concurrency": 3,
    "resource_path": "collect",
    "cors_origins": ["https://a.example", "https://b.example"],
    "cors_headers": ["Content-Type", "x-auth-token"],
    "cors_methods": ["POST"],
    "stage_name": "live",
    "stage_description": "Changed.",
    "throttle_rate": 7,
    "throttle_burst": 9,
    "ingest": "buffered",
    "streams": 2,
    "buffer_seconds": 900,
    "query_table": True,
    "query_scan_limit_mb": 250,
    "query_from": "2026-11-05",
    "alarm_email": "me@example.com",
    "alarm_topic": "arn:aws:sns:us-east-1:123456789012:mine",
    "alarm_no_events_hours": 36,
}


def recover(workspace: Workspace, deployment_id: str | None = None, **said: str) -> Recovered:
    """As a new process recovers that knows the name alone."""
    fresh = Workspace(workspace.account, workspace.path.parent, name=workspace.name, **said)
    at, _store = workspace.open(settings=fresh.settings, tokens=(), token=None)
    nameless = dataclasses.replace(at, identity=dataclasses.replace(at.identity, id=""), known={})
    return recovery.recover(nameless, said, deployment_id)


def keep(workspace: Workspace, state: State) -> None:
    """The recovered state takes the lost one's place."""
    workspace.path.unlink(missing_ok=True)
    Store(workspace.path, state).save()


def test_everything_comes_back_and_a_setup_has_only_to_prove_it(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    lost, before = workspace.state, snapshot(account)
    recovered = recover(workspace)
    assert recovered.state.identity == lost.identity
    assert recovered.state.settings == workspace.settings.as_json()
    assert recovered.left_out == ()
    assert {key: record.facts for key, record in recovered.state.records.items()} == {
        key: record.facts for key, record in lost.records.items()
    }
    assert {record.origin for record in recovered.state.records.values()} == {"created"}
    assert [(token.label, token.sha256) for token in recovered.state.tokens] == [
        (token.label, token.sha256) for token in lost.tokens
    ]
    assert recovered.state.checks == {}, "a proof does not survive the file that held it"
    keep(workspace, recovered.state)
    account.calls.clear()
    workspace.apply()
    assert account.calls.changing() == ["lambda.Invoke"]
    assert snapshot(account) == before


def test_settings_are_read_back_from_what_stands(account: Account, tmp_path: Path) -> None:
    workspace = Workspace(account, tmp_path, **CHOICES)
    workspace.apply()
    settings = recover(workspace).state.settings
    assert {key: settings[key] for key in CHOICES} == CHOICES
    assert recover(workspace).state.settings == workspace.settings.as_json()


def test_a_closed_deployment_is_still_closed_when_it_comes_back(account: Account, tmp_path: Path) -> None:
    workspace = Workspace(account, tmp_path, closed=True)
    workspace.apply()
    assert recover(workspace).state.settings == workspace.settings.as_json()


@pytest.mark.parametrize(
    ("names", "code", "words"),
    [
        (("shop", "cart"), 2, "There are several deployments here: cart, shop."),
        (("shop",), 1, "Nothing of a deployment named shop was found."),
        ((), 1, "Nothing of a deployment named saas-event-tracking was found."),
    ],
)
def test_without_a_name_the_only_deployment_is_meant_and_of_several_none_is_guessed(
    account: Account, tmp_path: Path, names: tuple[str, ...], code: int, words: str
) -> None:
    for name in names:  # an API alone, of an owner whose id does not fit, so that nothing is recovered
        tags = {OWNER_TAG: "other", NAME_TAG: name}
        account.look.apigateway.create_rest_api(name="any", tags=tags)
    request = command.Request(Options(state=tmp_path / "state.json", region="us-east-1"), yes=True)
    with pytest.raises(WizardError) as caught:
        command.run(request)
    assert (caught.value.exit_code, caught.value.what) == (code, words)


def test_a_bucket_and_a_role_with_names_of_their_own_are_found_through_the_function(
    account: Account, tmp_path: Path
) -> None:
    workspace = Workspace(account, tmp_path, bucket_name="chosen-by-hand", role_name="also-chosen")
    workspace.apply()
    recovered = recover(workspace)
    assert recovered.state.settings["bucket_name"] == "chosen-by-hand"
    assert {"bucket", "role"} <= set(recovered.state.records)


def test_a_function_with_a_name_of_its_own_is_found_through_the_api(account: Account, tmp_path: Path) -> None:
    workspace = Workspace(account, tmp_path, function_name="chosen-by-hand", bucket_name="this-too")
    workspace.apply()
    recovered = recover(workspace)
    assert recovered.state.settings["function_name"] == "chosen-by-hand"
    assert set(recovered.state.records) == set(workspace.state.records)
    assert recovered.left_out == ()


def test_a_name_that_nothing_shows_is_taken_from_the_flag(account: Account, tmp_path: Path) -> None:
    workspace = Workspace(account, tmp_path, function_name="chosen-by-hand")
    workspace.apply()
    recovered = recover(workspace, function_name="chosen-by-hand")
    assert recovered.state.settings["function_name"] == "chosen-by-hand"
    assert recovered.left_out == ()


@pytest.mark.parametrize("number", range(1, 9))
def test_a_half_done_deployment_comes_back_and_is_finished_or_rolled_back(
    account: Account, workspace: Workspace, number: int
) -> None:
    workspace.apply(phases=PHASES[:number])
    recovered = recover(workspace)
    assert set(recovered.state.records) >= set(workspace.state.records)
    assert recovered.state.settings == workspace.settings.as_json()
    keep(workspace, recovered.state)
    workspace.apply()
    assert workspace.state.lifecycle == "deployed"
    keep(workspace, recover(workspace).state)
    workspace.rollback(delete_events=True)
    assert leftovers(account) == []


def test_what_does_not_carry_the_tag_is_named_and_left_out(account: Account, workspace: Workspace) -> None:
    account.look.s3.create_bucket(Bucket=workspace.settings.bucket_name)
    workspace.apply(adopt=True)
    recovered = recover(workspace)
    assert recovered.left_out == (f"S3 bucket {workspace.settings.bucket_name}",)
    assert not any(key.startswith("bucket") for key in recovered.state.records)


def test_nothing_found_is_said_with_what_to_try(workspace: Workspace) -> None:
    with pytest.raises(StateError) as caught:
        recover(workspace)
    assert "--bucket-name" in caught.value.next_step


def test_several_deployments_under_one_name_are_listed(account: Account, workspace: Workspace) -> None:
    workspace.apply(phases=PHASES[:1])
    name = workspace.name
    account.look.logs.create_log_group(
        logGroupName=f"/aws/lambda/{workspace.settings.function_name}",
        tags={"eventtrack-wizard:deployment": f"{name}.us-east-1.ffffffff", "eventtrack-wizard:name": name},
    )
    with pytest.raises(UsageError) as caught:
        recover(workspace)
    assert f"{name}.us-east-1.0a1b2c3d, {name}.us-east-1.ffffffff" in caught.value.what
    assert "--id" in caught.value.next_step
    assert recover(workspace, f"{name}.us-east-1.ffffffff").found == (
        f"log group /aws/lambda/{workspace.settings.function_name}",
    )
    with pytest.raises(UsageError):
        recover(workspace, f"{name}.us-east-1.00000000")


def test_a_setup_without_its_state_file_says_how_to_recover(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    workspace.path.unlink()
    identity = dataclasses.replace(make_identity(), id=f"{workspace.name}.us-east-1.ffffffff")
    conflicts = make_plan(*workspace.open(identity=identity)).conflicts
    assert len(conflicts) >= 4
    assert all(isinstance(conflict, LostStateError) for conflict in conflicts)
    assert f"`eventtrack-wizard recover --name {workspace.name}`" in conflicts[0].next_step


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from set_up_locally(tmp_path_factory, "--memory-mb", "256")


class TestCommand:
    """The command itself, on an embedded local AWS."""

    pytestmark = [pytest.mark.local, pytest.mark.xdist_group("recovery")]

    @pytest.fixture
    def files(self, deployed: LocalDeployment) -> Iterator[Path]:
        """The state file, put back after each test."""
        path = deployed.folder / "eventtrack-state.json"
        text = path.read_text()
        yield path
        for rest in deployed.folder.glob("eventtrack-state.json*"):
            rest.unlink()
        path.write_text(text)

    def test_a_good_state_file_is_not_overwritten(self, deployed: LocalDeployment, files: Path) -> None:
        before = files.read_text()
        refused = deployed.run("recover", "--local", "--yes", exit_code=1)
        assert "is a good state file" in refused.stderr
        other = deployed.run("recover", "--local", "--yes", "--name", "other", exit_code=1)
        assert "recover --state other.json --local --name other" in other.stderr
        assert files.read_text() == before

    def test_a_lost_file_is_rebuilt_and_the_old_token_still_works(
        self, deployed: LocalDeployment, files: Path
    ) -> None:
        before, url = deployed.state, deployed.url
        for file in deployed.folder.glob("eventtrack-state.json*"):
            file.unlink()
        listed = json.loads(deployed.run("list", "--local", "--all-regions", "--json").stdout)
        (one,) = listed["deployments"]
        assert (one["endpoint"], one["health"], one["state_file"]) == (url, "complete", None)
        assert len(listed["regions"]) > 20
        refused = deployed.run("setup", "--local", "--yes", exit_code=1)
        assert "eventtrack-wizard recover --name saas-event-tracking --local" in refused.stderr
        deployed.run("recover", "--local", "--yes")
        assert (deployed.state["pins"], deployed.state["settings"]) == (
            before["pins"],
            before["settings"],
        )
        deployed.run("setup", "--yes")
        assert deployed.state["stage"] == "deployed"
        assert len(deployed.state["tokens"]) == 1
        deployed.run("send-test")

    def test_a_corrupt_file_is_kept_and_the_last_good_copy_comes_first(
        self, deployed: LocalDeployment, files: Path
    ) -> None:
        identity = deployed.state["pins"]
        backup = files.with_name(f"{files.name}.backup")
        backup.write_text(files.read_text())
        files.write_text('{"schema": 1, "pins": {"name": "saas-event')
        said = deployed.run("recover", "--local", "--yes")
        assert "from" in said.stdout
        assert backup.name in said.stdout
        assert deployed.state["pins"] == identity
        (kept,) = deployed.folder.glob("*.corrupt-*")
        assert kept.read_text().endswith("saas-event")

    def test_without_a_good_copy_a_corrupt_file_is_kept_and_rebuilt(
        self, deployed: LocalDeployment, files: Path
    ) -> None:
        identity = deployed.state["pins"]
        for path in (files, files.with_name(f"{files.name}.backup")):
            path.write_text('{"schema": 1, "pins": {"name": "saas-event-tracking", "acc')
        deployed.run("recover", "--local", "--yes")
        assert deployed.state["pins"] == identity
        assert len(list(deployed.folder.glob("*.corrupt-*"))) == 1

    def test_setup_on_a_terminal_offers_to_take_the_lost_deployment_over(
        self, deployed: LocalDeployment, files: Path
    ) -> None:
        identity = deployed.state["pins"]
        for file in deployed.folder.glob("eventtrack-state.json*"):
            file.unlink()
        source = (
            f"import os, sys; os.chdir({str(deployed.folder)!r}); sys.argv = ['eventtrack-wizard', 'setup',"
            " '--local', '--name', 'saas-event-tracking']\nfrom wizard.cli.app import main; main()"
        )
        environment = {**deployed.environment, "PYTHONPATH": str(PROJECT), "CI": ""}
        with Terminal(source, columns=120, rows=70, **environment) as terminal:
            terminal.see("Use the defaults?")
            terminal.type("\r")
            terminal.see("Take the deployment over?")
            terminal.type("y\r")
            terminal.see("Go ahead?")
            terminal.type("y\r")
            code, output = terminal.finish()
        assert code == 0, terminal.text
        assert "Endpoint: " in output
        assert deployed.state["pins"] == identity
        assert deployed.state["settings"]["memory_mb"] == 256
