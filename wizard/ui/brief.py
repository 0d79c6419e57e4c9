"""What is asked before "Go ahead?", on one screen: where, what is unusual, what it costs, what changes.

Everything that this leaves out stands in the review and in the plan (`--verbose`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wizard.phase_titles import TITLES, phase_mark
from wizard.settings.cost import a_month, of_alarms, of_queries
from wizard.settings.table import SETTINGS, typed
from wizard.ui.plan_table import KINDS, kind_of, summed_up
from wizard.ui.review_table import shown
from wizard.ui.styles import ACTIVE, QUIET
from wizard.ui.text import Printable, text

if TYPE_CHECKING:
    from wizard.engine.plan import PhasePlan, Plan, Step
    from wizard.identity import DeploymentId
    from wizard.settings.resolve import Resolved

LABEL = 12
TITLE = 3 + max(map(len, TITLES.values()))
# Below that a phase's title has a line of its own.
ROOM_FOR_COLUMNS = 72
NOT_SHOWN = ("nothing", "create")


@dataclass(frozen=True)
class Row:
    """A line of a phase: sign, style of the sign, and what it says."""

    sign: str
    style: str
    content: str


def brief(
    resolved: Resolved, identity: DeploymentId, state_file: Path, plan: Plan, saved: Mapping[str, object]
) -> RenderableType:
    """The screen.

    Args:
        resolved: the settings and their sources.
        saved: those in the state file, empty at the first run: what stands there was agreed to before.
    """

    def fitting(width: int) -> Group:
        return Group(
            _head(resolved, identity, state_file, saved),
            Text(),
            *(line for phase in plan.phases for line in _phase(phase, width)),
            *(
                _signed("→", ACTIVE, f"check: {check}")
                for phase in plan.phases
                for check in phase.checks_to_run
            ),
            _folding(Text.assemble(text(summed_up(plan), "bold"), ("; --verbose shows all", QUIET))),
        )

    return Printable(fitting)


def _head(
    resolved: Resolved, identity: DeploymentId, state_file: Path, saved: Mapping[str, object]
) -> RenderableType:
    unusual = _unusual(resolved, identity, saved)
    table = Table.grid(padding=0)
    table.add_column(width=LABEL)
    table.add_column(overflow="fold")
    for label, value in (("Deployment", _place(identity)), ("State file", str(state_file))):
        table.add_row(label, text(value, "bold"))
    usual = "as they are" if saved else "the defaults"
    for number, line in enumerate(unusual or [usual]):
        table.add_row("" if number else "Settings", text(line, "bold" if unusual else ""))
    if unusual or not saved:
        table.add_row("Cost", text(_cost(resolved, identity)))
    return table


def _place(identity: DeploymentId) -> str:
    account = "the local AWS" if identity.local else f"account {identity.account}"
    emulator = f" at {identity.endpoint_url}" if identity.endpoint_url else ""
    return f"{identity.name}, {account}{emulator}, region {identity.region}"


def _unusual(resolved: Resolved, identity: DeploymentId, saved: Mapping[str, object]) -> list[str]:
    """What differs from the defaults; of a deployment that stands only what somebody has said now, also where
    that is the default again."""
    found, before = [], typed(saved)
    for row in SETTINGS:
        value, source = getattr(resolved.settings, row.key), resolved.sources[row.key]
        differs = value != row.default_at(identity) or value != before.get(row.key, value)
        if differs and not (saved and source in ("saved state", "default")):
            found.append(f"{row.question}: {shown(value)} ({source})")
    return found


def _cost(resolved: Resolved, identity: DeploymentId) -> str:
    settings, region = resolved.settings, identity.region
    besides = of_alarms(settings, region) + of_queries(settings, region)
    if settings.closed:
        return f"0 USD: the endpoint is closed{besides}"
    here = "0 USD here; on AWS " if identity.is_emulated else ""
    return here + a_month(settings.throttle_rate, settings, region) + besides


def _phase(phase: PhasePlan, width: int) -> list[RenderableType]:
    """Nothing of a phase in which nothing is done."""
    is_wide = width >= ROOM_FOR_COLUMNS
    room = width - (TITLE if is_wide else 2) - 2
    rows = _rows(phase, room)
    if not rows:
        return []
    title = text(f"{phase_mark(phase.key)} {phase.title}")
    table = Table.grid(padding=0)
    if is_wide:
        table.add_column(width=TITLE)
    table.add_column(width=2)
    table.add_column(overflow="fold")
    for number, row in enumerate(rows):
        first = [] if not is_wide else [title if number == 0 else Text()]
        table.add_row(*first, Text(row.sign, style=row.style), text(row.content))
    return [table] if is_wide else [title, Padding(table, (0, 0, 0, 2))]


def _rows(phase: PhasePlan, room: int) -> list[Row]:
    steps = [step for step in phase.steps if not step.action.with_parent]
    rows = []
    for step in steps:
        kind = kind_of(step)
        if kind not in NOT_SHOWN and kind in KINDS:
            sign, word, _sum, style = KINDS[kind]
            rows.append(Row(sign, style, f"{word} {step.title}"))
            rows += [Row("", "", sentence) for sentence in step.sentences]
    if created := [step for step in steps if kind_of(step) == "create"]:
        sign, _word, _sum, style = KINDS["create"]
        rows.append(Row(sign, style, _folded(created, room)))
    return rows


def _signed(sign: str, style: str, content: str) -> RenderableType:
    """At the margin: what is proved is no part of a phase, and its sentence needs the room."""
    table = Table.grid(padding=0)
    table.add_column(width=2)
    table.add_column(overflow="fold")
    table.add_row(Text(sign, style=style), text(content))
    return table


def _folding(content: Text) -> RenderableType:
    """Between words, also where the console breaks lines anywhere."""
    table = Table.grid(padding=0)
    table.add_column(overflow="fold")
    table.add_row(content)
    return table


def _lines(content: str, room: int) -> int:
    """How many rich makes of it, which folds at blanks alone."""
    return len(textwrap.wrap(content, room, break_on_hyphens=False))


def _folded(steps: Sequence[Step], room: int) -> str:
    """All that is created in one paragraph: what stands for itself by its name, then its parts, as far as
    these need no further line."""
    wholes = [step.title for step in steps if step.resource.parent is None]
    parts = [step.title for step in steps if step.resource.parent is not None]
    named = wholes or [parts.pop(0)]
    lines = _lines(", ".join(named), room)
    for count in range(len(parts), -1, -1):
        more = [f"{len(parts) - count} more"] if count < len(parts) else []
        said = ", ".join([*named, *parts[:count], *more])
        if _lines(said, room) <= lines:
            break
    return said
