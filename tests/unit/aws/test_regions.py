"""Misspelled regions, before a minute goes into reaching them."""

from __future__ import annotations

import pytest

from wizard.account import connect
from wizard.aws.regions import check_known, known_regions
from wizard.aws.session import open_session
from wizard.clock import SystemClock
from wizard.errors import UsageError
from wizard.options import Options


def known() -> frozenset[str]:
    return known_regions(open_session(None, None))


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "cn-north-1", "us-gov-west-1"])
def test_regions_of_every_partition_are_known(region: str) -> None:
    check_known(region, known())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("eu-centrl-1", "eu-central-1"), ("us-esat-1", "us-east-1"), ("ap-southest-2", "ap-southeast-2")],
)
def test_a_slip_names_the_region_that_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean .*{meant}"):
        check_known(typed, known())


def test_nothing_is_guessed_when_nothing_is_near() -> None:
    with pytest.raises(ValueError, match=r"known$"):
        check_known("zz-moon-7", known())


def test_a_slip_is_refused_before_aws_is_asked_unless_the_operator_insists() -> None:
    options = Options(region="eu-centrl-1")
    with pytest.raises(UsageError, match=r"did you mean eu-central-1") as caught:
        connect(options, SystemClock(), None)
    assert "--any-region" in caught.value.next_step
    insisting = Options(region="eu-centrl-1", any_region=True)
    assert connect(insisting, SystemClock(), None).aws.region == "eu-centrl-1"


def test_an_emulator_may_call_its_region_what_it_likes() -> None:
    options = Options(region="zz-moon-7", endpoint_url="http://127.0.0.1:1")
    assert connect(options, SystemClock(), None).aws.region == "zz-moon-7"
