"""Functions: pending, being updated, deleted, and warm with stale credentials."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.aws.lab import (
    FUNCTION_ARN,
    TOKEN,
    Clients,
    Lab,
    add_permission,
    allow,
    code_archive,
    create_api,
    create_function,
    create_role,
    error_of,
    invoke,
    post,
)
from tests.aws.over_http import ManualClock, ScaledClock
from tests.aws.over_http.behaviours import (
    Behaviour,
    EnvironmentRules,
    FunctionDeletesLater,
    FunctionPending,
    NewAccountLimits,
    NoPolicyIsNotFound,
    RunningInvocationsEnd,
    RuntimesRetired,
    StaleRoleCredentials,
)

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


def test_a_new_function_is_pending_and_refuses_calls(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(FunctionPending(create_seconds=3), clock=clock)
    create_role(clients)
    assert create_function(clients)["State"] == "Pending"
    described = clients.functions.get_function(FunctionName="tracker")["Configuration"]
    assert (described["State"], described["StateReasonCode"]) == ("Pending", "Creating")
    refused = (
        409,
        "ResourceConflictException",
        (
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Pending"
        ),
    )
    for call in (
        lambda: clients.functions.invoke(FunctionName="tracker"),
        lambda: clients.functions.update_function_configuration(FunctionName="tracker", Timeout=9),
        lambda: clients.functions.delete_function(FunctionName="tracker"),
    ):
        assert error_of(call) == refused
    clock.advance(3)
    shown = clients.functions.get_function_configuration(FunctionName="tracker")
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "Successful")
    assert clients.functions.invoke(FunctionName=FUNCTION_ARN)["StatusCode"] == 200


def test_an_update_is_in_progress_for_some_seconds_but_the_function_answers(
    lab: Lab, clock: ManualClock
) -> None:
    create_role(lab.direct)
    create_function(lab.direct)
    clients = lab.through(FunctionPending(update_seconds=2), clock=clock)

    def update() -> Any:
        return clients.functions.update_function_configuration(FunctionName="tracker", Description="new")

    assert update()["LastUpdateStatus"] == "InProgress"
    status, code, message = error_of(update)
    assert (status, code) == (409, "ResourceConflictException")
    assert message.endswith(f"An update is in progress for resource: {FUNCTION_ARN}")
    assert clients.functions.invoke(FunctionName="tracker")["StatusCode"] == 200
    clock.advance(2)
    update()


SLOW = b"""import time
def handler(event, context):
    open(event["begun"], "w").close()
    time.sleep(2)
    return {"statusCode": 200, "body": "ended"}
