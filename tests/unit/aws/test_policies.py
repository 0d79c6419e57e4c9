"""The documents that go into AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.aws.over_http.policies import ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY, evaluate
from wizard.aws import policies


def test_only_lambda_may_take_on_the_role() -> None:
    (statement,) = policies.lambda_trust("123456789012")["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }


GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f"
WRITES = "logs:PutLogEvents", "logs:CreateLogStream"


def may(action: str, resource: str, **context: str) -> str:
    """What the two documents of the role say together."""
    documents = (policies.basic_execution(GROUP, "123456789012"), policies.bucket_access("aws", "b"))
    statements = [statement for document in documents for statement in document["Statement"]]
    known = {key.replace("_", ":"): [value] for key, value in context.items()}
    return evaluate(statements, action, resource, known).outcome


@pytest.mark.parametrize("action", WRITES)
def test_the_function_writes_to_its_own_log_group_and_to_no_other(action: str) -> None:
    stream = ":log-stream:2026/01/01/[$LATEST]1"
    assert may(action, f"{GROUP}{stream}") == ALLOWED
    assert may(action, f"{GROUP}-of-others{stream}") == IMPLICIT_DENY
    assert may(action, f"{GROUP.replace('us-east-1', 'eu-west-1')}{stream}") == IMPLICIT_DENY


def test_the_function_cannot_bring_a_deleted_log_group_back() -> None:
    assert may("logs:CreateLogGroup", GROUP) == IMPLICIT_DENY
    assert may("logs:CreateLogGroup", f"{GROUP}:*") == IMPLICIT_DENY


def test_a_bucket_of_our_name_in_another_account_is_not_written_to() -> None:
    """An emulator that does not know the account of a bucket forbids nothing."""
    key = "arn:aws:s3:::b/events/1.json"
    assert may("s3:PutObject", key, aws_resourceaccount="123456789012") == ALLOWED
    assert may("s3:PutObject", key, aws_resourceaccount="210987654321") == EXPLICIT_DENY
    assert may("s3:PutObject", key) == ALLOWED


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_function_may_do_the_documented_three_things_with_its_bucket_alone(partition: str) -> None:
    document = policies.bucket_access(partition, "b")
    (statement,) = document["Statement"]
    assert document["Version"] == "2012-10-17"
    assert sorted(statement["Action"]) == ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]
    assert sorted(statement["Resource"]) == [f"arn:{partition}:s3:::b", f"arn:{partition}:s3:::b/*"]
    assert "*" not in statement["Action"]


def test_documents_are_the_same_after_a_journey_through_json() -> None:
    for document in (
        policies.lambda_trust("1"),
        policies.bucket_access("aws", "b"),
        policies.basic_execution(GROUP, "1"),
    ):
        assert json.loads(json.dumps(document)) == document


def test_the_managed_policy_is_that_of_the_partition() -> None:
    assert policies.basic_execution_arn("aws-cn").startswith("arn:aws-cn:iam::aws:policy/service-role/")


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("path", ["", "/events/1.json"])
def test_whoever_comes_without_tls_is_refused_by_bucket_and_objects(partition: str, path: str) -> None:
    ours = policies.tls_only(partition, "b")
    everybody: dict[str, Any] = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    arn = f"arn:{partition}:s3:::b{path}"

    def outcome(secure: str) -> str:
        context = {"aws:securetransport": [secure]}
        return evaluate([everybody, ours], "s3:GetObject", arn, context).outcome

    assert outcome("false") == EXPLICIT_DENY
    assert outcome("true") == ALLOWED
    assert ours["Principal"] == "*"
