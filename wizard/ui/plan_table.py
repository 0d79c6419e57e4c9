"""What a setup would do, phase by phase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wizard.phase_titles import phase_number
from wizard.ui.text import Printable, counted, listed, text

if TYPE_CHECKING:
    from wizard.engine.plan import PhasePlan, Plan, Step

# Kind of a row: its sign, the word after the sign, the word in the sum, the style.
KINDS: dict[str, tuple[str, str, str, str]] = {
    "create": ("+", "create", "to create", "green"),
    "update": ("~", "change", "to change", "yellow"),
    "recreate": ("~", "create anew", "to create anew", "yellow"),
    "adopt": ("~", "adopt", "to adopt", "yellow"),
    "delete": ("-", "delete", "to delete", "red"),
    "restore": ("~", "restore", "to restore", "cyan"),
    "keep": ("=", "keep", "to keep", "bold yellow"),
    "nothing": ("=", "leave", "as they should be", "dim"),
    "conflict": ("!", "in the way:", "in the way", "bold red"),
    "unknown": ("?", "unknown:", "unknown", "bold red"),
}


def plan_table(plan: Plan) -> RenderableType:
    """Per phase what would be created, changed, adopted, left, and what is in the way; then the sum."""
    parts: list[RenderableType] = []
    for phase in plan.phases:
        parts.append(text(f"{phase_number(phase.key)} {phase.title}", "bold"))
        parts.append(Padding(_rows(phase), (0, 0, 0, 2)))
    return Printable(Group(*parts, Text(), text(summed_up(plan), "bold")))


def summed_up(plan: Plan) -> str:
    """One line: "11 to create, 2 to change, 5 as they should be, and 2 checks to run"."""
    counts: Counter[str] = Counter(step.action.kind for step in shown_of(plan.steps))
    parts = [f"{counts[kind]} {words[2]}" for kind, words in KINDS.items() if counts[kind]]
    checks = sum(len(phase.checks_due) for phase in plan.phases)
    if checks:
        parts.append(f"{counted(checks, 'check')} to run")
    return listed(parts) or "nothing to do"


def shown_of(steps: Iterable[Step]) -> list[Step]:
    """What is worth a row: an option that is off, and was never on, is not."""
    return [
        step
        for step in steps
        if step.action.kind in KINDS and (step.seen.facts or step.action.kind != "nothing")
    ]


def _rows(phase: PhasePlan) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for step in shown_of(phase.steps):
        kind = step.action.kind
        sign, word, _sum, style = KINDS[kind]
        table.add_row(Text(sign, style=style), text(f"{word} {step.title}", style))
        # That an absent thing is missing goes without saying.
        for sentence in step.sentences if kind != "create" else ():
            table.add_row("", Padding(text(sentence), (0, 0, 0, 2)))
    for note in phase.notes:
        table.add_row(Text("·", style="dim"), text(note, "dim"))
    for check in phase.checks_due:
        table.add_row(Text("→", style="cyan"), text(f"check: {check}", "cyan"))
    return table
