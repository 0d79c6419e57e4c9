"""What CloudWatch has counted in the last 24 hours, and what is said where it does not say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.aws.clock import FakeClock
from tests.aws.errors import refusal_text
from tests.aws.in_process import Account
from tests.aws.in_process.workspace import make_deployment
from wizard.commands.beside import Beside
from wizard.commands.standing import Standing
from wizard.endpoint.traffic import Billed, Traffic, billed, last_day
from wizard.resources.base import Deployment
from wizard.resources.delivery import delivery_log_group_name
from wizard.resources.streams import stream_names
from wizard.state.model import State

NOW = datetime.now(UTC)
CALL = "cloudwatch.GetMetricData"
NAMESPACES = {
    "ApiName": "AWS/ApiGateway",
    "FunctionName": "AWS/Lambda",
    "DeliveryStreamName": "AWS/Firehose",
}


@pytest.fixture
def at(account: Account) -> Deployment:
    return make_deployment(account.aws(FakeClock()))


def put(
    account: Account,
    of: dict[str, str],
    metric: str,
    values: Sequence[float],
    ago: timedelta = timedelta(minutes=5),
) -> None:
    """As API Gateway and Lambda send them: a value a request; `of` are the dimensions."""
    dimensions: Any = [{"Name": name, "Value": value} for name, value in of.items()]
    data: Any = [
        {"MetricName": metric, "Dimensions": dimensions, "Timestamp": NOW - ago, "Value": value}
        for value in values
    ]
    (namespace,) = (found for name, found in NAMESPACES.items() if name in of)
    account.look.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def test_the_figures_are_those_of_this_stage_and_function_in_the_last_day(
    account: Account, at: Deployment
) -> None:
    stage = {"ApiName": at.settings.api_name, "Stage": at.settings.stage_name}
    function = {"FunctionName": at.settings.function_name}
    for metric, values in {"Count": [1] * 20, "4XXError": [1, 1, 0], "5XXError": [0, 1]}.items():
        put(account, stage, metric, values)
        put(account, {**stage, "Stage": "test"}, metric, [1] * 5)
        put(account, {**stage, "ApiName": "elsewhere"}, metric, [1] * 5)
        put(account, stage, metric, [1] * 5, timedelta(hours=24, minutes=2))
    put(account, function, "Throttles", [0, 1, 1, 1], timedelta(hours=23, minutes=58))
    put(account, function, "Duration", range(1, 101))
    put(account, {"FunctionName": "elsewhere"}, "Duration", [9000] * 50)

    found = last_day(at, NOW)

    assert (found.requests, found.client_errors, found.server_errors, found.throttled) == (20, 2, 1, 3)
    assert (found.p50, found.p95) == (50, 95)
    assert found.problem is None and not found.is_none
    assert found.until - found.since == timedelta(days=1)
    assert found.since <= NOW - timedelta(hours=23, minutes=59) and found.until > NOW


@pytest.mark.parametrize(("waited", "is_late"), [(1020.0, False), (7230.0, True)])
def test_a_stream_that_cannot_deliver_is_told_of_before_it_gives_its_events_up(
    account: Account, at: Deployment, waited: float, is_late: bool
) -> None:
    settings = replace(at.settings, ingest="buffered", event_format="jsonl.gz", streams=2)
    at = replace(at, settings=settings)
    metric = "DeliveryToS3.DataFreshness"
    one, other = stream_names(at)
    put(account, {"DeliveryStreamName": one}, metric, [60, 90])
    put(account, {"DeliveryStreamName": other}, metric, [waited, 30])
    put(account, {"DeliveryStreamName": "elsewhere"}, metric, [86_000])

    found = last_day(at, NOW)

    assert found.as_dict(str)["delivery_s"] == waited
    assert (found.late_delivery is not None) == is_late
    if found.late_delivery:
        assert "120 minutes" in found.late_delivery
        assert delivery_log_group_name(at) in found.late_delivery, "where Firehose says why"
        assert found.late_delivery in Standing(State(at.identity), traffic=found).warnings


def test_all_figures_come_with_one_call_because_status_must_not_become_slower(
    account: Account, at: Deployment
) -> None:
    last_day(at, NOW)

    assert account.calls.names() == [CALL]


def test_where_nothing_was_measured_there_are_no_zeros(at: Deployment) -> None:
    found = last_day(at, NOW)

    assert found.is_none
    assert set(found.as_dict(str).values()) == {found.since.isoformat(), found.until.isoformat(), None}


def test_of_two_days_of_an_emulator_counts_are_added_and_the_longer_time_holds(
    account: Account, at: Deployment
) -> None:
    def two_days(answer: Any) -> None:
        for result in answer["MetricDataResults"]:
            result["Values"] = [40.0, 2.0]

    account.calls.alter(CALL, two_days)

    found = last_day(at, NOW)

    assert (found.requests, found.throttled, found.p50, found.p95) == (42, 42, 40, 40)


def test_a_bill_is_reckoned_from_the_last_day_and_preflights_cost_no_run(
    account: Account, at: Deployment
) -> None:
    stage = {"ApiName": at.settings.api_name, "Stage": at.settings.stage_name}
    function = {"FunctionName": at.settings.function_name}
    put(account, stage, "Count", [1] * 9)
    put(account, function, "Invocations", [1] * 4)
    put(account, function, "Duration", [10, 20, 30, 60])
    put(account, function, "Invocations", [1] * 50, timedelta(hours=30))
    assert billed(at, NOW) == Billed(days=1, runs=4, seconds=0.03, without_function=5)


def test_where_the_last_day_was_quiet_a_week_counts_and_without_any_traffic_nothing_is_said(
    account: Account, at: Deployment
) -> None:
    function = {"FunctionName": at.settings.function_name}
    assert billed(at, NOW) is None
    for days in (3, 5):
        put(account, function, "Invocations", [1] * 7, timedelta(days=days))
        put(account, function, "Duration", [100] * 7, timedelta(days=days))
    put(account, function, "Invocations", [1] * 50, timedelta(days=8))
    account.calls.clear()
    found = billed(at, NOW)
    assert found == Billed(days=7, runs=2, seconds=0.1, without_function=0)
    assert account.calls.names() == [CALL, CALL]


def refused(account: Account) -> None:
    text = refusal_text("arn:aws:iam::1:user/u", "cloudwatch:GetMetricData", "*")
    account.calls.refuse(CALL, "AccessDenied", text, status=403)


def offline(account: Account) -> None:
    account.calls.fail(CALL, EndpointConnectionError(endpoint_url="https://monitoring"))


def broken(account: Account) -> None:
    account.calls.refuse(CALL, "InternalServiceError", "An internal error", status=500)


def forbidden(account: Account) -> None:
    def forbid(answer: Any) -> None:
        answer["MetricDataResults"][0] |= {"StatusCode": "Forbidden", "Messages": [{"Value": "Not yours"}]}

    account.calls.alter(CALL, forbid)


@pytest.mark.parametrize(
    ("happens", "why", "next_step"),
    [
        (refused, "cloudwatch:GetMetricData", "`eventtrack-wizard policy`"),
        (offline, "https://monitoring", "Check the network"),
        (broken, "InternalServiceError", "same command again"),
        (forbidden, "Forbidden: Not yours", "same command again"),
    ],
)
def test_what_cannot_be_told_is_no_failure_but_says_why_and_what_to_do(
    account: Account, at: Deployment, happens: Callable[[Account], None], why: str, next_step: str
) -> None:
    happens(account)

    found = last_day(at, NOW)

    assert found.problem is not None
    assert found.problem.what == "Could not read the figures of CloudWatch."
    assert why in found.problem.why and next_step in found.problem.next_step
    assert not found.is_none, "nobody knows whether there was traffic"
    assert found.as_dict(str.upper)["error"]["next_step"] == found.problem.next_step.upper()


class TestBeside:
    def test_an_answer_that_takes_its_time_is_not_waited_for(self) -> None:
        never = threading.Event()
        work = Beside(lambda: never.wait() and "late")

        assert work.answer(0.0, lambda: "in its place") == "in its place"

        never.set()
        assert work.answer(5.0, lambda: "in its place") == "late"

    def test_a_fault_of_our_own_is_not_swallowed(self) -> None:
        def fail() -> Traffic:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            Beside(fail).answer(5.0, lambda: Traffic(NOW, NOW))
