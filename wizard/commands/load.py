"""`send-test --load`: many clients post at once; what was accepted must be found in the bucket."""

from __future__ import annotations

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import Any

from rich.progress import Progress
from rich.table import Table

from wizard.cli.options import Options
from wizard.clock import SystemClock
from wizard.commands.common import messages, print_json, results, stoppable
from wizard.commands.send_test import endpoint_of
from wizard.deployment import existing
from wizard.endpoint.client import Answer, Endpoint
from wizard.errors import ExitCode, WizardError
from wizard.events.stored import stored_request_ids


@dataclass(frozen=True)
class LoadReport:
    """What came of a load run. Latencies are those of answered requests, `seconds` is the whole run."""

    url: str
    clients: int
    seconds: float
    answers: list[Answer]
    unanswered: int
    stored: Counter[str]

    @property
    def accepted(self) -> list[Answer]:
        """The requests that the endpoint has answered with 200."""
        return [answer for answer in self.answers if answer.status == 200]

    @property
    def found(self) -> int:
        """How many of the accepted ones are in the bucket, exactly once."""
        return sum(self.stored[answer.request_id] == 1 for answer in self.accepted)

    @property
    def refused(self) -> dict[str, int]:
        """Status to number of answers."""
        return dict(Counter(str(answer.status) for answer in self.answers if answer.status != 200))

    @property
    def is_good(self) -> bool:
        """Whether something was accepted, and everything that was is in the bucket."""
        return 0 < len(self.accepted) == self.found

    def latency_ms(self, percent: int) -> float | None:
        """The latency that `percent` of the answered requests did not pass; None without answers."""
        ordered = sorted(answer.seconds for answer in self.answers)
        return round(percentile(ordered, percent) * 1000, 1) if ordered else None


def percentile(ordered: list[float], percent: int) -> float:
    """The nearest-rank percentile of values that are sorted; there must be one."""
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def run(options: Options, *, as_json: bool, requests: int, clients: int, event_name: str) -> ExitCode:
    """Post `requests` events from `clients` clients. Exit 1 when an accepted one was not found again."""
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        endpoint = endpoint_of(at, connections=clients)
        began_at, begun = datetime.now(UTC), perf_counter()
        outcomes = _post_all(endpoint, requests, clients, event_name, clock)
        seconds = perf_counter() - begun
        messages().print("Looking for what was accepted in the bucket …")
        stored = Counter(stored_request_ids(at.aws, at.settings.bucket_name, began_at))
        answers = [outcome for outcome in outcomes if outcome is not None]
        report = LoadReport(endpoint.url, clients, seconds, answers, len(outcomes) - len(answers), stored)
        if as_json:
            print_json(_document(report))
        else:
            results().print(_table(report))
    if not report.is_good:
        messages().print("Run `eventtrack-wizard status` to see what differs.")
    return ExitCode.DONE if report.is_good else ExitCode.FAILED


def _post_all(
    endpoint: Endpoint, requests: int, clients: int, event_name: str, clock: SystemClock
) -> list[Answer | None]:
    """Every client takes the next event until none is left; None stands for a request without an answer."""
    console = messages()
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{clients} clients", total=requests)
        numbers = count(1)

        def client(_number: int) -> list[Answer | None]:
            outcomes: list[Answer | None] = []
            # Not `clock.check`: an exception in a thread would come out only when all have ended.
            while (number := next(numbers)) <= requests and not clock.stop.is_set():
                outcomes.append(_post(endpoint, _event(event_name, number)))
                bar.advance(task)
            return outcomes

        with ThreadPoolExecutor(clients) as pool:
            outcomes = [outcome for done in pool.map(client, range(clients)) for outcome in done]
    clock.check()
    return outcomes


def _post(endpoint: Endpoint, event: dict[str, Any]) -> Answer | None:
    try:
        return endpoint.post(event)
    except WizardError:
        return None


def _event(event_name: str, number: int) -> dict[str, Any]:
    return {
        "event_name": event_name,
        "user_id": "test_user_123",
        "properties": {"action": "send-test --load", "number": number},
    }


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
