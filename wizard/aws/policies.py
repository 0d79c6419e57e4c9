"""The policy documents that we put into AWS or print, as pure functions."""

from __future__ import annotations

import json
from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]
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


def firehose_trust(account: str) -> Document:
    """Who may take on the delivery role: Firehose, for streams of this account alone.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "firehose.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": account}},
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
        _own_buckets_only(account),
    )


def _own_buckets_only(account: str) -> Statement:
    """A negated condition holds where the key is missing, as it is in emulators."""
    return {
        "Sid": "OwnAccountsBucketsOnly",
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {
            "StringNotEquals": {"aws:ResourceAccount": account},
            "Null": {"aws:ResourceAccount": "false"},
        },
    }


def bucket_access(partition: str, bucket: str) -> Document:
    """The documented inline policy: what the function may do with the bucket and its objects."""
    return document(
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:{partition}:s3:::{bucket}/*", f"arn:{partition}:s3:::{bucket}"],
        }
    )


def delivery(partition: str, account: str, bucket: str, log_stream_arn: str) -> Document:
    """What Firehose needs to deliver to a bucket, and to say why it cannot; no bucket of another account.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    return document(
        {
            "Sid": "Deliver",
            "Effect": "Allow",
            "Action": [
                "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket",
                "s3:ListBucketMultipartUploads", "s3:PutObject",
            ],
            "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
        },
        {
            "Sid": "WriteOwnLogs",
            "Effect": "Allow",
            "Action": ["logs:PutLogEvents"],
            "Resource": [log_stream_arn],
        },
        _own_buckets_only(account),
    )  # fmt: skip


def put_records(stream_arns: list[str]) -> Document:
    """What the function may do with its streams: hand over one record at a time."""
    return document({"Effect": "Allow", "Action": ["firehose:PutRecord"], "Resource": stream_arns})


TLS_ONLY = "EventtrackWizardTlsOnly"


def tls_only(partition: str, bucket: str) -> Statement:
    """The statement of a bucket's policy that denies everything but TLS, to everybody."""
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def characters(policy: Document) -> int:
    """As IAM counts them: without spaces and line ends."""
    return len(json.dumps(policy, separators=(",", ":")))


def canonical(part: Any) -> Any:
    """A part of a policy in one of the forms that mean the same: AWS may answer with another one.

    A list has no order, a list of one is its member, and true is "true".
    """
    if isinstance(part, dict):
        return {name: canonical(value) for name, value in part.items()}
    if isinstance(part, list):
        members = sorted((canonical(member) for member in part), key=json.dumps)
        return members[0] if len(members) == 1 else members
    return str(part).lower() if isinstance(part, bool) else part


def basic_execution_arn(partition: str) -> str:
    """AWS's managed policy for writing CloudWatch Logs."""
    return f"arn:{partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
