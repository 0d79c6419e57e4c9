"""Waiting instead of failing: a normal account on a normal day, with everything that real AWS delays.

Time stands still in the double until the wizard sleeps, so that minutes cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws.in_process.workspace import BUFFERED
from tests.aws.over_http import AwsDouble, ManualClock, ScaledClock, lasting_rules, real_aws
from tests.aws.over_http.behaviours import (
    ApiGatewayQuotas,
    FunctionPending,
    Latency,
    RoleNotYetAssumable,
    StreamsBuffer,
)
from tests.resilience.waiting import SideBySide, SlowAws, ThroughPacer
from wizard.errors import WaitTimeoutError
from wizard.resources.streams import DELIVERS
from wizard.settings.table import DEFAULT_NAME as NAME

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("waiting")]


# Bucket, log group, API, method and CORS.
MADE_WITHOUT_THE_ROLE = (
    "s3.CreateBucket",
    "logs.CreateLogGroup",
    "logs.PutRetentionPolicy",
    "apigateway.CreateRestApi",
    "apigateway.CreateResource",
    "apigateway.PutMethod",
    "apigateway.PutIntegration",
    "apigateway.PutIntegrationResponse",
    "apigateway.PutGatewayResponse",
)


@pytest.fixture
def slow_aws(empty_emulator: str, tmp_path: Path) -> Iterator[SlowAws]:
    """An empty account with all the delays of real AWS."""
    with AwsDouble(empty_emulator, real_aws(), clock=ManualClock()) as double:
        yield SlowAws(double, tmp_path)


def test_a_whole_life_cycle_waits_for_everything_and_says_for_what(slow_aws: SlowAws) -> None:
    slow_aws.setup()

    reasons = slow_aws.reasons()
    for expected in ("spreading the new role", "preparing the function", "deployment into service"):
        assert any(expected in reason for reason in reasons), reasons
    assert slow_aws.status().in_order
    slow_aws.rollback()
    assert slow_aws.leftovers() == []
    assert slow_aws.answers(429) <= 3, "few calls are answered with 429"


def test_the_copy_of_before_that_a_stage_still_shows_is_waited_for(slow_aws: SlowAws) -> None:
    slow_aws.overrides["cors_origins"] = ("https://before.example",)
    slow_aws.setup()
    slow_aws.events.clear()
    slow_aws.overrides["cors_origins"] = ("https://after.example",)
    slow_aws.setup()

    assert any("deployment into service" in reason for reason in slow_aws.reasons())
    assert slow_aws.status().in_order


def test_a_second_deletion_of_an_api_waits_for_the_quota_and_says_it(slow_aws: SlowAws) -> None:
    slow_aws.setup()
    slow_aws.make_second_api()
    begun = slow_aws.clock.time()
    slow_aws.rollback()

    assert any("one API deletion every 30 s" in reason for reason in slow_aws.reasons())
    assert slow_aws.clock.time() - begun >= 30
    assert slow_aws.leftovers() == []


def test_a_function_with_stale_credentials_is_recycled(slow_aws: SlowAws) -> None:
    slow_aws.setup()

    updates = [call for call in slow_aws.calls("lambda.UpdateFunctionConfiguration") if "Recycled" in call]
    assert any("it was recycled" in reason for reason in slow_aws.reasons())
    assert updates, "retrying the invocation alone never helps"


def test_while_a_new_role_spreads_everything_that_does_not_need_it_is_made(
    empty_emulator: str, tmp_path: Path
) -> None:
    """Here a third of a second is a second of AWS's."""
    behaviours = [RoleNotYetAssumable(8.0), *lasting_rules()]
    with AwsDouble(empty_emulator, behaviours, clock=ScaledClock(1 / 3)) as double:
        SideBySide(double, tmp_path).setup()
        made = [call.name for call in double.calls if call.changing and call.status < 400]
        refused = [call.number for call in double.calls if call.answered_by == "RoleNotYetAssumable"]

    meanwhile = made[made.index("iam.CreateRole") + 1 : made.index("lambda.CreateFunction")]
    before = made[: made.index("lambda.CreateFunction")]
    assert refused, "the role was not usable at once"
    assert set(MADE_WITHOUT_THE_ROLE) <= set(before), "the longest wait holds up nothing but the function"
    assert set(meanwhile) >= {"apigateway.PutGatewayResponse", "iam.PutRolePolicy"}
    assert "lambda.AddPermission" not in before


