"""Figures from CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wizard.aws.errors import AWS_ERRORS
from wizard.aws.retry import explained
from wizard.errors import WizardError

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import (
        MetricDataQueryTypeDef,
        MetricDataResultTypeDef,
        MetricStatTypeDef,
    )

    from wizard.aws.client import Aws

# What reading them needs, by kind of ARN (`wizard.aws.operator_policy.ARNS`).
READS_METRICS = {"account": ("cloudwatch:GetMetricData",)}
DOING = "read the figures of CloudWatch"
UNREADABLE = ("Forbidden", "InternalError")


@dataclass(frozen=True)
class Metric:
    """A metric, and the statistic that is wanted of it: `Sum`, `SampleCount`, `p95` and so on.

    `dimensions` are all that it was published with: CloudWatch adds nothing up.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str


def figures(
    aws: Aws, metrics: Mapping[str, Metric], since: datetime, until: datetime
) -> dict[str, list[float]]:
    """The statistic of each metric over the whole period, asked for in one call and without waiting.

    No value means that nothing was measured. CloudWatch begins to count at `since`, so that it has one value;
    an emulator that keeps days apart may have two.

    Args:
        metrics: by a name that begins with a small letter and has no blanks.
        since, until: at whole minutes, UTC. `until` itself is outside.

    Raises:
        WizardError: CloudWatch refuses, fails or is unreachable, or the credentials are dead.
    """
    found: dict[str, list[float]] = {name: [] for name in metrics}
    period = int((until - since).total_seconds())
    queries = [_query(name, metric, period) for name, metric in metrics.items()]
    for result in _results(aws, queries, since, until):
        if result.get("StatusCode") in UNREADABLE:
            raise _unreadable(result)
        found[result["Id"]] += result.get("Values", [])
    return found


def _query(name: str, metric: Metric, period: int) -> MetricDataQueryTypeDef:
    wanted: MetricStatTypeDef = {
        "Metric": {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions.items()],
        },
        "Period": period,
        "Stat": metric.statistic,
    }
    return {"Id": name, "MetricStat": wanted}


def _results(
    aws: Aws, queries: list[MetricDataQueryTypeDef], since: datetime, until: datetime
) -> Iterator[MetricDataResultTypeDef]:
    try:
        pages = aws.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=since, EndTime=until
        )
        for page in pages:
            yield from page.get("MetricDataResults", [])
    except AWS_ERRORS as error:
        raise explained(error, DOING) from error


def _unreadable(result: MetricDataResultTypeDef) -> WizardError:
    messages = "; ".join(message.get("Value", "") for message in result.get("Messages", []))
    return WizardError(
        what=f"Could not {DOING}.",
        why=f"CloudWatch answered {result['StatusCode']}{f': {messages}' if messages else ''}.",
        next_step="Run the same command again.",
    )
