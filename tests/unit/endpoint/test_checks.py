"""What the proof through the public URL takes for an answer, and what for none yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.in_process import Account, Snapshot, Workspace, snapshot
from wizard.engine.progress import Waiting
from wizard.errors import VerificationError

BEFORE, AFTER = ("https://before.example",), ("https://after.example",)
OLD, TODAY = True, False


def waits(workspace: Workspace) -> list[str]:
    return [event.reason for event in workspace.events if isinstance(event, Waiting)]


def test_a_stage_that_still_shows_the_copy_of_before_is_waited_for(
    account: Account, workspace: Workspace
) -> None:
    workspace.overrides["cors_origins"] = BEFORE
    workspace.apply()
    account.endpoint.old_answers = [OLD] * 2  # preflight and refusal, which are asked side by side
    workspace.overrides["cors_origins"] = AFTER
    workspace.apply()
    assert "bringing the deployment into service" in waits(workspace)[0]
    assert "url" in workspace.state.checks["deploy.endpoint"]


def test_one_good_answer_is_no_proof_because_other_servers_may_have_the_copy_of_before(
    account: Account, workspace: Workspace
) -> None:
    workspace.overrides["cors_origins"] = BEFORE
    workspace.apply()
    account.endpoint.old_answers = [TODAY] * 2 + [OLD] * 2  # two requests a round, side by side
    workspace.overrides["cors_origins"] = AFTER
    workspace.apply()
    assert len(waits(workspace)) == 1


def test_what_is_still_wrong_after_a_minute_is_wrong(account: Account, workspace: Workspace) -> None:
    workspace.overrides["cors_origins"] = BEFORE
    workspace.apply()
    account.endpoint.old_answers = [OLD] * 1000
    workspace.overrides["cors_origins"] = AFTER
    begun = workspace.clock.now
    with pytest.raises(VerificationError, match=r"does not let pages of https://after\.example in"):
        workspace.apply()
    assert 60 <= workspace.clock.now - begun < 75


@pytest.mark.parametrize(
    ("rate", "burst", "pause"), [(2, 1, 0.625), (1, 6, 1.25), (1, 7, None), (50, 100, None)]
)
def test_the_proof_keeps_to_the_deployments_own_limit_or_it_would_refuse_itself(
    workspace: Workspace, rate: int, burst: int, pause: float | None
) -> None:
    workspace.overrides |= {"throttle_rate": rate, "throttle_burst": burst}
    workspace.apply()
    naps = [nap for nap in workspace.clock.naps if nap in (0.625, 1.25)]
    assert naps == ([pause] * 7 if pause else [])


def test_a_permission_that_lambda_accepted_and_lost_is_made_again_in_the_same_run(
    account: Account, workspace: Workspace, undisturbed: Snapshot
) -> None:
    lost: list[str] = []

    def lose_the_first(call: Any) -> None:
        if call.name == "lambda.AddPermission" and not lost:
            function = workspace.settings.function_name
            answer = account.look.functions.get_policy(FunctionName=function)
            statement = answer["Policy"].partition("eventtrack-wizard-")[2].partition('"')[0]
            lost.append(f"eventtrack-wizard-{statement}")
            account.look.functions.remove_permission(FunctionName=function, StatementId=lost[0])

    account.calls.after.append(lose_the_first)
    workspace.apply()
    assert account.calls.names().count("lambda.AddPermission") == 2
    assert workspace.clock.now < 5
    assert snapshot(account) == undisturbed
