"""What a report shows of the events of a period. However many there are, what is kept of them has an end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wizard.events.browse import Found
from wizard.events.decode import as_text, content_of, name_of
from wizard.events.overview import Chart, Overview, shortened

MOST_LATEST = 30
# Of a name or id, and of what an event says, in the list of the latest.
LONGEST, LONGEST_CONTENT = 100, 300
# A bar an hour tells more than one a day; more bars than this are hard to tell apart.
LONGEST_BY_HOUR = timedelta(days=8)


@dataclass(frozen=True)
class Latest:
    """One of the latest events, as texts that have an end; "" for what it has not."""

    stored_at: datetime | None
    name: str
    user: str
    client: str
    content: str


@dataclass
class Report:
    """The events that were added, the newest first."""

    overview: Overview = field(default_factory=Overview)
    chart: Chart = field(default_factory=lambda: Chart("hour"))
    latest: list[Latest] = field(default_factory=list)

    def add(self, found: Found) -> None:
        """The next older one."""
        self.overview.add(found)
        if len(self.latest) < MOST_LATEST:
            self.latest.append(_latest(found))
        bars = len(self.chart.counts)
        self.chart.add(found)
        if self.chart.step == "hour" and len(self.chart.counts) > bars and self._is_long():
            self.chart = self.chart.in_days()

    def _is_long(self) -> bool:
        last = max(self.chart.counts)
        return max(self.chart.until or last, last) - min(self.chart.counts) >= LONGEST_BY_HOUR


def _latest(found: Found) -> Latest:
    user = found.event.get("user_id")
    return Latest(
        found.stored_at,
        shortened(name_of(found.event), LONGEST),
        "" if user is None else shortened(as_text(user), LONGEST),
        shortened(found.label, LONGEST),
        shortened(content_of(found.event), LONGEST_CONTENT),
    )


def collected(found: Iterable[Found], until: datetime | None = None) -> Report:
    """The report of some events, which come newest first; its chart goes on to `until` (UTC)."""
    report = Report(chart=Chart("hour", until))
    for one in found:
        report.add(one)
    return report
