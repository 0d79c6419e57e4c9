"""What a report keeps of the events of a period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from wizard.events.browse import Found
from wizard.events.report import LONGEST, LONGEST_CONTENT, MOST_LATEST, collected

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def found(at: datetime | None = NOON, name: str = "a", **event: Any) -> Found:
    return Found({"event_name": name, **event}, "events/x.json", "web", at)


def test_all_are_counted_and_the_newest_are_listed() -> None:
    events = [found(NOON - timedelta(seconds=number), str(number)) for number in range(MOST_LATEST + 5)]
    report = collected(events)

    assert report.overview.events == len(events)
    assert sum(of.total() for of in report.chart.counts.values()) == len(events)
    assert [one.name for one in report.latest] == [str(number) for number in range(MOST_LATEST)]
    assert (report.latest[1].stored_at, report.latest[1].client) == (NOON - timedelta(seconds=1), "web")


def test_of_the_latest_only_the_beginnings_are_kept_with_a_sign_where_they_are_cut() -> None:
    (one,) = collected([found(name="n" * 9999, user_id=["u" * 9999], properties={"p": "x" * 9999})]).latest

    assert one.name == "n" * LONGEST + "…"
    assert one.user == '["' + "u" * (LONGEST - 2) + "…"
    assert one.content == '{"p": "' + "x" * (LONGEST_CONTENT - 7) + "…"


def test_what_an_event_says_not_is_empty() -> None:
    (one,) = collected([Found({}, "k", "", None)]).latest

    assert (one.stored_at, one.name, one.user, one.client, one.content) == (None, "(no name)", "", "", "")


def test_a_long_period_has_a_bar_a_day_whatever_the_order_because_hours_could_not_be_told_apart() -> None:
    week, month = timedelta(days=7), timedelta(days=31)

    assert collected([found(), found(NOON - week)]).chart.step == "hour"
    chart = collected([found(), found(NOON - timedelta(hours=2)), found(NOON - month), found()]).chart
    assert chart.step == "day"
    assert [(f"{begin:%m-%d %H}", of.total()) for begin, of in sorted(chart.counts.items())] == [
        ("01-29 00", 1),
        ("03-01 00", 3),
    ]


def test_the_chart_goes_on_to_the_end_of_the_period_by_day_where_that_is_far() -> None:
    soon, late = (collected([found()], NOON + timedelta(days=days)).chart for days in (1, 30))

    assert (soon.step, len(soon.rows())) == ("hour", 25)
    assert (late.step, len(late.rows())) == ("day", 31)
