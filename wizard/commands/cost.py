"""`cost`: what a deployment costs in a month, from the traffic that is given, or that was counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from wizard.account import configured_region
from wizard.clock import SystemClock
from wizard.commands.common import stoppable
from wizard.deployment import existing
from wizard.endpoint.traffic import DAYS_OF_BILL, Billed, billed
from wizard.errors import ExitCode, StateError, UsageError, WizardError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.settings.cost import EVENT_BYTES, Documented, Estimate, PaidFor, Traffic, estimate
from wizard.settings.prices import AS_OF, STAND_IN
from wizard.settings.resolve import from_saved
from wizard.state import model as state_module
from wizard.state.model import State
from wizard.ui.cost_table import cost_table
from wizard.ui.output import print_json, show
from wizard.ui.text import counted

GIVE_IT = "Give the traffic: `eventtrack-wizard cost --events-per-day 100000 --batch 10`."


@dataclass(frozen=True)
class Given:
    """What the operator typed of the traffic.

    Attributes:
        events_per_day: None: those that CloudWatch has counted.
        batch: events in a request, which nobody counts.
    """

    events_per_day: int | None = None
    batch: int = 1
    event_bytes: int = EVENT_BYTES


def run(
    options: Options, given: Given, *, as_json: bool, count: Callable[[Deployment], Billed | None] = billed
) -> ExitCode:
    """Show the estimate, for the settings of the state file or the documented ones. AWS is asked for the
    traffic alone, where none is given.

    Args:
        count: what came in.

    Raises:
        StateError: the state file cannot be used, or nothing was counted.
        UsageError: no traffic is given, and there is no deployment whose traffic could be counted.
    """
    state = state_module.load(options.state)
    settings: PaidFor = from_saved(state.settings, state.identity) if state else Documented()
    region = _region(options, state)
    traffic, source = _traffic(options, given, state, count)
    found = estimate(traffic, settings, region)
    if as_json:
        print_json(_document(found, region, source))
        return ExitCode.DONE
    show(cost_table(found, settings, region=region, source=source))
    return ExitCode.DONE


def _region(options: Options, state: State | None) -> str:
    """Another one than the deployment's may be given: what would it cost there?"""
    if options.region is None and state is not None:
        return state.identity.region
    return configured_region(options) or STAND_IN


def _traffic(
    options: Options, given: Given, state: State | None, count: Callable[[Deployment], Billed | None]
) -> tuple[Traffic, str]:
    """With where it comes from, in words."""
    if given.events_per_day is not None:
        return Traffic(given.events_per_day, given.batch, given.event_bytes), "as given"
    if state is None:
        raise UsageError(
            what="How many events a day are sent?",
            why="There is no deployment here whose traffic could be counted.",
            next_step=GIVE_IT,
        )
    clock = SystemClock()
    with stoppable(clock), existing(replace(options, region=None), clock, lock=False) as (at, _store):
        try:
            counts = count(at)
        except WizardError as error:
            error.next_step = f"{error.next_step} {GIVE_IT}"
            raise
    if counts is None:
        raise StateError(
            what=f"CloudWatch has counted no request in the last {DAYS_OF_BILL[-1]} days.",
            why="Nothing was sent, or CloudWatch has not heard of it yet, which takes some minutes.",
            next_step=GIVE_IT,
        )
    traffic = Traffic(
        counts.runs * given.batch,
        given.batch,
        given.event_bytes,
        counts.seconds,
        counts.without_function,
    )
    is_gone = state.lifecycle == "rolled back"
    return traffic, counted_in(counts.days, local=at.identity.local, is_gone=is_gone)


def counted_in(days: int, *, local: bool, is_gone: bool = False) -> str:
    """Where traffic comes from that was counted in the last `days`.

    Args:
        local: by the embedded local AWS.
        is_gone: of a deployment that was rolled back since.
    """
    period = "24 hours" if days == 1 else counted(days, "day")
    past = ", before it was rolled back; it is reckoned as if it stood again" if is_gone else ""
    if local:
        return f"direct invocations in the last {period}{past}: the local AWS counts no requests"
    return f"requests and their time as CloudWatch counted them in the last {period}{past}"


def _document(found: Estimate, region: str, source: str) -> dict[str, Any]:
    requests = {
        "requests_a_month": found.traffic.requests,
        "requests_to_gateway_a_month": found.traffic.requests_to_gateway,
    }
    return {
        "region": region,
        "prices_of": found.prices_of,
        "prices_as_of": AS_OF,
        "source": source,
        "traffic": {**asdict(found.traffic), **requests},
        "services": [asdict(line) for line in found.lines],
        "usd": found.usd,
        "charged": found.charged,
        "charged_at_first": found.charged_at_first,
        "storage": [asdict(growth) for growth in found.growth],
        "reading_a_month_usd": found.reading_usd,
    }
