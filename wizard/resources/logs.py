"""Phase 2: the function's log group, made before the function so that it has a retention from the start."""

from __future__ import annotations

from wizard.aws.calls import none_if
from wizard.resources.base import OWNER_TAG, Context, Resource, SubResource
from wizard.state.model import Facts


def log_group_name(context: Context) -> str:
    """The name that Lambda writes to by itself."""
    return f"/aws/lambda/{context.settings.function_name}"


def log_group_arn(context: Context) -> str:
    """The ARN without the `:*` that only DescribeLogGroups adds."""
    at = context.identity
    return f"arn:{at.partition}:logs:{at.region}:{at.account}:log-group:{log_group_name(context)}"


class LogGroup(Resource):
    """The log group."""

    key = "log_group"
    auto_created = True

    def title(self, context: Context) -> str:
        """Named with the function."""
        return f"log group {log_group_name(context)}"

    def desired(self, context: Context) -> Facts:
        """It has nothing of its own that could differ."""
        return {}

    def read(self, context: Context) -> Facts | None:
        """The name is a prefix to DescribeLogGroups, so the exact one is picked."""
        name = log_group_name(context)
        groups = context.aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if not any(group["logGroupName"] == name for group in groups):
            return None
        answer = none_if(
            ("ResourceNotFoundException",),
            lambda: context.aws.logs.list_tags_for_resource(resourceArn=log_group_arn(context)),
        )
        return {"name": name, "owner": answer["tags"].get(OWNER_TAG)} if answer else None

    def create(self, context: Context) -> None:
        """With its tags from the first moment."""
        context.aws.logs.create_log_group(logGroupName=log_group_name(context), tags=context.tags)

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Nothing of it can change."""

    def delete(self, context: Context, facts: Facts) -> None:
        """After the function; late log lines can bring it back, which the last look of a rollback sees."""
        none_if(
            ("ResourceNotFoundException",),
            lambda: context.aws.logs.delete_log_group(logGroupName=facts["name"]),
        )


class LogRetention(SubResource):
    """How long log lines are kept."""

    key = "log_group.retention"
    needs = ("log_group",)
    parent = "log_group"
    labels = {"days": "log retention in days"}

    def title(self, context: Context) -> str:
        """In days."""
        return f"log retention {context.settings.log_retention_days} days"

    def desired(self, context: Context) -> Facts:
        """In days."""
        return {"days": context.settings.log_retention_days}

    def read(self, context: Context) -> Facts | None:
        """None in `days` means for ever."""
        name = log_group_name(context)
        for group in context.aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
            if group["logGroupName"] == name:
                return {"days": group.get("retentionInDays")}
        return None

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """For ever is the absence of a policy."""
        name = log_group_name(context)
        if desired["days"] is None:
            context.aws.logs.delete_retention_policy(logGroupName=name)
        else:
            context.aws.logs.put_retention_policy(logGroupName=name, retentionInDays=desired["days"])
