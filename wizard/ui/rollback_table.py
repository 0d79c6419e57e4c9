"""What a rollback takes away, what stays, and why."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wizard.ui.styles import ACTIVE, ATTENTION, BAD, bold
from wizard.ui.text import Printable, listed, size, text

if TYPE_CHECKING:
    from wizard.aws.bucket_contents import Contents
    from wizard.engine.plan import Plan, Step

GONE = "already gone"
# Kind of action: its sign, its word, and its style.
KINDS: dict[str, tuple[str, str, str]] = {
    "delete": ("-", "delete", BAD),
    "keep": ("=", "keep", ATTENTION),
    "unknown": ("?", "unknown", bold(BAD)),
    "restore": ("~", "restore", ACTIVE),
    "give back": ("=", "give back", ATTENTION),
    "forget": ("·", GONE, "dim"),
}


def rollback_table(plan: Plan) -> RenderableType:
    """Resource by resource what becomes of it and why.

    Parts are named with what takes them along; where that stays, they stay too and are not listed.
    """
    steps = [step for step in reversed(plan.steps) if step.action.kind != "nothing"]
    whole = [step for step in steps if not step.action.with_parent]
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for step in whole:
        sign, word, style = KINDS[kind_of(step)]
        table.add_row(Text(sign, style=style), Text(word, style=style), text(step.title, "bold"))
        parts = [part.title for part in steps if part.resource.parent == step.key and _is_named(part)]
        if step.action.kind != "delete":
            table.add_row("", "", Padding(text(step.action.reasons[0]), (0, 0, 0, 2)))
        elif parts:
            table.add_row("", "", Padding(text(f"with {', '.join(parts)}", "dim"), (0, 0, 0, 2)))
        for reason in step.action.reasons[1:]:
            table.add_row("", "", Padding(text(reason), (0, 0, 0, 2)))
    for key in plan.unknown_keys:
        table.add_row("=", Text("keep", style=ATTENTION), text(key, "bold"))
        reason = "this version of the wizard does not know it; the version that made it can remove it"
        table.add_row("", "", Padding(text(reason), (0, 0, 0, 2)))
    return Printable(Group(table, Text(), text(_summed_up(whole), "bold")))


def _is_named(part: Step) -> bool:
    return part.action.with_parent and not part.is_unset


def doomed_events(contents: Contents) -> str:
    """What a rollback with `--delete-events` destroys, in one sentence."""
    than = "" if contents.is_all else "more than "
    count = f"{contents.objects:,} object{'' if contents.objects == 1 else 's'}"
    return (
        f"Permanently deletes {than}{count}, {size(contents.size)},"
        f" oldest {_minute(contents.oldest)}, newest {_minute(contents.newest)}."
    )


def _minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "unknown"


def kind_of(step: Step) -> str:
    """The row's kind: what stood there before and is as it was is given back."""
    if step.action.kind == "forget" and step.action.origin == "adopted":
        return "give back"
    return step.action.kind


def _summed_up(steps: list[Step]) -> str:
    counts = Counter(KINDS[kind_of(step)][1] for step in steps)
    words = [f"{count} {word}" if word == GONE else f"{count} to {word}" for word, count in counts.items()]
    return listed(words) or "Nothing is left to remove."
