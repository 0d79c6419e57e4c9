"""Below the phases: CloudWatch's alarms, one metric each, whose sum is looked at once an interval."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC
from typing import Any, ClassVar

from wizard.aws.calls import none_if
from wizard.resources.alarm_topic import receivers, topic_name_by
from wizard.resources.base import OWNER_TAG, Deployment
from wizard.resources.tagged import DesiredTags, TaggedResource, as_list, from_list, to_put, to_take_off
from wizard.settings import alarms as chosen
from wizard.state.model import Facts

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
GONE = ("ResourceNotFound", "ResourceNotFoundException")
# All that PutMetricAlarm takes besides name and tags, and overwrites when it is left out.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
DEFINITION = (
    "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions",
    "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit",
    "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData",
    "EvaluateLowSampleCountPercentile", "Metrics", "ThresholdMetricId", "EvaluationWindow",
    "WarmUpConfiguration", "EvaluationCriteria", "EvaluationInterval",
)  # fmt: skip
MINUTES_5, HOUR = 300, 3600
FIRST = "alarms.function_errors"


def alarm_name(at: Deployment, ending: str) -> str:
    """An alarm's name. The dot is in no deployment's name, so `name.*` is the alarms of one."""
    return f"{at.identity.name}.{ending}"


class Alarm(TaggedResource[Facts]):
    """An alarm. PutMetricAlarm makes it or overwrites it without a word, so it is always looked for first;
    tags count only when it makes it.

    It tells when it goes off, not when all is well again: CloudWatch would say that of a new alarm, too.
    """

    ending: str
    needs = ("alarms.topic",)
    answer_of: ClassVar[str | None] = FIRST
    labels = {
        "AlarmActions": "who is told",
        "ActionsEnabled": "telling somebody",
        "Period": "the interval in seconds",
        "EvaluationPeriods": "the number of intervals",
        "Threshold": "the threshold",
        "ComparisonOperator": "the comparison",
        "TreatMissingData": "the reading of an interval without data",
    }
    actions = {
        "alarms": (
            "cloudwatch:DeleteAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource", "cloudwatch:UntagResource",
        ),
        "account": ("cloudwatch:DescribeAlarms",),
    }  # fmt: skip

    def title(self, at: Deployment) -> str:
        return f"alarm {alarm_name(at, self.ending)}"

    @abstractmethod
    def rule(self, at: Deployment) -> dict[str, Any]:
        """Metric, dimensions, description, and what is not as usual, by AWS's names."""

    def desired(self, at: Deployment) -> Facts | None:
        """More than none in five minutes; an interval without data has none."""
        if self.ending not in at.settings.alarm_endings:
            return None
        usual = {
            "ActionsEnabled": True,
            "AlarmActions": receivers(at),
            "Statistic": "Sum",
            "Period": MINUTES_5,
            "EvaluationPeriods": 1,
            "Threshold": 0.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **dict.fromkeys(("DatapointsToAlarm", "ExtendedStatistic", "Metrics", "Unit")),
        }
        return {**usual, **self.rule(at), "tags": at.desired_tags}

    def sentence(self, name: str, desired: object, found: object) -> str:
        return f"alarm {self.ending}: {super().sentence(name, desired, found)}"

    def read(self, at: Deployment) -> Facts | None:
        name = alarm_name(at, self.ending)
        found = next((alarm for alarm in _described(at) if alarm["AlarmName"] == name), None)
        if found is None:
            return None
        arn = found["AlarmArn"]
        answer = none_if(GONE, lambda: at.aws.cloudwatch.list_tags_for_resource(ResourceARN=arn))
        return _facts(found, from_list(answer["Tags"])) if answer else None

    def create(self, at: Deployment, desired: Facts) -> Facts | None:
        name, place = alarm_name(at, self.ending), at.identity
        put: Any = at.aws.cloudwatch.put_metric_alarm
        put(AlarmName=name, Tags=as_list(at.tags), **_definition(desired))
        arn = f"arn:{place.partition}:cloudwatch:{place.region}:{place.account}:alarm:{name}"
        return _facts({**desired, "AlarmName": name, "AlarmArn": arn}, at.tags)

    def change(self, at: Deployment, desired: Facts, observed: Facts, difference: frozenset[str]) -> bool:
        """All of it: what is left out, AWS would empty."""
        put: Any = at.aws.cloudwatch.put_metric_alarm
        changed = {**observed, **{name: desired[name] for name in difference}}
        put(AlarmName=observed["name"], **_definition(changed))
        return True

    def change_tags(self, at: Deployment, observed: Facts, changes: DesiredTags) -> None:
        arn = observed["arn"]
        if tags := to_put(changes):
            at.aws.cloudwatch.tag_resource(ResourceARN=arn, Tags=as_list(tags))
        if keys := to_take_off(changes):
            at.aws.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys)

    def delete(self, at: Deployment, observed: Facts) -> None:
        none_if(GONE, lambda: at.aws.cloudwatch.delete_alarms(AlarmNames=[observed["name"]]))

    def settings_from(self, observed: Facts) -> dict[str, object]:
        """Whoever is told besides our own topic."""
        ours = f":{topic_name_by(observed['name'].removesuffix(f'.{self.ending}'))}"
        others = [arn for arn in observed["AlarmActions"] or () if not arn.endswith(ours)]
        return {"alarm_topic": others[0]} if others else {}


