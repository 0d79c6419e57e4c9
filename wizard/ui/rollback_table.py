"""What a rollback takes away, what stays, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wizard.ui.text import Printable, listed, text

if TYPE_CHECKING:
    from wizard.engine.rollback import Verdict

# Fate: its sign, its word before, its word after, and its style. A part listed for itself has lost its
# whole and goes as well.
FATES: dict[str, tuple[str, str, str, str]] = {
    "delete": ("-", "goes", "removed", "red"),
    "goes with": ("-", "goes", "removed", "red"),
    "keep": ("=", "stays", "kept", "bold yellow"),
    "leave": ("=", "stays", "kept", "bold yellow"),
    "restore": ("~", "restored", "restored", "cyan"),
    "gone": ("·", "already gone", "already gone", "dim"),
}


def rollback_table(verdicts: Sequence[Verdict], *, finished: bool = False) -> RenderableType:
    """Resource by resource what becomes of it and why; `finished` says what has become of it.

    Parts are named with what takes them along; where that stays, they stay too and are not listed.
    """
    parts = _parts_by_whole(verdicts)
    listed_verdicts = [verdict for verdict in verdicts if not _is_folded(verdict, verdicts)]
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for verdict in listed_verdicts:
        sign, before, after, style = FATES[verdict.fate]
        word = Text(after if finished else before, style=style)
        table.add_row(Text(sign, style=style), word, text(verdict.title, "bold"))
        if verdict.fate != "delete":
            table.add_row("", "", Padding(text(verdict.reason), (0, 0, 0, 2)))
        elif titles := parts.get(verdict.resource.key):
            table.add_row("", "", Padding(text(f"with {', '.join(titles)}", "dim"), (0, 0, 0, 2)))
    return Printable(Group(table, Text(), text(_summed_up(listed_verdicts, finished=finished), "bold")))


def _parts_by_whole(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.fate == "goes with":
            parts.setdefault(_whole_of(verdict, verdicts), []).append(verdict.title)
    return parts


def _whole_of(verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
    """The key of what takes a part along; a part of a part goes with the outermost one."""
    by_key = {other.resource.key: other for other in verdicts}
    whole = verdict.resource.parent or ""
    while whole in by_key and by_key[whole].fate == "goes with" and by_key[whole].resource.parent:
        whole = by_key[whole].resource.parent or ""
    return whole


def _is_folded(verdict: Verdict, verdicts: Sequence[Verdict]) -> bool:
    wholes = {other.resource.key for other in verdicts if other.fate != "goes with"}
    return verdict.fate == "goes with" and _whole_of(verdict, verdicts) in wholes


def _summed_up(verdicts: Sequence[Verdict], *, finished: bool) -> str:
    counts = Counter(FATES[verdict.fate][2 if finished else 1] for verdict in verdicts)
    parts = [f"{count} {_verb(word, count)}" for word, count in counts.items()]
    return listed(parts) or "Nothing is left to remove."


def _verb(word: str, count: int) -> str:
    """ "1 goes", "2 go"; other words stay as they are."""
    verbs = {"goes": "go", "stays": "stay"}
    return word if count == 1 else verbs.get(word, word)
