"""What a setup would do, phase by phase."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wizard.phase_titles import phase_number
from wizard.ui.text import Printable, counted, listed, text

if TYPE_CHECKING:
    from wizard.engine.plan import Observation, PhaseObservation, Plan

# Kind of a row: its sign, the word after the sign, the word in the sum, the style.
KINDS: dict[str, tuple[str, str, str, str]] = {
    "create": ("+", "create", "to create", "green"),
    "change": ("~", "change", "to change", "yellow"),
    "adopt": ("~", "adopt", "to adopt", "yellow"),
    "leave": ("=", "leave", "as they should be", "dim"),
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
    counts = Counter(kind_of(resource) for resource in plan.resources)
    parts = [f"{counts[kind]} {words[2]}" for kind, words in KINDS.items() if counts[kind]]
    checks = sum(len(phase.checks_due) for phase in plan.phases)
    if checks:
        parts.append(f"{counted(checks, 'check')} to run")
    return listed(parts) or "nothing to do"


def kind_of(resource: Observation) -> str:
    """What a setup would do with a resource."""
    kinds = {"absent": "create", "drift": "change", "as set up": "leave", "foreign": "conflict"}
    if resource.adopting and resource.verdict in ("drift", "as set up"):
        return "adopt"
    return kinds.get(resource.verdict, "unknown")


def _rows(phase: PhaseObservation) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for resource in phase.resources:
        kind = kind_of(resource)
        sign, word, _sum, style = KINDS[kind]
        table.add_row(Text(sign, style=style), text(f"{word} {resource.title}", style))
        # That an absent thing is missing goes without saying.
        for sentence in resource.sentences if kind != "create" else ():
            table.add_row("", Padding(text(sentence), (0, 0, 0, 2)))
    for check in phase.checks_due:
        table.add_row(Text("→", style="cyan"), text(f"check: {check}", "cyan"))
    return table
