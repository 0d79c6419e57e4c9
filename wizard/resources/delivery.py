"""Below the phases, for buffered ingest: what Firehose delivers as, and where it writes what went wrong."""

from __future__ import annotations

from typing import TypedDict

from wizard.aws import policies
from wizard.aws.calls import none_if
from wizard.resources.base import Deployment, Resource
from wizard.resources.logs import (
    GONE,
    GROUP_ACTIONS,
    NamedLogGroup,
    RetentionOf,
    arn_of_group,
)
from wizard.resources.role import POLICY_ACTIONS, ROLE_ACTIONS, InlinePolicy, ServiceRole, arn_of_role
from wizard.state.model import Facts

# The stream of log lines within the group, as AWS's console names it.
LOG_STREAM = "DestinationDelivery"


class LogStreamFacts(TypedDict):
    """It has nothing but its name."""

    name: str


def delivery_role_name(at: Deployment) -> str:
    """The role's name; roles are known in all regions."""
    return f"{at.identity.name}-{at.identity.region}-delivery"


def delivery_role_arn(at: Deployment) -> str:
    """The role's ARN, known before the role stands."""
    return arn_of_role(at, delivery_role_name(at))


def delivery_log_group_name(at: Deployment) -> str:
    """The name by which AWS's console looks for Firehose's log groups, with the deployment's."""
    return f"/aws/kinesisfirehose/{at.identity.name}"


class DeliveryRole(ServiceRole):
    """The role that the streams deliver as: Firehose, and nobody else, may take it on."""

    key = "buffer.role"
    adoptable = False
    actions = {"delivery role": ROLE_ACTIONS}

    def title(self, at: Deployment) -> str:
        return f"delivery role {self.name(at)}"

    def name(self, at: Deployment) -> str:
        return delivery_role_name(at)

    def trust(self, at: Deployment) -> policies.Document:
        return policies.firehose_trust(at.identity.account)

    def purpose(self, at: Deployment) -> str:
        return f"Delivers buffered events of {at.identity.name}."

    def desired(self, at: Deployment) -> Facts | None:
        return self.as_desired(at) if at.settings.is_buffered else None


class DeliveryLogGroup(NamedLogGroup):
    """The log group for what Firehose cannot deliver."""

    key = "buffer.log_group"
    adoptable = False
    actions = {"delivery logs": GROUP_ACTIONS, "account": ("logs:DescribeLogGroups",)}

    def name(self, at: Deployment) -> str:
        return delivery_log_group_name(at)

    def desired(self, at: Deployment) -> Facts | None:
        return {"tags": at.desired_tags} if at.settings.is_buffered else None


class DeliveryLogRetention(RetentionOf):
    """How long its lines are kept: as long as the function's."""

    key = "buffer.log_group.retention"
    needs = ("buffer.log_group",)
    parent = "buffer.log_group"
    answer_of = "buffer.log_group"
    actions = {"delivery logs": ("logs:PutRetentionPolicy",)}

    def name(self, at: Deployment) -> str:
        return delivery_log_group_name(at)

    def desired(self, at: Deployment) -> Facts | None:
        return {"days": at.settings.log_retention_days} if at.settings.is_buffered else None


class DeliveryLogStream(Resource[LogStreamFacts]):
    """The stream of lines in that group; Firehose makes none and says nothing where there is none.

    https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
    """

    key = "buffer.log_group.stream"
    needs = ("buffer.log_group",)
    parent = "buffer.log_group"
    # Not logs:DeleteLogStream: it goes with its group, which is never one that stood there before.
    actions = {"delivery logs": ("logs:CreateLogStream", "logs:DescribeLogStreams")}

    def title(self, at: Deployment) -> str:
        return f"log stream {LOG_STREAM}"

    def desired(self, at: Deployment) -> Facts | None:
        return {"name": LOG_STREAM} if at.settings.is_buffered else None

    def read(self, at: Deployment) -> LogStreamFacts | None:
        group = delivery_log_group_name(at)
        ask = at.aws.logs.describe_log_streams
        answer = none_if(GONE, lambda: ask(logGroupName=group, logStreamNamePrefix=LOG_STREAM))
        names = [stream["logStreamName"] for stream in answer["logStreams"]] if answer else []
        return {"name": LOG_STREAM} if LOG_STREAM in names else None

    def create(self, at: Deployment, desired: Facts) -> LogStreamFacts | None:
        at.aws.logs.create_log_stream(logGroupName=delivery_log_group_name(at), logStreamName=LOG_STREAM)
        return {"name": LOG_STREAM}

    def update(
        self, at: Deployment, desired: Facts, observed: LogStreamFacts, difference: frozenset[str]
    ) -> bool:
        """Nothing of it can change."""
        return True

    def delete(self, at: Deployment, observed: LogStreamFacts) -> None:
        group = delivery_log_group_name(at)
        none_if(GONE, lambda: at.aws.logs.delete_log_stream(logGroupName=group, logStreamName=LOG_STREAM))


class DeliveryPolicy(InlinePolicy):
    """What the streams may do: write to the bucket, and to their own log."""

    key = "buffer.policy"
    needs = ("buffer.role",)
    parent = "buffer.role"
    labels = {"document": "the inline policy for delivery"}
    actions = {"delivery role": POLICY_ACTIONS}

    def name(self, at: Deployment) -> str:
        return "DeliverEvents"

    def role(self, at: Deployment) -> str:
        return delivery_role_name(at)

    def title(self, at: Deployment) -> str:
        return f"inline policy {self.name(at)}"

    def desired(self, at: Deployment) -> Facts | None:
        if not at.settings.is_buffered:
            return None
        place, group = at.identity, arn_of_group(at, delivery_log_group_name(at))
        return {
            "document": policies.delivery(
                place.partition, place.account, at.settings.bucket_name, f"{group}:log-stream:{LOG_STREAM}"
            )
        }
