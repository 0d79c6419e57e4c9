"""The page of a report: it says what was summed up, and what strangers sent is text on it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from tests.unit.ui import hostile
from wizard.events.browse import Found
from wizard.events.log_lines import Entry, Groups, grouped
from wizard.events.period import Period
from wizard.events.report import LONGEST, LONGEST_CONTENT, collected
from wizard.ui.report_page import MOST_NAMES, Head, page

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "p",
    "dl", "div", "dt", "dd", "figure", "figcaption", "svg", "g", "rect", "line", "details", "summary",
    "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "bdi", "span", "time", "code",
}  # fmt: skip
NONE: Groups = {}
NOT_PRINTED = re.compile("[\\ud800-\\udfff\\u202a-\\u202e\\u2066-\\u2069\\u2028\\ufeff\\x00\\x1b\\x85]")


class Parsed(HTMLParser):
    """The page as a browser takes it apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def named(self, wanted: str) -> list[str]:
        """Values of an attribute."""
        return [value for _tag, name, value in self.attributes if name == wanted]


def written(found: Sequence[Found], refused: Groups | None = NONE, **head: object) -> str:
    period = Period(NOON - timedelta(days=1))
    shown = Head(**{"deployment": "shop", "place": "eu-central-1", "url": None, "period": period,
                    "written_at": NOON} | head)  # type: ignore[arg-type]  # fmt: skip
    return page(shown, collected(found), refused)


def sent(name: str, at: datetime | None = NOON, label: str = "web", **event: object) -> Found:
    return Found({"event_name": name, **event}, "k", label, at)


def hostile_page() -> str:
    origin = "http://evil.example"
    return written(hostile.events(origin), hostile.refused(origin), deployment=hostile.attacks(origin)[0])


def test_what_strangers_send_becomes_no_element_and_no_attribute() -> None:
    parsed = Parsed(hostile_page())

    assert set(parsed.tags) <= OURS
    assert parsed.tags["style"] == 1
    names = {name for _tag, name, _value in parsed.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "href", "style", "srcdoc", "action"}


def test_what_strangers_send_can_be_read_as_they_sent_it() -> None:
    text = "".join(Parsed(hostile_page()).texts)

    for attack in hostile.attacks("http://evil.example")[:8]:
        assert attack[:100] in text


def test_no_text_is_without_end() -> None:
    text = hostile_page()

    assert "w" * (LONGEST_CONTENT + 1) not in text
    assert "w" * LONGEST + "…" in text


def test_no_character_turns_the_text_round_or_cannot_be_written() -> None:
    text = hostile_page()

    assert not NOT_PRINTED.search(text)
    assert "\\u202eexe.txt" in text
    assert text.encode("utf-8").decode("utf-8") == text


def test_nothing_may_be_loaded_run_or_sent_but_the_style_that_is_in_the_page() -> None:
    text = written([sent("a")])
    policy = next(value for value in Parsed(text).named("content") if "default-src" in value)
    style = text.partition("<style>")[2].partition("</style>")[0]

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.findall(r"url\(|@import|https?:", style)


def test_the_page_says_what_was_summed_up_and_of_which_deployment_and_period() -> None:
    events = [sent("view", plan="free", event_id="1"), sent("view", label="ios", event_id="1"), sent("buy")]
    refused = grouped([Entry(NOON, "refused", "The body is empty", status=400, client="web")] * 2)
    text = written(
        events, refused, url="https://x.example/prod/events", only="named view", notes=["The log is gone."]
    )
    said = " ".join(Parsed(text).texts)

    for words in (
        "Events of  shop", "eu-central-1  ·  https://x.example/prod/events",
        "From 2026-02-28 12:30:00 to 2026-03-01 12:30:00 UTC, only named view.",
        "events 3 names 2 clients 2 sent again 1 refused 2 failed 0", "The log is gone.",
        "view  2", "buy  1", "web 2 66.7% ios 1 33.3%", "2 400 The body is empty web 2 2026-03-01 12:30:00",
    ):  # fmt: skip
        assert words in said


def test_a_page_without_events_says_so() -> None:
    text = " ".join(Parsed(written([])).texts)

    assert "No event was stored." in text
    assert "Nothing was refused, and nothing failed." in text
    assert "Events per" not in text


def test_what_nobody_knows_is_not_said_to_be_nothing() -> None:
    text = " ".join(Parsed(written([], None)).texts)

    assert "refused ? failed ?" in text
    assert "Not known." in text
    assert "Nothing was refused" not in text


def test_events_whose_objects_do_not_say_when_they_came_are_in_every_table_but_the_chart() -> None:
    text = " ".join(Parsed(written([sent("a", None)])).texts)

    assert "events 1 names 1" in text
    assert "Events per" not in text


def test_the_page_has_an_end_however_many_names_there_are() -> None:
    few, many = (
        written([sent(f"name {number}") for number in range(count)])
        for count in (MOST_NAMES, MOST_NAMES + 300)
    )

    assert "And 300 names more, of 300 events." in many
    assert len(many) < len(few) + 500


class TestChart:
    def bars(self, *events: Found) -> list[list[tuple[str, float, float]]]:
        """Of every bar its parts: the class, from which height, up to which height."""
        text = written(list(reversed(events)))
        found = []
        for bar in re.findall(r"<g><title>.*?</g>", text):
            parts = re.findall(r'class="(name\d)" x="[^"]+" y="([^"]+)" width="[^"]+" height="([^"]+)"', bar)
            found.append(
                [
                    (name, round(100 - float(y) - float(height), 2), round(100 - float(y), 2))
                    for name, y, height in parts
                ]
            )
        return found

    def test_a_part_is_as_high_as_its_share_and_stands_on_the_one_below(self) -> None:
        hour = timedelta(hours=1)
        first, second, third = self.bars(
            *[sent("a")] * 60, *[sent("b")] * 40, *[sent("a", NOON + 2 * hour)] * 50
        )

        assert first == [("name0", 0, 60), ("name1", 60, 100)]
        assert second == [], "an hour without events has its place"
        assert third == [("name0", 0, 50)]

    def test_one_event_among_many_can_be_seen(self) -> None:
        _many, one = self.bars(*[sent("a")] * 5000, sent("a", NOON + timedelta(hours=1)))

        assert one == [("name0", 0, 0.8)]

    def test_all_but_the_most_frequent_names_share_a_colour(self) -> None:
        (bar,) = self.bars(*[sent(name) for number, name in enumerate("abcdef") for _ in range(10 - number)])

        assert [name for name, _from, _to in bar] == ["name0", "name1", "name2", "name3", "name4"]

    def test_who_cannot_see_it_is_told_the_most_and_has_a_table(self) -> None:
        parsed = Parsed(written([sent("a", NOON + timedelta(hours=1)), sent("a"), sent("b")]))

        assert "Events per hour from 03-01 12h to 03-01 13h UTC. The most: 2 at 03-01 12h." in parsed.named(
            "aria-label"
        )
        assert "03-01 12h 2 1 1" in " ".join(parsed.texts)

    @pytest.mark.parametrize(
        ("most", "top"), [(1, "1"), (2, "2"), (7, "8"), (11, "20"), (329, "400"), (1998, "2,000")]
    )
    def test_the_scale_ends_at_a_round_number(self, most: int, top: str) -> None:
        assert f'<div class="scale" aria-hidden="true"><span>{top}</span>' in written([sent("a")] * most)
