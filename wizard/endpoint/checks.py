"""The proofs of phases 6 and 9: the function stores the documented test event, the endpoint does what
clients and browsers need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import wait
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, ClassVar

from wizard.aws.invoke import Invocation, invoke
from wizard.aws.retry import NotYet
from wizard.aws.rule import Wait
from wizard.daemons import Daemons
from wizard.endpoint.client import TOKEN_HEADER, Answer, Endpoint, UnreachableError
from wizard.errors import VerificationError
from wizard.events.stored import StoredEvents, find_stored, probe_event_id
from wizard.resources.base import Check, Deployment
from wizard.resources.function import recycle
from wizard.resources.invoke_permission import permit_again
from wizard.state.model import Facts

POLICY_NOT_SPREAD = Wait(
    "the function runs with credentials from before its policy had spread; it was recycled",
    180,
    (1.0, 2.0, 5.0, 10.0),
)
STREAMS_REFUSE = Wait(
    "no stream takes events from the function yet; it stores them itself, and was recycled",
    180,
    (1.0, 2.0, 5.0, 10.0),
)
# The handler's words for "S3 refused me", and for "a stream has taken it".
STORAGE_DENIED = "StorageAccessDenied"
BUFFERED = "buffered"
# Larger requests the handler stores at once; a test holds it to the handler's own number.
MAXIMUM_BUFFERED_BYTES = 128 * 1024
NOT_STORED_YET = Wait("the event is not visible in the bucket yet", 30)
RECYCLES = "lambda:UpdateFunctionConfiguration"
PERMITS = ("lambda:AddPermission", "lambda:GetPolicy")
READS_EVENTS = {"bucket": ("s3:ListBucket",), "objects": ("s3:GetObject",)}
# Seconds in which an old answer, or none, is no verdict on the deployment of a moment ago.
IN_SERVICE = Wait("API Gateway is still bringing the deployment into service", 60, (0.5, 1.0, 2.0))
# The host name of a new URL takes longer to be known everywhere.
URL_IS_NEW = replace(IN_SERVICE, timeout=120)
# What one server of many answers proves nothing about the others.
GOOD_IN_A_ROW = 3
GATEWAYS_OWN = "Internal server error"


def probe_event(at: Deployment) -> dict[str, Any]:
    """The documented test event, marked as the wizard's own."""
    return {
        "event_id": probe_event_id(at.identity.id),
        "event_name": "test_event",
        "user_id": "test_user_123",
        "properties": {"action": "test_lambda"},
    }


def large_probe_event(at: Deployment) -> dict[str, Any]:
    """The same, too large for a stream as long as the endpoint takes requests of that size."""
    padding = MAXIMUM_BUFFERED_BYTES if at.settings.max_request_bytes > 2 * MAXIMUM_BUFFERED_BYTES else 0
    return {**probe_event(at), "padding": "." * padding}


class FunctionStoresEvent(Check):
    """Invoke with the documented test event; the answer is 200 and the object is in the bucket.

    Where events are buffered the event is one that no stream takes: the function must be able to store by
    itself whatever the streams refuse. What they take is in the bucket minutes later only; that it is taken
    proves the public URL (`EndpointWorks`), and that it arrives `send-test`.
    """

    key = "test.invoke"
    needs = (
        "bucket.policy", "bucket.public_access_block", "bucket.encryption", "bucket.versioning",
        "bucket.event_retention", "role.own_logs", "role.basic_execution", "log_group.retention", "policy",
        "function.environment", "function.settings", "function.concurrency",
    )  # fmt: skip
    actions = {"function": ("lambda:InvokeFunction", RECYCLES), **READS_EVENTS}

    def title(self, at: Deployment) -> str:
        """With the test event's name."""
        return f"invoke with {at.settings.test_event_name}"

    def run(self, at: Deployment) -> Facts:
        """See `Check.run`."""
        sent_at = datetime.now(UTC)
        event = large_probe_event(at) if at.settings.is_buffered else probe_event(at)
        payload = {"headers": {TOKEN_HEADER: at.token}, "body": [event]}
        answer = invoke(at.aws, at.settings.function_name, payload)
        if answer.body.get("code") == STORAGE_DENIED:
            recycle(at)
            raise NotYet(POLICY_NOT_SPREAD)
        if answer.status != 200:
            raise _function_failed(at, answer)
        if taken_by_stream(answer.body):
            return {"durability": BUFFERED}
        return _stored_facts(prove_stored(at, answer.request_id, sent_at))


class EndpointWorks(Check):
    """Through the public URL: the preflight passes, a wrong token is refused, an event is stored."""

    key = "deploy.endpoint"
    needs: ClassVar[tuple[str, ...]] = ("stage", "stage.throttling", "api.permission", "test.invoke")
    actions = {"function": (RECYCLES, *PERMITS), **READS_EVENTS}

    def title(self, at: Deployment) -> str:
        """In words."""
        event = "an event taken by a stream" if at.settings.is_buffered else "a stored event"
        return f"preflight, refusal and {event} through the public URL"

    def skip_reason(self, at: Deployment) -> str | None:
        """A closed stage refuses the proof like everybody else."""
        if not at.settings.closed:
            return None
        return (
            "the endpoint is closed and refuses every request; that the function stores events was proved by"
            " invoking it directly. `eventtrack-wizard setup --open` opens it, and proves the rest"
        )

    def run(self, at: Deployment) -> Facts:
        """See `Check.run`."""
        pace = below_the_limit(at)
        try:
            for _ in range(GOOD_IN_A_ROW):
                _prove_answers(at, pace)
            return self._prove_storage(at, Endpoint.of(at, before=pace))
        except UnreachableError as error:
            raise NotYet(URL_IS_NEW, error) from error

    def _prove_storage(self, at: Deployment, endpoint: Endpoint) -> Facts:
        sent_at = datetime.now(UTC)
        answer = endpoint.post([probe_event(at)])
        if answer.body.get("code") == STORAGE_DENIED:
            recycle(at)
            raise NotYet(POLICY_NOT_SPREAD)
        _expect(200, answer, "a good event", at)
        if at.settings.is_buffered:
            if not taken_by_stream(answer.body):
                recycle(at)
                raise NotYet(STREAMS_REFUSE)
            return {"url": endpoint.url, "durability": BUFFERED}
        stored = prove_stored(at, answer.request_id, sent_at)
        return {"url": endpoint.url, **_stored_facts(stored)}


