"""Phase 2: the function's log group, made before the function runs so that it has a retention at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

from wizard.aws.calls import none_if
from wizard.resources.base import OWNER_TAG, Deployment, SubResource
from wizard.resources.tagged import DesiredTags, TaggedResource, to_put, to_take_off
from wizard.state.model import Facts, Record

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import LogGroupTypeDef

GONE = ("ResourceNotFoundException",)


class LogGroupFacts(TypedDict):
    """`owner` is the id of the deployment in its tag."""

    name: str
    owner: str | None
    tags: dict[str, str]


class RetentionFacts(TypedDict):
    """None keeps log lines for ever."""

    days: int | None


def log_group_name(at: Deployment) -> str:
    """The name that Lambda writes to by itself."""
    return f"/aws/lambda/{at.settings.function_name}"


def log_group_arn(at: Deployment) -> str:
    """The ARN without the `:*` that only DescribeLogGroups adds."""
    return arn_of_group(at, log_group_name(at))


def arn_of_group(at: Deployment, name: str) -> str:
    """The ARN of a log group, in the form that all calls but DescribeLogGroups know."""
    place = at.identity
    return f"arn:{place.partition}:logs:{place.region}:{place.account}:log-group:{name}"


def _described(at: Deployment, name: str) -> LogGroupTypeDef | None:
    """The name is a prefix to DescribeLogGroups, so the exact one is picked."""
    answer = at.answers.once(
        f"logs.DescribeLogGroups {name}", lambda: at.aws.logs.describe_log_groups(logGroupNamePrefix=name)
    )
    return next((group for group in answer["logGroups"] if group["logGroupName"] == name), None)


class NamedLogGroup(TaggedResource[LogGroupFacts]):
    """A log group."""

    @abstractmethod
    def name(self, at: Deployment) -> str:
        """Its name."""

    def title(self, at: Deployment) -> str:
        return f"log group {self.name(at)}"

    def read(self, at: Deployment) -> LogGroupFacts | None:
        name = self.name(at)
        if _described(at, name) is None:
            return None
        arn = arn_of_group(at, name)
        answer = none_if(GONE, lambda: at.aws.logs.list_tags_for_resource(resourceArn=arn))
        if answer is None:
            return None
        return {"name": name, "owner": answer["tags"].get(OWNER_TAG), "tags": dict(answer["tags"])}

    def create(self, at: Deployment, desired: Facts) -> LogGroupFacts | None:
        name = self.name(at)
        at.aws.logs.create_log_group(logGroupName=name, tags=at.tags)
        return {"name": name, "owner": at.identity.id, "tags": at.tags}

    def change_tags(self, at: Deployment, observed: LogGroupFacts, changes: DesiredTags) -> None:
        arn = arn_of_group(at, observed["name"])
        if tags := to_put(changes):
            at.aws.logs.tag_resource(resourceArn=arn, tags=tags)
        if keys := to_take_off(changes):
            at.aws.logs.untag_resource(resourceArn=arn, tagKeys=keys)

    def delete(self, at: Deployment, observed: LogGroupFacts) -> None:
        """Late log lines can bring it back, which the last look of a rollback sees."""
        none_if(GONE, lambda: at.aws.logs.delete_log_group(logGroupName=observed["name"]))


GROUP_ACTIONS = (
    "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:ListTagsForResource", "logs:TagResource",
    "logs:UntagResource",
)  # fmt: skip


class LogGroup(NamedLogGroup):
    """The function's log group; it is deleted after the function."""

    key = "log_group"
    auto_created = True
    actions = {
        "log group": (*GROUP_ACTIONS, "logs:FilterLogEvents"),
        "account": ("logs:DescribeLogGroups",),
    }

    def name(self, at: Deployment) -> str:
        return log_group_name(at)

    def desired(self, at: Deployment) -> Facts | None:
        return {"tags": at.desired_tags}

    def may_come_back(self, records: Mapping[str, Record]) -> bool:
        """Late lines make it anew where the function's role can make log groups: ours cannot, unless it had
        the managed policy of version 0.1.0; what a role can that was adopted nobody knows."""
        if "function" not in records or "api.permission" not in records:
            return False  # nothing could run
        role = records.get("role")
        return role is None or role.origin == "adopted" or "role.basic_execution" in records


class RetentionOf(SubResource[RetentionFacts]):
    """How long the lines of a log group are kept."""

    labels = {"days": "log retention in days"}

    @abstractmethod
    def name(self, at: Deployment) -> str:
        """The group's name."""

    def title(self, at: Deployment) -> str:
        return f"log retention {at.settings.log_retention_days} days"

    def with_new_parent(self, at: Deployment) -> RetentionFacts | None:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html:
        a new group keeps its lines for ever."""
        return {"days": None}

    def read(self, at: Deployment) -> RetentionFacts | None:
        group = _described(at, self.name(at))
        return {"days": group.get("retentionInDays")} if group else None

    def update(
        self, at: Deployment, desired: Facts, observed: RetentionFacts, difference: frozenset[str]
    ) -> bool:
        """For ever is the absence of a policy."""
        name = self.name(at)
        if desired["days"] is None:
            at.aws.logs.delete_retention_policy(logGroupName=name)
        else:
            at.aws.logs.put_retention_policy(logGroupName=name, retentionInDays=desired["days"])
        return True


class LogRetention(RetentionOf):
    """How long the function's log lines are kept."""

    key = "log_group.retention"
    needs = ("log_group",)
    parent = "log_group"
    answer_of = "log_group"
    actions = {"log group": ("logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy")}

    def name(self, at: Deployment) -> str:
        return log_group_name(at)

    def desired(self, at: Deployment) -> Facts | None:
        return {"days": at.settings.log_retention_days}

    def settings_from(self, observed: RetentionFacts) -> dict[str, object]:
        return {"log_retention_days": observed["days"]} if observed["days"] is not None else {}
