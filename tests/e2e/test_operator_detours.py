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
from tests.tools.operator_lab import ACCOUNT, NAME, REGION, USER, OperatorLab, operator_lab
from tests.tools.readme import PAGES
from wizard.aws import policies
from wizard.aws.operator_policy import CONDITIONS
from wizard.aws.policies import Document
from wizard.resources.base import OWNER_TAG

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("operator-policy")]

ROLES = {"role": f"{NAME}-{REGION}-role", "delivery role": f"{NAME}-{REGION}-delivery"}
ROLE, DELIVERY_ROLE = ROLES.values()
ANOTHER_ROLE = "administrator"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/edge"
WIDER = f"arn:aws:iam::{ACCOUNT}:policy/wider"
EVERYTHING = json.dumps(policies.document({"Effect": "Allow", "Action": "*", "Resource": "*"}))
TRUST = json.dumps(policies.lambda_trust(ACCOUNT))
# With every right that the wizard ever asks for.
WITH_STREAMS: dict[str, object] = {"ingest": "buffered", "event_format": "jsonl.gz"}
# What the page about the operator's policy tells the administrator to make.
PAGE = (PAGES / "OPERATOR_POLICY.md").read_text(encoding="utf-8")
ON_PAGE = re.search(r"<!-- boundary -->\n```json\n(.*?)```", PAGE, re.DOTALL)
assert ON_PAGE is not None
EDGE: Document = json.loads(ON_PAGE[1])


def arn_of(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


@dataclass
class World:
    """An account with our roles; nothing is set up beyond that."""

    lab: OperatorLab
    _apis: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Any:
        return self.lab.root

    @property
    def operator(self) -> Any:
        return self.lab.operator

    @property
    def ours(self) -> dict[str, str]:
        return {OWNER_TAG: self.lab.deployment().identity.id}

    def api(self, whose: str) -> Any:
        """An API with our tag, with another's, or with none."""
        if whose not in self._apis:
            tags = {"ours": self.ours, "theirs": THEIRS, "nobody's": {}}[whose]
            self._apis[whose] = self.root.apigateway.create_rest_api(name=f"api {whose}", tags=tags)
        return self._apis[whose]

    def api_arn(self, whose: str) -> str:
        return f"arn:aws:apigateway:{REGION}::/restapis/{self.api(whose)['id']}"

    def without_our_roles(self) -> None:
        for role in ROLES.values():
            self.root.iam.delete_role(RoleName=role)


THEIRS = {OWNER_TAG: f"other.{REGION}.0a1b2c3d"}


@pytest.fixture(scope="module")
def lab(lenient_emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorLab]:
    with operator_lab(lenient_emulator_url, tmp_path_factory.mktemp("detours")) as lab:
        for name, document in (("edge", json.dumps(EDGE)), ("wider", EVERYTHING)):
            lab.root.iam.create_policy(PolicyName=name, PolicyDocument=document)
        lab.root.iam.create_role(RoleName=ANOTHER_ROLE, AssumeRolePolicyDocument=TRUST)
        yield lab


@pytest.fixture
def world(lab: OperatorLab) -> Iterator[World]:
    lab.overrides = dict(WITH_STREAMS)
    for role in ROLES.values():
        lab.root.iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    yield World(lab)
    clear(lab.root)


def clear(root: Any) -> None:
    """Take away what a test has made; the operator and its keys stay."""
    for role in {one["RoleName"] for one in root.iam.list_roles()["Roles"]} & set(ROLES.values()):
        for policy in root.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            root.iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
        for name in root.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            root.iam.delete_role_policy(RoleName=role, PolicyName=name)
        root.iam.delete_role(RoleName=role)
    for stream in root.firehose.list_delivery_streams()["DeliveryStreamNames"]:
        root.firehose.delete_delivery_stream(DeliveryStreamName=stream)
    for function in root.functions.list_functions()["Functions"]:
        root.functions.delete_function(FunctionName=function["FunctionName"])
    for api in root.apigateway.get_rest_apis()["items"]:
        root.apigateway.delete_rest_api(restApiId=api["id"])


# How the policy would have to be for the detour to be open.

Opening = Callable[[Document], Document]


@dataclass(frozen=True)
class Unless:
    """Without the conditions of these statements, each of which has some."""

    sids: tuple[str, ...]

    def __call__(self, policy: Document) -> Document:
        found = [one for one in policy["Statement"] if one["Sid"] in self.sids and one.pop("Condition", None)]
        assert len(found) == len(self.sids), f"no condition in one of {self.sids}"
        return policy


def unless(*sids: str) -> Opening:
    return Unless(sids)


def if_allowed(action: str, role: str) -> Opening:
    """With an action on a role that the policy does not have there."""

    def opened(policy: Document) -> Document:
        arn = arn_of(role)
        assert not [one for one in policy["Statement"] if action in one["Action"] and arn in one["Resource"]]
        policy["Statement"].append({"Effect": "Allow", "Action": action, "Resource": arn})
        return policy

    return opened


def on_anything(sid: str) -> Opening:
    """With a statement on every ARN."""

    def opened(policy: Document) -> Document:
        (statement,) = (one for one in policy["Statement"] if one["Sid"] == sid)
        statement["Resource"] = ["*"]
        return policy

    return opened


@dataclass(frozen=True)
class Detour:
    """A call of the operator, what alone refuses it, and what the account must be like before.

    `bounded`: the policy is printed for a boundary, and our role has it.
    """

    call: Callable[[World], object]
    opening: Opening
    bounded: bool = False
    before: Callable[[World], object] = lambda _world: None


def make_function(role: str) -> Callable[[World], object]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", "def h(event, context): pass\n")
    return lambda world: world.operator.functions.create_function(
        FunctionName=world.lab.deployment().settings.function_name,
        Role=arn_of(role),
        Runtime="python3.13",
        Handler="f.h",
        Code={"ZipFile": buffer.getvalue()},
    )


def hand_to_gateway(role: str) -> Callable[[World], object]:
    def hand(world: World) -> object:
        api = world.api("ours")
        method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
        world.root.apigateway.put_method(**method, authorizationType="NONE")
        return world.operator.apigateway.put_integration(
            **method,
            type="HTTP",
            integrationHttpMethod="POST",
            uri="https://elsewhere.test",
            credentials=arn_of(role),
        )

    return hand


OUR_STREAM, THEIR_STREAM = f"{NAME}.1", f"{NAME}2.1"


def make_stream(client: str, name: str, role: str) -> Callable[[World], object]:
    return lambda world: getattr(world, client).firehose.create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={"RoleARN": arn_of(role), "BucketARN": "arn:aws:s3:::elsewhere"},
    )


