"""The sum of money that stands beside the limit of requests."""

from __future__ import annotations

import pytest

from wizard.settings.prices import SECONDS_A_MONTH, USD_PER_MILLION, monthly_worst_case_usd, worst_case


def test_a_million_stored_requests_costs_what_the_readme_says_at_most() -> None:
    assert monthly_worst_case_usd(1_000_000 / SECONDS_A_MONTH) == pytest.approx(9.11)
    assert sum(USD_PER_MILLION.values()) == pytest.approx(9.11)


def test_the_default_limit_is_a_sum_that_can_be_borne_and_no_limit_one_that_cannot() -> None:
    assert worst_case(50) == "used all month by an attacker: about 1,197 USD"
    assert worst_case(10_000) == "used all month by an attacker: about 239,411 USD"


def test_a_closed_stage_costs_nothing() -> None:
    assert monthly_worst_case_usd(0) == 0
