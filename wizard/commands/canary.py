"""Events that were sent just now, found again by a query, as whoever asks would find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wizard.commands.common import say
from wizard.commands.engines import NAMES, Engine, billed, refuse_without, told_by
from wizard.events import layout
from wizard.events.period import Period
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.settings.cost import Scan
from wizard.ui.output import messages, results

NOT_FOUND = (
    "What was sent is stored, and {name} does not find it by a query: {found} of {count} have exactly one row"
    " in the table events. `eventtrack-wizard status` shows whether something differs from what was set up."
)


@dataclass(frozen=True)
class Queried:
    """What a query says of some events.

    Attributes:
        rows: how many rows the table `events` has of each id.
        scan: what AWS bills for it; None where nothing ran there.
    """

    engine: Engine
    rows: dict[str, int]
    scan: Scan | None

    @property
    def found_once(self) -> int:
        """How many of the events have exactly one row, as every event should."""
        return sum(count == 1 for count in self.rows.values())

    @property
    def is_good(self) -> bool:
        """Whether all of them have."""
        return self.found_once == len(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "engine": self.engine,
            "events": len(self.rows),
            "found_once": self.found_once,
            "usd": self.scan.usd if self.scan else None,
        }

    def tell(self, options: Options, *, as_json: bool) -> None:
        """Print it; beside a JSON document only what is wrong."""
        count, name = len(self.rows), NAMES[self.engine]
        if self.is_good and not as_json:
            what, rows = ("it", "one row") if count == 1 else (f"all {count:,} events", "one row of each")
            results().print(f"{name} finds {what} by a query: exactly {rows} in the table events.")
        if self.scan and not as_json:
            messages().print(billed(self.scan))
        if not self.is_good:
            say(NOT_FOUND.format(name=name, found=self.found_once, count=count), options)


class Canary:
    """Who asks.

    Raises:
        UsageError: the engine is not to be had here.
    """

    def __init__(self, engine: Engine, at: Deployment) -> None:
        refuse_without(engine, at)
        self._engine: Engine = engine
        self._at = at

    def ask(self, event_ids: Sequence[str], sent_at: datetime) -> Queried:
        """Ask for events that are stored.

        Args:
            event_ids: of our own making, so that nothing in them need be quoted.
            sent_at: a moment before the first of them was sent, UTC.

        Raises:
            WizardError: what `told_by` raises.
        """
        listed = ", ".join(f"'{event_id}'" for event_id in event_ids)
        sql = f"SELECT event_id, count(*) AS n FROM events WHERE event_id IN ({listed}) GROUP BY event_id"  # noqa: S608
        rows = dict.fromkeys(event_ids, 0)
        with told_by(self._engine, self._at, sql, Period(sent_at - layout.CLOCK_TOLERANCE)) as told:
            rows.update(told.answer.rows)
        return Queried(self._engine, rows, told.scan)
