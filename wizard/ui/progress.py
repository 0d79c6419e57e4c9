"""Which screen fits: the live table on a terminal that somebody looks at, plain lines elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager

from rich.console import Console

from wizard.engine.progress import Listener
from wizard.ui.output import can_redraw


def progress(console: Console, *, reverse: bool = False) -> AbstractContextManager[Listener]:
    """A listener that shows a run on `console`; `reverse` for a rollback."""
    if can_redraw(console):
        from wizard.ui.live import LiveTable

        return LiveTable(console, reverse=reverse)
    from wizard.ui.lines import PlainLines

    return PlainLines(console, reverse=reverse)
