"""`send-test`: post events to the public URL, then fetch what was stored and compare."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.commands.waiting import waiting
from wizard.deployment import existing
from wizard.endpoint.buffered import how_long, wait_for
from wizard.endpoint.checks import prove_stored, taken_by_stream
from wizard.endpoint.client import Answer, Endpoint, required_url
from wizard.endpoint.load import percentile
from wizard.endpoint.throttling import why_429
from wizard.errors import ExitCode, UsageError, VerificationError
from wizard.events.given import given_events
from wizard.events.stored import StoredEvents, marked
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.resources.delivery import delivery_log_group_name
from wizard.settings.table import Settings
from wizard.ui.output import can_redraw, messages, print_json, results
from wizard.ui.text import counted

if TYPE_CHECKING:
    from wizard.commands.canary import Canary
    from wizard.commands.engines import Engine


@dataclass(frozen=True)
class Sent:
    """One request, its answer, and the object that it stored; of one that a stream has stored only the events
    of this request. None when it was refused, or has not arrived.
    """

    events: list[dict[str, Any]]
    answer: Answer
    stored: StoredEvents | None

    @property
    def proved(self) -> bool:
        """Whether every event that was sent is in the object."""
        return self.stored is not None and all(
            any(_is_part_of(event, found) for found in self.stored.events) for event in self.events
        )


def run(
    options: Options,
    *,
    as_json: bool,
    count: int,
    file: Path | None,
    event_name: str,
    via_query: Engine | None = None,
) -> ExitCode:
    """Send `count` requests and prove each. Exit 0 when every event was stored, 1 otherwise.

    Args:
        via_query: who shall find them by a query as well, if anybody; exit 1 when it does not.
    """
    events = given_events(file) if file else None
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        canary = canary_of(via_query, at) if via_query else None
        endpoint = endpoint_of(at)
        begun = datetime.now(UTC)
        sent = [
            _send(at, endpoint, events or [_sample(at, event_name, number)])
            for number in _counted_on_screen(count)
        ]
        sent = _with_what_arrives(at, sent, begun)
        are_stored = all(one.proved for one in sent)
        queried = canary.ask(_ids_of(sent), begun) if canary and are_stored else None
        if as_json:
            print_json({**_document(endpoint, sent), "query": queried.as_dict() if queried else None})
        elif count == 1:
            _show(sent[0], at, options)
        else:
            _sum_up(sent, at, options)
        if queried:
            queried.tell(options, as_json=as_json)
        is_good = are_stored and (queried is None or queried.is_good)
        return ExitCode.DONE if is_good else ExitCode.FAILED


def canary_of(engine: Engine, at: Deployment) -> Canary:
    """Imported when somebody wants it: an engine brings more than the rest of this command."""
    from wizard.commands.canary import Canary

    return Canary(engine, at)


def _counted_on_screen(count: int) -> Iterable[int]:
    """1 to `count`, with a bar for whoever waits."""
    console, numbers = messages(), range(1, count + 1)
    if count == 1 or not can_redraw(console):
        return numbers
    from rich.progress import track

    return track(numbers, "Requests", console=console, transient=True)


def endpoint_of(at: Deployment, connections: int = 4) -> Endpoint:
    """The deployed endpoint with the token to send, for as many posts at once as there are connections.

    Raises:
        StateError: there is no endpoint yet.
        UsageError: there is no token.
    """
    required_url(at)
    if at.token is None:
        raise UsageError(
            what="There is no token to send.",
            why="The token file is gone and EVENTTRACK_TOKEN is not set.",
            next_step="Set EVENTTRACK_TOKEN, or run `eventtrack-wizard setup` to add a new token.",
        )
    return Endpoint.of(at, connections)


def _sample(at: Deployment, event_name: str, number: int) -> dict[str, Any]:
    """Marked as ours: a rollback need not keep it."""
    event = {
        "event_name": event_name,
        "user_id": "test_user_123",
        "properties": {"action": "send-test", "number": number, "sent_at": datetime.now(UTC).isoformat()},
    }
    return marked(event, at.identity.id)


def _send(at: Deployment, endpoint: Endpoint, events: list[dict[str, Any]]) -> Sent:
    sent_at = datetime.now(UTC)
    answer = endpoint.post(events if len(events) > 1 else events[0])
    if answer.status != 200 or taken_by_stream(answer.body):
        return Sent(events, answer, None)
    try:
        stored = at.aws.retry(lambda: prove_stored(at, answer.request_id, sent_at), "find the stored event")
    except VerificationError:
        stored = None
    return Sent(events, answer, stored)


def _with_what_arrives(at: Deployment, sent: list[Sent], begun: datetime) -> list[Sent]:
    """The same with what streams have stored meanwhile of the requests that they have taken."""
    left = {number: one for number, one in enumerate(sent) if taken_by_stream(one.answer.body)}
    if not left:
        return sent
    arrived = list(sent)

    def take(stored: StoredEvents) -> bool:
        for number, one in list(left.items()):
            events = [
                found for found in stored.events if any(_is_part_of(event, found) for event in one.events)
            ]
            if len(events) >= len(one.events):
                arrived[number] = replace(one, stored=replace(stored, events=events))
                del left[number]
        return not left

    with waiting(at.aws, f"Accepted, {how_long(at)}; looking for it in the bucket"):
        wait_for(at, begun, take)
    return arrived


def _is_part_of(event: dict[str, Any], found: object) -> bool:
    """The handler only adds to an event; everything that was sent must have come through unchanged."""
    return isinstance(found, dict) and all(found.get(name) == value for name, value in event.items())


def _show(sent: Sent, at: Deployment, options: Options) -> None:
    out = results()
    out.print(
        f"{sent.answer.status} in {sent.answer.seconds * 1000:.0f} ms: {sent.answer.text}", markup=False
    )
    if sent.stored is not None:
        out.print(f"Stored in s3://{sent.stored.bucket}/{sent.stored.key}:", markup=False)
        out.print(json.dumps(sent.stored.events, indent=2), markup=False)
    if not sent.proved:
        _say_what_is_wrong(sent, at, options)


def _say_what_is_wrong(sent: Sent, at: Deployment, options: Options) -> None:
    for sentence in _refusals(sent.answer):
        messages().print(sentence, markup=False)
    if sent.stored is None and taken_by_stream(sent.answer.body):
        say(not_arrived(at), options)
    elif sent.stored is None:
        say(_why_not_stored(sent.answer, at.settings), options)
    else:
        messages().print("The stored object does not hold the event as it was sent.")


def _ids_of(sent: Sequence[Sent]) -> list[str]:
    return [event["event_id"] for one in sent for event in one.events]


def _refusals(answer: Answer) -> Iterator[str]:
    """The events of the request that the endpoint names as bad, and why."""
    errors = answer.body.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and isinstance(error.get("index"), int):
            yield f"Item {error['index'] + 1} (index {error['index']}) was refused: {error.get('reason')}."


def _sum_up(sent: Sequence[Sent], at: Deployment, options: Options) -> None:
    """Several requests: their sum, and the first that went wrong."""
    wrong = [one for one in sent if not one.proved]
    latencies = sorted(one.answer.seconds * 1000 for one in sent)
    out = results()
    out.print(f"Sent {counted(len(sent), 'request')}: {len(sent) - len(wrong)} stored and found again.")
    typical, slow = percentile(latencies, 50), percentile(latencies, 95)
    out.print(f"Latency: p50 {typical:.0f} ms, p95 {slow:.0f} ms, longest {latencies[-1]:.0f} ms.")
    if wrong:
        answer = wrong[0].answer
        messages().print(f"The first that was not: {answer.status}, {answer.text}", markup=False)
        _say_what_is_wrong(wrong[0], at, options)


# Firehose tries for 24 hours: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
NOT_ARRIVED = (
    "A stream has taken it and not stored it within {seconds} s and two minutes. The log group {group} tells"
    " why; Firehose tries for 24 hours. `eventtrack-wizard status` shows what differs,"
    " `eventtrack-wizard events` whether it has arrived."
)


def not_arrived(at: Deployment) -> str:
    """What to do about events that a stream has taken and not stored in time."""
    return NOT_ARRIVED.format(seconds=at.settings.buffer_seconds, group=delivery_log_group_name(at))


def _why_not_stored(answer: Answer, settings: Settings) -> str:
    reasons = {
        429: why_429(settings),
        401: "The endpoint does not know this token. Check EVENTTRACK_TOKEN, or run `eventtrack-wizard setup`"
        " to bring the function up to date.",
        403: "API Gateway does not know this path. Run `eventtrack-wizard status` to see what differs.",
        400: "Nothing of the request was stored.",
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
