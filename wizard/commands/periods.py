"""`--since`, `--until` and other texts that the commands about events check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from wizard.errors import UsageError
from wizard.events.period import Period, moment

Value = TypeVar("Value")


def checked(flag: str, text: str, parse: Callable[[str], Value]) -> Value:
    """What a flag's text says.

    Raises:
        UsageError: it breaks the rule that `parse` states.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(
            what=f"{flag} cannot be {text!r}.",
            why=f"The rule: {error}.",
            next_step=f"Give another value with {flag}.",
        ) from None


def checked_period(since: str | None, until: str | None, now: datetime) -> Period:
    """The period between two moments as the operator typed them.

    Raises:
        UsageError: one is none, or the period is empty.
    """
    begin, end = (
        checked(flag, text, lambda text: moment(text, now)) if text is not None else None
        for flag, text in (("--since", since), ("--until", until))
    )
    if begin and end and begin >= end:
        raise UsageError(
            what="The period is empty.",
            why=f"--since is {begin:%Y-%m-%d %H:%M:%S} UTC, which is not before --until,"
            f" {end:%Y-%m-%d %H:%M:%S} UTC.",
            next_step="Exchange them.",
        )
    return Period(begin, end)
