"""One line a finding of `doctor`, and its remedy below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from wizard.ui.styles import BAD, CHANGE, GOOD, bold
from wizard.ui.text import Printable, indented, text

if TYPE_CHECKING:
    from wizard.engine.doctor import Finding

SIGNS = {"ok": ("✓", GOOD), "note": ("·", CHANGE), "failed": ("✗", bold(BAD))}
WIDTH_OF_NAMES = 12


def finding_line(finding: Finding, remedy: str) -> RenderableType:
    """The finding; `remedy` with its commands complete."""
    sign, style = SIGNS[finding.status]
    line = Text.assemble(
        (f"{sign} ", style), (f"{finding.name:{WIDTH_OF_NAMES}}", "bold"), text(finding.found)
    )
    return Printable(Group(line, indented(text(f"→ {remedy}"))) if remedy else line)
