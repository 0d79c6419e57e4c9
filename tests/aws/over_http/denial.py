"""The texts with which AWS refuses a call for lack of permission, and what they are made of.

Source: "Troubleshoot access denied error messages" of the IAM user guide; since January 2026 an explicit deny
in an organization's policy also names the policy's ARN.
"""

from __future__ import annotations

from urllib.parse import unquote

from . import wire
from .calls import Call
from .messages import Answer
from .operations import protocol_of
from .world import World, role_name

ACTIONS = {
    "s3.HeadBucket": "s3:ListBucket",
    "s3.ListObjects": "s3:ListBucket",
    "s3.ListObjectsV2": "s3:ListBucket",
    "s3.ListObjectVersions": "s3:ListBucketVersions",
    "s3.ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3.ListBuckets": "s3:ListAllMyBuckets",
    "s3.HeadObject": "s3:GetObject",
    "s3.CopyObject": "s3:PutObject",
    "s3.DeleteObjects": "s3:DeleteObject",
    "s3.PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3.DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3.GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3.PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3.GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3.DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3.PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3.GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3.DeleteBucketTagging": "s3:PutBucketTagging",
    "lambda.Invoke": "lambda:InvokeFunction",
}
"""Operations whose IAM action has another name than the operation."""

POLICY_ARN = (
    "arn:aws:organizations::999999999999:policy/o-exampleorgid/service_control_policy/p-examplepolicy"
)
REASONS = {
    "missing": "because no identity-based policy allows the {action} action",
    "service control policy": f"with an explicit deny in a service control policy: {POLICY_ARN}",
    "resource control policy": "with an explicit deny in a resource control policy",
    "permissions boundary": "because no permissions boundary allows the {action} action",
    "permissions boundary deny": "with an explicit deny in a permissions boundary",
    "identity policy": "with an explicit deny in an identity-based policy",
}
"""Why a call is refused; the keys are what a test chooses from."""


def action_of(call: Call) -> str:
    """The IAM action that a call needs."""
    if call.service == "apigateway":
        return f"apigateway:{call.request.method}"
    return ACTIONS.get(call.name, f"{call.service}:{call.operation}")


def resource_of(call: Call, world: World) -> str:
    """The ARN that a refusal names; S3 puts it into quotes."""
    region, account, desired = call.scope.region, world.account, call.parameters
    match call.service:
        case "s3":
            key = f"/{desired['Key']}" if "Key" in desired else ""
            return f'"arn:aws:s3:::{desired.get("Bucket", "*")}{key}"'
        case "lambda":
            return f"arn:aws:lambda:{region}:{account}:function:{call.function_name or '*'}"
        case "apigateway":
            return f"arn:aws:apigateway:{region}::{unquote(call.request.path)}"
        case "logs":
            return f"arn:aws:logs:{region}:{account}:log-group:{desired.get('logGroupName', '')}:log-stream:"
        case "iam":
            kind, name = next(
                (
                    (kind, str(desired[f"{kind}Name"]))
                    for kind in ("Role", "User")
                    if f"{kind}Name" in desired
                ),
                ("Role", "*"),
            )
            return f"arn:aws:iam::{account}:{kind.lower()}/{role_name(name)}"
    return "*"


def denial(call: Call, world: World, reason: str = "missing", action: str = "", resource: str = "") -> Answer:
    """The refusal of a call with the service's code and AWS's text."""
    action = action or action_of(call)
    resource = resource or resource_of(call, world)
    message = (
        f"User: {world.caller_arn(call.scope.access_key)} is not authorized to perform: {action} "
        f"on resource: {resource} {REASONS[reason].format(action=action)}"
    )
    protocol = protocol_of(call.service)
    code = "AccessDenied" if protocol in {"query", "rest-xml"} else "AccessDeniedException"
    status = 400 if protocol == "json" else 403
    return wire.error(call.service, call.request, status, code, message)
