"""What the emulator does by itself: if an upgrade loses one of these, the double needs a new behaviour."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.aws.lab import (
    Lab,
    add_permission,
    allow,
    create_api,
    create_bucket,
    create_function,
    create_role,
    error_of,
    post,
)

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


@pytest.mark.parametrize(
    ("region", "constraint", "code"),
    [
        ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
        ("eu-central-1", None, "IllegalLocationConstraintException"),
        ("eu-central-1", "eu-west-1", "IllegalLocationConstraintException"),
    ],
)
def test_the_emulator_itself_checks_that_the_location_constraint_follows_the_region(
    lab: Lab, region: str, constraint: str | None, code: str
) -> None:
    clients = lab.through(region=region)
    configuration = {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    refused = error_of(lambda: clients.s3.create_bucket(Bucket="bucket-of-ours", **configuration))
    assert refused[:2] == (400, code)
    create_bucket(clients, region=region)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_emulator_itself_lets_our_own_bucket_be_created_again_only_in_us_east_1(
    lab: Lab, region: str
) -> None:
    clients = lab.through(region=region)
    create_bucket(clients, region=region)
    if region == "us-east-1":
        create_bucket(clients, region=region)
    else:
        refused = error_of(lambda: create_bucket(clients, region=region))
        assert refused[:2] == (409, "BucketAlreadyOwnedByYou")


def test_the_emulator_itself_refuses_a_public_bucket_policy_while_the_access_block_is_on(lab: Lab) -> None:
    clients = lab.through()
    create_bucket(clients)

    def put(effect: str) -> Any:
        statement = {
            "Effect": effect,
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::bucket-of-ours/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return clients.s3.put_bucket_policy(Bucket="bucket-of-ours", Policy=policy)

    assert error_of(lambda: put("Allow"))[:2] == (403, "AccessDenied")
    put("Deny")


def test_the_emulator_itself_refuses_duplicates_and_keeps_roles_with_policies(lab: Lab) -> None:
    clients = lab.through()
    create_role(clients)
    create_function(clients)
    assert error_of(lambda: create_role(clients))[:2] == (409, "EntityAlreadyExists")
    assert error_of(lambda: create_function(clients)) == (
        409,
        "ResourceConflictException",
        "Function already exist: tracker",
    )
    add_permission(clients, "arn:aws:execute-api:*")
    refused = error_of(lambda: add_permission(clients, "arn:aws:execute-api:*"))
    assert refused[:2] == (409, "ResourceConflictException")
    api = clients.apigateway.create_rest_api(name="a")
    resource = {"restApiId": api["id"], "parentId": api["rootResourceId"], "pathPart": "events"}
    clients.apigateway.create_resource(**resource)
    refused = error_of(lambda: clients.apigateway.create_resource(**resource))
    assert refused[:2] == (409, "ConflictException")
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    refused = error_of(lambda: clients.iam.delete_role(RoleName="tracker"))
    assert refused[:2] == (409, "DeleteConflict")


def test_the_emulator_itself_applies_gateway_responses_only_once_deployed(lab: Lab) -> None:
    double = lab.double()
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    identifier, wrong = path.split("/")[2], double.url + path.replace("/events", "/nothing")
    clients.apigateway.put_gateway_response(
        restApiId=identifier,
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    )
    status, body, headers = post(wrong)
    assert (status, json.loads(body)["message"]) == (403, "Missing Authentication Token")
    assert "Access-Control-Allow-Origin" not in headers
    clients.apigateway.create_deployment(restApiId=identifier, stageName="prod")
    assert post(wrong)[2]["Access-Control-Allow-Origin"] == "*"


def test_the_emulator_itself_verifies_signatures_through_the_double(lab: Lab) -> None:
    double = lab.double()
    operator = lab.user(double.url, allow("sts:GetCallerIdentity"))
    assert operator.sts.get_caller_identity()["Arn"].endswith("user/operator")
    key = lab.direct.iam.list_access_keys(UserName="operator")["AccessKeyMetadata"][0]["AccessKeyId"]
    forger = lab.clients(double.url, credentials=(key, "wrong"))
    assert error_of(forger.sts.get_caller_identity)[:2] == (403, "SignatureDoesNotMatch")
