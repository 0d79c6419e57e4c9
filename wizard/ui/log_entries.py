"""The function's log lines, and what they sum up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group as Screen
from rich.console import RenderableType
from rich.text import Text

from wizard.events.log_lines import total
from wizard.ui.styles import ACTIVE, ATTENTION, BAD, QUIET, bold
from wizard.ui.text import Hanging, Printable, counted, text

if TYPE_CHECKING:
    from wizard.events.log_lines import Entry, Group, Groups, Kind

STYLES: dict[Kind, str] = {"refused": ATTENTION, "failed": bold(BAD), "finished": QUIET, "other": ""}
WIDTH_OF_KINDS = max(map(len, STYLES))
# Columns before what belongs to the line above.
HANGING, AFTER_COUNT = 4, 9


def entry_line(entry: Entry) -> RenderableType:
    """When, what kind, and what it says; the request's id last, because it is long."""
    line = Text.assemble(
        (f"{entry.at:%m-%d %H:%M:%S}  ", QUIET), (f"{entry.kind:{WIDTH_OF_KINDS}}  ", STYLES[entry.kind])
    )
    if entry.status is not None:
        line.append(f"{entry.status} ")
    line.append_text(text(entry.text))
    for said, style in ((entry.client and f"[{entry.client}]", ACTIVE), (entry.request_id, QUIET)):
        if said:
            line.append("  ").append_text(text(said, style))
    return Printable(Hanging(line, HANGING))


def groups_table(groups: Groups) -> RenderableType:
    """The most frequent first; of each its reason on one line, who and when below."""
    parts: list[RenderableType] = []
    for (kind, status, reason), group in groups.items():
        answered = "" if status is None else f"{status} "
        head = Text.assemble((f"{group.count:>7,}  ", "bold"), (f"{answered}", STYLES[kind]), text(reason))
        who = f"by {senders(group)}; " if kind == "refused" else ""
        last = text(f"{who}last {group.last:%Y-%m-%d %H:%M:%S} UTC", QUIET)
        parts += [Hanging(head, AFTER_COUNT), Hanging(last, AFTER_COUNT, AFTER_COUNT)]
    summary = f"{counted(total(groups, 'refused'), 'request')} refused, {total(groups, 'failed')} failed."
    return Printable(Screen(*parts, Text(), text(summary, "bold")))


def senders(group: Group) -> str:
    """Whose requests they were, and how many of each."""
    return ", ".join(f"{label or 'no good token'} {count:,}" for label, count in group.clients.most_common())
