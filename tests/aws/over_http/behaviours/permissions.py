"""Refusals for lack of permission, and permissions that a call needs besides its own."""

from __future__ import annotations

from urllib.parse import unquote_plus

from tests.aws.errors import REASONS

from ..calls import Call
from ..condition_keys import PASSES_ROLE, context_of
from ..denial import denial
from ..messages import Answer
from ..policies import ALLOWED, decide
from ..world import World
from .base import Behaviour


class ExplicitDeny(Behaviour):
    """Some operations are refused for ever, with the reason in AWS's words.

    `operations` are names such as `s3.CreateBucket`. `reason` is one of the keys of `errors.REASONS`:
    missing, service control policy, resource control policy, permissions boundary,
    permissions boundary deny, identity policy.
    """

    def __init__(self, *operations: str, reason: str = "service control policy") -> None:
        if reason not in REASONS:
            raise ValueError(f"unknown reason {reason!r}; known are {', '.join(REASONS)}")
        self.operations = operations
        self.reason = reason

    def before(self, call: Call, world: World) -> Answer | None:
        return denial(call, world, self.reason) if call.name in self.operations else None


class TagsDemanded(Behaviour):
    """An organization's policy denies every create call that can carry tags and lacks this one."""

    def __init__(self, key: str) -> None:
        self.key = key

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name not in TAGGED_CREATES or self.key in unquote_plus(call.request.body.decode()):
            return None
        return denial(call, world, "service control policy")


TAGGED_CREATES = {
    "s3.CreateBucket", "iam.CreateRole", "logs.CreateLogGroup", "lambda.CreateFunction",
    "apigateway.CreateRestApi", "sns.CreateTopic", "cloudwatch.PutMetricAlarm",
    "glue.CreateDatabase", "athena.CreateWorkGroup",
}  # fmt: skip


class ImpliedPermissions(Behaviour):
    """Handing a role to a function needs iam:PassRole; tags in a create call need a tagging permission.

    The emulator checks neither. The account's root may do everything.
    """

    def before(self, call: Call, world: World) -> Answer | None:
        if not call.changing or call.scope.access_key in {"", world.root_key}:
            return None
        for action, resource in implied_permissions(call, world):
            if not _allowed(call, world, action, resource):
                return denial(call, world, action=action, resource=resource)
        return None


PASSES_TO_FIREHOSE = {
    "firehose.CreateDeliveryStream": "ExtendedS3DestinationConfiguration",
    "firehose.UpdateDestination": "ExtendedS3DestinationUpdate",
}
"""Calls that hand a role to Firehose, and the parameter within which it is named."""


def implied_permissions(call: Call, world: World) -> list[tuple[str, str]]:
    """The further actions that a call needs, each with the resource that it touches."""
    desired, needed = call.parameters, []
    region, account = call.scope.region, world.account
    if passed := desired.get(PASSES_ROLE.get(call.name, "")):
        needed.append(("iam:PassRole", str(passed)))
    if call.name in PASSES_TO_FIREHOSE:
        needed.append(("iam:PassRole", str(desired[PASSES_TO_FIREHOSE[call.name]]["RoleARN"])))
    if kind := _tagged_at_birth(call):
        service, resource = kind
        action = TAGGING.get(call.name, f"{service}:TagResource")
        needed.append((action, resource.format(region=region, account=account)))
    return needed


TAGGING = {"firehose.CreateDeliveryStream": "firehose:TagDeliveryStream", "iam.CreateRole": "iam:TagRole"}
"""Calls that carry tags, and the action for these where it is not TagResource."""


def _tagged_at_birth(call: Call) -> tuple[str, str] | None:
    """The service, and the ARN of what a call makes with tags; None where it makes nothing, or without."""
    desired, arn = call.parameters, "arn:aws:%s:{region}:{account}:%s"
    listed = any(name.startswith("Tags.member.") for name in desired)
    name = str(desired.get("Name") or desired.get("RoleName") or "")
    match call.name:
        case "firehose.CreateDeliveryStream" if desired.get("Tags"):
            return "firehose", arn % ("firehose", f"deliverystream/{desired['DeliveryStreamName']}")
        case "lambda.CreateFunction" if desired.get("Tags"):
            return "lambda", arn % ("lambda", f"function:{call.function_name}")
        case "iam.CreateRole" if listed:
            return "iam", f"arn:aws:iam::{{account}}:role/{name}"
        case "s3.CreateBucket" if b"<Tag>" in call.request.body:
            return "s3", f"arn:aws:s3:::{desired['Bucket']}"
        case "logs.CreateLogGroup" if desired.get("tags"):
            return "logs", arn % ("logs", f"log-group:{desired['logGroupName']}")
        case "sns.CreateTopic" if listed:
            return "sns", arn % ("sns", name)
        case "cloudwatch.PutMetricAlarm" if desired.get("Tags"):
            return "cloudwatch", arn % ("cloudwatch", f"alarm:{desired['AlarmName']}")
        case "glue.CreateDatabase" if desired.get("Tags"):
            return "glue", arn % ("glue", f"database/{desired['DatabaseInput']['Name']}")
        case "athena.CreateWorkGroup" if desired.get("Tags"):
            return "athena", arn % ("athena", f"workgroup/{name}")
    return None


def _allowed(call: Call, world: World, action: str, resource: str) -> bool:
    caller, context = world.caller_arn(call.scope.access_key), context_of(call, world, action, resource)
    return decide(world, caller, action, resource, context).outcome == ALLOWED
