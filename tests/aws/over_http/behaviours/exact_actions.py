"""IAM as AWS enforces it: every call needs its own action on its own ARN.

The emulator asks for other actions at some calls, for fewer at others and for none at a few; with this
behaviour a policy is held against what AWS asks, so that a test can tell which actions it needs.
Source: the service authorization reference, and botocore's documentation of the operations.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.aws.errors import refusal_text

from ..calls import Call
from ..condition_keys import context_of
from ..denial import action_of, database_of, denial, resource_of
from ..messages import Answer
from ..policies import ALLOWED, Statement, evaluate, policies_of
from ..world import World
from .base import Behaviour
from .permissions import implied_permissions

Need = tuple[str, str]
"""An action, and the ARN that it is needed on."""

FREE = {"sts.GetCallerIdentity"}
"""What everybody may call."""


def _objects(call: Call, _world: World) -> list[Need]:
    """Deleting versions needs the right to delete objects as well."""
    body = call.request.body.decode()
    bucket = f"arn:aws:s3:::{call.parameters['Bucket']}"
    needs = []
    for entry in re.findall(r"<Object>(.*?)</Object>", body, re.DOTALL):
        arn = f"{bucket}/{''.join(re.findall('<Key>(.*?)</Key>', entry))}"
        needs.append(("s3:DeleteObject", arn))
        if "<VersionId>" in entry:
            needs.append(("s3:DeleteObjectVersion", arn))
    return needs


def _object(call: Call, world: World) -> list[Need]:
    action = "s3:GetObjectVersion" if "versionId" in call.request.query else "s3:GetObject"
    return [(action, resource_of(call, world).strip('"'))]


def _every_log_group(call: Call, world: World) -> list[Need]:
    return [
        ("logs:DescribeLogGroups", f"arn:aws:logs:{call.scope.region}:{world.account}:log-group::log-stream:")
    ]


def _function_by_arn(call: Call, _world: World) -> list[Need]:
    return [(action_of(call), str(call.parameters["Resource"]))]


def _log_group_by_arn(call: Call, _world: World) -> list[Need]:
    return [(action_of(call), str(call.parameters["resourceArn"]))]


def _by_arn(parameter: str) -> Callable[[Call, World], list[Need]]:
    return lambda call, _world: [(action_of(call), str(call.parameters[parameter]))]


def _unsubscribe(call: Call, _world: World) -> list[Need]:
    """AWS asks about the topic, and names it in its refusals."""
    return [(action_of(call), str(call.parameters["SubscriptionArn"]).rpartition(":")[0])]


def _every_alarm(call: Call, world: World) -> list[Need]:
    return [(action_of(call), f"arn:aws:cloudwatch:{call.scope.region}:{world.account}:alarm:*")]


def _alarms(call: Call, world: World) -> list[Need]:
    alarm = f"arn:aws:cloudwatch:{call.scope.region}:{world.account}:alarm:"
    return [(action_of(call), alarm + name) for name in call.parameters["AlarmNames"]]


def _new_api(call: Call, _world: World) -> list[Need]:
    """An API made with tags needs the right to put tags on it, under its ARN in the path.

    It has no id yet: AWS's refusals name it with a star.
    """
    region = call.scope.region
    needs = [("apigateway:POST", f"arn:aws:apigateway:{region}::/restapis")]
    if call.parameters.get("tags"):
        tagged = quote(f"arn:aws:apigateway:{region}::/restapis/*", safe="*")
        needs.append(("apigateway:PUT", f"arn:aws:apigateway:{region}::/tags/{tagged}"))
    return needs


def _tags_of_an_api(call: Call, world: World) -> list[Need]:
    """Whoever changes an API's tags needs the right to change the API as well.

    Seen on AWS for TagResource (https://github.com/iann0036/iam-dataset/pull/39); for UntagResource assumed.
    """
    return [
        (action_of(call), resource_of(call, world)),
        ("apigateway:PATCH", str(call.parameters["resourceArn"])),
    ]


def _account(call: Call, _world: World) -> list[Need]:
    return [(action_of(call), "*")]


def _simulated_principal(call: Call, _world: World) -> list[Need]:
    return [(action_of(call), str(call.parameters["PolicySourceArn"]))]


def _in_catalog(*below: str) -> Callable[[Call, World], list[Need]]:
    """Glue asks for all that leads to a thing; `*` stands for all tables, or functions, of the database."""

    def needs(call: Call, world: World) -> list[Need]:
        place = f"arn:aws:glue:{call.scope.region}:{world.account}"
        database, table = database_of(call.parameters), call.parameters.get("TableInput", call.parameters)
        named = {"name": str(table.get("Name", "*"))}
        arns = [f"{place}:{part}/{database}/{name.format_map(named)}" for part, _, name in map(_split, below)]
        return [(action_of(call), arn) for arn in (f"{place}:catalog", f"{place}:database/{database}", *arns)]

    return needs


def _split(part: str) -> tuple[str, str, str]:
    return part.partition("/")


def _query(call: Call, world: World) -> list[Need]:
    """A query belongs to the workgroup that it was started in."""
    workgroup = world.workgroups_of_queries.get(str(call.parameters["QueryExecutionId"]), "*")
    place = f"arn:aws:athena:{call.scope.region}:{world.account}"
    return [(action_of(call), f"{place}:workgroup/{workgroup}")]


NEEDS: dict[str, Callable[[Call, World], list[Need]]] = {
    "s3.DeleteObjects": _objects,
    "s3.GetObject": _object,
    "logs.DescribeLogGroups": _every_log_group,
    "lambda.TagResource": _function_by_arn,
    "lambda.UntagResource": _function_by_arn,
    "logs.ListTagsForResource": _log_group_by_arn,
    "logs.TagResource": _log_group_by_arn,
    "logs.UntagResource": _log_group_by_arn,
    "sns.ListTagsForResource": _by_arn("ResourceArn"),
    "sns.TagResource": _by_arn("ResourceArn"),
    "sns.UntagResource": _by_arn("ResourceArn"),
    "sns.Unsubscribe": _unsubscribe,
    "cloudwatch.DescribeAlarms": _every_alarm,
    "cloudwatch.DeleteAlarms": _alarms,
    "cloudwatch.ListTagsForResource": _by_arn("ResourceARN"),
    "cloudwatch.TagResource": _by_arn("ResourceARN"),
    "cloudwatch.UntagResource": _by_arn("ResourceARN"),
    "glue.CreateDatabase": _in_catalog(),
    "glue.GetDatabase": _in_catalog(),
    "glue.DeleteDatabase": _in_catalog("table/*", "userDefinedFunction/*"),
    "glue.GetTables": _in_catalog("table/*"),
    "glue.CreateTable": _in_catalog("table/{name}"),
    "glue.UpdateTable": _in_catalog("table/{name}"),
    "glue.DeleteTable": _in_catalog("table/{name}"),
    "athena.GetQueryExecution": _query,
    "athena.GetQueryResults": _query,
    "athena.StopQueryExecution": _query,
    "apigateway.CreateRestApi": _new_api,
    "apigateway.TagResource": _tags_of_an_api,
    "apigateway.UntagResource": _tags_of_an_api,
    "lambda.GetAccountSettings": _account,
    "iam.SimulatePrincipalPolicy": _simulated_principal,
}
"""Calls that need anything but one action, named like the call or in `denial.ACTIONS`, on what they name."""


class ExactActions(Behaviour):
    """Refuses every call of a user whose policies do not allow exactly what AWS asks for at that call.

    Conditions count with the keys of `condition_keys`. The account's root may do everything; clients of the
    deployed API are nobody's users. To those who may not list a function's tags GetFunction shows
    an error in their place. Policies are read once a key: call `learn` when they have changed.
    """

    def __init__(self) -> None:
        self._statements: dict[str, list[Statement]] = {}

    def learn(self, access_key: str, policy: Any) -> None:
        """The one policy that the caller with this key has now; reading it would take five calls."""
        self._statements[access_key] = copy.deepcopy(policy["Statement"])

    def before(self, call: Call, world: World) -> Answer | None:
        if not _asks_iam(call, world):
            return None
        for action, resource in needs_of(call, world):
            if not self._allows(call, world, action, resource):
                return denial(call, world, action=action, resource=resource)
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name != "lambda.GetFunction" or not answer.succeeded or not _asks_iam(call, world):
            return answer
        action, function = "lambda:ListTags", resource_of(call, world)
        if self._allows(call, world, action, function):
            return answer
        shown = {name: value for name, value in answer.json.items() if name != "Tags"}
        refused = refusal_text(world.caller_arn(call.scope.access_key), action, function)
        shown["TagsError"] = {"ErrorCode": "AccessDeniedException", "Message": refused}
        return replace(answer, body=json.dumps(shown).encode())

    def _allows(self, call: Call, world: World, action: str, resource: str) -> bool:
        key = call.scope.access_key
        if key not in self._statements:
            self._statements[key], _boundary = policies_of(world, world.caller_arn(key))
        context = context_of(call, world, action, resource)
        return evaluate(self._statements[key], action, resource, context).outcome == ALLOWED


def needs_of(call: Call, world: World) -> list[Need]:
    """Everything that AWS asks IAM about at this call."""
    if call.name in FREE:
        return []
    if call.name in NEEDS:
        return NEEDS[call.name](call, world) + implied_permissions(call, world)
    return [(action_of(call), resource_of(call, world).strip('"')), *implied_permissions(call, world)]


def _asks_iam(call: Call, world: World) -> bool:
    return call.service != "execute-api" and call.scope.access_key not in {"", world.root_key}
