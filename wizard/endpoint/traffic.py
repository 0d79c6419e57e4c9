"""What came in the last 24 hours, as CloudWatch has counted it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wizard.aws.metrics import DOING, Metric, figures
from wizard.errors import WizardError
from wizard.events.layout import LONGEST_BUFFERING
from wizard.resources.base import Deployment
from wizard.resources.delivery import delivery_log_group_name
from wizard.resources.streams import DELIVERY_SECONDS, stream_names

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# Figure to metric and statistic.
Wanted = Mapping[str, tuple[str, str]]

# What the stage's limit refuses (429) is a client's error to API Gateway;
# what Lambda throttles is a server's error to it. Every request has a value in each of the API's metrics.
#
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
OF_API = {
    "requests": ("Count", "SampleCount"),
    "client_errors": ("4XXError", "Sum"),
    "server_errors": ("5XXError", "Sum"),
}
OF_FUNCTION = {
    "throttled": ("Throttles", "Sum"),
    "p50": ("Duration", "p50"),
    "p95": ("Duration", "p95"),
}
# How old the oldest event was that a stream still held, in seconds.
# https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
OF_STREAM = Metric("AWS/Firehose", "DeliveryToS3.DataFreshness", {}, "Maximum")
# No stream buffers for longer, whatever it was set to before: it has tried in vain.
LATE = LONGEST_BUFFERING + timedelta(seconds=2 * DELIVERY_SECONDS)
LATE_DELIVERY = (
    "In the last 24 hours an event waited {minutes} minutes in a stream. Why Firehose could not deliver it is"
    " in the log group {group}; after 24 hours it gives up."
)
OF_BILL = {"runs": ("Invocations", "Sum"), "milliseconds": ("Duration", "Sum")}
# Days that a bill is reckoned from: the last one, and where nothing was sent then, a week.
DAYS_OF_BILL = (1, 7)
COUNTS = ("requests", "client_errors", "server_errors", "throttled")


@dataclass(frozen=True)
class Traffic:
    """What came in a period; None is what CloudWatch has no figure of, which is not zero.

    Attributes:
        requests: that reached the stage.
        client_errors, server_errors: how many of those were answered with 4XX and 5XX.
        throttled: calls of the function for which Lambda had no room.
        p50, p95: milliseconds that half, and 95 in 100, of the function's runs took at most.
        delivery: seconds that an event waited in a stream at most.
        late_delivery: that this is longer than any buffering, in words.
        problem: why nothing is known.
    """

    since: datetime
    until: datetime
    requests: int | None = None
    client_errors: int | None = None
    server_errors: int | None = None
    throttled: int | None = None
    p50: float | None = None
    p95: float | None = None
    delivery: float | None = None
    late_delivery: str | None = None
    problem: WizardError | None = None

    @property
    def is_none(self) -> bool:
        """Whether CloudWatch was asked and has nothing."""
        known = (*(getattr(self, name) for name in COUNTS), self.p50, self.p95, self.delivery)
        return self.problem is None and all(figure is None for figure in known)

    def as_dict(self, complete: Callable[[str], str]) -> dict[str, Any]:
        """For JSON; `complete` completes the commands that a problem names."""
        problem = self.problem and {**self.problem.as_dict(), "next_step": complete(self.problem.next_step)}
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            **{name: getattr(self, name) for name in COUNTS},
            "p50_ms": self.p50,
            "p95_ms": self.p95,
            "delivery_s": self.delivery,
            "error": problem,
        }


def last_day(at: Deployment, now: datetime | None = None) -> Traffic:
    """The last 24 hours up to this minute; CloudWatch hears of a request within a few minutes.

    Never raises a `WizardError`: what cannot be told says nothing about the deployment.
    """
    since, until = _period(now or datetime.now(UTC))
    of_streams = _metrics_of_streams(at)
    try:
        found = figures(at.aws, {**_metrics(at, OF_API, OF_FUNCTION), **of_streams}, since, until)
    except WizardError as error:
        return Traffic(since, until, problem=error)
    counts = {name: int(sum(found[name])) for name in COUNTS if found[name]}
    # Two days' percentiles cannot be added: the larger one holds for both.
    durations = {name: max(found[name]) for name in ("p50", "p95") if found[name]}
    delivery = max((value for name in of_streams for value in found[name]), default=None)
    said = _late_delivery(at, delivery)
    return Traffic(since, until, **counts, **durations, delivery=delivery, late_delivery=said)  # type: ignore[arg-type]


def _metrics_of_streams(at: Deployment) -> dict[str, Metric]:
    return {
        f"stream_{number}": replace(OF_STREAM, dimensions={"DeliveryStreamName": name})
        for number, name in enumerate(stream_names(at))
    }


def _late_delivery(at: Deployment, seconds: float | None) -> str | None:
    if seconds is None or seconds <= LATE.total_seconds():
        return None
    return LATE_DELIVERY.format(minutes=round(seconds / 60), group=delivery_log_group_name(at))


def late() -> Traffic:
    """What is to be said where CloudWatch takes its time."""
    problem = WizardError(
        what=f"Could not {DOING}.",
        why="They came later than everything else.",
        next_step="Run the same command again.",
    )
    return Traffic(*_period(datetime.now(UTC)), problem=problem)


def _period(now: datetime) -> tuple[datetime, datetime]:
    """The running minute is inside."""
    until = now.replace(second=0, microsecond=0) + MINUTE
    return until - DAY, until


@dataclass(frozen=True)
class Billed:
    """What was paid for, a day on average.

    Attributes:
        days: that were counted.
        runs: of the function.
        seconds: that one took on average.
        without_function: requests that API Gateway answered by itself.
    """

    days: int
    runs: float
    seconds: float
    without_function: float


def billed(at: Deployment, now: datetime | None = None) -> Billed | None:
    """What a bill hangs on, of the last day or week; None: nothing ran.

    Raises:
        WizardError: CloudWatch does not say.
    """
    _begin, until = _period(now or datetime.now(UTC))
    metrics = _metrics(at, {"requests": OF_API["requests"]}, OF_BILL)
    for days in DAYS_OF_BILL:
        found = {
            name: sum(values) for name, values in figures(at.aws, metrics, until - days * DAY, until).items()
        }
        if runs := found["runs"]:
            alone = max(found["requests"] - runs, 0.0)
            return Billed(days, runs / days, found["milliseconds"] / runs / 1000, alone / days)
    return None


def _metrics(at: Deployment, of_api: Wanted, of_function: Wanted) -> dict[str, Metric]:
    stage = {"ApiName": at.settings.api_name, "Stage": at.settings.stage_name}
    function = {"FunctionName": at.settings.function_name}
    return {
        name: Metric(namespace, metric, dimensions, statistic)
        for namespace, dimensions, wanted in (
            ("AWS/ApiGateway", stage, of_api),
            ("AWS/Lambda", function, of_function),
        )
        for name, (metric, statistic) in wanted.items()
    }
