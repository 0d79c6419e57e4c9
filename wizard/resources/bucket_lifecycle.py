"""Phase 1: how long events are kept, as one rule of the bucket's lifecycle; the other rules are others'."""

from __future__ import annotations

from typing import Any, TypedDict

from wizard.aws.calls import none_if
from wizard.events.layout import ROOT
from wizard.resources.base import Deployment, Resource
from wizard.resources.bucket import GONE
from wizard.state.model import Facts

RULE_ID = "eventtrack-wizard-event-retention"
NONE = "NoSuchLifecycleConfiguration"
# Days that an old version stays after it has become one, so that a mistake can be undone; and days that the
# parts of an upload stay which nobody ended.
NONCURRENT_DAYS, UPLOAD_DAYS = 7, 7


class RuleFacts(TypedDict):
    """`days` after which events are deleted; `rule` is all of it, by S3's names."""

    days: int | None
    rule: dict[str, Any]


class EventRetention(Resource[RuleFacts]):
    """The rule that deletes events when they are old.

    S3 knows no change of a single rule, so all are read just before they are written: what others write
    between these two calls is lost.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
    """

    key = "bucket.event_retention"
    needs = ("bucket",)
    parent = "bucket"
    chain = "bucket"
    actions = {"bucket": ("s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration")}
    labels = {"days": "days that events are kept", "rule": "the lifecycle rule for events"}

    def title(self, at: Deployment) -> str:
        days = at.settings.event_retention_days
        return "deletion of old events" if days is None else f"deletion of events after {days} days"

    def desired(self, at: Deployment) -> Facts | None:
        days = at.settings.event_retention_days
        return None if days is None else {"days": days, "rule": _rule(days)}

    def read(self, at: Deployment) -> RuleFacts | None:
        ours = next((rule for rule in _configuration(at)["Rules"] if _is_ours(rule)), None)
        return {"days": ours.get("Expiration", {}).get("Days"), "rule": ours} if ours else None

    def create(self, at: Deployment, desired: Facts) -> RuleFacts | None:
        """Beside the rules of others."""
        configuration = _configuration(at)
        others = [rule for rule in configuration["Rules"] if not _is_ours(rule)]
        _put(at, configuration, [*others, desired["rule"]])
        return {"days": desired["days"], "rule": desired["rule"]}

    def update(self, at: Deployment, desired: Facts, observed: RuleFacts, difference: frozenset[str]) -> bool:
        self.create(at, desired)
        return True

    def delete(self, at: Deployment, observed: RuleFacts) -> None:
        """Ours alone; a configuration has at least one rule."""
        configuration = _configuration(at)
        others = [rule for rule in configuration["Rules"] if not _is_ours(rule)]
        if others == configuration["Rules"]:
            return
        if others:
            _put(at, configuration, others)
        else:
            name = at.settings.bucket_name
            none_if(GONE, lambda: at.aws.s3.delete_bucket_lifecycle(Bucket=name))

    def sentences(self, desired: Facts, observed: Facts) -> tuple[str, ...]:
        """A wrong number of days is said once, as what it is."""
        found = super().sentences(desired, observed)
        return found[:1]

    def settings_from(self, observed: RuleFacts) -> dict[str, object]:
        return {"event_retention_days": observed["days"]} if observed["days"] else {}


def _rule(days: int) -> dict[str, Any]:
    return {
        "ID": RULE_ID,
        "Filter": {"Prefix": ROOT},
        "Status": "Enabled",
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS},
    }


def _is_ours(rule: dict[str, Any]) -> bool:
    return rule.get("ID") == RULE_ID


def _configuration(at: Deployment) -> Any:
    """All rules, and what else S3 says of them."""
    name = at.settings.bucket_name
    answer: Any = none_if((NONE, *GONE), lambda: at.aws.s3.get_bucket_lifecycle_configuration(Bucket=name))
    if answer is None:
        return {"Rules": []}
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _put(at: Deployment, configuration: Any, rules: list[dict[str, Any]]) -> None:
    """What S3 said besides the rules (the smallest size that is moved) stays as it is."""
    besides = {name: value for name, value in configuration.items() if name != "Rules"}
    put: Any = at.aws.s3.put_bucket_lifecycle_configuration
    put(Bucket=at.settings.bucket_name, LifecycleConfiguration={"Rules": rules}, **besides)
