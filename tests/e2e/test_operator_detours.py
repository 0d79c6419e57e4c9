"""What the printed policy must not allow: each detour to administrator, or to what others own, is refused.

And it is refused by the very condition, name or missing right that is meant to: with that alone taken out of
the policy the same call passes, so no test is green because AWS would refuse the call anyway.
"""

# ruff: noqa: E501  one detour, one line

from __future__ import annotations

import copy
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.over_http.policies import ALLOWED, IMPLICIT_DENY, decide, evaluate
from tests.tools.operator_lab import ACCOUNT, NAME, REGION, OperatorLab, operator_lab
from tests.tools.readme import README
from wizard.aws import policies
from wizard.aws.policies import Document
from wizard.resources.base import OWNER_TAG

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("operator-policy")]

ROLE = f"{NAME}-{REGION}-role"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/edge"
WIDER = f"arn:aws:iam::{ACCOUNT}:policy/wider"
EVERYTHING = json.dumps(policies.document({"Effect": "Allow", "Action": "*", "Resource": "*"}))
TRUST = json.dumps(policies.lambda_trust(ACCOUNT))
# The README's own: what it tells the administrator to make.
IN_README = re.search(r"<!-- boundary -->\n```json\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
assert IN_README is not None
EDGE: Document = json.loads(IN_README[1])


@dataclass
class World:
    """An account with our role and API, and an API of another deployment; nothing is set up beyond that."""

    lab: OperatorLab
    apis: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Any:
        return self.lab.root

    @property
    def operator(self) -> Any:
        return self.lab.operator

    @property
    def ours(self) -> dict[str, str]:
        return {OWNER_TAG: self.lab.deployment().identity.id}

    def api_arn(self, whose: str) -> str:
        return f"arn:aws:apigateway:{REGION}::/restapis/{self.apis[whose]['id']}"

    def without_our_role(self) -> None:
        self.root.iam.delete_role(RoleName=ROLE)


THEIRS = {OWNER_TAG: f"other.{REGION}.0a1b2c3d"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorLab]:
    with operator_lab(tmp_path_factory.mktemp("detours")) as lab:
        for name, document in (("edge", json.dumps(EDGE)), ("wider", EVERYTHING)):
            lab.root.iam.create_policy(PolicyName=name, PolicyDocument=document)
        lab.root.iam.create_role(RoleName="administrator", AssumeRolePolicyDocument=TRUST)
        yield lab


@pytest.fixture
def world(lab: OperatorLab) -> Iterator[World]:
    lab.overrides = {}
    lab.root.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)
    world = World(lab)
    for whose, tags in (("ours", world.ours), ("theirs", THEIRS), ("nobody's", {})):
        world.apis[whose] = world.root.apigateway.create_rest_api(name=f"api {whose}", tags=tags)
    yield world
    clear(world.root)


def clear(root: Any) -> None:
    """Take away what a test has made; the operator and its keys stay."""
    for policy in root.iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        root.iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])
    for name in root.iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        root.iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    root.iam.delete_role(RoleName=ROLE)
    for function in root.functions.list_functions()["Functions"]:
        root.functions.delete_function(FunctionName=function["FunctionName"])
    for api in root.apigateway.get_rest_apis()["items"]:
        root.apigateway.delete_rest_api(restApiId=api["id"])


# How the policy would have to be for the detour to be open.

Opening = Callable[[Document], Document]


def unless(key: str) -> Opening:
    """Without the condition on a key."""

    def opened(policy: Document) -> Document:
        found = [one for one in policy["Statement"] if key in json.dumps(one.get("Condition", {}))]
        assert found, f"no condition on {key}"
        for statement in found:
            del statement["Condition"]
        return policy

    return opened


def if_allowed(action: str) -> Opening:
    """With an action that is not in the policy."""

    def opened(policy: Document) -> Document:
        assert action not in json.dumps(policy)
        policy["Statement"].append({"Effect": "Allow", "Action": action, "Resource": "*"})
        return policy

    return opened


