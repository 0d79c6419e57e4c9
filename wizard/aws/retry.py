"""Waiting is not failing: repeat a step that begins with a read until AWS is ready or the time is up.

There is no other retry but that of `objects`, which only reads: botocore's own are switched off (`client`),
because they send a create again without looking whether the first one happened.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from botocore.parsers import ResponseParserError

from wizard.aws.error_rules import AGAIN, look_up
from wizard.aws.errors import AWS_ERRORS, explain_client_error, explain_offline_error
from wizard.aws.rule import THROTTLED, Explain, Wait
from wizard.clock import Clock
from wizard.errors import WaitTimeoutError, WizardError

Result = TypeVar("Result")

UNREACHABLE = Wait("AWS cannot be reached", 60, THROTTLED)


class NotYet(Exception):  # noqa: N818  a state of the world, not a fault
    """What a step raises when it has seen that AWS is not ready.

    Args:
        wait: for what, and how long.
        verdict: what to say when the time is up; None: that it is up.
    """

    def __init__(self, wait: Wait, verdict: WizardError | None = None) -> None:
        super().__init__(wait.reason)
        self.wait = wait
        self.verdict = verdict


OnWait = Callable[[str, float, float], None]


def retry(step: Callable[[], Result], *, clock: Clock, on_wait: OnWait, doing: str) -> Result:
    """Run `step`, and again while AWS says "not yet".

    Args:
        step: begins with a read, so that running it again is safe whatever happened before.
        on_wait: told the reason, the seconds waited so far and the seconds that it may take.
        doing: what the step does, for messages: "create the S3 bucket x".

    Raises:
        WaitTimeoutError: the same reason lasted longer than its timeout, and `NotYet` had no verdict.
        WizardError: a failure that waiting does not cure.
    """
    reason, since, attempt = "", 0.0, 0
    while True:
        try:
            return step()
        except (NotYet, *AWS_ERRORS) as error:
            wait = _wait_for(error, doing)
            verdict = error.verdict if isinstance(error, NotYet) else None
        if wait.reason != reason:
            reason, since, attempt = wait.reason, clock.time(), 0
        elapsed = clock.time() - since
        if elapsed >= wait.timeout:
            raise verdict or WaitTimeoutError(
                what=f"Could not {doing} yet.",
                why=f"After {elapsed:.0f} s, {wait.reason}.",
                next_step=AGAIN,
            )
        on_wait(wait.reason, elapsed, wait.timeout)
        clock.sleep(wait.delay(attempt) * random.uniform(0.8, 1.2))  # noqa: S311  no secret hangs on it
        attempt += 1


def _wait_for(error: NotYet | ClientError | BotoCoreError | ResponseParserError, doing: str) -> Wait:
    """How to wait for what `error` says; raises a `WizardError` when waiting is of no use."""
    if isinstance(error, NotYet):
        return error.wait
    if isinstance(error, ClientError):
        reaction = reaction_to(error)
        if isinstance(reaction, Wait):
            return reaction
        raise explain_client_error(error, reaction, doing) from error
    if isinstance(error, SSLError):
        raise explain_offline_error(error, doing) from error
    # An answer that is no AWS answer comes from something on the way: a proxy, a sign-in page.
    if isinstance(error, (BotoConnectionError, HTTPClientError, ResponseParserError)):
        return UNREACHABLE
    raise explain_offline_error(error, doing) from error


def reaction_to(error: ClientError) -> Wait | Explain | None:
    """The row of `error_rules` for an answer of AWS."""
    detail = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return look_up(detail.get("Code", ""), detail.get("Message", ""), error.operation_name, status)


def explained(error: ClientError | BotoCoreError | ResponseParserError, doing: str) -> WizardError:
    """An error of AWS or of the way to it, in the operator's words, for places that do not wait."""
    if isinstance(error, ClientError):
        reaction = reaction_to(error)
        return explain_client_error(error, reaction if isinstance(reaction, Explain) else None, doing)
    return explain_offline_error(error, doing)
