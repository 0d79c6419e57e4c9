"""`send-test`: post events to the public URL, then fetch what was stored and compare."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wizard.aws.retry import retry
from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.deployment import existing
from wizard.endpoint.checks import prove_stored
from wizard.endpoint.client import Answer, Endpoint, url_of
from wizard.endpoint.throttling import why_429
from wizard.errors import ExitCode, StateError, UsageError, VerificationError
from wizard.events.stored import StoredEvents
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.settings.table import Settings
from wizard.ui.output import messages, print_json, results


@dataclass(frozen=True)
class Sent:
    """One request, its answer, and the object that it stored (None when it was refused)."""

    events: list[dict[str, Any]]
    answer: Answer
    stored: StoredEvents | None

    @property
    def proved(self) -> bool:
        """Whether every event that was sent is in the object."""
        return self.stored is not None and all(
            any(_is_part_of(event, found) for found in self.stored.events) for event in self.events
        )


def run(options: Options, *, as_json: bool, count: int, file: Path | None, event_name: str) -> ExitCode:
    """Send `count` requests and prove each. Exit 0 when every event was stored, 1 otherwise."""
    events = _events_of(file) if file else None
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        endpoint = endpoint_of(at)
        sent: list[Sent] = []
        for number in range(1, count + 1):
            sent.append(_send(at, endpoint, events or [_sample(event_name, number)]))
            if not as_json:
                _show(sent[-1], at.settings, options)
        if as_json:
            print_json(_document(endpoint, sent))
        return ExitCode.DONE if all(one.proved for one in sent) else ExitCode.FAILED


def endpoint_of(at: Deployment, connections: int = 4) -> Endpoint:
    """The deployed endpoint with the token to send, for as many posts at once as there are connections.

    Raises:
        StateError: there is no endpoint yet.
        UsageError: there is no token.
    """
    url = url_of(at)
    if url is None:
        raise StateError(
            what="There is no endpoint yet.",
            why="The deployment is not complete.",
            next_step="Run `eventtrack-wizard setup` to finish it.",
        )
    if at.token is None:
        raise UsageError(
            what="There is no token to send.",
            why="The token file is gone and EVENTTRACK_TOKEN is not set.",
            next_step="Set EVENTTRACK_TOKEN, or run `eventtrack-wizard setup` to add a new token.",
        )
    return Endpoint.of(at, connections)


def _sample(event_name: str, number: int) -> dict[str, Any]:
    return {
        "event_name": event_name,
        "user_id": "test_user_123",
        "properties": {"action": "send-test", "number": number, "sent_at": datetime.now(UTC).isoformat()},
    }


def _events_of(file: Path) -> list[dict[str, Any]]:
    """The events in a file: one JSON object or a list of them.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            what=f"The events in {file} cannot be read.",
            why=f"{(error.strerror if isinstance(error, OSError) else None) or error}.",
            next_step="Name a file with one JSON object or a list of objects with --file.",
        ) from error
    events = document if isinstance(document, list) else [document]
    if not events or not all(isinstance(event, dict) for event in events):
        raise UsageError(
            what=f"{file} holds no events.",
            why="An event is a JSON object; a file has one, or a list of them.",
            next_step='Write for example {"event_name": "hello"} into it.',
        )
    return events


def _send(at: Deployment, endpoint: Endpoint, events: list[dict[str, Any]]) -> Sent:
    sent_at = datetime.now(UTC)
    answer = endpoint.post(events if len(events) > 1 else events[0])
    if answer.status != 200:
        return Sent(events, answer, None)
    try:
        stored = retry(
            lambda: prove_stored(at, answer.request_id, sent_at),
            clock=at.aws.clock,
            on_wait=lambda reason, elapsed, _patience: None,
            doing="find the stored event",
        )
    except VerificationError:
        stored = None
    return Sent(events, answer, stored)


def _is_part_of(event: dict[str, Any], found: object) -> bool:
    """The handler only adds to an event; everything that was sent must have come through unchanged."""
    return isinstance(found, dict) and all(found.get(name) == value for name, value in event.items())


def _show(sent: Sent, settings: Settings, options: Options) -> None:
    out = results()
    out.print(
        f"{sent.answer.status} in {sent.answer.seconds * 1000:.0f} ms: {sent.answer.text}", markup=False
    )
    if sent.stored is None:
        say(_why_not_stored(sent.answer, settings), options)
        return
    out.print(f"Stored in s3://{sent.stored.bucket}/{sent.stored.key}:", markup=False)
    out.print(json.dumps(sent.stored.events, indent=2), markup=False)
    if not sent.proved:
        messages().print("The stored object does not hold the event as it was sent.")


def _why_not_stored(answer: Answer, settings: Settings) -> str:
    reasons = {
        429: why_429(settings),
        401: "The endpoint does not know this token. Check EVENTTRACK_TOKEN, or run `eventtrack-wizard setup`"
        " to bring the function up to date.",
        403: "API Gateway does not know this path. Run `eventtrack-wizard status` to see what differs.",
    }
    otherwise = "Nothing was stored. Run `eventtrack-wizard status` to see what differs."
    return reasons.get(answer.status, otherwise)


def _document(endpoint: Endpoint, sent: list[Sent]) -> dict[str, Any]:
    return {
        "endpoint": endpoint.url,
        "stored": all(one.proved for one in sent),
        "requests": [
            {
                "status": one.answer.status,
                "latency_ms": round(one.answer.seconds * 1000, 1),
                "answer": one.answer.body or one.answer.text,
                "request_id": one.answer.request_id,
                "stored": one.proved,
                "object": f"s3://{one.stored.bucket}/{one.stored.key}" if one.stored else None,
                "events": one.stored.events if one.stored else None,
            }
            for one in sent
        ],
    }
