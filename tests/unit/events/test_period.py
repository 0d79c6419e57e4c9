"""What `--since` and `--until` understand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wizard.commands.periods import checked_period
from wizard.errors import UsageError
from wizard.events.period import Period, moment

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("1h", timedelta(hours=1)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_length_is_a_time_ago(text: str, ago: timedelta) -> None:
    assert moment(text, NOW) == NOW - ago


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("2026-02-28T10:30", datetime(2026, 2, 28, 10, 30, tzinfo=UTC)),
        ("2026-02-28T10:30Z", datetime(2026, 2, 28, 10, 30, tzinfo=UTC)),
        ("2026-02-28T10:30+02:00", datetime(2026, 2, 28, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_zone_is_utc_because_the_names_of_objects_are(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "tomorrow", "-1h", "1.5h", "10000d", "2026-13-01", "1y"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 15m"):
        moment(text, NOW)


def test_the_end_of_a_period_is_outside_so_that_two_periods_side_by_side_share_nothing() -> None:
    first, second = Period(None, NOW), Period(NOW, None)

    assert not first.contains(NOW)
    assert second.contains(NOW)


def test_an_hour_is_read_as_soon_as_a_part_of_it_is_in_the_period() -> None:
    hour = datetime(2026, 3, 1, 12, tzinfo=UTC)
    end = hour + timedelta(hours=1)

    assert Period(NOW, None).overlaps(hour, end)
    assert Period(None, NOW).overlaps(hour, end)
    assert not Period(end, None).overlaps(hour, end)
    assert not Period(None, hour).overlaps(hour, end)


@pytest.mark.parametrize(("since", "until"), [("", None), (None, " ")])
def test_an_empty_variable_of_a_script_does_not_mean_everything(since: str | None, until: str | None) -> None:
    with pytest.raises(UsageError, match="cannot be"):
        checked_period(since, until, NOW)


def test_a_period_ends_now_unless_it_has_ended_before() -> None:
    earlier = NOW - timedelta(hours=1)

    assert [Period(until=until).end(NOW) for until in (None, earlier, NOW + timedelta(days=1))] == [
        NOW,
        earlier,
        NOW,
    ]
