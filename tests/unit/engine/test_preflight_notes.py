"""What a preflight cannot know, or must say of a partition, is said at once and without waiting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from tests.aws.in_process import ACCOUNT_ID, Account, Workspace
from wizard.deployment import operator_policy
from wizard.engine import preflight
from wizard.errors import CredentialsError, WizardError

OPERATOR = f"arn:aws:iam::{ACCOUNT_ID}:user/ann"
SIMULATION = "iam.SimulatePrincipalPolicy"


def check(workspace: Workspace, partition: str = "aws", region: str = "us-east-1") -> list[str]:
    """The notices of a preflight of a first setup."""
    at, _store = workspace.open()
    at = replace(at, identity=replace(at.identity, partition=partition, region=region))
    notices: list[str] = []
    policy = operator_policy(at.identity, at.settings)
    preflight.check(at, workspace.plan(), policy, OPERATOR, notices.append)
    return notices


BROKEN: dict[str, tuple[int, str]] = {
    "denied": (403, "AccessDenied"),
    "throttled": (400, "Throttling"),
    "unimplemented": (501, "NotImplemented"),
    "a fault": (500, "InternalFailure"),
    "unavailable": (503, "ServiceUnavailable"),
    "unknown": (400, "InvalidAction"),
    "a new role": (404, "NoSuchEntity"),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_permission_simulation_is_a_note_and_no_second_is_waited(
    account: Account, workspace: Workspace, why: str
) -> None:
    status, code = BROKEN[why]
    account.calls.refuse(SIMULATION, code, status=status)
    before = workspace.clock.time()
    [note] = check(workspace)
    assert f"could not be checked beforehand (IAM answered SimulatePrincipalPolicy with {code})" in note
    assert workspace.clock.time() == before
    assert account.calls.names().count(SIMULATION) == 1


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="https://iam"), ResponseParserError("<html>")],
    ids=["no connection", "a proxy's page"],
)
def test_an_iam_that_cannot_be_reached_is_a_note_too(
    account: Account, workspace: Workspace, error: Exception
) -> None:
    account.calls.fail(SIMULATION, error)
    before = workspace.clock.time()
    [note] = check(workspace)
    assert "could not be checked beforehand" in note
    assert workspace.clock.time() == before


def test_credentials_that_die_during_the_simulation_stop_the_run(
    account: Account, workspace: Workspace
) -> None:
    account.calls.refuse(SIMULATION, "ExpiredToken", status=403)
    with pytest.raises(CredentialsError, match="expired"):
        check(workspace)


@pytest.mark.parametrize(
    ("partition", "region"),
    [
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-iso", "us-iso-east-1"),
        ("aws-eusc", "eusc-de-east-1"),
    ],
)
def test_an_endpoint_type_that_the_partition_lacks_is_refused_before_the_first_change(
    account: Account, workspace: Workspace, partition: str, region: str
) -> None:
    account.calls.refuse(SIMULATION, "AccessDenied", status=403)
    workspace.overrides["endpoint_type"] = "EDGE"
    with pytest.raises(WizardError, match=f"EDGE does not exist in {region}") as caught:
        check(workspace, partition, region)
    assert "--endpoint-type REGIONAL" in caught.value.next_step
    assert account.calls.changing() == []
    del workspace.overrides["endpoint_type"]
    check(workspace, partition, region)


def test_edge_is_allowed_where_it_exists(account: Account, workspace: Workspace) -> None:
    account.calls.refuse(SIMULATION, "AccessDenied", status=403)
    workspace.overrides["endpoint_type"] = "EDGE"
    assert not [note for note in check(workspace) if "EDGE" in note]


def test_china_is_told_of_the_filing_without_which_every_event_is_answered_403(
    account: Account, workspace: Workspace
) -> None:
    account.calls.refuse(SIMULATION, "AccessDenied", status=403)
    assert [
        note for note in check(workspace, "aws-cn", "cn-north-1") if "ICP filing" in note and "403" in note
    ]
    for partition, region in (("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1")):
        assert not [note for note in check(workspace, partition, region) if "ICP" in note]
