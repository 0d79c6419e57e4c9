"""`send-test --load`: many clients post at once; what was accepted must be found in the bucket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from rich.progress import Progress
from rich.table import Table

from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.commands.send_test import endpoint_of, not_arrived
from wizard.commands.waiting import waiting
from wizard.deployment import existing
from wizard.endpoint.buffered import how_long, wait_for
from wizard.endpoint.checks import taken_by_stream
from wizard.endpoint.load import LoadReport, Posted, post_all
from wizard.endpoint.throttling import why_429
from wizard.errors import ExitCode
from wizard.events.stored import StoredEvents, stored_request_ids
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.ui.output import can_redraw, messages, print_json, results
from wizard.ui.text import counted


def run(options: Options, *, as_json: bool, requests: int, clients: int, event_name: str) -> ExitCode:
    """Post `requests` events from `clients` clients. Exit 1 when an accepted one was not found again."""
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        endpoint = endpoint_of(at, connections=clients)
        began_at, begun = datetime.now(UTC), perf_counter()
        console = messages()
        with Progress(console=console, disable=not can_redraw(console)) as bar:
            task = bar.add_task(f"{clients} clients", total=requests)
            outcomes = post_all(endpoint, requests, clients, event_name, clock, lambda: bar.advance(task))
        seconds = perf_counter() - begun
        messages().print("Looking for what was accepted in the bucket …")
        posted = [outcome for outcome in outcomes if outcome is not None]
        stored = stored_since(at, began_at) + arrived_since(at, began_at, posted)
        answers = [outcome.answer for outcome in posted]
        report = LoadReport(endpoint.url, clients, seconds, answers, len(outcomes) - len(answers), stored)
        if as_json:
            print_json(_document(report))
        else:
            results().print(_table(report))
    if "429" in report.refused:
        say(why_429(at.settings), options)
    elif not report.is_good and any(taken_by_stream(answer.body) for answer in report.accepted):
        say(not_arrived(at), options)
    elif not report.is_good:
        say("Run `eventtrack-wizard status` to see what differs.", options)
    return ExitCode.DONE if report.is_good else ExitCode.FAILED


def stored_since(at: Deployment, began_at: datetime) -> Counter[str]:
    """How many objects there are of each request since then.

    Raises:
        WizardError: the bucket cannot be looked into.
    """
    return at.aws.retry(
        lambda: Counter(stored_request_ids(at.aws, at.settings.bucket_name, began_at)),
        "look for the stored events",
    )


def arrived_since(at: Deployment, began_at: datetime, posted: Sequence[Posted]) -> Counter[str]:
    """How often streams have stored each request that they have taken, once all of them are there or the time
    is up."""
    requests = {one.event_id: one.answer.request_id for one in posted if taken_by_stream(one.answer.body)}
    arrived: Counter[str] = Counter()
    if not requests:
        return arrived

    def take(stored: StoredEvents) -> bool:
        ids = [event.get("event_id") for event in stored.events if isinstance(event, dict)]
        arrived.update(requests[event_id] for event_id in ids if event_id in requests)
        return len(arrived) == len(requests)

    said = f"{counted(len(requests), 'request')} accepted, {how_long(at)}; looking for it in the bucket"
    with waiting(at.aws, said):
        wait_for(at, began_at, take)
    return arrived


def _table(report: LoadReport) -> Table:
    table = Table(box=None, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    refused = ", ".join(f"{number} with {status}" for status, number in report.refused.items())
    rows: tuple[tuple[str, object], ...] = (
        ("Accepted", len(report.accepted)),
        ("Refused", refused or 0),
        ("Without an answer", report.unanswered),
        ("Stored and found again", f"{report.found} of {len(report.accepted)}"),
        ("Requests a second", f"{len(report.answers) / report.seconds:.0f}"),
        *((f"Latency p{percent}, ms", report.latency_ms(percent)) for percent in (50, 95, 99)),
    )
    for name, value in rows:
        table.add_row(name, "-" if value is None else str(value))
    return table


def _document(report: LoadReport) -> dict[str, Any]:
    return {
        "endpoint": report.url,
        "clients": report.clients,
        "seconds": round(report.seconds, 2),
        "accepted": len(report.accepted),
        "refused": report.refused,
        "unanswered": report.unanswered,
        "stored_and_found": report.found,
        "missing": len(report.accepted) - report.found,
        "latency_ms": {f"p{percent}": report.latency_ms(percent) for percent in (50, 95, 99)},
    }
