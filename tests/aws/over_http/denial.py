"""How AWS refuses a call for lack of permission: which action on which resource, for which caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tests.aws.errors import REFUSED, refusal_text

from . import wire
from .calls import Call
from .messages import Answer
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
    "s3.DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3.PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3.GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3.DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3.PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3.GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3.DeleteBucketTagging": "s3:PutBucketTagging",
    "lambda.Invoke": "lambda:InvokeFunction",
}
"""Operations whose IAM action has another name than the operation."""


def database_of(desired: Mapping[str, Any]) -> str:
    """The database of a call on one, or on a table in it; tags are on a database's ARN."""
    named = desired.get("DatabaseInput", desired)
    name = desired.get("DatabaseName") or named.get("Name")
    return str(name or desired.get("ResourceArn", "").rpartition("database/")[2])


def _workgroup_of(desired: Mapping[str, Any]) -> str:
    name = desired.get("WorkGroup") or desired.get("Name")
    return str(name or desired.get("ResourceARN", "").rpartition("/")[2] or "*")


QUERIES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "glue": lambda desired: f"database/{database_of(desired)}",
    "athena": lambda desired: f"workgroup/{_workgroup_of(desired)}",
}
"""What of an ARN follows the account's number, by service."""


def action_of(call: Call) -> str:
    """The IAM action that a call needs."""
    if call.service == "apigateway":
        return f"apigateway:{call.request.method}"
    return ACTIONS.get(call.name, f"{call.service}:{call.operation}")


def resource_of(call: Call, world: World) -> str:
    """The ARN that a refusal names; S3 puts it into quotes."""
    region, account, desired = call.scope.region, world.account, call.parameters
    if call.service in QUERIES:
        return f"arn:aws:{call.service}:{region}:{account}:{QUERIES[call.service](desired)}"
    match call.service:
        case "s3":
            key = f"/{desired['Key']}" if "Key" in desired else ""
            return f'"arn:aws:s3:::{desired.get("Bucket", "*")}{key}"'
        case "lambda":
            return f"arn:aws:lambda:{region}:{account}:function:{call.function_name or '*'}"
        case "apigateway":
            return f"arn:aws:apigateway:{region}::{unquote(call.request.path)}"
        case "sns":
            return str(desired.get("TopicArn", f"arn:aws:sns:{region}:{account}:{desired.get('Name', '*')}"))
        case "firehose":
            stream = desired.get("DeliveryStreamName", "*")
            return f"arn:aws:firehose:{region}:{account}:deliverystream/{stream}"
        case "cloudwatch":
            return f"arn:aws:cloudwatch:{region}:{account}:alarm:{desired.get('AlarmName', '*')}"
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
    message = refusal_text(world.caller_arn(call.scope.access_key), action, resource, reason)
    status, code = REFUSED.get(call.service, REFUSED["logs"])
    return wire.error(call.service, call.request, status, code, message)
