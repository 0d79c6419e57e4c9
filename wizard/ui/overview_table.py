"""The overview of stored events, and their number an hour or day as bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wizard.events.overview import Step
from wizard.ui.styles import ACTIVE, CHANGE, GOOD, OTHER
from wizard.ui.text import Hanging, Printable, counted, text

if TYPE_CHECKING:
    from wizard.events.overview import Chart, OfOneName, Overview, Property, Stacked

SHORTEST_BAR, WIDEST = 10, 110
# The parts of a bar: told apart by their signs where there is no colour.
PARTS = (("█", ACTIVE), ("▓", CHANGE), ("▒", GOOD), ("░", OTHER))
OTHER_PART = ("·", "dim")
GAP = "   "
UNKNOWN = "(unknown)"
# Columns before a property, and before what belongs to the line above.
INDENT, HANGING = 2, 4
# How a row is headed, and how wide that is.
STAMPS: dict[Step, tuple[str, int]] = {"hour": ("%m-%d %Hh", 9), "day": ("%Y-%m-%d", 10)}


def overview_table(overview: Overview) -> RenderableType:
    """Names with their properties, then clients, then the share of repeats."""
    parts: list[RenderableType] = []
    for name, summary in overview.by_count():
        parts += [Hanging(_head(name, summary), HANGING), *_properties(summary), Text()]
    clients = ", ".join(f"{label or UNKNOWN} {count:,}" for label, count in overview.clients.most_common())
    return Printable(
        Group(
            *parts,
            text(f"{counted(overview.events, 'event')} of {counted(len(overview.names), 'name')}.", "bold"),
            text(f"By client: {clients}."),
            text(repeats(overview)),
        )
    )


def _head(name: str, summary: OfOneName) -> Text:
    head = Text.assemble(text(name, "bold"), f"  {summary.count:,}")
    if summary.first and summary.last:
        head.append(f"  first {_moment(summary.first)}, last {_moment(summary.last)} UTC", "dim")
    return head


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _properties(summary: OfOneName) -> list[RenderableType]:
    return [Hanging(line, HANGING, INDENT) for line in property_lines(summary)]


def property_lines(summary: OfOneName) -> list[Text]:
    """The properties of the events of one name, those that most of them have first."""
    rows = sorted(summary.properties.items(), key=lambda item: (-item[1].count, item[0]))
    lines = [_property(name, known, summary) for name, known in rows]
    if summary.omitted:
        lines.append(text(f"and more names of properties ({summary.omitted:,} values)", "dim"))
    return lines


def _property(name: str, known: Property, summary: OfOneName) -> Text:
    share = "" if known.count == summary.count else f" in {known.count:,}"
    types = " or ".join(kind for kind, _count in known.types.most_common())
    return Text.assemble(text(name), f": {types}{share}, ", text(f"such as {known.example}", "dim"))


def repeats(overview: Overview) -> str:
    """How many events were sent again, in a sentence."""
    if not (repeated := overview.repeated):
        return "No event_id is there twice."
    share = repeated / overview.events
    return f"{repeated:,} ({share:.1%}) have an event_id that an earlier one has: sent again."


def chart(counts: Chart) -> RenderableType:
    """One bar an hour or day, in the colours of the names."""
    stacked = counts.stacked(len(PARTS))

    def fitting(width: int) -> Group:
        most = max((sum(found) for _begin, found in stacked.rows), default=0)
        digits = len(f"{most:,}")
        stamp, stamp_width = STAMPS[counts.step]
        room = max(SHORTEST_BAR, min(width, WIDEST) - digits - stamp_width - 3)
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True)
        for begin, found in stacked.rows:
            table.add_row(f"{begin:{stamp}}", f"{sum(found):,}", _bar(found, most, room))
        return Group(table, Text(), *_legend(stacked, width))

    return Printable(fitting)


def _looks(count: int) -> list[tuple[str, str]]:
    """The sign and the style of each of so many names, of which the last are the others."""
    return [*PARTS[: count - 1], OTHER_PART]


def _bar(counts: Sequence[int], most: int, room: int) -> Text:
    """As long as its share of the longest; a part ends where the sum up to it does, so that rounding loses
    nothing. What is not nothing has at least one character.
    """
    bar, total, drawn = Text(), 0, 0
    for count, (sign, style) in zip(counts, _looks(len(counts)), strict=True):
        total += count
        end = max(round(total * room / most), 1) if total else 0
        bar.append(sign * (end - drawn), style)
        drawn = end
    return bar


def _legend(stacked: Stacked, width: int) -> Iterator[Text]:
    """What each sign stands for; no line breaks between a sign and its name."""
    line = Text()
    for (name, count), (sign, style) in zip(stacked.names, _looks(len(stacked.names)), strict=True):
        if not count:
            continue
        entry = Text.assemble((sign, style), " ", text(f"{name} {count:,}"))
        if line and line.cell_len + len(GAP) + entry.cell_len > width:
            yield line
            line = Text()
        line = Text(GAP).join([line, entry]) if line else entry
    yield line
