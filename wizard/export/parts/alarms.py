"""Alarms in a template, and whom they tell."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.export.parts.base import Export, Part, tags_of
from wizard.export.references import reference
from wizard.resources.alarm_topic import topic_arn
from wizard.resources.base import Deployment
from wizard.state.model import Facts


def _alarm_topic(at: Deployment, facts: Facts) -> list[Part]:
    """Without a name: CloudFormation would take one of that name that stands there for its own."""
    return [Part("AlarmTopic", "AWS::SNS::Topic", tags_of(facts))]


def _alarm_email(at: Deployment, facts: Facts) -> list[Part]:
    properties = {"TopicArn": reference("AlarmTopic"), "Protocol": "email", "Endpoint": facts["email"]}
    return [Part("AlarmEmail", "AWS::SNS::Subscription", properties)]


def _alarm(name: str) -> Export:
    """Under the names of PutMetricAlarm, which are CloudFormation's, too."""

    def export(at: Deployment, facts: Facts) -> list[Part]:
        told = [reference("AlarmTopic") if arn == topic_arn(at) else arn for arn in facts["AlarmActions"]]
        properties = {
            **{key: value for key, value in facts.items() if key != "tags" and value is not None},
            "AlarmActions": told,
            # Whose heir need not have the wizard.
            "AlarmDescription": facts["AlarmDescription"].partition(" See: eventtrack-wizard ")[0],
            **tags_of(facts),
        }
        return [Part(name, "AWS::CloudWatch::Alarm", properties)]

    return export


PARTS: Mapping[str, Export] = {
    "alarms.topic": _alarm_topic,
    "alarms.topic.email": _alarm_email,
    "alarms.function_errors": _alarm("FunctionErrorsAlarm"),
    "alarms.function_throttles": _alarm("FunctionThrottlesAlarm"),
    "alarms.api_errors": _alarm("ApiErrorsAlarm"),
    "alarms.no_events": _alarm("NoEventsAlarm"),
}
