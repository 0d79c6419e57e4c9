"""The warning before AWS ends the support of a runtime."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from wizard.settings.runtimes import RUNTIME_ENDS, end_of_support, supported_until

END = RUNTIME_ENDS["python3.11"]


@pytest.mark.parametrize(
    ("days_before", "words"),
    [(181, None), (180, "ends on 2027-06-30, in 180 days"), (0, "in 0 days"), (-1, "ended on 2027-06-30")],
)
def test_a_runtime_is_warned_of_half_a_year_before_its_end(days_before: int, words: str | None) -> None:
    said = end_of_support("python3.11", END - timedelta(days=days_before))
    assert (said is None) == (words is None)
    assert (words or "") in (said or "")
    assert said is None or "setup --runtime python3.13" in said


def test_where_no_other_runtime_lasts_longer_a_newer_wizard_is_named() -> None:
    assert "newer version of eventtrack-wizard" in str(end_of_support("python3.13", date(2029, 6, 1)))


def test_a_runtime_that_is_not_on_offer_any_more_is_no_crash() -> None:
    assert end_of_support("python3.8", END) is None


def test_the_question_says_the_same_dates() -> None:
    assert supported_until()["python3.12"] == "supported until October 2028"
    assert set(supported_until()) == set(RUNTIME_ENDS)
