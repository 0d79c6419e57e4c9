"""What a deployment costs in a month: one line a service, with its formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wizard.settings.cost import counted_in_millions, in_three_digits, of_a_query, of_scan
from wizard.settings.prices import AS_OF, GB
from wizard.ui.styles import ATTENTION, QUIET
from wizard.ui.text import Hanging, Printable, counted, text

if TYPE_CHECKING:
    from wizard.settings.cost import Estimate, Growth, PaidFor, Traffic

# Below that a formula has a line of its own.
ROOM_FOR_FORMULAS = 76
FREE = "with free tier"
CLOSED = "The endpoint is closed: while it is, only alarms and what is stored already are paid for."
OLD_VERSIONS = (
    "Versioning is on: what is overwritten or deleted is paid for as long as its old version is kept."
)
NOT_COUNTED = (
    "Not counted: data transfer out (an answer has about 1 KB, 100 GB a month are free), the storage of log"
    " lines, taxes."
)


def cost_table(estimate: Estimate, settings: PaidFor, *, region: str, source: str) -> RenderableType:
    """The bill of the first month, then how it grows and what is left out.

    Args:
        region: where the deployment is, or would be.
        source: where the numbers of the traffic come from, in words.
    """

    def fitting(width: int) -> Group:
        is_wide = width >= ROOM_FOR_FORMULAS
        return Group(
            text(f"{_sent(estimate.traffic)} ({source})."),
            Text(),
            _wide(estimate) if is_wide else _narrow(estimate),
            Text(),
            *_notes(estimate, settings, region),
        )

    return Printable(fitting)


def _sent(traffic: Traffic) -> str:
    noun = "event" if round(traffic.events_a_day) == 1 else "events"
    events = f"{traffic.events_a_day:,.0f} {noun} of {traffic.event_bytes:,} bytes a day"
    requests = counted_in_millions(traffic.requests)
    sent = f"{events}, {in_three_digits(traffic.batch)} in a request: {requests} requests a month"
    if not traffic.without_function:
        return sent
    alone = counted_in_millions(traffic.requests_to_gateway - traffic.requests)
    return f"{sent}, and {alone} that API Gateway answers by itself (preflights)"


def _wide(estimate: Estimate) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("Service", no_wrap=True)
    table.add_column("Formula", overflow="fold")
    table.add_column("USD a month", justify="right", no_wrap=True)
    table.add_column(FREE, justify="right", no_wrap=True)
    for line in estimate.lines:
        table.add_row(text(line.service), text(line.formula), _usd(line.usd), _usd(line.charged))
    total = (text("Together", "bold"), Text(), _usd(estimate.usd, "bold"), _usd(estimate.charged, "bold"))
    table.add_row(*total)
    return table


def _narrow(estimate: Estimate) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("Service", overflow="fold")
    table.add_column("USD a month", justify="right", no_wrap=True)
    table.add_column(FREE, justify="right", no_wrap=True)
    for line in estimate.lines:
        name = Group(text(line.service), Hanging(text(line.formula, QUIET), 2, 2))
        table.add_row(name, _usd(line.usd), _usd(line.charged))
    table.add_row(text("Together", "bold"), _usd(estimate.usd, "bold"), _usd(estimate.charged, "bold"))
    return table


def _usd(amount: float, style: str = "") -> Text:
    """Cents; what is less than a cent is not nothing."""
    shown = "< 0.01" if 0 < amount < 0.005 else f"{amount:,.2f}"
    return Text(shown, style=style)


def _notes(estimate: Estimate, settings: PaidFor, region: str) -> Iterator[RenderableType]:
    if settings.closed:
        yield text(CLOSED, ATTENTION)
    yield text(
        "The free tier is what every account has for ever, once for all that it runs. In the first 12 months"
        f" of an account opened before 15 July 2025: {_cents(estimate.charged_at_first)} USD."
    )
    days = settings.event_retention_days
    deleted = "" if days is None else f"; events are deleted after {days} days"
    yield text(f"Storage: {', '.join(map(_grown, estimate.growth))}{deleted}.")
    yield text(f"Reading a month of events once (query, events export): {_cents(estimate.reading_usd)} USD.")
    if settings.query_table:
        read = of_scan(int(estimate.growth[0].gigabytes * GB), region).usd
        limit = of_a_query(settings.query_scan_limit_mb, region)
        yield text(
            f"By Athena: as much again, and {_cents(read)} USD for what is read, less if it is compressed; of"
            f" that {limit}."
        )
    if settings.versioning:
        yield text(OLD_VERSIONS)
    yield text(NOT_COUNTED)
    if estimate.prices_of == region:
        yield text(f"Prices of {region}, as of {AS_OF}.", QUIET)
        return
    yield text(
        f"The prices of {region} are not known here: these are those of {estimate.prices_of}, as of {AS_OF}.",
        ATTENTION,
    )


def _grown(growth: Growth) -> str:
    months = counted(growth.months, "month")
    return f"after {months} {in_three_digits(growth.gigabytes)} GB ({_cents(growth.usd)} USD a month)"


def _cents(amount: float) -> str:
    return _usd(amount).plain
