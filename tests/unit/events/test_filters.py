"""Which events pass."""

from __future__ import annotations

from typing import Any

import pytest

from wizard.events.filters import Filter, condition

EVENT: dict[str, Any] = {
    "event_name": "signup",
    "user_id": 7,
    "properties": {"plan": "free", "seats": 3, "trial": True, "a.b": "dotted", "none": None},
}


@pytest.mark.parametrize(
    "where",
    [
        "properties.plan=free",
        "properties.seats=3",
        "properties.trial=true",
        "properties.none=null",
        "properties.a.b=dotted",
        "user_id=7",
        'properties={"plan": "free", "seats": 3, "trial": true, "a.b": "dotted", "none": null}',
    ],
)
def test_a_value_is_compared_as_it_is_read(where: str) -> None:
    assert Filter(where=[condition(where)]).takes(EVENT)


@pytest.mark.parametrize(
    "where", ["properties.plan=pro", "properties.seats=3.0", "properties.plan.x=free", "nothing=", "user_id="]
)
def test_another_value_or_none_at_all_does_not_pass(where: str) -> None:
    assert not Filter(where=[condition(where)]).takes(EVENT)


def test_every_condition_must_hold_but_one_name_of_several_is_enough() -> None:
    free, pro = condition("properties.plan=free"), condition("properties.plan=pro")

    assert not Filter(where=[free, pro]).takes(EVENT)
    assert Filter(names=["login", "signup"], where=[free]).takes(EVENT)
    assert not Filter(names=["login"]).takes(EVENT)


def test_a_value_may_hold_the_sign_that_ends_the_path() -> None:
    assert condition("properties.q=a=b") == ("properties.q", "a=b")


@pytest.mark.parametrize("text", ["", "plan", "=free"])
def test_what_is_no_condition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"properties\.plan=free"):
        condition(text)


def test_a_client_that_nobody_asked_for_is_not_even_read() -> None:
    assert Filter().takes_client("")
    assert Filter(clients=["web"]).takes_client("web")
    assert not Filter(clients=["web"]).takes_client("app")
