"""The policy documents that we put into AWS or print, as pure functions."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
VERSION = "2012-10-17"


def document(*statements: dict[str, Any]) -> Document:
    """A policy document of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def lambda_trust(account: str) -> Document:
    """Who may take on the execution role: the Lambda service, for functions of this account alone."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }
    )


def basic_execution(log_group_arn: str, account: str) -> Document:
    """What stands beside the documented policy: writing to the function's own log group, and no bucket of
    another account, should the bucket's name ever be somebody else's.

    The group is not the function's to make, so a deleted one does not come back without its retention.
    """
    return document(
        {
            "Sid": "WriteOwnLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"{log_group_arn}:*"],
        },
        {
            "Sid": "OwnAccountsBucketsOnly",
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            # A negated condition holds where the key is missing, as it is in emulators.
            "Condition": {
                "StringNotEquals": {"aws:ResourceAccount": account},
                "Null": {"aws:ResourceAccount": "false"},
            },
        },
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
