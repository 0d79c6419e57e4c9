"""The documents that go into AWS."""

from __future__ import annotations

import json

import pytest

from wizard.aws import policies


def test_only_lambda_may_take_on_the_role() -> None:
    (statement,) = policies.lambda_trust()["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_function_may_do_the_documented_three_things_with_its_bucket_alone(partition: str) -> None:
    document = policies.bucket_access(partition, "b")
    (statement,) = document["Statement"]
    assert document["Version"] == "2012-10-17"
    assert sorted(statement["Action"]) == ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]
    assert sorted(statement["Resource"]) == [f"arn:{partition}:s3:::b", f"arn:{partition}:s3:::b/*"]
    assert "*" not in statement["Action"]


def test_documents_are_the_same_after_a_journey_through_json() -> None:
    for document in (policies.lambda_trust(), policies.bucket_access("aws", "b")):
        assert json.loads(json.dumps(document)) == document


def test_the_managed_policy_is_that_of_the_partition() -> None:
    assert policies.basic_execution_arn("aws-cn").startswith("arn:aws-cn:iam::aws:policy/service-role/")