"""


def test_a_change_lets_running_invocations_end(lab: Lab, tmp_path: Path) -> None:
    create_role(lab.direct)
    create_function(lab.direct, Code={"ZipFile": code_archive(SLOW)}, Timeout=60)

    def ended_during_a_change(clients: Clients, begun: Path) -> bool:
        with ThreadPoolExecutor(1) as aside:
            event = json.dumps({"begun": str(begun)})
            running = aside.submit(clients.functions.invoke, FunctionName="tracker", Payload=event)
            deadline = time.monotonic() + 30
            while not begun.exists():
                assert time.monotonic() < deadline, "it never ran"
                time.sleep(0.01)
            clients.functions.update_function_code(FunctionName="tracker", ZipFile=code_archive(SLOW))
            return "FunctionError" not in running.result()

    assert not ended_during_a_change(lab.direct, tmp_path / "first"), (
        "the emulator has learned it: this behaviour can go"
    )
    assert ended_during_a_change(lab.through(RunningInvocationsEnd()), tmp_path / "second")


def test_the_waiters_of_boto3_understand_the_rewritten_states(lab: Lab) -> None:
    clients = lab.through(FunctionPending(3, 2), clock=ScaledClock(0.01))
    create_role(clients)
    create_function(clients)
    patience = {"Delay": 0, "MaxAttempts": 200}
    clients.functions.get_waiter("function_active_v2").wait(FunctionName="tracker", WaiterConfig=patience)
    clients.functions.update_function_configuration(FunctionName="tracker", Timeout=9)
    clients.functions.get_waiter("function_updated_v2").wait(FunctionName="tracker", WaiterConfig=patience)


def test_a_deleted_function_is_still_seen_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(FunctionDeletesLater(2), clock=clock)
    create_role(clients)
    create_function(clients)
    clients.functions.delete_function(FunctionName="tracker")
    assert clients.functions.get_function(FunctionName="tracker")["Configuration"]["State"] == "Deleting"
    assert error_of(lambda: create_function(clients))[1] == "ResourceConflictException"
    clock.advance(2)
    gone = error_of(lambda: clients.functions.get_function(FunctionName="tracker"))
    assert gone[:2] == (404, "ResourceNotFoundException")
    create_function(clients)


def test_a_new_account_cannot_reserve_concurrency_nor_have_much_memory(lab: Lab) -> None:
    clients, plain = lab.through(NewAccountLimits()), lab.through()
    create_role(clients)

    def reserve(through: Clients, executions: int) -> Any:
        return through.functions.put_function_concurrency(
            FunctionName="tracker", ReservedConcurrentExecutions=executions
        )

    status, code, message = error_of(lambda: create_function(clients, MemorySize=3009))
    assert (status, code) == (400, "ValidationException")
    assert message.endswith("Member must have value less than or equal to 3008")
    create_function(clients, MemorySize=3008)
    assert error_of(lambda: reserve(clients, 1)) == (
        400,
        "InvalidParameterValueException",
        (
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [10]."
        ),
    )
    reserve(clients, 0)
    limit = clients.functions.get_account_settings()["AccountLimit"]
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (10, 10)
    reserve(plain, 1)
    plain.functions.update_function_configuration(FunctionName="tracker", MemorySize=3009)


@pytest.mark.parametrize(
    ("behaviour", "changes", "text"),
    [
        (EnvironmentRules(), {"Environment": {"Variables": {"A": "x" * 4096}}}, "exceeded the 4KB limit."),
        (EnvironmentRules(), {"Environment": {"Variables": {"AWS_REGION": "x"}}}, "request: AWS_REGION"),
        (RuntimesRetired(), {"Runtime": "python3.8"}, "The runtime parameter of python3.8 is no longer"),
    ],
)
def test_settings_that_lambda_refuses(
    lab: Lab, behaviour: Behaviour, changes: dict[str, Any], text: str
) -> None:
    create_role(lab.direct)
    status, code, message = error_of(lambda: create_function(lab.through(behaviour), **changes))
    assert (status, code) == (400, "InvalidParameterValueException")
    assert text in message
    create_function(lab.through(), **changes)


def test_a_function_without_permissions_has_no_policy(lab: Lab) -> None:
    create_role(lab.direct)
    create_function(lab.direct)
    clients = lab.through(NoPolicyIsNotFound())
    refused = error_of(lambda: clients.functions.get_policy(FunctionName="tracker"))
    assert refused == (404, "ResourceNotFoundException", "The resource you requested could not be found.")
    assert (
        lab.direct.functions.get_policy(FunctionName="tracker")["ResponseMetadata"]["HTTPStatusCode"] == 200
    )
    add_permission(clients, "arn:aws:execute-api:*")
    assert "gateway" in clients.functions.get_policy(FunctionName="tracker")["Policy"]


def test_a_function_called_right_after_its_policy_was_written_is_spoilt_until_recycled(
    lab: Lab, clock: ManualClock
) -> None:
    double = lab.double(StaleRoleCredentials(10), clock=clock)
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    denied = {
        "statusCode": 500,
        "body": '{"message": "Internal error, retry later", "code": "StorageAccessDenied"}',
    }
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    assert invoke(clients, token="a-wrong-token")["statusCode"] == 200, "it never gets as far as S3"
    assert invoke(clients) == denied
    clock.advance(1000)
    assert invoke(clients) == denied, "waiting does not help"
    assert post(double.url + path)[:2] == (500, denied["body"])
    clients.functions.update_function_configuration(FunctionName="tracker", Description="recycled")
    assert invoke(clients)["statusCode"] == 200
    assert post(double.url + path)[0] == 200


def test_a_function_first_called_later_keeps_good_credentials(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(StaleRoleCredentials(10), clock=clock)
    create_role(clients)
    create_function(clients)
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    clock.advance(10)
    assert invoke(clients)["statusCode"] == 200


def test_a_spoilt_answer_carries_the_end_of_the_log(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(StaleRoleCredentials(10), clock=clock)
    create_role(clients)
    create_function(clients)
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    event = json.dumps({"headers": {"X-Auth-Token": TOKEN}})
    answer = clients.functions.invoke(FunctionName="tracker", Payload=event, LogType="Tail")
    assert b"AccessDenied" in base64.b64decode(answer["LogResult"])
