"""The condition keys that AWS fills in for a call; an absent key is one that AWS does not give there.

Sources: the service authorization reference of IAM, of API Gateway Management, of CloudWatch and of
Lambda; for tags that everything below an API inherits "API Gateway resources that can be tagged" of the
developer guide.
"""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from .calls import Call
from .policies import Context
from .world import World, role_name

PASSES_ROLE = {
    "lambda.CreateFunction": "Role",
    "lambda.UpdateFunctionConfiguration": "Role",
    "apigateway.PutIntegration": "credentials",
}
"""Calls that hand a role to their service, and the parameter that names it."""

ACTIONS_OF_AN_ALARM = ("AlarmActions", "OKActions", "InsufficientDataActions")
TARGET_ROLE = {
    "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
}  # fmt: skip
"""Actions for which iam:PermissionsBoundary is the boundary that the role has."""

IN_REQUEST = {"iam:CreateRole", "iam:PutRolePermissionsBoundary"}
"""Actions for which iam:PermissionsBoundary is the boundary that the request names."""

API = re.compile(r"/restapis/([^/]+)")


def context_of(call: Call, world: World, action: str, resource: str) -> Context:
    """The keys, in lower case, that IAM sees when it is asked about an action of a call on an ARN."""
    if action == "iam:PassRole":
        return {"iam:passedtoservice": [f"{call.service}.amazonaws.com"]}
    if action.startswith("iam:"):
        return _of_a_role(call, world, action)
    if action == "cloudwatch:PutMetricAlarm":
        return _of_an_alarm(call)
    if action.startswith("apigateway:"):
        return _of_an_api(call, world, resource)
    return {}


def _of_an_alarm(call: Call) -> Context:
    """What it does in any state; where it does nothing, there is no key."""
    told = [arn for name in ACTIONS_OF_AN_ALARM for arn in call.parameters.get(name) or []]
    return {"cloudwatch:alarmactions": told} if told else {}


def _of_a_role(call: Call, world: World, action: str) -> Context:
    boundary = ""
    if action in IN_REQUEST:
        boundary = str(call.parameters.get("PermissionsBoundary", ""))
    elif action in TARGET_ROLE:
        boundary = _boundary(world, role_name(str(call.parameters["RoleName"])))
    context = {"iam:permissionsboundary": [boundary]} if boundary else {}
    if "PolicyArn" in call.parameters:
        context["iam:policyarn"] = [str(call.parameters["PolicyArn"])]
    return context


def _boundary(world: World, role: str) -> str:
    try:
        described = world.iam().get_role(RoleName=role)["Role"]
    except ClientError:
        return ""
    return described.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")


def _of_an_api(call: Call, world: World, resource: str) -> Context:
    """Tags in the request; and those of the API, which everything below it inherits but its tags do not."""
    requested = call.parameters.get("tags") or {}
    context = {f"aws:requesttag/{key}".lower(): [str(value)] for key, value in requested.items()}
    if requested:
        context["aws:tagkeys"] = list(requested)
    path = resource.split(":", 5)[5]
    if found := API.match(path):
        tags = tags_of_api(world, call.scope.region, found[1])
        context |= {f"aws:resourcetag/{key}".lower(): [value] for key, value in tags.items()}
    return context


def tags_of_api(world: World, region: str, api: str) -> dict[str, str]:
    """An API that is not there has none."""
    arn = f"arn:aws:apigateway:{region}::/restapis/{api}"
    try:
        return world.apis(region).get_tags(resourceArn=arn)["tags"]
    except ClientError:
        return {}
