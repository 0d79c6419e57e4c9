"""The policy documents that we put into AWS or print, as pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
VERSION = "2012-10-17"


def document(*statements: dict[str, Any]) -> Document:
    """A policy document of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def lambda_trust() -> Document:
    """Who may take on the execution role: the Lambda service."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def bucket_access(partition: str, bucket: str) -> Document:
    """The documented inline policy: what the function may do with the bucket and its objects."""
    return document(
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:{partition}:s3:::{bucket}/*", f"arn:{partition}:s3:::{bucket}"],
        }
    )


def basic_execution_arn(partition: str) -> str:
    """AWS's managed policy for writing CloudWatch Logs."""
    return f"arn:{partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


# What the operator needs, grouped by the ARN it is needed on; the comments say where each is called.
# The life cycle under IAM enforcement is tested with exactly this policy, and fails without any of it.
BUCKET_ACTIONS = (
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:TagResource",
)
OBJECT_ACTIONS = (
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectVersion",
)
ROLE_ACTIONS = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
)
BOUNDARY_ACTIONS = ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary")
FUNCTION_ACTIONS = (
    "lambda:AddPermission",
    "lambda:CreateFunction",
    "lambda:DeleteFunction",
    "lambda:DeleteFunctionConcurrency",
    "lambda:GetFunction",
    "lambda:GetFunctionConcurrency",
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
    "lambda:InvokeFunction",
    "lambda:ListTags",
    "lambda:PutFunctionConcurrency",
    "lambda:RemovePermission",
    "lambda:TagResource",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
)
LOG_GROUP_ACTIONS = (
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DeleteRetentionPolicy",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
)
API_ACTIONS = (
    "apigateway:DELETE",
    "apigateway:GET",
    "apigateway:PATCH",
    "apigateway:POST",
    "apigateway:PUT",
)


@dataclass(frozen=True)
class Names:
    """The names that an operator's policy is scoped to."""

    partition: str
    account: str
    region: str
    bucket: str
    role: str
    function: str
    boundary: str | None = None


def operator(names: Names) -> Document:
    """Everything that the wizard does with a deployment of these names, and nothing else.

    An API's id is AWS's to choose, so API Gateway is scoped to the region's REST APIs; an API is made
    with tags by leave to put them. Tags of a log group are read on its ARN without the `:*` that every
    other call needs; listing log groups knows no single one.
    """
    partition, region, account = names.partition, names.region, names.account
    bucket = f"arn:{partition}:s3:::{names.bucket}"
    api = f"arn:{partition}:apigateway:{region}::"
    logs = f"arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{names.function}"
    function = f"arn:{partition}:lambda:{region}:{account}:function:{names.function}"
    role_actions = ROLE_ACTIONS + (BOUNDARY_ACTIONS if names.boundary else ())
    return document(
        _allow("Bucket", BUCKET_ACTIONS, bucket),
        _allow("Events", OBJECT_ACTIONS, f"{bucket}/*"),
        _allow("ExecutionRole", role_actions, f"arn:{partition}:iam::{account}:role/{names.role}"),
        _allow("Function", FUNCTION_ACTIONS, function),
        _allow("Logs", LOG_GROUP_ACTIONS, logs, f"{logs}:*"),
        _allow("ListLogGroups", ("logs:DescribeLogGroups",), "*"),
        _allow("Api", API_ACTIONS, f"{api}/restapis", f"{api}/restapis/*"),
        _allow("TagApi", ("apigateway:PUT",), f"{api}/tags/*"),
        _allow("NewAccountLimits", ("lambda:GetAccountSettings",), "*"),
    )


def _allow(statement_id: str, actions: tuple[str, ...], *resources: str) -> dict[str, Any]:
    return {"Sid": statement_id, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def local_operator(names: Names) -> Document:
    """The operator's policy for the embedded local AWS, which knows no single function at CreateFunction."""
    policy = operator(names)
    policy["Statement"].append(_allow("LocalAwsOnly", ("lambda:CreateFunction",), "*"))
    return policy