def test_throttled_calls_are_waited_for_and_counted_in_seconds(slow_aws: SlowAws) -> None:
    slow_aws.setup()
    waits = slow_aws.waits()

    assert all(0 <= wait.elapsed <= wait.timeout for wait in waits)
    assert any(wait.elapsed > 0 for wait in waits), "the row shows how long it has lasted"


def test_a_stream_is_deleted_when_the_last_record_that_it_may_have_taken_is_in_the_bucket(
    empty_emulator: str, tmp_path: Path
) -> None:
    """A request that began just before the function had left the streams puts its record when the function is
    about to be stopped; with that a buffer begins, and Firehose needs a minute more."""
    clock, buffer, record = ManualClock(), StreamsBuffer(late=60), b'{"event_id": "the last"}\n'
    behaviours = [buffer, FunctionPending(), *lasting_rules()]  # the emulator's own states take real time
    with AwsDouble(empty_emulator, behaviours, clock=clock) as double:
        aws = SlowAws(double, tmp_path)
        aws.overrides |= {**BUFFERED, "streams": 1}
        aws.setup()

        def put_last() -> None:
            aws.aws.firehose.put_record(DeliveryStreamName=f"{NAME}.1", Record={"Data": record})

        def wait(seconds: float) -> None:
            if aws.waits()[-1].reason == DELIVERS:
                aws.clock.on_sleep = lambda _seconds: None
                clock.call_later(9.9 - seconds, put_last)

        aws.clock.on_sleep = wait
        aws.overrides["ingest"] = "direct"
        aws.setup()

        assert double.names().count("firehose.PutRecord") == 1
        assert buffer.streams == {}, "it is deleted"
        assert record in aws.stored()


def test_when_patience_ends_the_run_stops_with_exit_1_and_the_next_one_continues(slow_aws: SlowAws) -> None:
    behaviours = slow_aws.double.behaviours
    forever = RoleNotYetAssumable(seconds=10_000)
    behaviours[:] = [item for item in behaviours if not isinstance(item, RoleNotYetAssumable)] + [forever]
    with pytest.raises(WaitTimeoutError) as caught:
        slow_aws.setup()

    assert int(caught.value.exit_code) == 1
    assert "Lambda function" in caught.value.what
    assert "spreading the new role" in caught.value.why
    behaviours.remove(forever)
    slow_aws.setup()
    assert slow_aws.status().in_order


def test_calls_with_known_quotas_are_paced_and_not_answered_with_429(
    empty_emulator: str, tmp_path: Path
) -> None:
    with AwsDouble(empty_emulator, real_aws(), clock=ManualClock()) as double:
        paced = ThroughPacer(double, tmp_path)
        paced.make_and_delete_apis(3)

        assert paced.answers(429) == 0
        assert paced.clock.time() >= 2 * 30


@pytest.mark.parametrize("jobs", [1, 6])
def test_setup_repair_and_rollback_side_by_side_are_never_answered_with_429(
    empty_emulator: str, tmp_path: Path, jobs: int
) -> None:
    """Calls take a twentieth of a second and nothing else is waited for, so all come in quick succession."""
    behaviours = [Latency(0.05), ApiGatewayQuotas(), FunctionPending(1.0), *lasting_rules()]
    with AwsDouble(empty_emulator, behaviours, clock=ManualClock()) as double:
        paced = ThroughPacer(double, tmp_path, jobs)
        paced.setup()
        paced.delete_api()
        paced.setup()
        paced.rollback()
        paced.setup()
        paced.rollback()

        assert double.names().count("apigateway.CreateRestApi") == 3
        assert double.names().count("apigateway.CreateDeployment") == 3
        assert double.names().count("apigateway.DeleteRestApi") == 2
        assert [call.name for call in double.calls if call.status == 429] == []
        assert paced.leftovers() == []


def test_the_double_would_answer_429_without_the_pacing(empty_emulator: str) -> None:
    with AwsDouble(empty_emulator, real_aws(), clock=ManualClock()) as double:
        make: Any = boto3.client
        gateway = make(
            "apigateway",
            endpoint_url=double.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        gateway.create_rest_api(name="one")
        with pytest.raises(gateway.exceptions.TooManyRequestsException):
            gateway.create_rest_api(name="two")
