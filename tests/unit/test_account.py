"""Where we are, whatever the shell says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.aws.in_process import FakeClock
from tests.aws.in_process.workspace import make_identity
from wizard.account import Account, connect
from wizard.aws.caller import Caller
from wizard.deployment import new_identity
from wizard.errors import UsageError
from wizard.identity import DeploymentId
from wizard.options import Options

EMULATOR = "http://127.0.0.1:4566"
ON_AWS = make_identity()
THERE = replace(ON_AWS, endpoint_url=EMULATOR)


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell in which every tool of AWS is led to an emulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", EMULATOR)
    monkeypatch.delenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", raising=False)


def opened(identity: DeploymentId | None, endpoint_url: str | None = None) -> Account:
    return connect(Options(region=ON_AWS.region, endpoint_url=endpoint_url), FakeClock(), identity)


@pytest.mark.parametrize("identity", [None, THERE], ids=["a new one", "one that was set up there"])
def test_an_emulator_that_the_shell_names_is_none_of_aws_because_all_calls_go_there(
    identity: DeploymentId | None,
) -> None:
    assert opened(identity).aws.endpoint_url == EMULATOR


def test_the_flag_counts_more_than_the_shell() -> None:
    assert opened(None, endpoint_url="http://127.0.0.1:5000").aws.endpoint_url == "http://127.0.0.1:5000"


def test_a_deployment_on_aws_is_not_looked_for_in_an_emulator_where_all_of_it_would_be_missing() -> None:
    with pytest.raises(UsageError) as refused:
        opened(ON_AWS)
    assert EMULATOR in refused.value.what
    assert "Leave out the variable AWS_ENDPOINT_URL" in refused.value.next_step


def test_a_shell_that_has_botocore_ignore_it_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert opened(ON_AWS).aws.endpoint_url is None


def test_a_new_deployment_is_held_to_the_emulator_whatever_later_shells_say() -> None:
    account = Account(opened(None).aws, caller=Caller(ON_AWS.account, "aws", "arn:aws:iam::1:user/me"))
    assert new_identity(account, "shop", Options()).endpoint_url == EMULATOR
