"""`policy` prints what the engine checks, for a deployment that stands as for one that does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from wizard.commands import policy as command
from wizard.deployment import operator_policy
from wizard.errors import ExitCode, UsageError
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.settings.resolve import Said, resolve
from wizard.state.model import State
from wizard.state.store import Store

ACCOUNT, REGION = "123456789012", "eu-central-1"
IDENTITY = DeploymentId(f"tracker.{REGION}.0a1b2c3d", "tracker", ACCOUNT, "aws", REGION)
EDGE = f"arn:aws:iam::{ACCOUNT}:policy/edge"


@pytest.fixture
def request_(tmp_path: Path) -> command.Request:
    """For a deployment that does not stand yet, without credentials."""
    options = Options(tmp_path / "state.json", region=REGION, name="tracker")
    return command.Request(options, account=ACCOUNT)


def printed(request: command.Request, capsys: pytest.CaptureFixture[str]) -> object:
    assert command.run(request) == ExitCode.DONE
    output = capsys.readouterr()
    assert "aws iam create-policy" in output.err
    return json.loads(output.out)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("boundary", [None, EDGE])
def test_without_credentials_the_policy_is_that_of_the_names_that_a_setup_will_choose(
    request_: command.Request, capsys: pytest.CaptureFixture[str], wide: bool, boundary: str | None
) -> None:
    flags = {"permissions_boundary": boundary} if boundary else {}
    settings = resolve(IDENTITY, Said(flags=flags)).settings
    expected = operator_policy(IDENTITY, settings, wide=wide)
    assert printed(replace(request_, wide=wide, flags=flags), capsys) == expected
    assert expected != operator_policy(IDENTITY, settings, wide=not wide)


def test_a_deployment_that_stands_has_the_policy_of_its_own_settings(
    request_: command.Request, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = {"role_name": "of-our-choice", "permissions_boundary": EDGE}
    settings = resolve(IDENTITY, Said(flags=flags)).settings
    Store(request_.options.state, State(IDENTITY, settings=settings.as_json())).save()
    assert printed(replace(request_, account=None), capsys) == operator_policy(IDENTITY, settings)


def test_a_number_that_is_no_account_is_refused(request_: command.Request) -> None:
    with pytest.raises(UsageError, match="12 digits"):
        command.run(replace(request_, account="12345"))


def test_a_misspelled_region_is_refused_because_the_policy_would_allow_nothing(
    request_: command.Request, capsys: pytest.CaptureFixture[str]
) -> None:
    options = replace(request_.options, region="eu-cental-1")
    with pytest.raises(UsageError, match="eu-central-1"):
        command.run(replace(request_, options=options))

    meant = replace(request_, options=replace(options, any_region=True))
    assert "eu-cental-1" in json.dumps(printed(meant, capsys)), "one that is younger than this version"
