"""Below the phases, for queries in AWS: the workgroup of Athena that they run in, with a limit for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

from botocore.exceptions import ClientError

from wizard.aws.calls import code_of
from wizard.resources.base import OWNER_TAG, Deployment
from wizard.resources.tagged import DesiredTags, TaggedResource, as_list, from_list, to_put, to_take_off
from wizard.state.model import Facts

Answer = TypeVar("Answer")
# As AWS counts what a query reads: https://aws.amazon.com/athena/pricing/
MB = 1_000_000


class WorkgroupFacts(TypedDict):
    """`scan_limit` is bytes, None where a query may read any number. `managed`: Athena keeps results itself,
    for 24 hours; `results` is where in S3 it would write them otherwise. `enforced`: no query may have its
    own settings in place of these."""

    name: str
    arn: str
    state: str
    enforced: bool
    scan_limit: int | None
    managed: bool
    results: str | None
    owner: str | None
    tags: dict[str, str]


def workgroup_name(at: Deployment) -> str:
    """The workgroup of Athena."""
    return f"{at.identity.name}-events"


def none_if_unknown(call: Callable[[], Answer]) -> Answer | None:
    """The answer of `call`, or None when Athena says that there is no such workgroup, which has no code of
    its own; for tags it has.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_GetWorkGroup.html
    """
    try:
        return call()
    except ClientError as error:
        is_unknown = "not found" in error.response["Error"].get("Message", "")
        if code_of(error) == "ResourceNotFoundException" or (
            code_of(error) == "InvalidRequestException" and is_unknown
        ):
            return None
        raise


class QueryWorkgroup(TaggedResource[WorkgroupFacts]):
    """The workgroup. What it was deleted with, its history and saved queries, is gone.

    Results are Athena's to keep, so that there is no bucket for them that somebody would have to empty.
    https://docs.aws.amazon.com/athena/latest/ug/managed-results.html
    """

    key = "query.workgroup"
    adoptable = False
    labels = {
        "state": "the workgroup's state",
        "enforced": "enforcement of the workgroup's settings",
        "scan_limit": "the bytes that a query may read",
        "managed": "Athena's own storage of results",
        "results": "the place of results",
    }
    actions = {
        "workgroup": (
            "athena:CreateWorkGroup", "athena:DeleteWorkGroup", "athena:GetWorkGroup",
            "athena:ListTagsForResource", "athena:TagResource", "athena:UntagResource",
            "athena:UpdateWorkGroup",
        ),
    }  # fmt: skip

    def title(self, at: Deployment) -> str:
        return f"workgroup {workgroup_name(at)}"

    def desired(self, at: Deployment) -> Facts | None:
        if not at.settings.query_table:
            return None
        return {
            "state": "ENABLED",
            "enforced": True,
            "scan_limit": at.settings.query_scan_limit_mb * MB,
            "managed": True,
            "results": None,
            "tags": at.desired_tags,
        }

    def read(self, at: Deployment) -> WorkgroupFacts | None:
        athena, name, arn = at.aws.athena, workgroup_name(at), _arn(at)
        answer = none_if_unknown(lambda: athena.get_work_group(WorkGroup=name))
        tagged = none_if_unknown(lambda: athena.list_tags_for_resource(ResourceARN=arn)) if answer else None
        if answer is None or tagged is None:
            return None
        return _facts(at, answer["WorkGroup"], from_list(tagged["Tags"]))

    def create(self, at: Deployment, desired: Facts) -> WorkgroupFacts | None:
        at.aws.athena.create_work_group(
            Name=workgroup_name(at),
            Description=f"Queries over events of {at.identity.name}.",
            Configuration=configuration(desired),
            Tags=as_list(at.tags),
        )
        made = {"State": desired["state"], "Configuration": configuration(desired)}
        return _facts(at, made, at.tags)

    def change(
        self, at: Deployment, desired: Facts, observed: WorkgroupFacts, difference: frozenset[str]
    ) -> bool:
        """Only what differs; Athena takes no place of results and its own storage together."""
        updates: dict[str, Any] = {
            "enforced": {"EnforceWorkGroupConfiguration": True},
            "scan_limit": {"BytesScannedCutoffPerQuery": desired["scan_limit"]},
            "managed": {"ManagedQueryResultsConfigurationUpdates": {"Enabled": True}},
            "results": {"ResultConfigurationUpdates": {"RemoveOutputLocation": True}},
        }
        changes: Any = {
            name: value for fact in difference & updates.keys() for name, value in updates[fact].items()
        }
        at.aws.athena.update_work_group(
            WorkGroup=observed["name"], State=desired["state"], ConfigurationUpdates=changes
        )
        return True

    def change_tags(self, at: Deployment, observed: WorkgroupFacts, changes: DesiredTags) -> None:
        arn = observed["arn"]
        if tags := to_put(changes):
            at.aws.athena.tag_resource(ResourceARN=arn, Tags=as_list(tags))
        if keys := to_take_off(changes):
            at.aws.athena.untag_resource(ResourceARN=arn, TagKeys=keys)

    def delete(self, at: Deployment, observed: WorkgroupFacts) -> None:
        """With its history: AWS deletes none in which a query has run, unless told to."""
        name = observed["name"]
        none_if_unknown(lambda: at.aws.athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True))

    def settings_from(self, observed: WorkgroupFacts) -> dict[str, object]:
        limit = observed["scan_limit"]
        return {"query_table": True, **({"query_scan_limit_mb": limit // MB} if limit else {})}


def configuration(desired: Facts) -> Any:
    """As CreateWorkGroup takes it."""
    return {
        "EnforceWorkGroupConfiguration": desired["enforced"],
        "BytesScannedCutoffPerQuery": desired["scan_limit"],
        "ManagedQueryResultsConfiguration": {"Enabled": desired["managed"]},
    }


def _arn(at: Deployment) -> str:
    place = at.identity
    return f"arn:{place.partition}:athena:{place.region}:{place.account}:workgroup/{workgroup_name(at)}"


def _facts(at: Deployment, workgroup: Any, tags: dict[str, str]) -> WorkgroupFacts:
    configuration = workgroup.get("Configuration", {})
    return {
        "name": workgroup_name(at),
        "arn": _arn(at),
        "state": workgroup.get("State", ""),
        "enforced": bool(configuration.get("EnforceWorkGroupConfiguration")),
        "scan_limit": configuration.get("BytesScannedCutoffPerQuery"),
        "managed": bool(configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled")),
        "results": configuration.get("ResultConfiguration", {}).get("OutputLocation"),
        "owner": tags.get(OWNER_TAG),
        "tags": tags,
    }