their_stream = make_stream("root", THEIR_STREAM, ANOTHER_ROLE)
our_stream = make_stream("root", OUR_STREAM, DELIVERY_ROLE)


def redirect_stream(name: str, role: str) -> Callable[[World], object]:
    """Only the role changes: nothing else is refused."""

    def redirect(world: World) -> object:
        answer = world.root.firehose.describe_delivery_stream(DeliveryStreamName=name)
        described = answer["DeliveryStreamDescription"]
        return world.operator.firehose.update_destination(
            DeliveryStreamName=name,
            CurrentDeliveryStreamVersionId=described["VersionId"],
            DestinationId=described["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate={"RoleARN": arn_of(role)},
        )

    return redirect


def delete_their_stream(world: World) -> object:
    return world.operator.firehose.delete_delivery_stream(DeliveryStreamName=THEIR_STREAM)


def tag_their_stream(world: World) -> object:
    tags = [{"Key": key, "Value": value} for key, value in world.ours.items()]
    return world.operator.firehose.tag_delivery_stream(DeliveryStreamName=THEIR_STREAM, Tags=tags)


def rename_api(whose: str) -> Callable[[World], object]:
    operations = [{"op": "replace", "path": "/name", "value": "taken"}]
    return lambda world: world.operator.apigateway.update_rest_api(
        restApiId=world.api(whose)["id"], patchOperations=operations
    )


def delete_api(whose: str) -> Callable[[World], object]:
    return lambda world: world.operator.apigateway.delete_rest_api(restApiId=world.api(whose)["id"])


def add_path(world: World) -> object:
    api = world.api("theirs")
    return world.operator.apigateway.create_resource(
        restApiId=api["id"], parentId=api["rootResourceId"], pathPart="events"
    )


def put_method(world: World) -> object:
    api = world.api("theirs")
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


def give_everything(role: str) -> Callable[[World], object]:
    return lambda world: world.operator.iam.put_role_policy(
        RoleName=role, PolicyName="all", PolicyDocument=EVERYTHING
    )


def make_role(role: str, **more: str) -> Callable[[World], object]:
    return lambda world: world.operator.iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST, **more)


