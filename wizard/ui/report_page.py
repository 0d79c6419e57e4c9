"""The page of a report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from xml.etree.ElementTree import Element

from wizard.events.log_lines import Groups, Kind, total
from wizard.events.overview import OfOneName, Overview, shortened
from wizard.events.period import Period
from wizard.events.report import LONGEST, LONGEST_CONTENT, Latest, Report
from wizard.ui.html import Content, document, element, table
from wizard.ui.log_entries import senders
from wizard.ui.overview_table import UNKNOWN, property_lines, repeats
from wizard.ui.report_chart import UNITS, figure
from wizard.ui.text import counted

MOST_NAMES = 200
KINDS: tuple[Kind, ...] = ("refused", "failed")
NOT_KNOWN = "?"


@dataclass(frozen=True)
class Head:
    """What stands above a report.

    Attributes:
        place: the region, or that it is a local AWS.
        url: of the endpoint; None where there is none.
        only: which events are shown, in words; empty: all of them.
        notes: what the reader must know of what is missing.
    """

    deployment: str
    place: str
    url: str | None
    period: Period
    written_at: datetime
    only: str = ""
    notes: Sequence[str] = ()


def page(head: Head, report: Report, refused: Groups | None) -> str:
    """The whole page.

    Args:
        refused: what was refused and what failed; None: nobody knows.
    """
    return document(
        f"Events of {head.deployment}",
        files("wizard.ui").joinpath("report.css").read_text("utf-8"),
        element("header", *_head(head)),
        element(
            "main",
            _figures(report.overview, refused),
            *(element("p", note, class_="note") for note in head.notes),
            *_sums(report),
            _section("Refused and failed requests", _refused(refused)),
            _section("Latest events", _latest(report.latest)),
        ),
        element(
            "footer", f"Written by eventtrack-wizard at {_moment(head.written_at)} UTC. All times are UTC."
        ),
    )


def _head(head: Head) -> Iterator[Element]:
    yield element("h1", "Events of ", _isolated(head.deployment))
    url: Sequence[Content] = (" · ", _isolated(head.url)) if head.url else ()
    yield element("p", _isolated(head.place), *url)
    begin, end = head.period.since, head.period.until or head.written_at
    since = f"From {_moment(begin)} to" if begin else "Until"
    yield element("p", f"{since} {_moment(end)} UTC", f", only {head.only}" if head.only else "", ".")


def _figures(overview: Overview, refused: Groups | None) -> Element:
    """The sums at a glance."""
    of_requests = [(kind, NOT_KNOWN if refused is None else f"{total(refused, kind):,}") for kind in KINDS]
    figures = (
        ("events", f"{overview.events:,}"),
        ("names", f"{len(overview.names):,}"),
        ("clients", f"{len(overview.clients):,}"),
        ("sent again", f"{overview.repeated:,}"),
        *of_requests,
    )
    pairs = (element("div", element("dt", name), element("dd", count)) for name, count in figures)
    return element("dl", *pairs, class_="figures")


def _sums(report: Report) -> Iterator[Element]:
    overview, chart = report.overview, report.chart
    if not overview.events:
        return
    if chart.counts:
        yield _section(f"Events {UNITS[chart.step]}", figure(chart))
    yield _section("Names", *_names(overview))
    yield _section("Clients", _clients(overview), element("p", repeats(overview)))


def _section(title: str, *content: Content) -> Element:
    return element("section", element("h2", title), *content)


def _names(overview: Overview) -> Iterator[Element]:
    names = overview.by_count()
    yield table(
        ("Name", "#Events", "First", "Last"),
        (
            (_name(name, summary), f"{summary.count:,}", _time(summary.first), _time(summary.last))
            for name, summary in names[:MOST_NAMES]
        ),
    )
    if rest := names[MOST_NAMES:]:
        events = sum(summary.count for _name, summary in rest)
        yield element("p", f"And {counted(len(rest), 'name')} more, of {counted(events, 'event')}.")


def _name(name: str, summary: OfOneName) -> Content:
    """With its properties, as far as it has any."""
    lines = [line.plain for line in property_lines(summary)]
    if not lines:
        return _isolated(name)
    return element(
        "details",
        element("summary", _isolated(name)),
        element("ul", *(element("li", _isolated(line)) for line in lines)),
    )


def _clients(overview: Overview) -> Element:
    rows = (
        (_isolated(shortened(label, LONGEST) or UNKNOWN), f"{count:,}", f"{count / overview.events:.1%}")
        for label, count in overview.clients.most_common()
    )
    return table(("Client", "#Events", "#Share"), rows)


def _refused(groups: Groups | None) -> Element:
    if groups is None:
        return element("p", "Not known.")
    if not groups:
        return element("p", "Nothing was refused, and nothing failed.")
    rows = (
        (f"{group.count:,}", "" if status is None else str(status),
         _isolated(shortened(reason, LONGEST_CONTENT)), senders(group) if kind == "refused" else "",
         _time(group.last))
        for (kind, status, reason), group in groups.items()
    )  # fmt: skip
    return table(("#Requests", "Answer", "Reason", "By", "Last"), rows)


def _latest(latest: Sequence[Latest]) -> Element:
    if not latest:
        return element("p", "No event was stored.")
    rows = (
        (_time(one.stored_at), _isolated(one.name), _isolated(one.user), _isolated(one.client),
         element("code", _isolated(one.content)))
        for one in latest
    )  # fmt: skip
    return table(("Stored", "Name", "User", "Client", "Content"), rows)


def _isolated(content: str) -> Content:
    """A stranger's text, whose direction of writing turns nothing round but itself."""
    return element("bdi", content) if content else ""


def _time(moment: datetime | None) -> Content:
    return element("time", _moment(moment), datetime=moment.isoformat()) if moment else ""


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