def on_anything(action: str) -> Opening:
    """With the statement of an action on every ARN."""

    def opened(policy: Document) -> Document:
        (statement,) = (one for one in policy["Statement"] if action in one["Action"])
        statement["Resource"] = ["*"]
        return policy

    return opened


TAG_OF_API, TAG_IN_REQUEST = f"aws:ResourceTag/{OWNER_TAG}", f"aws:RequestTag/{OWNER_TAG}"
BOUNDARY_KEY = "iam:PermissionsBoundary"


@dataclass(frozen=True)
class Detour:
    """A call of the operator, what alone refuses it, and what the account must be like before.

    `bounded`: the policy is printed for a boundary, and our role has it.
    """

    call: Callable[[World], object]
    opening: Opening
    bounded: bool = False
    before: Callable[[World], object] = lambda _world: None


def make_function(world: World, role: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", "def h(event, context): pass\n")
    world.operator.functions.create_function(
        FunctionName=world.lab.deployment().settings.function_name,
        Role=role,
        Runtime="python3.13",
        Handler="f.h",
        Code={"ZipFile": buffer.getvalue()},
    )


def hand_role_to_gateway(world: World) -> None:
    api = world.apis["ours"]
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    world.root.apigateway.put_method(**method, authorizationType="NONE")
    world.operator.apigateway.put_integration(
        **method,
        type="HTTP",
        integrationHttpMethod="POST",
        uri="https://elsewhere.test",
        credentials=ROLE_ARN,
    )


def rename_api(whose: str) -> Callable[[World], object]:
    operations = [{"op": "replace", "path": "/name", "value": "taken"}]
    return lambda world: world.operator.apigateway.update_rest_api(
        restApiId=world.apis[whose]["id"], patchOperations=operations
    )


def delete_api(whose: str) -> Callable[[World], object]:
    return lambda world: world.operator.apigateway.delete_rest_api(restApiId=world.apis[whose]["id"])


def add_path(world: World) -> object:
    api = world.apis["theirs"]
    return world.operator.apigateway.create_resource(
        restApiId=api["id"], parentId=api["rootResourceId"], pathPart="events"
    )


def put_method(world: World) -> object:
    api = world.apis["theirs"]
    return world.operator.apigateway.put_method(
        restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="POST", authorizationType="NONE"
    )


def tag_api(whose: str, tags: Callable[[World], dict[str, str]]) -> Callable[[World], object]:
    return lambda world: world.operator.apigateway.tag_resource(
        resourceArn=world.api_arn(whose), tags=tags(world)
    )


def untag_api(whose: str) -> Callable[[World], object]:
    return lambda world: world.operator.apigateway.untag_resource(
        resourceArn=world.api_arn(whose), tagKeys=[OWNER_TAG]
    )


def make_api(tags: dict[str, str]) -> Callable[[World], object]:
    return lambda world: world.operator.apigateway.create_rest_api(name="new", tags=tags)


def give_everything(world: World) -> object:
    return world.operator.iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=EVERYTHING)


def make_role(**more: str) -> Callable[[World], object]:
    return lambda world: world.operator.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST, **more)


def put_boundary(arn: str) -> Callable[[World], object]:
    return lambda world: world.operator.iam.put_role_permissions_boundary(
        RoleName=ROLE, PermissionsBoundary=arn
    )


def lift(client: str) -> Callable[[World], object]:
    return lambda world: getattr(world, client).iam.delete_role_permissions_boundary(RoleName=ROLE)


def attach_administrator(client: str) -> Callable[[World], object]:
    return lambda world: getattr(world, client).iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)


def detach_administrator(world: World) -> object:
    return world.operator.iam.detach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)