def put_boundary(role: str, arn: str) -> Callable[[World], object]:
    return lambda world: world.operator.iam.put_role_permissions_boundary(
        RoleName=role, PermissionsBoundary=arn
    )


def lift(client: str, role: str) -> Callable[[World], object]:
    return lambda world: getattr(world, client).iam.delete_role_permissions_boundary(RoleName=role)


def attach_administrator(client: str, role: str) -> Callable[[World], object]:
    return lambda world: getattr(world, client).iam.attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)


def detach_administrator(role: str) -> Callable[[World], object]:
    return lambda world: world.operator.iam.detach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)


def trust_the_operator(role: str) -> Callable[[World], object]:
    def trust(world: World) -> object:
        me = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{USER}"}
        statement = {"Effect": "Allow", "Principal": me, "Action": "sts:AssumeRole"}
        return world.operator.iam.update_assume_role_policy(
            RoleName=role, PolicyDocument=json.dumps(policies.document(statement))
        )

    return trust


def tag_role(role: str) -> Callable[[World], object]:
    """As ours, so that the wizard would take it for its own."""
    return lambda world: world.operator.iam.tag_role(
        RoleName=role, Tags=[{"Key": key, "Value": value} for key, value in world.ours.items()]
    )


def stop_machines_by_an_alarm(world: World) -> object:
    return world.operator.cloudwatch.put_metric_alarm(
        AlarmName=f"{NAME}.function-errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[f"arn:aws:automate:{REGION}:ec2:terminate"],
    )


# fmt: off
DETOURS: dict[str, Detour] = {
    "detach a policy of somebody from the role": Detour(detach_administrator(ROLE), unless("FormerLogsPolicy"), before=attach_administrator("root", ROLE)),
    "detach a policy of somebody from the delivery role": Detour(detach_administrator(DELIVERY_ROLE), if_allowed("iam:DetachRolePolicy", DELIVERY_ROLE), before=attach_administrator("root", DELIVERY_ROLE)),
    "run a function as another role": Detour(make_function(ANOTHER_ROLE), on_anything("PassRoleToLambda")),
    "run a function as the delivery role": Detour(make_function(DELIVERY_ROLE), unless("PassRoleToFirehose")),
    "deliver as another role": Detour(make_stream("operator", OUR_STREAM, ANOTHER_ROLE), on_anything("PassRoleToFirehose")),
    "deliver as the function's role": Detour(make_stream("operator", OUR_STREAM, ROLE), unless("PassRoleToLambda")),
    "deliver as another role from now on": Detour(redirect_stream(OUR_STREAM, ANOTHER_ROLE), on_anything("PassRoleToFirehose"), before=our_stream),
    "hand the role to another service": Detour(hand_to_gateway(ROLE), unless("PassRoleToLambda")),
    "hand the delivery role to another service": Detour(hand_to_gateway(DELIVERY_ROLE), unless("PassRoleToFirehose")),
    "trust oneself in another role": Detour(trust_the_operator(ANOTHER_ROLE), on_anything("DeliveryRole")),
    "tag another role as ours": Detour(tag_role(ANOTHER_ROLE), on_anything("DeliveryRole")),
    "change another's stream": Detour(redirect_stream(THEIR_STREAM, DELIVERY_ROLE), on_anything("Streams"), before=their_stream),
    "delete another's stream": Detour(delete_their_stream, on_anything("Streams"), before=their_stream),
    "tag another's stream as ours": Detour(tag_their_stream, on_anything("Streams"), before=their_stream),
    "change another's API": Detour(rename_api("theirs"), unless("OwnApi")),
    "change nobody's API": Detour(rename_api("nobody's"), unless("OwnApi")),
    "delete another's API": Detour(delete_api("theirs"), unless("OwnApi")),
    "delete nobody's API": Detour(delete_api("nobody's"), unless("OwnApi")),
    "add a path to another's API": Detour(add_path, unless("OwnApi")),
    "put a method on another's API": Detour(put_method, unless("OwnApi")),
    "tag another's API as ours": Detour(tag_api("theirs", lambda world: world.ours), unless("OwnApi")),
    "tag nobody's API as ours": Detour(tag_api("nobody's", lambda world: world.ours), unless("OwnApi")),
    "take another's tag off his API": Detour(untag_api("theirs"), unless("OwnApi")),
    "tag our API as another's": Detour(tag_api("ours", lambda _: THEIRS), unless("TagOwnApi")),
    "make an API for another": Detour(make_api(THEIRS), unless("NewApi", "TagOwnApi")),
    "make an API without the tag": Detour(make_api({}), unless("NewApi")),
    "terminate machines by an alarm": Detour(stop_machines_by_an_alarm, unless("AlarmsForTopics")),
}


