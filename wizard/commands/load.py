"""`send-test --load`: many clients post at once; what was accepted must be found in the bucket."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from rich.progress import Progress
from rich.table import Table

from wizard.aws.retry import retry
from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.commands.send_test import endpoint_of
from wizard.deployment import existing
from wizard.endpoint.load import LoadReport, post_all
from wizard.endpoint.throttling import why_429
from wizard.errors import ExitCode
from wizard.events.stored import stored_request_ids
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.ui.output import messages, print_json, results


def run(options: Options, *, as_json: bool, requests: int, clients: int, event_name: str) -> ExitCode:
    """Post `requests` events from `clients` clients. Exit 1 when an accepted one was not found again."""
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        endpoint = endpoint_of(at, connections=clients)
        began_at, begun = datetime.now(UTC), perf_counter()
        console = messages()
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"{clients} clients", total=requests)
            outcomes = post_all(endpoint, requests, clients, event_name, clock, lambda: bar.advance(task))
        seconds = perf_counter() - begun
        messages().print("Looking for what was accepted in the bucket …")
        stored = stored_since(at, began_at)
        answers = [outcome for outcome in outcomes if outcome is not None]
        report = LoadReport(endpoint.url, clients, seconds, answers, len(outcomes) - len(answers), stored)
        if as_json:
            print_json(_document(report))
        else:
            results().print(_table(report))
    if "429" in report.refused:
        say(why_429(at.settings), options)
    elif not report.is_good:
        say("Run `eventtrack-wizard status` to see what differs.", options)
    return ExitCode.DONE if report.is_good else ExitCode.FAILED


def stored_since(at: Deployment, began_at: datetime) -> Counter[str]:
    """How many objects there are of each request since then.

    Raises:
        WizardError: the bucket cannot be looked into.
    """
    return retry(
        lambda: Counter(stored_request_ids(at.aws, at.settings.bucket_name, began_at)),
        clock=at.aws.clock,
        on_wait=at.aws.on_wait,
        doing="look for the stored events",
    )


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