# fmt: off
DETOURS: dict[str, Detour] = {
    "attach AdministratorAccess to the role": Detour(attach_administrator("operator"), if_allowed("iam:AttachRolePolicy")),
    "detach a policy of somebody": Detour(detach_administrator, unless("iam:PolicyARN"), before=attach_administrator("root")),
    "run a function as another role": Detour(lambda world: make_function(world, ROLE_ARN.replace(ROLE, "administrator")), on_anything("iam:PassRole")),
    "hand the role to another service": Detour(hand_role_to_gateway, unless("iam:PassedToService")),
    "change another's API": Detour(rename_api("theirs"), unless(TAG_OF_API)),
    "change nobody's API": Detour(rename_api("nobody's"), unless(TAG_OF_API)),
    "delete another's API": Detour(delete_api("theirs"), unless(TAG_OF_API)),
    "delete nobody's API": Detour(delete_api("nobody's"), unless(TAG_OF_API)),
    "add a path to another's API": Detour(add_path, unless(TAG_OF_API)),
    "put a method on another's API": Detour(put_method, unless(TAG_OF_API)),
    "tag another's API as ours": Detour(tag_api("theirs", lambda world: world.ours), unless(TAG_OF_API)),
    "tag nobody's API as ours": Detour(tag_api("nobody's", lambda world: world.ours), unless(TAG_OF_API)),
    "take another's tag off his API": Detour(untag_api("theirs"), unless(TAG_OF_API)),
    "tag our API as another's": Detour(tag_api("ours", lambda _: THEIRS), unless(TAG_IN_REQUEST)),
    "make an API for another": Detour(make_api(THEIRS), unless(TAG_IN_REQUEST)),
    "make an API without the tag": Detour(make_api({}), unless(TAG_IN_REQUEST)),
    "lift the boundary": Detour(lift("operator"), if_allowed("iam:DeleteRolePermissionsBoundary"), bounded=True),
    "put another boundary": Detour(put_boundary(WIDER), unless(BOUNDARY_KEY), bounded=True),
    "give rights to a role whose boundary was lifted": Detour(give_everything, unless(BOUNDARY_KEY), bounded=True, before=lift("root")),
    "make a role without the boundary": Detour(make_role(), unless(BOUNDARY_KEY), bounded=True, before=World.without_our_role),
    "make a role with another boundary": Detour(make_role(PermissionsBoundary=WIDER), unless(BOUNDARY_KEY), bounded=True, before=World.without_our_role),
}
# fmt: on


def bind(world: World) -> None:
    """From now on the deployment has a boundary."""
    world.lab.overrides = {"permissions_boundary": BOUNDARY}
    world.root.iam.put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=BOUNDARY)


@pytest.mark.parametrize("name", DETOURS)
def test_the_detour_is_refused_and_nothing_else_refuses_it(world: World, name: str) -> None:
    detour = DETOURS[name]
    if detour.bounded:
        bind(world)
    detour.before(world)
    printed = world.lab.policy
    world.lab.grant(printed)
    with pytest.raises(ClientError, match="is not authorized to perform") as caught:
        detour.call(world)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    world.lab.grant(detour.opening(copy.deepcopy(printed)))
    detour.call(world)


@pytest.mark.parametrize(("bounded", "outcome"), [(False, ALLOWED), (True, IMPLICIT_DENY)])
def test_who_may_write_the_roles_policy_is_administrator_unless_there_is_a_boundary(
    world: World, bounded: bool, outcome: str
) -> None:
    """What the README says in words: no condition can tell our document from another, a boundary does not need to."""
    if bounded:
        bind(world)
    world.lab.grant(world.lab.policy)
    give_everything(world)
    assert decide(world.lab.double.world, ROLE_ARN, "iam:CreateUser", "*").outcome == outcome
    written = decide(world.lab.double.world, ROLE_ARN, "s3:PutObject", "arn:aws:s3:::b/events/1.json")
    assert written.outcome == ALLOWED


def test_the_boundary_of_the_readme_allows_all_that_the_role_is_allowed() -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/f"
    documents = (policies.basic_execution(group, ACCOUNT), policies.bucket_access("aws", "b"))
    for document in documents:
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                for action in statement["Action"]:
                    arn = statement["Resource"][0]
                    assert evaluate(EDGE["Statement"], action, arn, {}).outcome == ALLOWED, action
    assert evaluate(EDGE["Statement"], "iam:CreateUser", "*", {}).outcome == IMPLICIT_DENY
