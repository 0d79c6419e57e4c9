"""When AWS answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wizard.aws.calls import answered_at

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("date", ["Sun, 01 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 2026 12:00:00 -0000"])
def test_it_is_aws_that_says_when_because_our_clock_may_be_wrong(date: str) -> None:
    assert answered_at({"ResponseMetadata": {"HTTPHeaders": {"date": date}}}) == NOON


@pytest.mark.parametrize("said", [{}, {"HTTPHeaders": {}}, {"HTTPHeaders": {"date": "soon"}}])
def test_where_it_is_not_said_it_is_now_and_no_failure(said: dict[str, Any]) -> None:
    assert abs(answered_at({"ResponseMetadata": said}) - datetime.now(UTC)) < timedelta(minutes=1)
