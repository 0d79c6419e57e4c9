"""What a plan announces is what the run then does: a dry run, a setup and a rollback never disagree."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.aws.in_process import Account, Workspace
from wizard.engine.plan import Plan
from wizard.engine.progress import ChangeDone

Deed = tuple[str, str]
Situation = Callable[[Account, Workspace], None]


def announced(plan: Plan) -> list[Deed]:
    """What is created anew is called an update by the run, which deletes it first."""
    words = {"recreate": "update"}
    return [(step.key, words.get(step.action.kind, step.action.kind)) for step in plan.changes]


def done(workspace: Workspace) -> list[Deed]:
    """What was done first to each thing; that the copy of before goes after a new one is part of it."""
    events = [event for event in workspace.events if isinstance(event, ChangeDone)]
    first: dict[str, str] = {}
    for event in events:
        if event.change != "check":
            first.setdefault(event.resource, event.change)
    return list(first.items())


# Of a deployment that stands. Each leaves one thing or two not as desired.


def nothing(account: Account, workspace: Workspace) -> None:
    pass


def no_policy(account: Account, workspace: Workspace) -> None:
    settings = workspace.settings
    account.look.iam.delete_role_policy(RoleName=settings.role_name, PolicyName=settings.policy_name)


def open_bucket(account: Account, workspace: Workspace) -> None:
    account.look.s3.delete_public_access_block(Bucket=workspace.settings.bucket_name)


def other_memory(account: Account, workspace: Workspace) -> None:
    workspace.overrides["memory_mb"] = 512


def other_origins(account: Account, workspace: Workspace) -> None:
    """Changes the preflight answer, the function's environment, and so the deployed copy."""
    workspace.overrides["cors_origins"] = "https://example.org"


def other_description(account: Account, workspace: Workspace) -> None:
    workspace.overrides["stage_description"] = "another one"


def no_retention_and_no_permission(account: Account, workspace: Workspace) -> None:
    settings = workspace.settings
    account.look.logs.delete_retention_policy(logGroupName=f"/aws/lambda/{settings.function_name}")
    api = workspace.state.records["api"].facts["id"]
    account.look.functions.remove_permission(
        FunctionName=settings.function_name, StatementId=f"eventtrack-wizard-{api}"
    )


def no_stage(account: Account, workspace: Workspace) -> None:
    api = workspace.state.records["api"].facts["id"]
    account.look.apigateway.delete_stage(restApiId=api, stageName=workspace.settings.stage_name)


def another_architecture_and_runtime(account: Account, workspace: Workspace) -> None:
    """Two calls of AWS on one function."""
    workspace.overrides.update(architecture="arm64", runtime="python3.14")


def failed_function(account: Account, workspace: Workspace) -> None:
    """Deleted and created anew, with all its parts."""

    def fail(answer: Any) -> None:
        if "Configuration" in answer and "lambda.DeleteFunction" not in account.calls.names():
            answer["Configuration"] |= {"State": "Failed", "StateReason": "Image is damaged"}

    account.calls.alter("lambda.GetFunction", fail)


def name_of(situation: Situation | None) -> str:
    return situation.__name__ if situation else "nothing stands"


SITUATIONS: list[Situation] = [
    nothing, no_policy, open_bucket, other_memory, other_origins, other_description,
    no_retention_and_no_permission, no_stage, another_architecture_and_runtime,
]  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS, ids=name_of)
def test_a_repair_does_exactly_what_was_announced(
    account: Account, workspace: Workspace, situation: Situation
) -> None:
    workspace.apply()
    situation(account, workspace)
    plan = workspace.plan()
    account.calls.clear()
    workspace.apply()
    assert sorted(done(workspace)) == sorted(announced(plan))
    assert plan.in_order is (situation is nothing)
    assert bool(account.calls.changing()) is not plan.in_order
    assert announced(workspace.plan()) == []
    assert workspace.plan().in_order


def no_function(account: Account, workspace: Workspace) -> None:
    account.look.functions.delete_function(FunctionName=workspace.settings.function_name)


def no_log_group(account: Account, workspace: Workspace) -> None:
    account.look.logs.delete_log_group(logGroupName=f"/aws/lambda/{workspace.settings.function_name}")


def no_api(account: Account, workspace: Workspace) -> None:
    account.look.apigateway.delete_rest_api(restApiId=workspace.state.records["api"].facts["id"])


@pytest.mark.parametrize("situation", [None, no_function, failed_function, no_log_group, no_api], ids=name_of)
def test_what_is_made_was_announced_and_nothing_else_is_counted(
    account: Account, workspace: Workspace, situation: Situation | None
) -> None:
    """A setting that the create call of its whole carries is no change of its own."""
    if situation is not None:
        workspace.apply()
        situation(account, workspace)
    plan = workspace.plan()
    engine = workspace.apply()
    assert sorted(done(workspace)) == sorted(announced(plan))
    assert engine.changes == len(plan.changes)
    assert workspace.plan().in_order


