"""Refusals, the simulation of policies, and credentials that are dead."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.aws.lab import (
    REGION,
    ROLE_ARN,
    TRUST_LAMBDA,
    Lab,
    allow,
    create_bucket,
    create_function,
    create_role,
    error_of,
)
from tests.aws.over_http.behaviours import (
    DeadCredentials,
    ExplicitDeny,
    ImpliedPermissions,
    SimulationLooksAtEverything,
    TagsDemanded,
)

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("service control policy", "in a service control policy: arn:aws:organizations::"),
        ("permissions boundary", "because no permissions boundary allows the s3:CreateBucket action"),
        ("identity policy", "with an explicit deny in an identity-based policy"),
    ],
)
def test_an_explicit_deny_says_where_it_comes_from(lab: Lab, reason: str, ending: str) -> None:
    clients = lab.through(ExplicitDeny("s3.CreateBucket", reason=reason))
    status, code, message = error_of(lambda: create_bucket(clients))
    assert (status, code) == (403, "AccessDenied")
    assert 'to perform: s3:CreateBucket on resource: "arn:aws:s3:::bucket-of-ours" ' in message
    assert ending in message
    clients.s3.list_buckets()


def test_an_organization_may_demand_a_tag_in_every_create_call(lab: Lab) -> None:
    clients = lab.through(TagsDemanded("cost-centre"))
    tag = [{"Key": "cost-centre", "Value": "4711"}]

    def create(**tags: Any) -> Any:
        return clients.iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST_LAMBDA, **tags)

    status, code, message = error_of(create)
    assert (status, code) == (403, "AccessDenied")
    assert "with an explicit deny in a service control policy: arn:aws:organizations::" in message
    assert error_of(lambda: create_bucket(clients))[:2] == (403, "AccessDenied")
    create(Tags=tag)


def test_the_role_must_be_passed_and_tags_must_be_allowed(lab: Lab) -> None:
    create_role(lab.direct)
    policy = allow("lambda:*", "iam:CreateRole", "logs:CreateLogGroup")
    operator = lab.user(lab.double(ImpliedPermissions()).url, policy)
    status, code, message = error_of(lambda: create_function(operator))
    assert (status, code) == (403, "AccessDeniedException")
    assert f"user/operator is not authorized to perform: iam:PassRole on resource: {ROLE_ARN} " in message
    tag = [{"Key": "deployment", "Value": "x"}]
    refused = error_of(
        lambda: operator.iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST_LAMBDA, Tags=tag)
    )
    assert "iam:TagRole" in refused[2]
    refused = error_of(lambda: operator.logs.create_log_group(logGroupName="/g", tags={"a": "b"}))
    assert "logs:TagResource" in refused[2]
    passing = json.loads(allow("lambda:*", "iam:PassRole"))
    for service, accepted in [("ec2.amazonaws.com", False), ("lambda.amazonaws.com", True)]:
        passing["Statement"].append(
            {
                "Effect": "Deny",
                "Action": "iam:PassRole",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"iam:PassedToService": service}},
            }
        )
        lab.direct.iam.put_user_policy(
            UserName="operator", PolicyName="p", PolicyDocument=json.dumps(passing)
        )
        passing["Statement"].pop()
        if accepted:
            create_function(operator)
        else:
            assert "iam:PassRole" in error_of(lambda: create_function(operator))[2]


def test_the_permission_simulation_heeds_every_resource_and_the_context(lab: Lab) -> None:
    double = lab.double(SimulationLooksAtEverything())
    clients = lab.clients(double.url)
    statements = [
        {"Effect": "Allow", "Action": "s3:Create*", "Resource": "arn:aws:s3:::ours-*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::ours-locked"},
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": ROLE_ARN,
            "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        },
    ]
    lab.user(double.url, json.dumps({"Version": "2012-10-17", "Statement": statements}))
    source = "arn:aws:iam::000000000000:user/operator"

    def simulate(actions: list[str], resources: list[str], **more: Any) -> Any:
        return clients.iam.simulate_principal_policy(
            PolicySourceArn=source, ActionNames=actions, ResourceArns=resources, **more
        )["EvaluationResults"]

    buckets = ["arn:aws:s3:::ours-1", "arn:aws:s3:::other", "arn:aws:s3:::ours-locked"]
    decisions = [
        (found["EvalResourceName"], found["EvalDecision"]) for found in simulate(["s3:CreateBucket"], buckets)
    ]
    assert decisions == list(zip(buckets, ["allowed", "implicitDeny", "explicitDeny"], strict=True))
    (without,) = simulate(["iam:PassRole"], [ROLE_ARN])
    assert (without["EvalDecision"], without["MissingContextValues"]) == (
        "implicitDeny",
        ["iam:PassedToService"],
    )
    entry = {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyType": "string",
        "ContextKeyValues": ["lambda.amazonaws.com"],
    }
    (passed,) = simulate(["iam:PassRole"], [ROLE_ARN], ContextEntries=[entry])
    assert passed["EvalDecision"] == "allowed"
    source = source.replace("user/operator", "root")
    assert error_of(lambda: simulate(["s3:CreateBucket"], ["*"]))[:2] == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("expired", ("ExpiredToken", "ExpiredToken", "ExpiredTokenException", "ExpiredToken", "400")),
        (
            "invalid",
            ("InvalidClientTokenId",) * 2 + ("UnrecognizedClientException", "InvalidAccessKeyId", "403"),
        ),
        (
            "skewed",
            ("SignatureDoesNotMatch",) * 2 + ("InvalidSignatureException", "RequestTimeTooSkewed", "403"),
        ),
        ("not activated", ("OptInRequired",) * 3 + ("NotSignedUp", "403")),
    ],
)
def test_dead_credentials_have_each_services_own_code(lab: Lab, kind: str, codes: tuple[str, ...]) -> None:
    clients = lab.through(DeadCredentials(kind))
    calls: list[Callable[[], Any]] = [
        clients.sts.get_caller_identity,
        clients.iam.list_roles,
        clients.functions.list_functions,
        clients.s3.list_buckets,
        lambda: clients.s3.head_bucket(Bucket="any-bucket"),
    ]
    assert tuple(error_of(call)[1] for call in calls) == codes
    json_codes = {
        error_of(clients.apigateway.get_rest_apis)[1],
        error_of(clients.logs.describe_log_groups)[1],
    }
    assert json_codes == {codes[2]}


def test_an_error_to_a_head_request_has_no_body(lab: Lab) -> None:
    double = lab.double(DeadCredentials("expired"))
    scope = f"Credential=KEY/20260101/{REGION}/s3/aws4_request"
    with socket.create_connection(
        ("127.0.0.1", int(double.url.rpartition(":")[2])), timeout=60
    ) as connection:
        head = f"HEAD /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {scope}\r\n\r\n"
        connection.sendall(head.encode())
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b"\r\n\r\n")


def test_credentials_expire_at_a_chosen_call_and_a_new_login_helps(lab: Lab) -> None:
    expiry = DeadCredentials("expired", from_call=2)
    double = lab.double(expiry)
    clients = lab.clients(double.url)
    clients.sts.get_caller_identity()
    assert error_of(clients.s3.list_buckets) == (400, "ExpiredToken", "The provided token has expired.")
    assert error_of(clients.sts.get_caller_identity)[0] == 403
    lab.user(double.url, allow("sts:*")).sts.get_caller_identity()
    expiry.renew()
    clients.s3.list_buckets()


def test_a_region_that_is_not_enabled_looks_like_a_bad_key_there_only(lab: Lab) -> None:
    double = lab.double(DeadCredentials("invalid", regions=frozenset({"ap-east-1"})))
    lab.clients(double.url, "us-east-1").sts.get_caller_identity()
    there = lab.clients(double.url, "ap-east-1")
    assert error_of(there.sts.get_caller_identity)[1] == "InvalidClientTokenId"
