"""What stands, phase by phase: for status, a dry run, and the plan of a setup."""

from __future__ import annotations

import pytest

from tests.aws.in_process import Account, Workspace
from tests.aws.names import OPTIONAL, RETIRED
from wizard.endpoint.client import url_of
from wizard.engine.plan import make_plan
from wizard.errors import CredentialsError
from wizard.phases import PHASES

both_ways = pytest.mark.parametrize("side_by_side", [True, False], ids=["side by side", "one by one"])


@both_ways
def test_after_a_setup_every_phase_is_done_and_knows_when(
    account: Account, workspace: Workspace, side_by_side: bool
) -> None:
    workspace.apply()
    account.calls.clear()
    plan = workspace.plan(side_by_side=side_by_side)
    assert plan.in_order
    assert [phase.status for phase in plan.phases] == ["done"] * 9
    assert all(phase.finished_at and phase.seconds is not None for phase in plan.phases)
    assert account.calls.changing() == []


@both_ways
def test_before_a_setup_everything_is_absent_and_nothing_is_begun(
    account: Account, workspace: Workspace, side_by_side: bool
) -> None:
    plan = workspace.plan(side_by_side=side_by_side)
    assert [phase.status for phase in plan.phases] == ["not started"] * 9
    unset = ("bucket.versioning", "function.concurrency")
    assert {step.action.kind for step in plan.steps if step.key not in (*RETIRED, *OPTIONAL, *unset)} == {
        "create"
    }
    assert {step.action.kind for step in plan.steps if step.key in unset} == {"nothing"}, "nothing to make"
    assert account.calls.changing() == []
    assert not workspace.path.exists()


@both_ways
def test_a_setup_that_came_half_way_shows_what_is_done_and_what_is_not_begun(
    workspace: Workspace, side_by_side: bool
) -> None:
    workspace.apply(phases=PHASES[:4])
    plan = workspace.plan(side_by_side=side_by_side)
    assert [phase.status for phase in plan.phases][:4] == ["done"] * 4
    assert [phase.status for phase in plan.phases][6:] == ["not started"] * 3
    assert not plan.in_order


@both_ways
def test_what_is_gone_is_drift_of_its_phase_alone(
    account: Account, workspace: Workspace, side_by_side: bool
) -> None:
    workspace.apply()
    settings = workspace.settings
    account.look.iam.delete_role_policy(RoleName=settings.role_name, PolicyName=settings.policy_name)
    plan = workspace.plan(side_by_side=side_by_side)
    by_key = {phase.key: phase.status for phase in plan.phases}
    assert by_key.pop("iam") == "drift"
    assert set(by_key.values()) == {"done"}


def test_both_ways_see_the_same(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    settings = workspace.settings
    account.look.functions.delete_function(FunctionName=settings.function_name)
    account.look.s3.delete_public_access_block(Bucket=settings.bucket_name)
    assert workspace.plan(side_by_side=True) == workspace.plan(side_by_side=False)


def test_every_difference_of_a_phase_is_named_at_once(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    function = workspace.settings.function_name
    account.look.functions.update_function_configuration(FunctionName=function, MemorySize=256, Timeout=3)
    sentences = next(phase.sentences for phase in workspace.plan().phases if phase.key == "settings")
    assert sentences == ("memory (MB) is 256, should be 128", "timeout (seconds) is 3, should be 10")


def test_a_foreign_thing_is_shown_as_such_and_listed_as_a_conflict(
    account: Account, workspace: Workspace
) -> None:
    account.look.s3.create_bucket(Bucket=workspace.settings.bucket_name)
    plan = workspace.plan(side_by_side=False)
    assert plan.steps[0].action.kind == "conflict"
    assert len(plan.conflicts) == 1
    adopting = workspace.plan(side_by_side=False, adopt=True)
    assert adopting.conflicts == []
    assert adopting.steps[0].action.kind == "adopt"


def test_what_may_not_be_read_is_unknown_not_absent(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    account.calls.clear()
    account.calls.refuse("iam.GetRolePolicy", "AccessDenied", "you may not", status=403)
    plan = workspace.plan()
    by_key = {phase.key: phase for phase in plan.phases}
    assert by_key["iam"].status == "unknown"
    assert "lack a permission" in by_key["iam"].sentences[0]
    assert by_key["bucket"].status == "done"


def test_dead_credentials_are_an_error_not_an_unknown(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    account.calls.clear()
    account.calls.refuse("iam.GetRolePolicy", "ExpiredToken", "expired", status=403)
    with pytest.raises(CredentialsError):
        workspace.plan()


def test_a_proof_that_is_due_is_named(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    _at, store = workspace.open()
    store.state.checks.clear()
    store.save()
    plan = workspace.plan()
    assert "not proved since the last change" in str(plan.phases[5].sentences)
    assert not plan.in_order
    assert account.calls.made


def another_api(account: Account, workspace: Workspace) -> str:
    """Of this deployment by its tags; a call whose answer was lost leaves one. The one of before goes."""
    former = workspace.state.records["api"].facts
    answer = account.look.apigateway.create_rest_api(name=former["name"], tags=former["tags"])
    account.look.apigateway.delete_rest_api(restApiId=former["id"])
    return str(answer["id"])


def test_an_api_that_is_replaced_is_said_before_and_after_because_its_url_is_another(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    assert not workspace.plan().changes_url
    account.look.apigateway.delete_rest_api(restApiId=workspace.state.records["api"].facts["id"])
    plan = workspace.plan()
    assert plan.changes_url
    api = next(phase for phase in plan.phases if phase.key == "api")
    told = "REST API saas-event-tracking-api must be replaced: the URL changes, clients have to be told"
    assert told in api.sentences
    workspace.apply()
    assert not workspace.plan().changes_url


def test_another_api_in_the_place_of_the_one_of_before_is_no_order(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    api_id = another_api(account, workspace)
    plan = workspace.plan()
    assert plan.changes_url
    assert any("another one than before" in sentence for phase in plan.phases for sentence in phase.sentences)
    workspace.apply()
    assert workspace.state.records["api"].facts["id"] == api_id
    assert workspace.plan().in_order


def test_what_was_never_finished_changes_no_url_that_anybody_knows(workspace: Workspace) -> None:
    assert not workspace.plan().changes_url


def test_an_api_that_is_gone_has_no_url_because_its_old_one_answers_nothing(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    account.look.apigateway.delete_rest_api(restApiId=workspace.state.records["api"].facts["id"])
    at, store = workspace.open()
    make_plan(at, store)
    assert url_of(at) is None
