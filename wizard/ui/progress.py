"""Which screen fits: the live table on a terminal that somebody looks at, plain lines elsewhere."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from rich.console import Console

from wizard.engine.progress import Listener
from wizard.ui.lines import PlainLines
from wizard.ui.live import LiveTable


def progress(console: Console, *, reverse: bool = False) -> AbstractContextManager[Listener]:
    """A listener that shows a run on `console`; `reverse` for a rollback."""
    return (
        LiveTable(console, reverse=reverse) if can_redraw(console) else PlainLines(console, reverse=reverse)
    )


def can_redraw(console: Console) -> bool:
    """Whether a picture can be drawn over the last one.

    FORCE_COLOR makes rich call a pipe a terminal; colours do no harm there, moving the cursor does.
    """
    return console.is_terminal and console.is_interactive and console.file.isatty() and not on_ci()


def on_ci() -> bool:
    """Whether this runs in a pipeline, where a terminal may be there but nobody looks at it."""
    return os.environ.get("CI", "").casefold() not in ("", "0", "false", "no")
