"""Which screen fits: the live table on a terminal that somebody looks at, plain lines elsewhere, in GitHub
Actions in groups."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console

from wizard.engine.progress import Event, Listener
from wizard.ui.output import can_redraw, on_github


def progress(
    console: Console, *, reverse: bool = False, also: Listener | None = None
) -> AbstractContextManager[Listener]:
    """A listener that shows a run on `console`.

    Args:
        reverse: the run is a rollback.
        also: hears everything, too, and writes to standard output.
    """
    screen = _screen(console, reverse=reverse, is_alone=also is None or not sys.stdout.isatty())
    return screen if also is None else _both(screen, also)


def _screen(console: Console, *, reverse: bool, is_alone: bool) -> AbstractContextManager[Listener]:
    """Lines that are written on the same terminal would be folded above a live table."""
    if is_alone and can_redraw(console):
        from wizard.ui.live import LiveTable

        return LiveTable(console, reverse=reverse)
    if on_github():
        from wizard.ui.github import GroupedLines

        return GroupedLines(console, reverse=reverse)
    from wizard.ui.lines import PlainLines

    return PlainLines(console, reverse=reverse)


@contextmanager
def _both(screen: AbstractContextManager[Listener], also: Listener) -> Iterator[Listener]:
    with screen as show:

        def hear(event: Event) -> None:
            show(event)
            also(event)

        yield hear
