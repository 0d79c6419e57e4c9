"""Names, properties, clients, repeats; and the chart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.ui.screens import shown
from wizard.events.browse import Found
from wizard.events.overview import (
    LONGEST_NAME,
    MOST_NAMES,
    MOST_PROPERTIES,
    OTHER_NAMES,
    charted,
    summed_up,
)
from wizard.ui.overview_table import chart, overview_table

NOON = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)


def found(name: str | None, at: datetime | None = NOON, label: str = "web", **event: Any) -> Found:
    named = {} if name is None else {"event_name": name}
    return Found({**named, **event}, "events/x.json", label, at)


class TestOverview:
    def test_counts_names_and_says_when_each_was_first_and_last_seen(self) -> None:
        later, noon_later = NOON + timedelta(days=1), NOON + timedelta(hours=1)
        moments = (noon_later, NOON, later, None, noon_later)
        overview = summed_up([found("b"), found(None), *(found("a", at) for at in moments)])

        assert [(name, of.count) for name, of in overview.by_count()] == [
            ("a", 5),
            ("(no name)", 1),
            ("b", 1),
        ]
        assert (overview.names["a"].first, overview.names["a"].last) == (NOON, later)
        assert overview.events == 7

    def test_knows_of_every_property_how_often_it_is_there_and_of_what_types(self) -> None:
        values: list[Any] = [None, "free", 3, 3.5, True, [1], {"x": 1}]
        overview = summed_up([found("a", properties={"plan": value}) for value in values] + [found("a")])
        plan = overview.names["a"].properties["plan"]

        assert plan.count == len(values)
        assert plan.types == {
            "null": 1, "text": 1, "number": 2, "true/false": 1, "list": 1, "object": 1,
        }  # fmt: skip
        assert plan.example == '"free"', "null would be no example"

    def test_an_event_whose_id_was_there_before_is_a_repeat_because_clients_send_again(self) -> None:
        ids = ["1", "2", "1", "1", "3"]

        assert summed_up([found("a", event_id=event_id) for event_id in ids]).repeated == 2
        assert summed_up([found("a"), found("a")]).repeated == 0, "without an id nobody knows"

    def test_ids_as_names_of_properties_do_not_fill_the_memory(self) -> None:
        overview = summed_up(
            [found("a", properties={str(number): 1}) for number in range(MOST_PROPERTIES + 7)]
        )

        assert len(overview.names["a"].properties) == MOST_PROPERTIES
        assert overview.names["a"].omitted == 7
        assert "and more names of properties (7 values)" in shown(overview_table(overview))

    def test_names_without_end_do_not_fill_the_memory(self) -> None:
        overview = summed_up(
            [found(str(number), properties={"k" * 500: 1}) for number in range(MOST_NAMES + 7)]
        )

        assert len(overview.names) == MOST_NAMES + 1
        assert overview.names[OTHER_NAMES].count == 7
        long = summed_up([found("n" * 500, properties={"k" * 500: 1})]).names
        assert list(long) == ["n" * LONGEST_NAME + "…"], "with a sign"
        assert list(long["n" * LONGEST_NAME + "…"].properties) == ["k" * LONGEST_NAME + "…"]

    def test_odd_events_hurt_neither_the_sum_nor_the_screen(self) -> None:
        odd = [
            found("a", properties=[1, 2]),
            found("a", properties={"[bold]x": "\x1b[31m" + "y" * 1000}),
            Found({"event_name": {"x": 1}, "event_id": [1]}, "k", "", NOON),
        ]
        text = shown(overview_table(summed_up(odd)), 60)

        assert "\x1b" not in text
        assert "[bold]x" in text
        assert '{"x": 1}  1  first' in text, "as it was sent, not as Python writes it"
        assert "…" in text, "a value that is cut has a sign"

    def test_the_screen_and_the_document_say_the_same(self) -> None:
        overview = summed_up([found("a", event_id="1", properties={"n": 1}), found("a", event_id="1")])

        assert shown(overview_table(overview)).splitlines() == [
            "a  2  first 2026-03-01 12:00:01, last 2026-03-01 12:00:01 UTC",
            "  n: number in 1, such as 1",
            "",
            "2 events of 1 name.",
            "By client: web 2.",
            "1 (50.0%) have an event_id that an earlier one has: sent again.",
        ]
        assert overview.as_dict() == {
            "events": 2,
            "repeated": 1,
            "clients": {"web": 2},
            "names": [
                {
                    "name": "a",
                    "count": 2,
                    "first": NOON.isoformat(),
                    "last": NOON.isoformat(),
                    "properties": {"n": {"count": 1, "types": {"number": 1}, "example": "1"}},
                }
            ],
        }


class TestChart:
    def test_hours_without_events_have_a_row_because_a_gap_is_what_one_looks_for(self) -> None:
        counts = charted([found("a"), found("b", NOON + timedelta(hours=2))], "hour")

        assert [(f"{begin:%H:%M}", sum(of.values())) for begin, of in counts.rows()] == [
            ("12:00", 1),
            ("13:00", 0),
            ("14:00", 1),
        ]

    def test_the_rows_go_on_to_the_end_of_the_period_because_silence_now_is_what_matters(self) -> None:
        end = NOON + timedelta(hours=2, minutes=5)

        assert [sum(of.values()) for _begin, of in charted([found("a")], "hour", end).rows()] == [1, 0, 0]
        assert len(charted([found("a")], "hour", NOON.replace(minute=59)).rows()) == 1, "of its hour"

    def test_names_without_end_do_not_fill_the_memory(self) -> None:
        counts = charted([found(str(number)) for number in range(MOST_NAMES + 7)], "hour").counts

        assert [(len(of), of[OTHER_NAMES]) for of in counts.values()] == [(MOST_NAMES + 1, 7)]

    def test_a_day_is_one_of_utc(self) -> None:
        counts = charted([found("a", NOON.replace(hour=hour)) for hour in (0, 23)], "day")

        assert [(f"{begin:%d %H:%M}", sum(of.values())) for begin, of in counts.rows()] == [("01 00:00", 2)]

    @pytest.mark.parametrize("width", [40, 80, 200])
    @pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
    def test_the_longest_bar_fits_the_window_and_the_parts_are_told_apart_without_colour(
        self, width: int, encoding: str
    ) -> None:
        events = [found("a")] * 60 + [found("b")] * 30 + [found("c", NOON + timedelta(hours=1))]
        lines = shown(chart(charted(events, "hour")), width, encoding=encoding).splitlines()
        first, second, third = ("█", "▓", "▒") if encoding == "utf-8" else ("#", "=", "+")
        bar = lines[0].split()[-1]

        assert all(len(line) <= width for line in lines)
        assert bar.count(first) + bar.count(second) == len(bar)
        assert abs(bar.count(first) - 2 * bar.count(second)) <= 2
        assert lines[1].split()[-1] == third, "what is not nothing can be seen"
        assert lines[-1] == f"{first} a 60   {second} b 30   {third} c 1"

    def test_names_beyond_the_most_frequent_are_summed_up(self) -> None:
        events = [found(name) for number, name in enumerate("abcdef") for _ in range(10 - number)]

        assert shown(chart(charted(events, "hour"))).splitlines()[-1].endswith("░ d 7   · others 11")

    def test_nothing_is_no_chart(self) -> None:
        assert charted([found("a", None)], "hour").rows() == []
