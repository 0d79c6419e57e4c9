"""First run, resume, repair and nothing to do are one path; whatever happens, a next run finishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.aws.in_process import TOKEN, Account, FakeClock, Killed, Snapshot, Workspace, leftovers, snapshot
from tests.aws.names import OPTIONAL, RETIRED
from wizard.endpoint.client import Endpoint, url_of
from wizard.engine.progress import (
    ChangeDone,
    ChangeStarted,
    Noticed,
    PhaseDone,
    PhaseFailed,
    PhaseStarted,
    Waiting,
)
from wizard.errors import ConflictError, CredentialsError, Interrupted, WaitTimeoutError, WizardError
from wizard.phases import PHASES, RESOURCES

CREATES = {
    "bucket": "s3.CreateBucket",
    "role": "iam.CreateRole",
    "log_group": "logs.CreateLogGroup",
    "function": "lambda.CreateFunction",
    "api": "apigateway.CreateRestApi",
    "api.resource": "apigateway.CreateResource",
    "api.method": "apigateway.PutMethod",
    "api.permission": "lambda.AddPermission",
    "stage": "apigateway.CreateDeployment",
}


def test_a_first_setup_makes_everything_and_proves_it(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    state = workspace.state
    assert set(state.records) == set(RESOURCES) - RETIRED - OPTIONAL
    assert {record.status for record in state.records.values()} == {"present"}
    assert list(state.phases) == [phase.key for phase in PHASES if not phase.is_optional]
    assert set(state.checks) == {"test.invoke", "deploy.endpoint"}
    assert state.lifecycle == "deployed"
    asked = [method for method, _path in account.endpoint.requests]
    rounds = [sorted(asked[place : place + 2]) for place in (0, 2, 4)]
    assert rounds == [["OPTIONS", "POST"]] * 3, "good answers in a row, side by side"
    assert asked[6:] == ["POST"], "then a stored event"


def test_every_phase_is_begun_and_done_in_the_documented_order(workspace: Workspace) -> None:
    workspace.apply()
    assert [event.phase for event in workspace.events if isinstance(event, PhaseStarted)] == [
        "bucket",
        "lambda",
        "iam",
        "env vars",
        "settings",
        "test",
        "api",
        "cors",
        "deploy",
    ]
    done = [event for event in workspace.events if isinstance(event, PhaseDone)]
    assert len(done) == 9
    started = sum(isinstance(event, ChangeStarted) for event in workspace.events)
    assert started == sum(isinstance(event, ChangeDone) for event in workspace.events)


def test_a_second_setup_makes_no_changing_call_and_leaves_the_file_as_it_is(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    content, written = workspace.path.read_bytes(), workspace.path.stat().st_mtime_ns
    account.calls.clear()
    requests = len(account.endpoint.requests)
    engine = workspace.apply()
    assert account.calls.changing() == []
    assert account.calls.made
    assert engine.changes == 0
    assert len(account.endpoint.requests) == requests
    assert (workspace.path.read_bytes(), workspace.path.stat().st_mtime_ns) == (content, written)


def test_the_intent_is_on_disk_before_aws_is_asked(account: Account, workspace: Workspace) -> None:
    seen: dict[str, str] = {}

    def look_into_the_file(call: Any) -> None:
        for key, name in CREATES.items():
            if call.name == name and key not in seen:
                seen[key] = workspace.state.records[key].status

    account.calls.before.append(look_into_the_file)
    workspace.apply()
    assert seen == dict.fromkeys(CREATES, "creating")


@pytest.mark.parametrize("number", [1, 2, 3, 6, 12, 17, 24, 30, 37, 50])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_setup_killed_at_a_call_is_finished_by_the_next_one(
    account: Account, workspace: Workspace, undisturbed: Snapshot, number: int, moment: str
) -> None:
    kill = account.calls.kill_before if moment == "before" else account.calls.kill_after
    kill(number)
    with pytest.raises(Killed):
        workspace.apply()
    account.calls.clear()
    workspace.apply()
    assert snapshot(account) == undisturbed
    account.calls.clear()
    workspace.apply()
    assert account.calls.changing() == []


@pytest.mark.parametrize("key", CREATES)
def test_a_create_whose_answer_was_lost_is_not_sent_again(
    account: Account, workspace: Workspace, undisturbed: Snapshot, key: str
) -> None:
    name = CREATES[key]
    account.calls.lose_answer(name)
    workspace.apply()
    again = 2 if name == "apigateway.PutMethod" else 1  # POST, and OPTIONS of the next phase
    assert account.calls.names().count(name) == again
    assert snapshot(account) == undisturbed


@pytest.mark.parametrize("key", CREATES)
def test_a_create_that_did_not_happen_is_sent_again_after_a_look(
    account: Account, workspace: Workspace, undisturbed: Snapshot, key: str
) -> None:
    name = CREATES[key]
    account.calls.fail(name, EndpointConnectionError(endpoint_url="https://aws"), times=1)
    workspace.apply()
    names = account.calls.names()
    first = names.index(name)
    second = names.index(name, first + 1)
    assert any(
        between.partition(".")[2].startswith(("Get", "List", "Head", "Describe"))
        for between in names[first:second]
    )
    assert snapshot(account) == undisturbed


def test_a_create_that_was_answered_but_does_not_show_is_never_sent_twice(
    account: Account, workspace: Workspace
) -> None:
    def hide(answer: Any) -> None:
        answer["items"] = []

    account.calls.alter("apigateway.GetRestApis", hide)
    with pytest.raises(WaitTimeoutError, match="does not show yet"):
        workspace.apply()
    assert account.calls.names().count("apigateway.CreateRestApi") == 1


@pytest.mark.parametrize(
    ("call", "phase"),
    [
        ("s3.CreateBucket", "bucket"),
        ("lambda.AddPermission", "api"),
        ("lambda.CreateFunction", "lambda"),
        ("apigateway.CreateDeployment", "deploy"),
    ],
)
def test_a_refused_call_stops_with_the_phase_named_and_the_next_run_continues(
    account: Account, workspace: Workspace, undisturbed: Snapshot, call: str, phase: str
) -> None:
    account.calls.refuse(call, "AccessDenied", "you may not", status=403)
    with pytest.raises(WizardError, match="lack a permission"):
        workspace.apply()
    assert account.calls.names().count(call) == 1
    (failed,) = [event for event in workspace.events if isinstance(event, PhaseFailed)]
    assert failed.phase == phase
    assert failed.error.next_step
    account.calls.clear()
    workspace.apply()
    assert snapshot(account) == undisturbed


def test_a_role_that_lambda_cannot_assume_yet_is_waited_for_with_the_reason(
    account: Account, workspace: Workspace
) -> None:
    text = "The role defined for the function cannot be assumed by Lambda."
    account.calls.refuse("lambda.CreateFunction", "InvalidParameterValueException", text, times=4)
    workspace.apply()
    waits = [event for event in workspace.events if isinstance(event, Waiting)]
    assert len(waits) == 4
    assert {wait.phase for wait in waits} == {"lambda"}
    assert "spreading the new role" in waits[0].reason
    assert waits[-1].elapsed > waits[0].elapsed


def test_a_role_that_is_never_assumable_ends_in_a_state_that_the_next_run_continues(
    account: Account, workspace: Workspace, undisturbed: Snapshot
) -> None:
    text = "The role defined for the function cannot be assumed by Lambda."
    account.calls.refuse("lambda.CreateFunction", "InvalidParameterValueException", text)
    with pytest.raises(WaitTimeoutError):
        workspace.apply()
    assert 180 <= workspace.clock.now < 200
    assert workspace.state.records["function"].status == "creating"
    account.calls.clear()
    workspace.apply()
    assert snapshot(account) == undisturbed


def test_a_function_that_is_pending_is_not_changed_until_it_is_ready(
    account: Account, workspace: Workspace
) -> None:
    states = iter(["Pending", "Pending", "Active"])

    def pending(answer: Any) -> None:
        if "Configuration" in answer:
            answer["Configuration"]["State"] = next(states, "Active")

    account.calls.alter("lambda.GetFunction", pending)
    workspace.apply()
    assert any("state Pending" in event.reason for event in workspace.events if isinstance(event, Waiting))


def test_a_role_whose_arn_is_not_known_yet_is_not_given_to_the_function(
    account: Account, workspace: Workspace
) -> None:
    arns = iter(["AROAXXXXXXXXXXXXXXXXX"])

    def unnamed(answer: Any) -> None:
        if "Role" in answer:
            answer["Role"]["Arn"] = next(arns, answer["Role"]["Arn"])

    account.calls.alter("iam.GetRole", unnamed)
    workspace.apply()
    assert workspace.state.records["function"].facts["role"].startswith("arn:aws:iam::")


def test_dead_credentials_stop_the_run_and_nothing_is_taken_back(
    account: Account, workspace: Workspace
) -> None:
    account.calls.refuse(
        "lambda.CreateFunction", "ExpiredTokenException", "The security token is expired", status=403
    )
    with pytest.raises(CredentialsError) as caught:
        workspace.apply()
    assert caught.value.exit_code == 4
    assert not any("Delete" in name for name in account.calls.names())
    assert workspace.state.records["function"].status == "creating"


@pytest.mark.parametrize("check", [1, 5, 12, 20, 28, 40, 50])
def test_an_operator_who_stops_can_continue_later(
    account: Account, workspace: Workspace, undisturbed: Snapshot, check: int
) -> None:
    workspace.clock = FakeClock(stop_at_check=check)
    with pytest.raises(Interrupted):
        workspace.apply()
    assert len(account.calls.made) < check, "no call after the wish"
    workspace.clock = FakeClock()
    account.calls.clear()
    workspace.apply()
    assert snapshot(account) == undisturbed


def test_an_operator_who_stops_during_a_wait_can_continue_later(
    account: Account, workspace: Workspace, undisturbed: Snapshot
) -> None:
    text = "The role defined for the function cannot be assumed by Lambda."
    account.calls.refuse("lambda.CreateFunction", "InvalidParameterValueException", text)

    def stop(_seconds: float) -> None:
        raise Interrupted

    workspace.clock.on_sleep = stop
    with pytest.raises(Interrupted):
        workspace.apply()
    workspace.clock = FakeClock()
    account.calls.clear()
    workspace.apply()
    assert snapshot(account) == undisturbed


def test_a_full_disk_stops_before_aws_is_asked(account: Account, workspace: Workspace) -> None:
    workspace.path = Path("/proc/no-such-folder/state.json")
    with pytest.raises(WizardError, match="cannot be written"):
        workspace.apply()
    assert account.calls.changing() == []
    assert leftovers(account) == []


# The proofs


def test_a_function_with_credentials_from_before_its_policy_is_recycled(
    account: Account, workspace: Workspace
) -> None:
    account.function.stale_runs = 2
    workspace.apply()
    assert "lambda.UpdateFunctionConfiguration" in account.calls.names()
    assert any("recycled" in event.reason for event in workspace.events if isinstance(event, Waiting))
    account.calls.clear()
    workspace.apply()
    assert account.calls.changing() == []


def test_a_url_that_is_not_in_service_yet_is_waited_for(account: Account, workspace: Workspace) -> None:
    account.endpoint.not_in_service = 10
    workspace.apply()
    waits = [event for event in workspace.events if isinstance(event, Waiting)]
    assert len(waits) == 5, "after each round of two requests"
    assert "into service" in waits[0].reason


def test_a_token_that_the_function_does_not_know_fails_the_test_phase(workspace: Workspace) -> None:
    with pytest.raises(WizardError, match="status 401"):
        workspace.apply(token="another-token")
    (failed,) = [event for event in workspace.events if isinstance(event, PhaseFailed)]
    assert failed.phase == "test"


def test_a_closed_endpoint_refuses_everybody_and_its_function_is_proved_by_a_direct_invocation(
    account: Account, folder: Path
) -> None:
    workspace = Workspace(account, folder, closed=True)
    at = workspace.apply().at
    refused = Endpoint(str(url_of(at)), TOKEN).post([])
    assert (refused.status, refused.body) == (429, {"message": "Too Many Requests"})
    assert "key" in workspace.state.checks["test.invoke"]
    (said,) = [event.message for event in workspace.events if isinstance(event, Noticed)]
    assert "closed" in said
    assert "invoking it directly" in said
    assert workspace.plan().in_order


def test_a_closed_endpoint_that_is_opened_is_proved_through_its_url(account: Account, folder: Path) -> None:
    workspace = Workspace(account, folder, closed=True)
    workspace.apply()
    account.calls.clear()
    workspace.overrides["closed"] = False
    workspace.apply()
    assert account.calls.changing() == ["apigateway.UpdateStage"], "no deployment, no direct invocation"
    assert workspace.state.checks["deploy.endpoint"]["url"]


def test_the_test_event_is_the_documented_one_and_its_object_is_where_the_check_says(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    for key in ("test.invoke", "deploy.endpoint"):
        facts = workspace.state.checks[key]
        content = account.look.s3.get_object(Bucket=facts["bucket"], Key=facts["key"])["Body"].read()
        (event,) = json.loads(content)
        assert event["event_name"] == "test_event"
        assert event["user_id"] == "test_user_123"
    assert TOKEN not in workspace.path.read_text()


def test_several_origins_are_each_let_in_and_strangers_are_not(account: Account, folder: Path) -> None:
    origins = ("https://a.example", "https://b.example")
    workspace = Workspace(account, folder, cors_origins=origins)
    at = workspace.apply().at
    endpoint = Endpoint(str(url_of(at)), None)
    answers = [endpoint.preflight(origin) for origin in (*origins, "https://evil.example")]
    allowed = [answer.headers["access-control-allow-origin"] for answer in answers]
    assert allowed == ["https://a.example", "https://b.example", "https://a.example"]


def test_a_conflict_is_found_before_anything_of_its_kind_is_changed(
    account: Account, workspace: Workspace
) -> None:
    account.look.s3.create_bucket(Bucket=workspace.settings.bucket_name)
    with pytest.raises(ConflictError):
        workspace.apply()
    assert not [name for name in account.calls.changing() if name.startswith("s3.")]


@pytest.mark.parametrize("code", ["403", "301"])
def test_a_bucket_name_that_somebody_else_has_is_a_message(
    account: Account, workspace: Workspace, code: str
) -> None:
    account.calls.refuse("s3.HeadBucket", code, "Forbidden", status=int(code))
    with pytest.raises(ConflictError, match="is taken"):
        workspace.apply()


def test_environment_and_settings_come_with_the_function_and_say_so(workspace: Workspace) -> None:
    """CreateFunction carries them, so their phases change nothing; a later change is one of their own."""
    workspace.apply()
    done = {event.phase: event for event in workspace.events if isinstance(event, PhaseDone)}
    function = f"Lambda function {workspace.settings.function_name}"
    assert [(done[phase].changes, done[phase].came_with) for phase in ("env vars", "settings")] == [
        (0, function)
    ] * 2
    workspace.overrides["memory_mb"] = 512
    workspace.apply()
    done = {event.phase: event for event in workspace.events if isinstance(event, PhaseDone)}
    assert (done["settings"].changes, done["settings"].came_with) == (1, "")
