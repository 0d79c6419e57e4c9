"""The account in this process answers most calls from memory; it must never say what does not stand."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws.in_process import ACCOUNT_ID, Account, Snapshot, Workspace, snapshot

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def asked_of_moto(account: Account) -> Iterator[list[str]]:
    """The calls of API Gateway that moto itself had to answer."""
    asked: list[str] = []
    account.look.apigateway.meta.events.register_last(
        "before-call", lambda model, **_: asked.append(model.name), unique_id="asked of moto"
    )
    yield asked
    account.look.apigateway.meta.events.unregister("before-call", unique_id="asked of moto")


def names(account: Account) -> list[str]:
    return [api["name"] for api in account.look.apigateway.get_rest_apis()["items"]]


def as_moto_says(account: Account) -> tuple[Snapshot, set[str]]:
    """What stands, and the ids of it that moto has drawn: nothing from memory."""
    account.known.remember(dict.fromkeys(account.known.memory(), os.urandom(16)))
    look = account.look
    return snapshot(account), {
        *(api["id"] for api in look.apigateway.get_rest_apis()["items"]),
        *(role["RoleId"] for role in look.iam.list_roles()["Roles"]),
    }


def make_api(account: Account, name: str) -> str:
    return account.look.apigateway.create_rest_api(name=name)["id"]


def test_every_change_is_seen_by_the_next_read(account: Account) -> None:
    assert names(account) == []
    first = make_api(account, "first")
    assert names(account) == ["first"]
    account.look.apigateway.delete_rest_api(restApiId=first)
    assert names(account) == []


def test_after_the_same_changes_moto_is_not_asked_again(account: Account, asked_of_moto: list[str]) -> None:
    answers = []
    for _ in range(2):
        with account.undone():
            asked_of_moto.clear()
            answers.append((make_api(account, "mine"), names(account)))

    assert answers[0] == answers[1]
    assert asked_of_moto == [], "the second time all was known"


def test_what_was_put_off_stands_in_moto_as_soon_as_it_is_asked(
    account: Account, workspace: Workspace, asked_of_moto: list[str]
) -> None:
    with account.undone():
        workspace.apply()
        done_at_once = as_moto_says(account)
    workspace.path.unlink()
    asked_of_moto.clear()
    with account.undone():
        workspace.apply()
        assert "CreateRestApi" not in asked_of_moto
        assert as_moto_says(account) == done_at_once


def test_a_client_that_a_command_opens_by_itself_sees_what_was_put_off(
    account: Account, asked_of_moto: list[str]
) -> None:
    for _ in range(2):
        asked_of_moto.clear()
        with account.undone():
            make_api(account, "mine")
            own = boto3.Session("test", "test", region_name=account.look.region).client("apigateway")
            assert [api["name"] for api in own.get_rest_apis()["items"]] == ["mine"]
    assert "CreateRestApi" not in asked_of_moto, "or nothing was put off"


def test_what_was_read_aside_is_not_what_stands(account: Account) -> None:
    with account.undone():
        make_api(account, "aside")
        assert names(account) == ["aside"]
    assert names(account) == []
    make_api(account, "another")
    assert names(account) == ["another"]


def test_an_error_is_known_only_as_long_as_nothing_changed(account: Account) -> None:
    s3 = account.look.s3
    s3.create_bucket(Bucket="mine")
    for _ in range(2):
        with pytest.raises(ClientError, match="NoSuchTagSet"):
            s3.get_bucket_tagging(Bucket="mine")
    s3.put_bucket_tagging(Bucket="mine", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_bucket_tagging(Bucket="mine")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_what_is_known_may_be_changed_by_whoever_reads_it(account: Account) -> None:
    make_api(account, "mine")
    account.look.apigateway.get_rest_apis()["items"].clear()
    assert names(account) == ["mine"]


def test_of_two_changes_at_a_time_nothing_is_taken_as_known(account: Account) -> None:
    with account.undone(), while_asked(account, "CreateRestApi", lambda: make_api(account, "second")):
        make_api(account, "first of two")
        names(account)

    made = {make_api(account, "first of two"), make_api(account, "second")}

    assert {api["id"] for api in account.look.apigateway.get_rest_apis()["items"]} == made


def test_what_is_read_while_something_changes_is_not_kept(account: Account) -> None:
    with while_asked(account, "CreateRestApi", lambda: names(account)):
        make_api(account, "read while it was made")
    assert names(account) == ["read while it was made"]


def test_what_changed_while_it_was_read_is_not_kept_as_it_was_before(account: Account) -> None:
    def read() -> list[Any]:
        return account.look.apigateway.get_rest_apis(limit=499)["items"]  # no other test asks so

    with account.undone(), while_asked(account, "GetRestApis", lambda: make_api(account, "made meanwhile")):
        read()
    assert read() == []


@contextmanager
def while_asked(account: Account, operation: str, work: Callable[[], object]) -> Iterator[None]:
    """`work` is done while the next call of an operation is on its way to moto."""
    events, left = account.look.apigateway.meta.events, [work]

    def interrupt(model: Any, **_: object) -> None:
        if model.name == operation and left:
            left.pop()()

    events.register_last("before-call", interrupt)
    try:
        yield
    finally:
        events.unregister("before-call", interrupt)
    assert not left


def test_an_answer_that_botocore_reads_by_hand_is_asked_for_again(account: Account) -> None:
    account.look.s3.create_bucket(Bucket="one")

    for _ in range(2):
        assert account.look.s3.get_bucket_location(Bucket="one")["LocationConstraint"] is None


def test_what_moto_looks_for_in_another_service_is_part_of_what_is_known(account: Account) -> None:
    def make_function() -> None:
        account.look.functions.create_function(
            FunctionName="mine",
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT_ID}:role/mine",
            Handler="mine.handler",
            Code={"ZipFile": b"mine"},
        )

    with account.undone(), pytest.raises(ClientError, match="cannot be assumed"):
        make_function()
    account.look.iam.create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
    make_function()


def test_what_was_put_off_is_never_sent_to_aws_itself(closed_account: Account) -> None:
    with closed_account.opened():
        for _ in range(2):
            with closed_account.undone():
                make_api(closed_account, "put off")
        make_api(closed_account, "put off")
    closed_account.known.make_up()  # somebody asks another AWS; there is no network