def _prove_answers(at: Deployment, pace: Callable[[], None]) -> None:
    """Refusal and preflight side by side, each on a connection of its own: one that is open stays with the
    server that it has met.
    """
    with Daemons(2) as beside:
        proofs = (_prove_refusal, prove_preflight)
        both = [beside.submit(prove, at, Endpoint.of(at, before=pace)) for prove in proofs]
        wait(both)  # the next attempt begins when nothing of this one is under way
    for proof in both:
        proof.result()


def _prove_refusal(at: Deployment, endpoint: Endpoint) -> None:
    _expect(401, endpoint.post([], token="not-a-token"), "a wrong token", at)  # noqa: S106


def below_the_limit(at: Deployment) -> Callable[[], None]:
    """Waits before a request of the proof where the deployment's own limit would refuse so many in a row.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html: a bucket
    of `burst` tokens, filled at `rate` a second. A quarter more, because clocks differ.
    """
    requests = GOOD_IN_A_ROW * (len(at.settings.cors_origins) + 1) + 1
    enough = at.settings.throttle_burst >= requests
    pause = 0.0 if enough else 1.25 / at.settings.throttle_rate
    turn = Lock()

    def wait() -> None:
        if pause:
            with turn:
                at.aws.clock.sleep(pause)

    return wait


def prove_preflight(at: Deployment, endpoint: Endpoint) -> None:
    """Every allowed origin may send the token header.

    Raises:
        NotYet: a browser would refuse to send events, by the deployment of before or by this one.
    """
    # Emulators render no mapping templates, so there only the first of several origins can be seen.
    origins = at.settings.cors_origins[: 1 if at.aws.endpoint_url else None]
    for allowed in origins:
        origin = "https://example.com" if allowed == "*" else allowed
        answer = endpoint.preflight(origin)
        headers = answer.headers.get("access-control-allow-headers", "").casefold()
        if answer.status != 200 or "x-auth-token" not in headers:
            verdict = _endpoint_failed(f"answered the preflight with {answer.status}", answer.text)
            raise NotYet(_wait_for(answer), verdict)
        if answer.headers.get("access-control-allow-origin") not in ("*", origin):
            verdict = _endpoint_failed(f"does not let pages of {origin} in", str(answer.headers))
            raise NotYet(IN_SERVICE, verdict)


def _expect(status: int, answer: Answer, sent: str, at: Deployment) -> None:
    """That `sent` was answered with `status`.

    Raises:
        NotYet: it was answered as a stage answers that is not of today yet.
        VerificationError: it was answered by what is there, wrongly.
    """
    if answer.status == status:
        return
    verdict = _endpoint_failed(f"answered {sent} with {answer.status} instead of {status}", answer.text)
    if answer.status not in (403, 404, 429) and answer.status < 500:
        raise verdict
    if answer.status == 500 and answer.body.get("message") == GATEWAYS_OWN:
        permit_again(at)
    raise NotYet(_wait_for(answer), verdict)


def _wait_for(answer: Answer) -> Wait:
    """An unknown path is what a new URL answers."""
    return URL_IS_NEW if answer.status in (403, 404) else IN_SERVICE


def prove_stored(at: Deployment, request_id: str, sent_at: datetime) -> StoredEvents:
    """The object that a request stored.

    Raises:
        NotYet: it is not there yet.
        VerificationError: the answer named no request, so nothing can be looked for.
    """
    if not request_id:
        raise _endpoint_failed("answered 200 without a request id", "Some other function may be behind it")
    stored = find_stored(at.aws, at.settings.bucket_name, request_id, sent_at)
    if stored is None:
        raise NotYet(NOT_STORED_YET)
    return stored


def taken_by_stream(body: Mapping[str, Any]) -> bool:
    """Whether the handler's answer says that a stream has taken the events."""
    return body.get("durability") == BUFFERED


def _stored_facts(stored: StoredEvents) -> Facts:
    return {"bucket": stored.bucket, "key": stored.key}


def _function_failed(at: Deployment, answer: Invocation) -> VerificationError:
    lines = [line for line in answer.log_tail.splitlines() if line.strip()]
    said = answer.error or f"status {answer.status}, {answer.body.get('message', 'no message')}"
    return VerificationError(
        what=f"The function answered {at.settings.test_event_name} with a failure.",
        why=f"{said}. Its log ends with: {lines[-1][:300] if lines else 'nothing'}",
        next_step="Run `eventtrack-wizard setup` again; if it stays, look into the log group"
        f" /aws/lambda/{at.settings.function_name}.",
    )


def _endpoint_failed(what: str, why: str) -> VerificationError:
    return VerificationError(
        what=f"The endpoint {what}.",
        why=f"It said: {why[:300]}.",
        next_step="See `eventtrack-wizard status` for drift, then run `eventtrack-wizard setup` again.",
    )
