"""Saying what is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wizard.aws.client import Aws
from wizard.aws.retry import OnWait
from wizard.ui.output import can_redraw, messages


@contextmanager
def waiting(aws: Aws, said: str) -> Iterator[None]:
    """Says what is waited for: on a terminal with the seconds, elsewhere once."""
    former = aws.on_wait
    try:
        with _shown(said) as aws.on_wait:
            yield
    finally:
        aws.on_wait = former


@contextmanager
def _shown(said: str) -> Iterator[OnWait]:
    console = messages()
    if not can_redraw(console):
        console.print(f"{said} …", markup=False)
        yield lambda reason, elapsed, timeout: None
        return
    with console.status(said) as status:
        yield lambda reason, elapsed, timeout: status.update(
            f"{said} ({elapsed:.0f} s, at most {timeout:.0f} s)"
        )
