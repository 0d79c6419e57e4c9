"""What a setup would do, phase by phase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wizard.phase_titles import phase_mark
from wizard.ui.styles import ACTIVE, ATTENTION, BAD, CHANGE, GOOD, bold
from wizard.ui.text import Printable, counted, listed, text

if TYPE_CHECKING:
    from wizard.engine.plan import PhasePlan, Plan, Step

# Kind of a row: its sign, the word after the sign, the word in the sum, the style.
KINDS: dict[str, tuple[str, str, str, str]] = {
    "create": ("+", "create", "to create", GOOD),
    "update": ("~", "change", "to change", CHANGE),
    "recreate": ("~", "create anew", "to create anew", CHANGE),
    "replace": ("!", "replace", "to replace", bold(BAD)),
    "adopt": ("~", "adopt", "to adopt", CHANGE),
    "adopt unchanged": ("=", "adopt unchanged", "to adopt unchanged", CHANGE),
    "delete": ("-", "delete", "to delete", BAD),
    "restore": ("~", "restore", "to restore", ACTIVE),
    "keep": ("=", "keep", "to keep", ATTENTION),
    "nothing": ("=", "leave", "as they should be", "dim"),
    "conflict": ("!", "in the way:", "in the way", bold(BAD)),
    "unknown": ("?", "unknown:", "unknown", bold(BAD)),
}


def plan_table(plan: Plan) -> RenderableType:
    """Per phase what would be created, changed, adopted, left, and what is in the way; then the sum."""
    parts: list[RenderableType] = []
    titles = {step.key: step.title for step in plan.steps}
    for phase in plan.phases:
        parts.append(text(f"{phase_mark(phase.key)} {phase.title}", "bold"))
        parts.append(Padding(_rows(phase, titles), (0, 0, 0, 2)))
    return Printable(Group(*parts, Text(), text(summed_up(plan), "bold")))


def summed_up(plan: Plan) -> str:
    """One line: "11 to create, 2 to change, 5 as they should be, and 2 checks to run"."""
    counts: Counter[str] = Counter(
        kind_of(step) for step in shown_of(plan.steps) if not step.action.with_parent
    )
    parts = [f"{counts[kind]} {words[2]}" for kind, words in KINDS.items() if counts[kind]]
    checks = sum(len(phase.checks_to_run) for phase in plan.phases)
    if checks:
        parts.append(f"{counted(checks, 'check')} to run")
    return listed(parts) or "nothing to do"


def kind_of(step: Step) -> str:
    """The row's kind: what is created under another URL is replaced; what is adopted may need no change."""
    action = step.action
    if action.kind == "create" and action.changes_url:
        return "replace"
    return "adopt unchanged" if action.kind == "adopt" and not action.is_change else action.kind


def shown_of(steps: Iterable[Step]) -> list[Step]:
    """What is worth a row: an option that is off, and was never on, is not."""
    return [
        step
        for step in steps
        if step.action.kind in KINDS and (step.seen.facts or step.action.kind != "nothing")
    ]


def _rows(phase: PhasePlan, titles: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for step in shown_of(phase.steps):
        kind = kind_of(step)
        if step.action.with_parent:
            whole = titles.get(step.resource.parent or "", "")
            table.add_row(Text("·", style="dim"), text(f"{step.title}, with the {whole}", "dim"))
            continue
        sign, word, _sum, style = KINDS[kind]
        table.add_row(Text(sign, style=style), text(f"{word} {step.title}", style))
        # That an absent thing is missing goes without saying.
        for sentence in step.sentences if kind != "create" else ():
            table.add_row("", Padding(text(sentence), (0, 0, 0, 2)))
    for note in phase.notes:
        table.add_row(Text("·", style="dim"), text(note, "dim"))
    for check in phase.checks_to_run:
        table.add_row(Text("→", style=ACTIVE), text(f"check: {check}", ACTIVE))
    return table
