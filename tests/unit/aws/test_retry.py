"""Waiting: how long, for what, and when it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from tests.aws.in_process import FakeClock
from wizard.aws.retry import UNREACHABLE, NotYet, retry
from wizard.aws.rule import Wait
from wizard.clock import SystemClock
from wizard.errors import ConflictError, CredentialsError, Interrupted, WaitTimeoutError, WizardError

SLOW = Wait("it is slow", 10, (1.0, 2.0))


def aws_error(code: str, message: str = "", operation: str = "CreateRole") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Script:
    """A step that raises one thing after the other and then answers "done"."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.runs = 0

    def __call__(self) -> str:
        self.runs += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


class Patient:
    """`retry` with a clock that never waits; `waits` are those that the screen showed."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.waits: list[tuple[str, float, float]] = []

    def run(self, step: Callable[[], str]) -> str:
        return retry(
            step, clock=self.clock, on_wait=lambda *said: self.waits.append(said), doing="make the thing"
        )


@pytest.fixture
def patient() -> Patient:
    return Patient()


def test_a_step_that_works_is_run_once_and_nobody_waits(patient: Patient) -> None:
    step = Script()
    assert patient.run(step) == "done"
    assert step.runs == 1
    assert patient.clock.naps == []


def test_the_pauses_are_the_delays_of_the_reason_within_a_fifth(patient: Patient) -> None:
    assert patient.run(Script(NotYet(SLOW), NotYet(SLOW), NotYet(SLOW))) == "done"
    for nap, delay in zip(patient.clock.naps, (1.0, 2.0, 2.0), strict=True):
        assert 0.8 * delay <= nap <= 1.2 * delay
    assert [said[0] for said in patient.waits] == ["it is slow"] * 3
    assert [said[2] for said in patient.waits] == [10] * 3


def test_patience_ends_with_the_reason_the_time_and_what_to_do(patient: Patient) -> None:
    with pytest.raises(WaitTimeoutError) as caught:
        patient.run(Script(*[NotYet(SLOW)] * 99))
    assert "make the thing" in caught.value.what
    assert "it is slow" in caught.value.why
    assert "Run the same command again" in caught.value.next_step
    assert 10 <= patient.clock.now <= 13


def test_nobody_sleeps_once_patience_has_ended(patient: Patient) -> None:
    step = Script(*[NotYet(SLOW)] * 99)
    with pytest.raises(WaitTimeoutError):
        patient.run(step)
    assert step.runs == len(patient.clock.naps) + 1


def test_another_reason_gets_patience_of_its_own(patient: Patient) -> None:
    other = Wait("it is late", 10, (9.0,))
    assert (
        patient.run(Script(NotYet(SLOW), NotYet(other), NotYet(SLOW), NotYet(other), NotYet(SLOW))) == "done"
    )
    assert patient.clock.now > 10


def test_an_answer_of_the_catalogue_is_waited_for(patient: Patient) -> None:
    not_assumable = "The role defined for the function cannot be assumed by Lambda."
    step = Script(aws_error("InvalidParameterValueException", not_assumable, "CreateFunction"))
    assert patient.run(step) == "done"
    assert "spreading the new role" in patient.waits[0][0]


@pytest.mark.parametrize(
    "failure",
    [
        EndpointConnectionError(endpoint_url="https://aws"),
        ConnectTimeoutError(endpoint_url="https://aws"),
        ReadTimeoutError(endpoint_url="https://aws"),
        ProxyConnectionError(proxy_url="http://proxy"),
        ResponseParserError("the sign-in page of a hotel"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_broken_connection_is_waited_for(patient: Patient, failure: Exception) -> None:
    assert patient.run(Script(failure)) == "done"
    assert patient.waits[0][0] == UNREACHABLE.reason


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (aws_error("AccessDenied", "with an explicit deny in a service control policy"), WizardError),
        (aws_error("ExpiredToken"), CredentialsError),
        (aws_error("BucketAlreadyExists"), ConflictError),
        (
            aws_error("BadRequestException", "No integration defined for method", "CreateDeployment"),
            WizardError,
        ),
        (aws_error("NobodyKnowsThis", "AWS's own words"), WizardError),
        (NoCredentialsError(), CredentialsError),
    ],
)
def test_what_waiting_does_not_cure_ends_at_once_in_words(
    patient: Patient, failure: Exception, kind: type[WizardError]
) -> None:
    step = Script(failure)
    with pytest.raises(kind) as caught:
        patient.run(step)
    assert step.runs == 1
    assert patient.clock.naps == []
    assert "make the thing" in caught.value.what
    assert caught.value.next_step


def test_an_answer_that_nobody_knows_is_passed_on_in_awss_words(patient: Patient) -> None:
    with pytest.raises(WizardError, match="AWS's own words") as caught:
        patient.run(Script(aws_error("NobodyKnowsThis", "AWS's own words.")))
    assert "CreateRole with NobodyKnowsThis" in caught.value.why


def test_a_fault_of_the_wizard_itself_is_not_taken_for_an_answer_of_aws(patient: Patient) -> None:
    with pytest.raises(ZeroDivisionError):
        patient.run(Script(ZeroDivisionError()))


def test_the_operators_wish_to_stop_ends_a_pause_at_once() -> None:
    clock = SystemClock()
    clock.check()
    clock.stop.set()
    begun = clock.time()
    with pytest.raises(Interrupted):
        clock.sleep(60)
    with pytest.raises(Interrupted):
        clock.check()
    assert clock.time() - begun < 5
