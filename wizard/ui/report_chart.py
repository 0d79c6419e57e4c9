"""The chart of a report: bars as SVG that becomes as wide as the window, with texts that do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from wizard.events.overview import Chart, Stacked, Step
from wizard.ui.html import element, table
from wizard.ui.overview_table import STAMPS

# The names that have a colour of their own in `report.css`, by their number; the others share the next one.
COLOURED = 4
HEIGHT = 100
# Share of its place that a bar fills; no bar is wider than this share of the chart.
FILLED, WIDEST = 0.84, 1 / 12
# What is not nothing can be seen.
LEAST = 0.8
# Up to so many bars each has its label, of more the first, the middle and the last.
MOST_LABELLED = 5
ROUND = (1, 2, 3, 4, 5, 6, 8, 10)
UNITS: dict[Step, str] = {"hour": "per hour", "day": "per day"}


def figure(chart: Chart) -> Element:
    """The chart, what its colours stand for, and the same as a table."""
    stacked = chart.stacked(COLOURED)
    top = _round_number(max(sum(counts) for _begin, counts in stacked.rows))
    names = [(number, name) for number, (name, count) in enumerate(stacked.names) if count]
    rows = (
        (_stamp(begin, chart.step), f"{sum(counts):,}", *(f"{counts[number]:,}" for number, _name in names))
        for begin, counts in stacked.rows
    )
    plot = element(
        "div", _scale(top), _bars(stacked, top, chart.step), _labels(stacked, chart.step), class_="plot"
    )
    summary = element("summary", "The same as a table")
    return element(
        "figure",
        plot,
        element("figcaption", _legend(stacked)),
        element("details", summary, table(("UTC", "#All", *(f"#{name}" for _number, name in names)), rows)),
    )


def _round_number(most: int) -> int:
    """The end of the scale: one of `ROUND` with zeros."""
    power = 1
    while power * 10 < most:
        power *= 10
    return next(step * power for step in ROUND if step * power >= most)


def _scale(top: int) -> Element:
    middle = f"{top // 2:,}" if top % 2 == 0 else ""
    marks = (element("span", mark) for mark in (f"{top:,}", middle, "0"))
    return element("div", *marks, class_="scale", aria_hidden="true")


def _bars(stacked: Stacked, top: int, step: Step) -> Element:
    """One unit wide for each hour or day, `HEIGHT` units high."""
    rows = stacked.rows
    width = min(FILLED, len(rows) * WIDEST)
    busiest = max(rows, key=lambda row: sum(row[1]))
    said = (
        f"Events {UNITS[step]} from {_stamp(rows[0][0], step)} to {_stamp(rows[-1][0], step)} UTC. The most:"
        f" {sum(busiest[1]):,} at {_stamp(busiest[0], step)}."
    )
    lines = (
        element("line", class_="grid", x1=0, x2=len(rows), y1=height, y2=height) for height in (0, 50, 100)
    )
    bars = (
        element(
            "g",
            element("title", _told(stacked, begin, counts, step)),
            element("rect", class_="place", x=number, y=0, width=1, height=HEIGHT),
            *_parts(number + (1 - width) / 2, width, counts, top),
        )
        for number, (begin, counts) in enumerate(rows)
    )
    return element(
        "svg", *lines, *bars, class_="bars", viewBox=f"0 0 {len(rows)} {HEIGHT}", preserveAspectRatio="none",
        role="img", aria_label=said,
    )  # fmt: skip


def _parts(left: float, width: float, counts: Sequence[int], top: int) -> Iterator[Element]:
    """From the bottom up, one rectangle a name."""
    total, floor = 0, 0.0
    for number, count in enumerate(counts):
        if not count:
            continue
        total += count
        height = max(total * HEIGHT / top - floor, LEAST)
        floor = min(floor + height, HEIGHT)
        yield element(
            "rect", class_=f"name{number}", x=f"{left:.3f}", y=f"{HEIGHT - floor:.2f}",
            width=f"{width:.3f}", height=f"{height:.2f}",
        )  # fmt: skip


def _told(stacked: Stacked, begin: datetime, counts: Sequence[int], step: Step) -> str:
    """What is shown where somebody points at a bar."""
    parts = [f"{name} {count:,}" for (name, _sum), count in zip(stacked.names, counts, strict=True) if count]
    names = f" ({', '.join(parts)})" if parts else ""
    return f"{_stamp(begin, step)} UTC: {sum(counts):,}{names}"


def _labels(stacked: Stacked, step: Step) -> Element:
    rows, look = stacked.rows, "labels each"
    if len(rows) > MOST_LABELLED:
        rows, look = (rows[0], rows[len(rows) // 2], rows[-1]), "labels"
    stamps = (element("span", _stamp(begin, step)) for begin, _counts in rows)
    return element("div", *stamps, class_=look, aria_hidden="true")


def _stamp(begin: datetime, step: Step) -> str:
    return f"{begin:{STAMPS[step][0]}}"


def _legend(stacked: Stacked) -> Element:
    entries = []
    for number, (name, count) in enumerate(stacked.names):
        if count:
            colour = element("rect", class_=f"name{number}", width=10, height=10)
            sign = element("svg", colour, class_="sign", viewBox="0 0 10 10", aria_hidden="true")
            entries.append(element("li", sign, " ", element("bdi", name), f" {count:,}"))
    return element("ul", *entries, class_="legend")
