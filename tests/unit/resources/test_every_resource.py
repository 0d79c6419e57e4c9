"""What holds for each resource alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.aws.in_process import TOKEN, Account, Snapshot, Standing, Workspace, leftovers, snapshot
from tests.aws.in_process.workspace import QUERIED
from tests.aws.names import BUFFER, RETIRED, SPARE_STREAMS
from wizard.errors import WizardError
from wizard.phases import PHASES, RESOURCES
from wizard.resources.base import AnyResource, SubResource

every_resource = pytest.mark.parametrize(
    "resource",
    [RESOURCES[key] for key in RESOURCES if key not in RETIRED | SPARE_STREAMS],
    ids=lambda it: it.key,
)


@every_resource
def test_after_a_setup_it_reads_without_drift_and_without_changing_anything(
    standing: Standing, resource: AnyResource
) -> None:
    at = standing.workspace.apply().at.looking_anew()
    facts = resource.read(at)
    assert facts is not None
    desired = resource.desired(at)
    assert desired is not None
    assert resource.difference(desired, facts) == frozenset()
    assert resource.sentences(desired, facts) == ()
    assert resource.not_ready(facts) is None
    assert standing.account.calls.changing() == []
    standing.in_order = True


@every_resource
def test_deleting_it_twice_is_fine_and_the_next_setup_brings_it_back(
    standing: Standing, resource: AnyResource
) -> None:
    at = standing.workspace.apply().at.looking_anew()
    facts = resource.read(at)
    assert facts is not None
    resource.delete(at, facts)
    resource.delete(at, facts)
    if not isinstance(resource, SubResource):
        assert resource.read(at.looking_anew()) is None
    standing.workspace.apply()
    assert snapshot(standing.account) == standing.as_set_up
    standing.in_order = True


@every_resource
def test_it_is_absent_where_nothing_was_set_up(workspace: Workspace, resource: AnyResource) -> None:
    at, _store = workspace.open()
    if resource.parent == "bucket":
        pytest.skip("the engine never asks for a setting of a bucket that is not there")
    assert resource.read(at) is None


@every_resource
def test_its_title_says_what_it_is_before_it_stands(workspace: Workspace, resource: AnyResource) -> None:
    at, _store = workspace.open()
    title = resource.title(at)
    assert title
    assert "None" not in title


@every_resource
def test_what_it_needs_stands_earlier_in_the_table(resource: AnyResource) -> None:
    """What stands below the phases comes last for who reads, and may be needed by all of them."""
    order = list(RESOURCES)
    among_phases = [need for need in resource.needs if need not in BUFFER or resource.key in BUFFER]
    assert all(order.index(need) < order.index(resource.key) for need in among_phases)
    if resource.parent is not None:
        assert order.index(resource.parent) < order.index(resource.key)


@every_resource
def test_its_record_and_facts_hold_no_token(standing: Standing, resource: AnyResource) -> None:
    record = standing.workspace.state.records[resource.key]
    assert record.status == "present"
    assert record.origin == "created"
    assert TOKEN not in str(record)
    standing.in_order = True


def test_a_setup_of_one_phase_after_the_other_is_the_same_as_of_all_at_once(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    at_once = snapshot(account)
    workspace.rollback()
    assert leftovers(account) == []
    for number in range(1, len(PHASES) + 1):
        workspace.apply(phases=PHASES[:number])
    assert snapshot(account) == at_once


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_bucket_is_in_the_chosen_region(account: Account, folder: Path, region: str) -> None:
    workspace = Workspace(account, folder, region=region)
    workspace.apply(phases=PHASES[:1])
    location = account.look.s3.get_bucket_location(Bucket=workspace.settings.bucket_name)
    assert (location["LocationConstraint"] or "us-east-1") == region


CHANGED_SETTINGS = {
    "tags": {"cost-centre": "4711"},
    "event_retention_days": 30,
    "alarm_email": "me@example.com",
    "alarm_topic": "arn:aws:sns:us-east-1:123456789012:mine",
    "versioning": True,
    "encryption": "SSE-KMS",
    "block_public_access": False,
    "runtime": "python3.12",
    "architecture": "arm64",
    "log_retention_days": 7,
    "event_format": "jsonl.gz",
    "ingest": "buffered",
    "streams": 2,
    "buffer_seconds": 60,
    "query_table": True,
    "query_scan_limit_mb": 100,
    "query_from": "2026-11-01",
    "allow_beacon": True,
    "max_events": 10,
    "memory_mb": 512,
    "timeout_seconds": 30,
    "reserved_concurrency": 3,
    "cors_origins": ("https://a.example", "https://b.example"),
    "cors_headers": ("Content-Type", "x-auth-token"),
    "stage_description": "Two lines.",
    "throttle_rate": 7,
    "closed": True,
}


ALSO = {
    "ingest": {"event_format": "jsonl.gz"},
    "streams": {"event_format": "jsonl.gz", "ingest": "buffered"},
    "buffer_seconds": {"event_format": "jsonl.gz", "ingest": "buffered"},
    "query_table": {"event_format": "jsonl.gz"},
    "query_scan_limit_mb": QUERIED,
    "query_from": QUERIED,
}
"""What a setting can only be changed with."""


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "value"), CHANGED_SETTINGS.items(), ids=CHANGED_SETTINGS.keys())
def test_a_changed_setting_is_brought_to_aws_as_if_it_had_been_so_from_the_start(
    account: Account, folder: Path, setting: str, value: object
) -> None:
    workspace = Workspace(account, folder, **ALSO.get(setting, {}))
    workspace.overrides[setting] = value
    workspace.apply()
    from_the_start = snapshot(account)
    del workspace.overrides[setting]
    workspace.apply()
    workspace.overrides[setting] = value
    workspace.apply()
    assert _as_if_never_changed(snapshot(account)) == _as_if_never_changed(from_the_start)
    account.calls.clear()
    workspace.apply()
    assert account.calls.changing() == []


def _as_if_never_changed(found: Snapshot) -> Snapshot:
    """What AWS does not forget is left out: that a bucket had versions once."""
    return json.loads(json.dumps(found).replace('"Suspended"', "null"))  # type: ignore[no-any-return]


def test_a_function_that_lambda_could_not_prepare_stops_with_lambdas_own_reason(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()

    def fail(answer: Any) -> None:
        if "Configuration" in answer:
            answer["Configuration"] |= {"State": "Failed", "StateReason": "Image is damaged"}

    account.calls.alter("lambda.GetFunction", fail)
    phase = next(phase for phase in workspace.plan().phases if phase.key == "lambda")
    assert "the function failed: Image is damaged" in phase.sentences
    account.calls.made.clear()
    with pytest.raises(WizardError, match=r"AWS could not make the Lambda function .*Image is damaged"):
        workspace.apply()
    assert account.calls.names().count("lambda.CreateFunction") == 1, "it is made anew once, not for ever"


def test_a_function_that_fails_in_the_middle_of_a_run_is_made_anew_with_all_its_parts(
    account: Account, workspace: Workspace
) -> None:
    """Its permission had just been made; it went with the function, and AWS is not waited for to show it."""
    workspace.apply()
    before = snapshot(account)
    api_id = workspace.state.records["api"].facts["id"]
    account.look.functions.remove_permission(
        FunctionName=workspace.settings.function_name, StatementId=f"eventtrack-wizard-{api_id}"
    )

    def fail_once_the_permission_stands(answer: Any) -> None:
        names = account.calls.names()
        if "lambda.AddPermission" in names and "lambda.DeleteFunction" not in names:
            answer["Configuration"] |= {"State": "Failed", "StateReason": "Image is damaged"}

    account.calls.clear()
    account.calls.alter("lambda.GetFunction", fail_once_the_permission_stands)
    workspace.apply()
    assert account.calls.names().count("lambda.CreateFunction") == 1
    assert snapshot(account) == before