def through(which: str, role: str, bounded: str) -> dict[str, Detour]:
    """Those that both roles have; `bounded` is the Sid of the statement that asks for its boundary."""
    return {
        f"attach AdministratorAccess to the {which}": Detour(attach_administrator("operator", role), if_allowed("iam:AttachRolePolicy", role)),
        f"lift the boundary of the {which}": Detour(lift("operator", role), if_allowed("iam:DeleteRolePermissionsBoundary", role), bounded=True),
        f"put another boundary on the {which}": Detour(put_boundary(role, WIDER), unless(bounded), bounded=True),
        f"give rights to the {which} when its boundary was lifted": Detour(give_everything(role), unless(bounded), bounded=True, before=lift("root", role)),
        f"make the {which} without the boundary": Detour(make_role(role), unless(bounded), bounded=True, before=World.without_our_roles),
        f"make the {which} with another boundary": Detour(make_role(role, PermissionsBoundary=WIDER), unless(bounded), bounded=True, before=World.without_our_roles),
    }


DETOURS |= through("role", ROLE, "BoundedRole")
DETOURS |= through("delivery role", DELIVERY_ROLE, "BoundedDeliveryRole")
# fmt: on


def bind(world: World) -> None:
    """From now on the deployment has a boundary."""
    world.lab.overrides["permissions_boundary"] = BOUNDARY
    for role in ROLES.values():
        world.root.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=BOUNDARY)


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
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    world.lab.grant(detour.opening(copy.deepcopy(printed)))
    detour.call(world)


def test_every_condition_of_the_policy_closes_a_detour() -> None:
    openings = [detour.opening for detour in DETOURS.values()]
    closed = {sid for opening in openings if isinstance(opening, Unless) for sid in opening.sids}
    assert closed == {sid for sid, *_ in CONDITIONS}


@pytest.mark.parametrize(("bounded", "outcome"), [(False, ALLOWED), (True, IMPLICIT_DENY)])
@pytest.mark.parametrize("which", ROLES)
def test_who_may_write_a_roles_policy_and_trust_is_administrator_unless_there_is_a_boundary(
    world: World, which: str, bounded: bool, outcome: str
) -> None:
    """What that page says in words: no condition can tell our documents from others, a boundary does not need to."""
    role = ROLES[which]
    if bounded:
        bind(world)
    world.lab.grant(world.lab.policy)
    give_everything(role)(world)
    trust_the_operator(role)(world)
    assert decide(world.lab.double.world, arn_of(role), "iam:CreateUser", "*").outcome == outcome
    written = decide(world.lab.double.world, arn_of(role), "s3:PutObject", "arn:aws:s3:::b/events/1.json")
    assert written.outcome == ALLOWED


def test_the_boundary_of_the_page_allows_all_that_the_role_is_allowed() -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/f"
    documents = (policies.basic_execution(group, ACCOUNT), policies.bucket_access("aws", "b"))
    for document in documents:
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                for action in statement["Action"]:
                    arn = statement["Resource"][0]
                    assert evaluate(EDGE["Statement"], action, arn, {}).outcome == ALLOWED, action
    assert evaluate(EDGE["Statement"], "iam:CreateUser", "*", {}).outcome == IMPLICIT_DENY
