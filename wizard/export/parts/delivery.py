"""What buffers, in a template: streams, and what they deliver as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wizard.export.parts.base import Export, Part, tags_of
from wizard.export.parts.roles import inline_policy, role_of
from wizard.export.references import reference
from wizard.phases import RESOURCES
from wizard.resources.base import Deployment
from wizard.resources.delivery import delivery_log_group_name
from wizard.resources.streams import STREAM_KEYS, destination
from wizard.state.model import Facts


def _delivery_role(at: Deployment, facts: Facts) -> list[Part]:
    """Without a name of its own, like the function's."""
    (role,) = role_of(at, facts)
    return [replace(role, id="DeliveryRole")]


def _delivery_policy(at: Deployment, facts: Facts) -> list[Part]:
    (policy,) = inline_policy("buffer.policy")(at, facts)
    return [replace(policy, id="DeliveryRole")]


def _delivery_log_group(at: Deployment, facts: Facts) -> list[Part]:
    properties = {"LogGroupName": delivery_log_group_name(at), **tags_of(facts)}
    return [Part("DeliveryLogGroup", "AWS::Logs::LogGroup", properties)]


def _delivery_log_retention(at: Deployment, facts: Facts) -> list[Part]:
    return [Part("DeliveryLogGroup", "", {"RetentionInDays": facts["days"]})]


def _delivery_log_stream(at: Deployment, facts: Facts) -> list[Part]:
    properties = {"LogGroupName": reference("DeliveryLogGroup"), "LogStreamName": facts["name"]}
    return [Part("DeliveryLogStream", "AWS::Logs::LogStream", properties)]


def _stream(key: str) -> Export:
    """Under the names of CreateDeliveryStream, which are CloudFormation's, too."""

    def export(at: Deployment, facts: Facts) -> list[Part]:
        stream: Any = RESOURCES[key]
        properties = {
            "DeliveryStreamName": stream.name(at),
            "DeliveryStreamType": "DirectPut",
            "ExtendedS3DestinationConfiguration": destination(
                {**facts, "role": reference("DeliveryRole.Arn")}
            ),
            **tags_of(facts),
        }
        attributes = {"DependsOn": "DeliveryLogStream"}
        return [
            Part(f"Stream{stream.number}", "AWS::KinesisFirehose::DeliveryStream", properties, attributes)
        ]

    return export


PARTS: Mapping[str, Export] = {
    "buffer.role": _delivery_role,
    "buffer.log_group": _delivery_log_group,
    "buffer.log_group.retention": _delivery_log_retention,
    "buffer.log_group.stream": _delivery_log_stream,
    "buffer.policy": _delivery_policy,
    **{key: _stream(key) for key in STREAM_KEYS},
    "buffer.right": inline_policy("buffer.right"),
}
