"""The review before a setup: every value, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wizard.phase_titles import TITLES, phase_mark
from wizard.settings.table import SETTINGS, as_text
from wizard.ui.styles import ACTIVE, bold
from wizard.ui.text import Printable, indented, plain, text

if TYPE_CHECKING:
    from wizard.identity import DeploymentId
    from wizard.settings.resolve import Resolved
    from wizard.settings.table import Setting

# What the operator said stands out from what we filled in.
SOURCE_STYLES: dict[str, str] = {
    "flag": "bold",
    "environment": "bold",
    "asked": "bold",
    "answers file": "bold",
    "saved state": ACTIVE,
    "default": "dim",
}
LONGEST_SOURCE = max(map(len, SOURCE_STYLES))
WIDEST = 96
ROOM_FOR_COLUMNS = 50

# Label, value, and where the value comes from ("" where that needs no word).
Row = tuple[str, str, str]


def review(
    resolved: Resolved, identity: DeploymentId, extra: Mapping[str, str] | None = None
) -> RenderableType:
    """The table.

    Args:
        resolved: the settings and their sources.
        identity: shown on top.
        extra: more rows for the top, label to text.
    """
    top = {
        "Deployment": identity.name,
        "Account": identity.account,
        "Region": identity.region,
        **(extra or {}),
    }

    def fitting(width: int) -> Group:
        parts: list[RenderableType] = [_rows([(label, value, "") for label, value in top.items()], width)]
        for phase, title in TITLES.items():
            heading = Text(f"{phase_mark(phase)} {title}", style=bold(ACTIVE))
            parts += [Text(), heading, _rows(_settings(resolved, phase), width)]
        return Group(*parts)

    return Printable(fitting)


def _settings(resolved: Resolved, phase: str) -> list[Row]:
    return [
        (setting.question, _remarked(setting, resolved), resolved.sources[setting.key])
        for setting in SETTINGS
        if setting.phase == phase
    ]


def _remarked(setting: Setting, resolved: Resolved) -> str:
    value = getattr(resolved.settings, setting.key)
    return f"{shown(value)} ({setting.remark(value)})" if setting.remark else shown(value)


def _rows(rows: Iterable[Row], width: int) -> RenderableType:
    """Columns at the same place under every heading; in a narrow window the value has its own line."""
    if width < ROOM_FOR_COLUMNS:
        return Group(*(line for row in rows for line in _stacked(row)))
    room = min(width, WIDEST) - LONGEST_SOURCE - 6
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(width=room * 2 // 5, overflow="fold")
    table.add_column(width=room - room * 2 // 5, overflow="fold")
    table.add_column(width=LONGEST_SOURCE)
    for label, value, source in rows:
        table.add_row(text(label), text(value, "" if source else "bold"), _source(source))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _stacked(row: Row) -> list[RenderableType]:
    label, value, source = row
    origin = Text.assemble(" (", _source(source), ")") if source else Text()
    return [
        indented(text(label)),
        indented(Text.assemble(text(value, "bold"), origin), 4),
    ]


def _source(source: str) -> Text:
    return Text(source, style=SOURCE_STYLES.get(source, ""))


def shown(value: object) -> str:
    """A value for reading: lists with spaces, so that they fold between their parts."""
    if value is None or value == {}:
        return "none"
    if isinstance(value, (tuple, list)):
        return ", ".join(plain(part) for part in value)
    return as_text(value).replace(",", ", ") if isinstance(value, dict) else as_text(value)
