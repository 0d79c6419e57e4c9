"""Saying what is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wizard.aws.retry import OnWait
from wizard.ui.output import can_redraw, messages


@contextmanager
def waiting(said: str) -> Iterator[OnWait]:
    """Says what is waited for: on a terminal with the seconds, elsewhere once."""
    console = messages()
    if not can_redraw(console):
        console.print(f"{said} …", markup=False)
        yield lambda reason, elapsed, timeout: None
        return
    with console.status(said) as status:
        yield lambda reason, elapsed, timeout: status.update(
            f"{said} ({elapsed:.0f} s, at most {timeout:.0f} s)"
        )
