"""Which policies of a topic surely keep CloudWatch's alarms out, and of which that cannot be said."""

# ruff: noqa: E501  one policy, one line

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.in_process import ACCOUNT_ID, Account, Workspace
from wizard.aws.topic_policy import may_publish, mute

TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:mine"
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
OWN = {"StringEquals": {"AWS:SourceOwner": ACCOUNT_ID}}


def statement(
    principal: Any, action: Any = "sns:Publish", effect: str = "Allow", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": TOPIC, **more}


ALLOWED = statement(CLOUDWATCH)


# fmt: off
POLICIES: dict[str, tuple[list[Any], bool]] = {
    "as AWS made it": ([statement({"AWS": "*"}, ["SNS:Publish", "SNS:Subscribe"], Condition=OWN)], True),
    "named": ([ALLOWED], True),
    "named among others": ([statement({"Service": ["s3.amazonaws.com", "cloudwatch.amazonaws.com"]}, "SNS:*")], True),
    "everybody": ([statement("*", "*")], True),
    "the account, which may count": ([statement({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"})], True),
    "everything but what it needs not": ([{"Effect": "Allow", "Principal": CLOUDWATCH, "NotAction": "sns:Subscribe"}], True),
    "a denial that may not hold": ([ALLOWED, statement("*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})], True),
    "a denial of others": ([ALLOWED, statement({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}, effect="Deny")], True),
    "no statement": ([], False),
    "another service": ([statement({"Service": "s3.amazonaws.com"})], False),
    "another account": ([statement({"AWS": "arn:aws:iam::210987654321:root"})], False),
    "another action": ([statement(CLOUDWATCH, "sns:Subscribe")], False),
    "everything but that": ([{"Effect": "Allow", "Principal": CLOUDWATCH, "NotAction": "sns:*"}], False),
    "a denial of all": ([ALLOWED, statement("*", "sns:*", effect="Deny")], False),
    "a denial of it": ([ALLOWED, statement(CLOUDWATCH, effect="Deny")], False),
}
# fmt: on


@pytest.mark.parametrize("which", POLICIES)
def test_it_is_kept_out_only_where_no_condition_could_let_it_in(which: str) -> None:
    statements, may = POLICIES[which]
    assert may_publish({"Version": "2012-10-17", "Statement": statements}, ACCOUNT_ID) is may


def test_one_statement_need_not_be_a_list() -> None:
    assert may_publish({"Version": "2012-10-17", "Statement": ALLOWED}, ACCOUNT_ID)


def test_a_topic_of_another_account_is_not_even_asked_for(account: Account, workspace: Workspace) -> None:
    at, _store = workspace.open()
    assert mute(at.aws, TOPIC.replace(ACCOUNT_ID, "210987654321"), ACCOUNT_ID) is None
    assert mute(at.aws, None, ACCOUNT_ID) is None
    assert account.calls.names() == []


def test_one_encrypted_with_awss_own_key_is_told_by_nobody(account: Account, workspace: Workspace) -> None:
    account.look.sns.create_topic(Name="mine", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    at, _store = workspace.open()
    assert "encrypted with alias/aws/sns" in (mute(at.aws, TOPIC, ACCOUNT_ID) or "")
