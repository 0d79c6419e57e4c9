"""From when to when: what `--since` and `--until` say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Period:
    """A time span, UTC; None is open. `until` itself is outside."""

    since: datetime | None = None
    until: datetime | None = None

    def contains(self, moment: datetime) -> bool:
        """Whether `moment` is inside."""
        return self.overlaps(moment, moment + timedelta.resolution)

    def end(self, now: datetime) -> datetime:
        """Up to when there can be events."""
        return now if self.until is None else min(self.until, now)

    def overlaps(self, begin: datetime, end: datetime) -> bool:
        """Whether any moment from `begin` up to, and without, `end` is inside."""
        return (self.until is None or begin < self.until) and (self.since is None or end > self.since)


def moment(text: str, now: datetime) -> datetime:
    """A point in time that the operator typed: `90s`, `15m`, `1h`, `7d`, `2w` ago, or a date with or without
    a time (`2026-11-24`, `2026-11-24T10:30`, `2026-11-24T10:30+01:00`), UTC where it says no zone.

    Raises:
        ValueError: it is neither.
    """
    if ago := re.fullmatch(r"([0-9]{1,4})([smhdw])", text.strip()):
        return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        said = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("a time ago such as 15m, 1h or 7d, or a date such as 2026-11-24T10:30") from None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
