"""The lifecycle rule that deletes old events, beside the rules of others."""

from __future__ import annotations

from typing import Any

from tests.aws.in_process import Account, Workspace
from wizard.resources.bucket_lifecycle import RULE_ID, EventRetention

THEIRS: dict[str, Any] = {
    "ID": "theirs", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 1},
}  # fmt: skip
THEIRS_TOO = {**THEIRS, "ID": "theirs too"}
FORMER = {**THEIRS, "ID": RULE_ID}


def rules_of(account: Account, bucket: str) -> list[Any]:
    try:
        found: list[Any] = account.look.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except account.look.s3.exceptions.ClientError:
        return []
    return found


def put(account: Account, bucket: str, *rules: Any) -> None:
    configuration: Any = {"Rules": list(rules)}
    account.look.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=configuration)


def test_without_the_operators_wish_events_stay_for_ever_and_nobody_asks(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    assert rules_of(account, workspace.settings.bucket_name) == []
    assert not [name for name in account.calls.names() if "Lifecycle" in name]


def test_events_go_after_so_many_days_old_versions_and_broken_uploads_a_week_later(
    account: Account, workspace: Workspace
) -> None:
    workspace.overrides["event_retention_days"] = 90
    workspace.apply()
    (rule,) = rules_of(account, workspace.settings.bucket_name)
    assert (rule["Filter"], rule["Status"]) == ({"Prefix": "events/"}, "Enabled")
    assert rule["Expiration"]["Days"] == 90
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7


def test_switched_off_our_rule_goes_and_events_stay(account: Account, workspace: Workspace) -> None:
    workspace.overrides["event_retention_days"] = 90
    workspace.apply()
    workspace.overrides["event_retention_days"] = None
    workspace.apply()
    assert rules_of(account, workspace.settings.bucket_name) == []
    assert workspace.plan().in_order


def test_the_rules_of_an_adopted_bucket_stay_and_only_ours_goes(
    account: Account, workspace: Workspace
) -> None:
    bucket = workspace.settings.bucket_name
    account.look.s3.create_bucket(Bucket=bucket)
    put(account, bucket, THEIRS)
    before = rules_of(account, bucket)
    workspace.overrides["event_retention_days"] = 90
    workspace.apply(adopt=True)
    assert [rule["ID"] for rule in rules_of(account, bucket)] == ["theirs", RULE_ID]
    workspace.rollback()
    assert rules_of(account, bucket) == before


def test_a_rule_of_our_id_that_stood_there_before_comes_back(account: Account, workspace: Workspace) -> None:
    bucket = workspace.settings.bucket_name
    account.look.s3.create_bucket(Bucket=bucket)
    put(account, bucket, FORMER)
    before = rules_of(account, bucket)
    workspace.overrides["event_retention_days"] = 90
    workspace.apply(adopt=True)
    assert rules_of(account, bucket) != before
    workspace.rollback()
    assert rules_of(account, bucket) == before


def test_rules_that_others_add_after_the_plan_was_made_are_not_lost(
    account: Account, workspace: Workspace
) -> None:
    workspace.overrides["event_retention_days"] = 90
    workspace.apply()
    at, resource, bucket = workspace.open()[0], EventRetention(), workspace.settings.bucket_name
    observed, desired = resource.read(at), resource.desired(at)
    assert observed is not None
    assert desired is not None
    put(account, bucket, THEIRS, *rules_of(account, bucket), THEIRS_TOO)
    resource.update(at, {**desired, "days": 30}, observed, frozenset(("days",)))
    assert {rule["ID"] for rule in rules_of(account, bucket)} == {"theirs", "theirs too", RULE_ID}
    resource.delete(at, observed)
    assert [rule["ID"] for rule in rules_of(account, bucket)] == ["theirs", "theirs too"]
