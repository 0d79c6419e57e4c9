"""The account in this process answers most reads from memory; it must never say what does not stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.in_process import Account


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


def make_api(account: Account, name: str) -> str:
    return account.look.apigateway.create_rest_api(name=name)["id"]


def test_every_change_is_seen_by_the_next_read(account: Account) -> None:
    assert names(account) == []
    first = make_api(account, "first")
    assert names(account) == ["first"]
    account.look.apigateway.delete_rest_api(restApiId=first)
    assert names(account) == []


def test_after_the_same_changes_moto_is_not_asked_again_and_the_same_ids_stand(
    account: Account, asked_of_moto: list[str]
) -> None:
    answers = []
    for _ in range(2):
        with account.undone():
            asked_of_moto.clear()
            answers.append((make_api(account, "mine"), names(account)))

    assert answers[0] == answers[1]
    assert asked_of_moto == ["CreateRestApi"], "the second read was known"


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
        make_api(account, "first")
        names(account)

    made = {make_api(account, "first"), make_api(account, "second")}

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
