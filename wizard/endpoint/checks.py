"""The proofs of phases 6 and 9: the function stores the documented test event, the endpoint does what
clients and browsers need.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from wizard.aws.error_rules import Wait
from wizard.aws.retry import NotYet
from wizard.endpoint.client import TOKEN_HEADER, Answer, Endpoint, UnreachableError, url_of
from wizard.endpoint.invoke import STORAGE_DENIED, Invocation, invoke
from wizard.errors import VerificationError, WizardError
from wizard.events.stored import StoredEvents, find_stored, probe_event_id
from wizard.resources.base import Check, Deployment
from wizard.resources.function import recycle
from wizard.state.model import Facts

POLICY_NOT_SPREAD = Wait(
    "the function runs with credentials from before its policy had spread; it was recycled",
    180,
    (1.0, 2.0, 5.0, 10.0),
)
NOT_STORED_YET = Wait("the event is not visible in the bucket yet", 30)
RECYCLES = "lambda:UpdateFunctionConfiguration"
READS_EVENTS = {"bucket": ("s3:ListBucket",), "objects": ("s3:GetObject",)}
URL_IS_NEW = Wait("API Gateway is still bringing the new URL into service", 120, (0.5, 1.0, 2.0))


def probe_event(at: Deployment) -> dict[str, Any]:
    """The documented test event, marked as the wizard's own."""
    return {
        "event_id": probe_event_id(at.identity.id),
        "event_name": "test_event",
        "user_id": "test_user_123",
        "properties": {"action": "test_lambda"},
    }


class FunctionCheck(Check):
    """A proof that needs the function to answer."""

    def skip_reason(self, at: Deployment) -> str | None:
        """Reserved concurrency 0 closes the endpoint on purpose: Lambda refuses every request."""
        if at.settings.reserved_concurrency == 0:
            return "the endpoint is closed: reserved concurrency is 0"
        return None


class FunctionStoresEvent(FunctionCheck):
    """Invoke with the documented test event; the answer is 200 and the object is in the bucket."""

    key = "test.invoke"
    needs = (
        "bucket.policy", "bucket.public_access_block", "bucket.encryption", "bucket.versioning",
        "role.own_logs", "role.basic_execution", "log_group.retention", "policy", "function.environment",
        "function.settings", "function.concurrency",
    )  # fmt: skip
    actions = {"function": ("lambda:InvokeFunction", RECYCLES), **READS_EVENTS}

    def title(self, at: Deployment) -> str:
        """With the test event's name."""
        return f"invoke with {at.settings.test_event_name}"

    def run(self, at: Deployment) -> Facts:
        """See `Check.run`."""
        sent_at = datetime.now(UTC)
        answer = invoke(at, {"headers": {TOKEN_HEADER: at.token}, "body": [probe_event(at)]})
        if answer.body.get("code") == STORAGE_DENIED:
            recycle(at)
            raise NotYet(POLICY_NOT_SPREAD)
        if answer.status != 200:
            raise _function_failed(at, answer)
        return _stored_facts(prove_stored(at, answer.request_id, sent_at))


class EndpointWorks(FunctionCheck):
    """Through the public URL: the preflight passes, a wrong token is refused, an event is stored."""

    key = "deploy.endpoint"
    needs: ClassVar[tuple[str, ...]] = ("stage", "api.permission", "test.invoke")
    actions = {"function": (RECYCLES,), **READS_EVENTS}

    def title(self, at: Deployment) -> str:
        """In words."""
        return "preflight, refusal and a stored event through the public URL"

    def run(self, at: Deployment) -> Facts:
        """See `Check.run`. The host name of a new URL takes a moment to be known everywhere."""
        try:
            return self._prove(at)
        except UnreachableError as error:
            raise NotYet(URL_IS_NEW) from error

    def _prove(self, at: Deployment) -> Facts:
        endpoint = Endpoint(str(url_of(at)), at.token)
        prove_preflight(at, endpoint)
        self._prove_refusal(endpoint)
        sent_at = datetime.now(UTC)
        answer = _in_service(endpoint.post([probe_event(at)]))
        if answer.body.get("code") == STORAGE_DENIED:
            recycle(at)
            raise NotYet(POLICY_NOT_SPREAD)
        if answer.status != 200:
            raise _endpoint_failed(f"answered a good event with {answer.status}", answer.text)
        stored = prove_stored(at, answer.request_id, sent_at)
        return {"url": endpoint.url, **_stored_facts(stored)}

    def _prove_refusal(self, endpoint: Endpoint) -> None:
        answer = _in_service(endpoint.post([], token="not-a-token"))  # noqa: S106  a wrong one on purpose
        if answer.status != 401:
            raise _endpoint_failed(f"answered a wrong token with {answer.status} instead of 401", answer.text)


def prove_preflight(at: Deployment, endpoint: Endpoint) -> None:
    """Every allowed origin may send the token header.

    Raises:
        NotYet: the URL is not in service yet.
        VerificationError: a browser would refuse to send events.
    """
    # Emulators render no mapping templates, so there only the first of several origins can be seen.
    origins = at.settings.cors_origins[: 1 if at.aws.endpoint_url else None]
    for allowed in origins:
        origin = "https://example.com" if allowed == "*" else allowed
        answer = _in_service(endpoint.preflight(origin))
        headers = answer.headers.get("access-control-allow-headers", "").casefold()
        if answer.status != 200 or "x-auth-token" not in headers:
            raise _endpoint_failed(f"answered the preflight with {answer.status}", answer.text)
        if answer.headers.get("access-control-allow-origin") not in ("*", origin):
            raise _endpoint_failed(f"does not let pages of {origin} in", str(answer.headers))


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


def _in_service(answer: Answer) -> Answer:
    """Answers that a URL gives for some seconds after its first deployment are no verdict."""
    message = answer.body.get("message")
    if answer.status in (403, 404) or (answer.status == 500 and message == "Internal server error"):
        raise NotYet(URL_IS_NEW)
    return answer


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


def _endpoint_failed(what: str, why: str) -> WizardError:
    return VerificationError(
        what=f"The endpoint {what}.",
        why=f"It said: {why[:300]}.",
        next_step="See `eventtrack-wizard status` for drift, then run `eventtrack-wizard setup` again.",
    )
