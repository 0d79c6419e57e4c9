"""`list`: what the command adds to what is found: the state file that is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.aws.in_process import Account, Workspace
from tests.aws.names import ACCOUNT_ID, OTHER_REGION, REGION
from wizard.account import Account as Connected
from wizard.aws.caller import Caller
from wizard.clock import Clock
from wizard.commands import list as command
from wizard.errors import WizardError
from wizard.options import Options
from wizard.phases import PHASES
from wizard.state.store import Store


class Shown:
    """What the command prints of an account, whose clients are made already."""

    def __init__(self, account: Account, capsys: pytest.CaptureFixture[str]) -> None:
        self._account = account
        self._capsys = capsys

    def _connect(self, options: Options, clock: Clock, _identity: None) -> Connected:
        aws = self._account.aws(clock, str(options.region))
        return Connected(aws, caller=Caller(ACCOUNT_ID, "aws", "arn:aws:iam::1:user/operator"))

    def text(self, path: Path, **options: Any) -> tuple[str, str]:
        """Standard output and standard error."""
        return self._run(path, options, as_json=False)

    def document(self, path: Path, **options: Any) -> Any:
        return json.loads(self._run(path, options, as_json=True)[0])

    def _run(self, path: Path, options: dict[str, Any], *, as_json: bool) -> tuple[str, str]:
        self._capsys.readouterr()
        typed = Options(state=path, **options)
        assert command.run(typed, all_regions=False, as_json=as_json, connect=self._connect) == 0
        said = self._capsys.readouterr()
        return said.out, said.err


@pytest.fixture
def shown(account: Account, capsys: pytest.CaptureFixture[str]) -> Shown:
    return Shown(account, capsys)


def test_each_deployment_has_its_address_and_the_state_file_that_knows_it(
    account: Account, folder: Path, shown: Shown
) -> None:
    workspace, other = Workspace(account, folder), Workspace(account, folder, name="shop")
    workspace.apply()
    other.apply(phases=PHASES[:7])

    found = shown.document(workspace.path)

    assert (found["account"], found["regions"]) == (ACCOUNT_ID, [REGION])
    told = {one["name"]: (one["health"], one["state_file"]) for one in found["deployments"]}
    assert told == {
        "saas-event-tracking": ("complete", str(workspace.path)),
        "shop": ("incomplete", None),
    }
    api = workspace.state.records["api"].facts["id"]
    assert f"/{api}/prod/" in found["deployments"][0]["endpoint"]
    assert found["deployments"][0]["created_at"].endswith("+00:00")


def test_a_setup_that_ended_before_its_api_is_known_from_its_state_file(
    account: Account, folder: Path, shown: Shown
) -> None:
    workspace = Workspace(account, folder, region=OTHER_REGION)
    workspace.apply(phases=PHASES[:2])

    (one,) = shown.document(workspace.path)["deployments"]

    assert (one["health"], one["missing"], one["region"]) == ("incomplete", ["REST API"], OTHER_REGION)
    assert len(one["standing"]) == 3
    assert shown.document(workspace.path, region=REGION)["deployments"] == [], "another region was asked for"
    assert shown.document(workspace.path, profile="work")["regions"] == [OTHER_REGION]


def test_what_was_rolled_back_whole_is_not_listed(account: Account, folder: Path, shown: Shown) -> None:
    workspace = Workspace(account, folder)
    workspace.apply(phases=PHASES[:2])
    workspace.rollback(delete_events=True)
    assert shown.document(workspace.path)["deployments"] == []


def test_a_state_file_of_another_account_or_a_broken_one_hides_nothing(
    account: Account, folder: Path, shown: Shown
) -> None:
    workspace = Workspace(account, folder)
    workspace.apply()
    foreign, broken = folder / "foreign.json", folder / "broken.json"
    state = workspace.state
    state.identity = state.identity.__class__(**{**vars(state.identity), "account": "1" * 12, "id": "x"})
    Store(foreign, state).save()
    broken.write_text("{")
    for path in (foreign, broken):
        (one,) = shown.document(path, region=REGION)["deployments"]
        assert (one["name"], one["state_file"]) == (workspace.name, None)


def test_people_are_told_what_complete_means_and_what_could_not_be_looked_for(
    account: Account, folder: Path, shown: Shown
) -> None:
    none = folder / "none.json"
    assert shown.text(none, region=REGION) == (f"Account {ACCOUNT_ID}, region {REGION}: no deployment.\n", "")
    workspace = Workspace(account, folder)
    workspace.apply()
    _out, said = shown.text(none, region=REGION)
    assert "Whether it works, `eventtrack-wizard status" in said
    assert f"`eventtrack-wizard recover --name saas-event-tracking --region {REGION}`" in said, "elsewhere"
    assert "recover" not in shown.text(workspace.path)[1], "its state file is at hand"
    account.calls.refuse("resourcegroupstaggingapi.GetResources", "AccessDeniedException")
    _out, said = shown.text(none, region=REGION)
    assert f"(tag:GetResources) in {REGION}. Grant what `eventtrack-wizard policy --state" in said


@pytest.mark.parametrize(
    ("all_regions", "typed", "environment", "asked"),
    [
        (True, {}, {}, "us-east-1"),
        (True, {"region": OTHER_REGION}, {}, OTHER_REGION),
        (True, {}, {"AWS_REGION": OTHER_REGION}, None),
        (False, {}, {}, None),
    ],
    ids=["none is named", "a flag", "the environment, which connecting reads", "one alone has to be named"],
)
def test_whoever_looks_at_all_regions_need_name_none(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    all_regions: bool,
    typed: dict[str, Any],
    environment: dict[str, str],
    asked: str | None,
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = Options(state=folder / "none.json", **typed)

    def connect(options: Options, _clock: Clock, _identity: None) -> Connected:
        raise WizardError(what=str(options.region), why="", next_step="")

    with pytest.raises(WizardError) as caught:
        command.run(options, all_regions=all_regions, as_json=False, connect=connect)
    assert caught.value.what == str(asked)
