"""The operator's policy as a document: what it allows on what and when, and that AWS takes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.aws.over_http.policies import ALLOWED, IMPLICIT_DENY, evaluate, matches
from wizard.aws.error_rules import look_up
from wizard.aws.operator_policy import (
    CONDITIONS,
    WITHOUT_ARN_LOCALLY,
    Names,
    for_local_aws,
    operator_document,
)
from wizard.aws.policies import Document, characters
from wizard.aws.rule import Explain
from wizard.deployment import operator_policy
from wizard.identity import RANDOM_DIGITS, DeploymentId
from wizard.phases import needed_actions, phases_with_rights
from wizard.resources.base import OWNER_TAG
from wizard.settings.resolve import Said, resolve

ACCOUNT, REGION, NAME = "123456789012", "eu-central-1", "tracker"
IDENTITY = DeploymentId(f"{NAME}.{REGION}.0a1b2c3d", NAME, ACCOUNT, "aws", REGION)
DIRECT = resolve(IDENTITY).settings
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/edge"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters of a managed policy,
# spaces and line ends not counted; the longest names of each service.
MANAGED_POLICY_LIMIT = 6144
LONGEST_BOUNDARY = f"arn:aws-us-gov:iam::{ACCOUNT}:policy/{'p' * 510}/{'n' * 128}"
LONGEST = Names(
    partition="aws-us-gov",
    account=ACCOUNT,
    region="ap-southeast-1",
    name="n" * 36,
    bucket="b" * 63,
    role=f"{'n' * 36}-ap-southeast-1-role",
    function="f" * 64,
    owner_tag=OWNER_TAG,
    database=f"{'n' * 36}_events",
    owners=f"{'n' * 36}.ap-southeast-1.{'?' * RANDOM_DIGITS}",
)


def printed(*, boundary: str = "", wide: bool = False, buffered: bool = False, role: str = "") -> Document:
    flags = {"permissions_boundary": boundary} if boundary else {}
    flags |= {"role_name": role} if role else {}
    flags |= {"ingest": "buffered", "event_format": "jsonl.gz"} if buffered else {}
    settings = resolve(IDENTITY, Said(flags=flags)).settings
    return operator_policy(IDENTITY, settings, wide=wide)


def size(policy: Document) -> int:
    """Characters as IAM counts them."""
    return len(json.dumps(policy, separators=(",", ":")))


def may(policy: Document, action: str, resource: str, **keys: str) -> bool:
    context = {key.lower(): [value] for key, value in keys.items()}
    outcome = evaluate(policy["Statement"], action, resource, context).outcome
    assert outcome in (ALLOWED, IMPLICIT_DENY)
    return outcome == ALLOWED


@pytest.mark.parametrize("boundary", [None, LONGEST_BOUNDARY], ids=["no boundary", "longest boundary"])
@pytest.mark.parametrize("wide", [False, True], ids=["narrow", "wide"])
def test_it_fits_into_a_managed_policy_with_the_longest_names(boundary: str | None, wide: bool) -> None:
    names = Names(**{**vars(LONGEST), "boundary": boundary})
    needed = needed_actions(phases_with_rights(DIRECT))
    assert size(operator_document(names, needed, wide=wide)) <= MANAGED_POLICY_LIMIT


def test_with_streams_it_fits_for_names_of_a_usual_length() -> None:
    assert characters(printed(buffered=True)) == size(printed(buffered=True)) <= MANAGED_POLICY_LIMIT


def test_every_condition_of_the_table_is_in_what_is_printed_with_a_boundary() -> None:
    """A row for an action that nobody needs, or on another kind of ARN, would be dead."""
    conditional = {
        one["Sid"]: one["Condition"]
        for one in printed(boundary=BOUNDARY, buffered=True)["Statement"]
        if "Condition" in one
    }
    assert set(conditional) == {sid for sid, *_ in CONDITIONS}
    assert all("{" not in json.dumps(list(test.values())).replace('{"', "") for test in conditional.values())


def test_statements_have_ids_of_their_own_made_of_letters_alone_as_iam_demands() -> None:
    for policy in (printed(), printed(boundary=BOUNDARY), printed(wide=True)):
        ids = [statement["Sid"] for statement in policy["Statement"]]
        assert len(set(ids)) == len(ids)
        assert all(sid.isalnum() for sid in ids)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("boundary", ["", BOUNDARY])
def test_nobody_is_allowed_to_lift_a_boundary_or_to_attach_a_policy(boundary: str, wide: bool) -> None:
    actions = {
        action
        for statement in printed(boundary=boundary, wide=wide)["Statement"]
        for action in statement["Action"]
    }
    assert "iam:DeleteRolePermissionsBoundary" not in actions
    assert "iam:AttachRolePolicy" not in actions
    assert not [action for action in actions if "*" in action]
    assert ("iam:PutRolePermissionsBoundary" in actions) is bool(boundary)


APIS = f"arn:aws:apigateway:{REGION}::/restapis"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_wide_opens_the_apis_of_the_region_and_nothing_else(method: str) -> None:
    action, stage = f"apigateway:{method}", f"{APIS}/a1/stages/prod"
    assert not may(printed(), action, stage)
    assert may(printed(), action, stage, **{f"aws:ResourceTag/{OWNER_TAG}": IDENTITY.id})
    assert may(printed(wide=True), action, stage)
    assert not may(printed(wide=True), action, stage.replace(REGION, "us-east-1"))


def test_wide_leaves_the_conditions_of_iam_as_they_are() -> None:
    def conditions(policy: Document) -> list[Any]:
        return [
            one["Condition"] for one in policy["Statement"] if "iam:" in json.dumps(one.get("Condition", ""))
        ]

    assert conditions(printed(wide=True, boundary=BOUNDARY)) == conditions(printed(boundary=BOUNDARY))
    assert len(conditions(printed(wide=True, boundary=BOUNDARY))) == 3


def test_what_stands_in_no_condition_is_allowed_as_before() -> None:
    assert may(printed(), "apigateway:GET", f"{APIS}/of-others/stages/prod")
    assert may(printed(), "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/tracker-{REGION}-role")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("", True), ("service-role/", True), ("a/b/", True), ("of-another-", False), ("a/of-another-", False)],
)
def test_a_role_of_ones_own_may_have_a_path_as_those_of_lambdas_console_have(
    path: str, allowed: bool
) -> None:
    policy = printed(role="x-role-1")
    role = f"arn:aws:iam::{ACCOUNT}:role/{path}x-role-1"
    assert may(policy, "iam:GetRole", role) is allowed
    assert may(policy, "iam:PassRole", role, **{"iam:PassedToService": "lambda.amazonaws.com"}) is allowed
    assert not may(printed(), "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/a/tracker-{REGION}-role")


def test_the_local_aws_gets_every_action_without_the_conditions_that_it_cannot_judge() -> None:
    whole, local = printed(boundary=BOUNDARY), for_local_aws(printed(boundary=BOUNDARY))
    assert not [statement for statement in local["Statement"] if "Condition" in statement]
    assert [one["Action"] for one in local["Statement"]] == [
        *(one["Action"] for one in whole["Statement"]),
        list(WITHOUT_ARN_LOCALLY),
    ]
    assert [one for one in whole["Statement"] if "Condition" in one], "the printed one keeps its own"


def test_the_pattern_of_ids_fits_the_ids_of_this_deployment_alone() -> None:
    assert matches(IDENTITY.id_pattern, IDENTITY.id)
    for other in (
        f"{NAME}2.{REGION}.0a1b2c3d",
        f"{NAME}.us-east-1.0a1b2c3d",
        f"{IDENTITY.id}.e",
        f"{NAME}.{REGION}.",
    ):
        assert not matches(IDENTITY.id_pattern, other)


def test_a_refusal_at_an_api_names_the_tag_that_it_hangs_on_and_the_way_out() -> None:
    message = f"is not authorized to perform: apigateway:PATCH on resource: {APIS}/a1 because"
    reaction = look_up("AccessDeniedException", message, "UpdateRestApi", 403)
    assert isinstance(reaction, Explain)
    assert OWNER_TAG in reaction.why
    assert "`eventtrack-wizard policy --wide`" in reaction.next_step
