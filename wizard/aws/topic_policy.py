"""Whether CloudWatch's alarms can tell a topic that somebody else has made.

CloudWatch takes any topic for an alarm, and says in the alarm's history alone that it could not tell it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from wizard.aws.client import Aws
from wizard.aws.errors import AWS_ERRORS
from wizard.aws.policies import Document

CLOUDWATCH, PUBLISH = "cloudwatch.amazonaws.com", "sns:publish"
AWS_KEY = "alias/aws/sns"


def why_mute(aws: Aws, topic: str, account: str) -> str | None:
    """Why no alarm can tell the topic; None where one can, or where nobody may look: a topic of another
    account, a missing permission. It is only said, so nothing waits for an answer.
    """
    if topic.split(":")[4] != account:
        return None
    try:
        attributes = aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    except AWS_ERRORS:
        return None
    if attributes.get("KmsMasterKeyId", "").endswith(AWS_KEY):
        return f"it is encrypted with {AWS_KEY}, which CloudWatch may not use"
    try:
        document: Document = json.loads(attributes["Policy"])
    except (KeyError, ValueError):
        return None
    return None if may_publish(document, account) else f"its policy does not let {CLOUDWATCH} publish"


def mute(aws: Aws, topic: str | None, account: str) -> str | None:
    """The same as a sentence with what to do; None also where there is no topic."""
    why = why_mute(aws, topic, account) if topic else None
    if why is None:
        return None
    statement = {
        "Effect": "Allow", "Principal": {"Service": CLOUDWATCH}, "Action": "sns:Publish", "Resource": topic,
    }  # fmt: skip
    remedy = "take a key of your own" if AWS_KEY in why else f"add to it {json.dumps(statement)}"
    return f"Alarms cannot tell the topic {topic}: {why}. To change that, {remedy}."


def may_publish(policy: Document, account: str) -> bool:
    """Whether CloudWatch may publish, by all that can be told without judging conditions: one may hold."""
    written = policy["Statement"]
    statements = written if isinstance(written, list) else [written]
    concerned = [one for one in statements if _is_to_publish(one) and _is_for_cloudwatch(one, account)]
    denied = [one for one in concerned if one["Effect"] == "Deny" and not one.get("Condition")]
    return not denied and any(one["Effect"] == "Allow" for one in concerned)


def _is_to_publish(statement: Mapping[str, Any]) -> bool:
    name = "Action" if "Action" in statement else "NotAction"
    matches = any(fnmatchcase(PUBLISH, pattern.lower()) for pattern in _listed(statement.get(name, [])))
    return matches is (name == "Action")


def _is_for_cloudwatch(statement: Mapping[str, Any], account: str) -> bool:
    """Where AWS leaves open whom it means, such as the topic's own account, it may be CloudWatch; a denial
    of that kind denies others only.
    """
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, dict):  # NotPrincipal
        return bool(statement["Effect"] == "Allow")
    named = _listed(principal.get("AWS", []))
    own = statement["Effect"] == "Allow" and any(
        one == account or one.endswith(f"::{account}:root") for one in named
    )
    return own or "*" in named or CLOUDWATCH in _listed(principal.get("Service", []))


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
