"""The tokens by label, and when they were last used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wizard.ui.styles import QUIET
from wizard.ui.text import Printable, listed, plain, text

if TYPE_CHECKING:
    from wizard.state.model import TokenDigest
    from wizard.tokens.use import Uses

# A window of fewer columns has no room for when they were made.
ROOM_FOR_MADE = 70
DAY = "the last 24 hours"


def token_table(
    tokens: Sequence[TokenDigest], own: Sequence[str], uses: Uses | None, note: str = ""
) -> RenderableType:
    """One row a token.

    Args:
        own: SHA-256 of the tokens that the wizard itself sends.
        uses: None: not known, so that there are no columns for it.
        note: what is to be said where not all could be counted.
    """

    def fitting(width: int) -> Group:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
        with_made = uses is None or width >= ROOM_FOR_MADE
        table.add_column("Label", overflow="fold")
        if with_made:
            table.add_column("Made (UTC)", no_wrap=True)
        if uses is not None:
            table.add_column("Events, 24 h", justify="right", no_wrap=True)
            table.add_column("Last use (UTC)", overflow="fold")
        for token in tokens:
            made = [text(_moment(token.created_at))] if with_made else []
            table.add_row(text(token.label), *made, *_use(token.label, uses))
        ours = [f"{token.label} is this wizard's own." for token in tokens if token.sha256 in own]
        remarks = [*ours, *_others(tokens, uses), *([note] if note else [])]
        return Group(table, *([Text()] if remarks else []), *(text(remark, QUIET) for remark in remarks))

    return Printable(fitting)


def _use(label: str, uses: Uses | None) -> list[Text]:
    if uses is None:
        return []
    found = uses.by_label.get(label)
    if found is None or found.last is None:
        return [Text("0" if uses.is_all else "?"), text(f"not {_in(uses)}", QUIET)]
    return [Text(f"{found.events:,}{'' if uses.is_all else '+'}"), text(f"{found.last:%Y-%m-%d %H:%M}")]


def _in(uses: Uses) -> str:
    return f"in {DAY}" if uses.is_all else f"since {uses.since:%H:%M} UTC"


def _others(tokens: Sequence[TokenDigest], uses: Uses | None) -> list[str]:
    """What came with labels that no token has any more."""
    known = {token.label for token in tokens}
    others = {label: use for label, use in (uses.by_label if uses else {}).items() if label not in known}
    parts = [f"{label or '(unknown)'} {use.events:,}" for label, use in sorted(others.items())]
    if not parts or uses is None:
        return []
    return [f"Events {_in(uses)} of labels that no token has now: {listed(parts)}."]


def _moment(iso: str) -> str:
    """A state file may have been edited by hand."""
    try:
        return f"{datetime.fromisoformat(iso).astimezone(UTC):%Y-%m-%d %H:%M}"
    except ValueError:
        return plain(iso)