def every_option(account: Account, workspace: Workspace) -> None:
    workspace.overrides.update(
        versioning=True, encryption="SSE-KMS", block_public_access=False, reserved_concurrency=5, closed=True
    )


def test_what_the_create_call_does_not_carry_is_a_change_of_its_own(
    account: Account, workspace: Workspace
) -> None:
    every_option(account, workspace)
    plan = workspace.plan()
    engine = workspace.apply()
    assert sorted(done(workspace)) == sorted(announced(plan))
    assert engine.changes == len(plan.changes) == 20


CHECKED: list[Situation | None] = [
    None, nothing, no_policy, open_bucket, other_memory, other_origins, other_description,
    no_retention_and_no_permission, no_stage, no_function, no_log_group, no_api,
]  # fmt: skip


@pytest.mark.parametrize("situation", CHECKED, ids=name_of)
def test_the_checks_that_a_change_makes_due_are_in_the_plan(
    account: Account, workspace: Workspace, situation: Situation | None
) -> None:
    if situation is not None:
        workspace.apply()
        situation(account, workspace)
    plan = workspace.plan()
    workspace.apply()
    checked = [
        event.title for event in workspace.events if isinstance(event, ChangeDone) and event.change == "check"
    ]
    assert [check for phase in plan.phases for check in phase.checks_to_run] == checked
    assert bool(checked) is (situation is not nothing)


def test_a_check_that_the_operator_has_closed_off_is_not_announced(workspace: Workspace) -> None:
    workspace.overrides["closed"] = True
    plan = workspace.plan()
    assert [bool(phase.checks_to_run) for phase in plan.phases if phase.key in ("test", "deploy")] == [
        True,
        False,
    ]


def test_a_look_at_what_differs_does_not_say_of_a_check_that_it_is_unproved(
    account: Account, workspace: Workspace
) -> None:
    """Status tells of what is, a plan of what will be."""
    workspace.apply()
    other_memory(account, workspace)
    by_key = {phase.key: phase for phase in workspace.plan().phases}
    assert by_key["test"].checks_to_run == ("invoke with TestEventAPI",)
    assert (by_key["test"].checks_due, by_key["test"].sentences, by_key["test"].status) == ((), (), "done")


def test_an_adoption_does_what_was_announced_and_is_refused_without_consent(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    workspace.rollback()
    account.look.s3.create_bucket(Bucket=workspace.settings.bucket_name)
    assert [step.key for step in workspace.plan().steps if step.action.kind == "conflict"] == ["bucket"]
    plan = {deed for deed in announced(workspace.plan(adopt=True)) if deed[0].startswith("bucket")}
    workspace.apply(adopt=True)
    assert {deed for deed in done(workspace) if deed[0].startswith("bucket")} == plan
    assert {key for key, kind in plan if kind != "adopt"} == {"bucket.policy"}, "our statement was not there"


# Rollback.


def with_an_event(account: Account, workspace: Workspace) -> None:
    account.look.s3.put_object(Bucket=workspace.settings.bucket_name, Key="events/x.json", Body=b'[{"a": 1}]')
    kept = [step.key for step in workspace.plan(remove=True).steps if step.action.kind == "keep"]
    assert kept[0] == "bucket"


def bucket_without_tag(account: Account, workspace: Workspace) -> None:
    account.look.s3.delete_bucket_tagging(Bucket=workspace.settings.bucket_name)


@pytest.mark.parametrize(
    "situation",
    [nothing, with_an_event, bucket_without_tag, no_policy, no_function, no_log_group, no_api],
    ids=name_of,
)
def test_a_rollback_does_exactly_what_was_announced(
    account: Account, workspace: Workspace, situation: Situation
) -> None:
    workspace.apply()
    situation(account, workspace)
    plan = workspace.plan(remove=True)
    carried_out = workspace.rollback()
    assert sorted(done(workspace)) == sorted(announced(plan))
    assert announced(carried_out) == announced(plan)
    assert announced(workspace.plan(remove=True)) == []


def test_giving_back_what_stood_there_before_does_exactly_what_was_announced(
    account: Account, workspace: Workspace
) -> None:
    bucket, role = workspace.settings.bucket_name, workspace.settings.role_name
    account.look.s3.create_bucket(Bucket=bucket)
    principal = {"Service": "ec2.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    account.look.iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    workspace.apply(adopt=True)
    plan = announced(workspace.plan(remove=True))
    workspace.rollback()
    assert sorted(done(workspace)) == sorted(plan)
    assert {("role", "restore"), ("policy", "delete"), ("bucket.public_access_block", "restore")} <= set(plan)
    assert not any(key in ("bucket", "role") and kind == "delete" for key, kind in plan)