class FunctionErrors(Alarm):
    """The function ended in an error of its own, or was cut off."""

    key = FIRST
    ending = chosen.FUNCTION_ERRORS
    answer_of = None

    def rule(self, at: Deployment) -> dict[str, Any]:
        return {
            **_of_function(at, "Errors"),
            "AlarmDescription": "The function failed or ran out of time; events may not have been stored."
            " See: eventtrack-wizard logs --errors",
        }


class FunctionThrottles(Alarm):
    """Lambda did not run the function, for want of concurrency."""

    key = "alarms.function_throttles"
    ending = chosen.FUNCTION_THROTTLES

    def rule(self, at: Deployment) -> dict[str, Any]:
        return {
            **_of_function(at, "Throttles"),
            "AlarmDescription": "Lambda refused to run the function: its reserved concurrency, or the"
            " account's, is used up. Events were refused.",
        }


class ApiErrors(Alarm):
    """Clients were answered with 5XX, by the function or by the gateway."""

    key = "alarms.api_errors"
    ending = chosen.API_ERRORS

    def rule(self, at: Deployment) -> dict[str, Any]:
        return {
            "Namespace": "AWS/ApiGateway",
            "MetricName": "5XXError",
            "Dimensions": _dimensions(ApiName=at.settings.api_name, Stage=at.settings.stage_name),
            "AlarmDescription": "The endpoint answered with 5XX; clients have to send these events again."
            " See: eventtrack-wizard status, eventtrack-wizard events refused",
        }


class NoEvents(Alarm):
    """Nobody has called the function for so many hours. A function that is not called has no data at all.

    Up to seven days are looked at, in intervals of an hour.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """

    key = "alarms.no_events"
    ending = chosen.NO_EVENTS

    def absence_reason(self, at: Deployment) -> str | None:
        settings = at.settings
        is_wished = settings.alarm_no_events_hours is not None and settings.tells_somebody
        return "the endpoint is closed" if is_wished and settings.closed else None

    def rule(self, at: Deployment) -> dict[str, Any]:
        hours = at.settings.alarm_no_events_hours
        return {
            **_of_function(at, "Invocations"),
            "Period": HOUR,
            "EvaluationPeriods": hours,
            "Threshold": 1.0,
            "ComparisonOperator": "LessThanThreshold",
            "TreatMissingData": "breaching",
            "AlarmDescription": f"No request with events has come for {hours} h."
            " See: eventtrack-wizard events",
        }

    def settings_from(self, observed: Facts) -> dict[str, object]:
        seconds = (observed["Period"] or 0) * (observed["EvaluationPeriods"] or 0)
        found = {"alarm_no_events_hours": seconds // HOUR} if seconds >= HOUR else {}
        return {**super().settings_from(observed), **found}


EVERY_ALARM: tuple[Alarm, ...] = (FunctionErrors(), FunctionThrottles(), ApiErrors(), NoEvents())


def gone_off(at: Deployment) -> list[str]:
    """Our alarms that have gone off and are not over, each with what it means, in words."""
    wanted = {alarm_name(at, one.ending): one for one in EVERY_ALARM if one.desired(at) is not None}
    found = _described(at.looking_anew()) if wanted else []
    told = {alarm["AlarmName"]: alarm for alarm in found if alarm["StateValue"] == "ALARM"}
    return [_sentence(at, one, told[name]) for name, one in wanted.items() if name in told]


def _sentence(at: Deployment, alarm: Alarm, told: Any) -> str:
    moment = told["StateUpdatedTimestamp"].astimezone(UTC)
    meaning = alarm.rule(at)["AlarmDescription"]
    return f"The {alarm.title(at)} has gone off, {moment:%Y-%m-%d %H:%M} UTC: {meaning}"


def _of_function(at: Deployment, metric: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"""
    return {
        "Namespace": "AWS/Lambda",
        "MetricName": metric,
        "Dimensions": _dimensions(FunctionName=at.settings.function_name),
    }


def _dimensions(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": values[name]} for name in sorted(values)]


def _described(at: Deployment) -> list[Any]:
    """All of ours in one answer."""
    names = [alarm_name(at, one.ending) for one in EVERY_ALARM]
    ask = at.aws.cloudwatch.describe_alarms
    answer = at.answers.once("cloudwatch.DescribeAlarms", lambda: ask(AlarmNames=names))
    return list(answer["MetricAlarms"])


def _facts(alarm: Facts, tags: dict[str, str]) -> Facts:
    """With every member of the definition; what AWS leaves out and what it shows empty is None."""
    definition = {name: alarm.get(name) for name in DEFINITION}
    definition["Dimensions"] = sorted(alarm.get("Dimensions") or [], key=lambda item: str(item["Name"]))
    return {
        **{name: None if value in ([], "") else value for name, value in definition.items()},
        "name": alarm["AlarmName"],
        "arn": alarm["AlarmArn"],
        "owner": tags.get(OWNER_TAG),
        "tags": tags,
    }


def _definition(facts: Facts) -> dict[str, Any]:
    """What of the facts PutMetricAlarm takes."""
    return {name: facts[name] for name in DEFINITION if facts.get(name) is not None}
