"""Conditions of IAM policies as AWS judges them: the operators, and the keys that a call brings along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.aws.lab import REGION, ROLE_ARN, TRUST_LAMBDA, Clients, Lab, create_function, create_role, error_of
from tests.aws.over_http.behaviours import ExactActions
from tests.aws.over_http.policies import condition_holds

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("operator-policy")]

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
OWNER = "eventtrack-wizard:deployment"
OURS = {OWNER: "proof.eu-central-1.0a1b2c3d"}
THEIRS = {OWNER: "other.eu-central-1.0a1b2c3d"}


APIS: dict[str, dict[str, str]] = {"ours": OURS, "theirs": THEIRS, "nobody's": {}}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.mark.parametrize(
    ("operator", "expected", "actual", "holds"),
    [
        ("StringEquals", ["a*"], ["a*"], True),
        ("StringEquals", ["a*"], ["ab"], False),
        ("StringEquals", ["a", "b"], ["b"], True),
        ("StringEquals", ["a"], None, False),
        ("StringEqualsIfExists", ["a"], None, True),
        ("StringEqualsIfExists", ["a"], ["b"], False),
        ("StringNotEquals", ["a"], None, True),
        ("StringNotEquals", ["a", "b"], ["b"], False),
        ("StringLike", ["proof.??"], ["proof.ab"], True),
        ("StringLike", ["proof.??"], ["proof.abc"], False),
        ("ArnEquals", ["arn:aws:iam::*:policy/x"], ["arn:aws:iam::1:policy/x"], True),
        ("ArnEquals", ["arn:aws:*:policy/x"], ["arn:aws:iam::1:policy/x"], False),
        ("Null", ["true"], None, True),
        ("Null", ["true"], ["a"], False),
        ("Null", ["false"], ["a"], True),
        ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAllValues:StringEquals", ["a"], ["b", "a"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
    ],
)
def test_an_operator_compares_exactly_as_iam_does(
    operator: str, expected: list[str], actual: list[str] | None, holds: bool
) -> None:
    assert condition_holds(operator, expected, actual) is holds


@pytest.mark.parametrize("operator", ["NumericLessThan", "DateGreaterThan", "ForSome:StringEquals"])
def test_an_operator_that_is_not_known_is_never_taken_for_fulfilled(operator: str) -> None:
    with pytest.raises(NotImplementedError, match=operator):
        condition_holds(operator, ["1"], ["1"])


def allow(actions: str, **condition: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": actions.split(), "Resource": "*"}
    return statement | ({"Condition": condition} if condition else {})


@pytest.fixture
def lenient_lab(lenient_emulator_url: str) -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(lenient_emulator_url, stack)


@pytest.fixture
def operator(lenient_lab: Lab) -> Callable[..., Clients]:
    """Clients of a user with these statements, before a double that asks for exact actions."""

    def make(*statements: dict[str, Any]) -> Clients:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        return lenient_lab.user(lenient_lab.double(ExactActions()).url, policy)

    return make


def denied(call: Callable[..., object], **parameters: Any) -> str:
    """The words of the refusal of a call."""
    status, _code, message = error_of(lambda: call(**parameters))
    assert status == 403
    return message


def test_a_managed_policy_is_named_by_its_arn(operator: Callable[..., Clients], lenient_lab: Lab) -> None:
    create_role(lenient_lab.direct)
    iam = operator(allow("iam:AttachRolePolicy iam:DetachRolePolicy", ArnEquals={"iam:PolicyARN": BASIC})).iam
    for change in (iam.attach_role_policy, iam.detach_role_policy):
        assert "RolePolicy on resource" in denied(change, RoleName="tracker", PolicyArn=ADMINISTRATOR)
        change(RoleName="tracker", PolicyArn=BASIC)


def test_a_boundary_counts_in_the_request_of_a_new_role_and_on_the_role_later(
    operator: Callable[..., Clients], lenient_lab: Lab
) -> None:
    iam = operator(
        allow(
            "iam:CreateRole iam:PutRolePolicy iam:PutRolePermissionsBoundary",
            StringEquals={"iam:PermissionsBoundary": BOUNDARY},
        )
    ).iam
    role = {"RoleName": "tracker", "AssumeRolePolicyDocument": TRUST_LAMBDA}
    inline = {"RoleName": "tracker", "PolicyName": "p", "PolicyDocument": json.dumps(POLICY)}
    assert "iam:CreateRole" in denied(iam.create_role, **role)
    assert "iam:CreateRole" in denied(iam.create_role, **role, PermissionsBoundary=ADMINISTRATOR)
    iam.create_role(**role, PermissionsBoundary=BOUNDARY)
    iam.put_role_policy(**inline)
    lenient_lab.direct.iam.delete_role_permissions_boundary(RoleName="tracker")
    assert "iam:PutRolePolicy" in denied(iam.put_role_policy, **inline)
    put = iam.put_role_permissions_boundary
    assert "iam:PutRole" in denied(put, RoleName="tracker", PermissionsBoundary=ADMINISTRATOR)
    put(RoleName="tracker", PermissionsBoundary=BOUNDARY)
    iam.put_role_policy(**inline)


def test_a_role_is_passed_to_the_service_of_the_call(
    operator: Callable[..., Clients], lenient_lab: Lab
) -> None:
    create_role(lenient_lab.direct)
    user = operator(
        allow("apigateway:* lambda:*"),
        allow("iam:PassRole", StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}),
    )
    create_function(user)
    gateway = user.apigateway
    api = gateway.create_rest_api(name="tracker")
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    gateway.put_method(**method, authorizationType="NONE")
    integration = {**method, "type": "HTTP", "integrationHttpMethod": "POST", "uri": "https://elsewhere.test"}
    refusal = denied(gateway.put_integration, **integration, credentials=ROLE_ARN)
    assert f"iam:PassRole on resource: {ROLE_ARN} " in refusal
    gateway.put_integration(**integration)


def test_what_an_api_is_tagged_with_holds_for_everything_below_it(
    operator: Callable[..., Clients], lenient_lab: Lab
) -> None:
    root = lenient_lab.direct.apigateway
    apis = {name: root.create_rest_api(name=name, tags=tags) for name, tags in APIS.items()}
    gateway = operator(
        allow("apigateway:POST apigateway:DELETE", StringLike={f"aws:ResourceTag/{OWNER}": "proof.*"})
    ).apigateway
    for name in ("theirs", "nobody's"):
        path = {"restApiId": apis[name]["id"], "parentId": apis[name]["rootResourceId"]}
        assert "apigateway:POST on" in denied(gateway.create_resource, **path, pathPart="events")
        assert "apigateway:DELETE on" in denied(gateway.delete_rest_api, restApiId=apis[name]["id"])
    ours = apis["ours"]
    gateway.create_resource(restApiId=ours["id"], parentId=ours["rootResourceId"], pathPart="events")
    gateway.delete_rest_api(restApiId=ours["id"])


def test_a_new_api_is_judged_by_the_tags_in_the_request(operator: Callable[..., Clients]) -> None:
    gateway = operator(
        allow("apigateway:POST apigateway:PUT", StringLike={f"aws:RequestTag/{OWNER}": "proof.*"})
    ).apigateway
    assert "apigateway:POST on" in denied(gateway.create_rest_api, name="none")
    assert "apigateway:POST on" in denied(gateway.create_rest_api, name="theirs", tags=THEIRS)
    gateway.create_rest_api(name="ours", tags=OURS)


def test_who_tags_an_api_needs_the_right_to_change_it(
    operator: Callable[..., Clients], lenient_lab: Lab
) -> None:
    """Else whoever may tag could make any API his own."""
    root = lenient_lab.direct.apigateway
    arns = {
        name: f"arn:aws:apigateway:{REGION}::/restapis/{root.create_rest_api(name=name, tags=tags)['id']}"
        for name, tags in APIS.items()
    }
    gateway = operator(
        allow("apigateway:PUT apigateway:DELETE"),
        allow("apigateway:PATCH", StringLike={f"aws:ResourceTag/{OWNER}": "proof.*"}),
    ).apigateway
    for name in ("theirs", "nobody's"):
        assert "apigateway:PATCH on" in denied(gateway.tag_resource, resourceArn=arns[name], tags=OURS)
        assert "apigateway:PATCH on" in denied(
            gateway.untag_resource, resourceArn=arns[name], tagKeys=["colour"]
        )
    gateway.tag_resource(resourceArn=arns["ours"], tags=OURS)


def fulfilled(lab: Lab) -> dict[str, Callable[[Clients], object]]:
    """Calls that bring along what the operator's policy asks for, by the condition key."""
    api = lab.direct.apigateway.create_rest_api(name="ours", tags=OURS)
    return {
        "iam:PolicyARN": lambda user: user.iam.detach_role_policy(RoleName="tracker", PolicyArn=BASIC),
        "iam:PermissionsBoundary": lambda user: user.iam.create_role(
            RoleName="bounded", AssumeRolePolicyDocument=TRUST_LAMBDA, PermissionsBoundary=BOUNDARY
        ),
        f"aws:RequestTag/{OWNER}": lambda user: user.apigateway.create_rest_api(name="new", tags=OURS),
        f"aws:ResourceTag/{OWNER}": lambda user: user.apigateway.create_resource(
            restApiId=api["id"], parentId=api["rootResourceId"], pathPart="events"
        ),
    }


ACTIONS = "iam:DetachRolePolicy iam:CreateRole apigateway:POST apigateway:PUT"
ASKED = ("iam:PolicyARN", "iam:PermissionsBoundary", f"aws:RequestTag/{OWNER}", f"aws:ResourceTag/{OWNER}")


@pytest.mark.parametrize("key", ASKED)
def test_the_emulator_itself_gives_none_of_the_keys_so_the_local_aws_gets_no_conditions(
    emulator_url: str, key: str
) -> None:
    """Once it gives one, `for_local_aws` need not leave that condition out any more."""
    with ExitStack() as stack:
        lab = Lab(emulator_url, stack)
        create_role(lab.direct)
        lab.direct.iam.attach_role_policy(RoleName="tracker", PolicyArn=BASIC)
        call = fulfilled(lab)[key]
        conditional = {"Version": "2012-10-17", "Statement": [allow(ACTIONS, StringLike={key: "*"})]}
        user = lab.user(emulator_url, json.dumps(conditional))
        assert "is not authorized" in error_of(lambda: call(user))[2]
        free = {"Version": "2012-10-17", "Statement": [allow(ACTIONS)]}
        lab.direct.iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=json.dumps(free))
        call(user)
