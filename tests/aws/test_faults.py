"""Faults: what is executed, what the client sees, and how often."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ConnectionClosedError, ReadTimeoutError

from tests.aws.lab import (
    REGION,
    TRUST_LAMBDA,
    Clients,
    Lab,
    create_bucket,
    create_role,
    error_of,
)
from tests.aws.over_http import faults

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


def roles(lab: Lab) -> list[str]:
    return [role["RoleName"] for role in lab.direct.iam.list_roles()["Roles"]]


def test_a_lost_answer_was_executed(lab: Lab) -> None:
    double = lab.double(faults=[faults.lost(operation="iam.CreateRole")])
    with pytest.raises(ConnectionClosedError):
        create_role(lab.clients(double.url))
    assert roles(lab) == ["tracker"]
    (call,) = double.calls
    assert (call.answered_by, call.executed, call.status) == ("lost", True, 0)


@pytest.mark.parametrize("fault", [faults.reset, lambda **choice: faults.hang(0.1, **choice)])
def test_a_reset_or_hanging_call_was_not_executed(lab: Lab, fault: Callable[..., faults.Fault]) -> None:
    double = lab.double(faults=[fault(at=1)])
    clients = lab.clients(double.url)
    with pytest.raises(BotoCoreError):
        create_role(clients)
    assert roles(lab) == []
    create_role(clients)


def test_a_lost_answer_is_a_closed_connection_and_a_reset_one_a_reset(lab: Lab) -> None:
    double = lab.double(faults=[faults.lost(at=1), faults.reset(at=2)])
    port = int(double.url.rpartition(":")[2])

    def ask() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.recv(100)

    assert ask() == b""
    with pytest.raises(ConnectionResetError):
        ask()


@pytest.mark.parametrize(
    ("framing", "sent"),
    [("Content-Length: 10", b"a half"), ("Transfer-Encoding: chunked", b"a\r\na half")],
    ids=["length", "chunks"],
)
def test_a_request_whose_client_died_before_all_of_its_body_was_sent_is_never_executed(
    lab: Lab, framing: str, sent: bytes
) -> None:
    double = lab.double()
    port = int(double.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"PUT /half-a-bucket HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n".encode() + sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert double.calls == []


def test_a_hang_longer_than_the_clients_patience_is_a_read_timeout(lab: Lab) -> None:
    double = lab.double(faults=[faults.hang(60, executed=True, at=1)])
    session = boto3.Session("test", "test", region_name=REGION)
    config = Config(read_timeout=0.3, retries={"total_max_attempts": 1, "mode": "standard"})
    client = session.client("iam", endpoint_url=double.url, config=config)
    with pytest.raises(ReadTimeoutError):
        client.create_role(RoleName="tracker", AssumeRolePolicyDocument=TRUST_LAMBDA)
    client.close()
    # The client has gone by its own clock; the double may only now be handing the call on.
    deadline = time.monotonic() + 30
    while not roles(lab) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert roles(lab) == ["tracker"]


SERVICE_CALLS: list[tuple[str, Callable[[Clients], Any]]] = [
    ("iam.ListRoles", lambda clients: clients.iam.list_roles()),
    ("sts.GetCallerIdentity", lambda clients: clients.sts.get_caller_identity()),
    ("s3.ListBuckets", lambda clients: clients.s3.list_buckets()),
    ("lambda.ListFunctions", lambda clients: clients.functions.list_functions()),
    ("apigateway.GetRestApis", lambda clients: clients.apigateway.get_rest_apis()),
    ("logs.DescribeLogGroups", lambda clients: clients.logs.describe_log_groups()),
]


@pytest.mark.parametrize(("operation", "call"), SERVICE_CALLS, ids=[name for name, _ in SERVICE_CALLS])
def test_standard_faults_in_every_services_wire_form(
    lab: Lab, operation: str, call: Callable[[Clients], Any]
) -> None:
    service = operation.partition(".")[0]
    denied = "AccessDenied" if service in {"iam", "sts", "s3"} else "AccessDeniedException"
    throttled = {
        "iam": (400, "Throttling"),
        "sts": (400, "Throttling"),
        "s3": (503, "SlowDown"),
        "lambda": (429, "TooManyRequestsException"),
        "apigateway": (429, "TooManyRequestsException"),
        "logs": (400, "ThrottlingException"),
    }[service]
    double = lab.double(
        faults=[
            faults.refused(at=1),
            faults.throttled(times=1, at=2),
            faults.error_500(at=3),
            faults.error_503(at=4),
            faults.answered(409, "ConcurrentModification", "Wait & <retry>.", at=5),
        ]
    )
    clients = lab.clients(double.url)
    refused = error_of(lambda: call(clients))
    assert refused[:2] == (400 if service == "logs" else 403, denied)
    assert refused[2].startswith("User: arn:aws:iam::000000000000:root is not authorized to perform: ")
    assert " on resource: " in refused[2]
    assert error_of(lambda: call(clients))[:2] == throttled
    assert error_of(lambda: call(clients))[0] == 500
    assert error_of(lambda: call(clients))[0] == 503
    assert error_of(lambda: call(clients)) == (409, "ConcurrentModification", "Wait & <retry>.")
    call(clients)
    assert double.names() == [operation] * 6


def test_a_throttle_strikes_the_same_operation_three_times_and_no_other(lab: Lab) -> None:
    double = lab.double(faults=[faults.throttled(times=3, at=1)])
    clients = lab.clients(double.url)
    assert error_of(clients.iam.list_roles)[1] == "Throttling"
    clients.iam.list_users()
    assert error_of(clients.iam.list_roles)[1] == "Throttling"
    assert error_of(clients.iam.list_roles)[1] == "Throttling"
    clients.iam.list_roles()


def test_refused_for_ever_means_for_ever_and_the_kth_call_means_the_kth(lab: Lab) -> None:
    double = lab.double(faults=[faults.refused_forever(operation="iam.ListRoles", occurrence=2)])
    clients = lab.clients(double.url)
    clients.iam.list_roles()
    for _ in range(4):
        assert error_of(clients.iam.list_roles)[1] == "AccessDenied"


def test_faults_can_be_counted_among_the_changing_calls(lab: Lab) -> None:
    double = lab.double(faults=[faults.error_500(at_change=2)])
    clients = lab.clients(double.url)
    create_role(clients)
    clients.iam.list_roles()
    assert error_of(lambda: create_bucket(clients))[0] == 500


def test_an_executed_call_may_answer_500(lab: Lab) -> None:
    clients = lab.through(faults=[faults.executed_then_500(operation="iam.CreateRole")])
    assert error_of(lambda: create_role(clients))[:2] == (500, "ServiceFailure")
    assert roles(lab) == ["tracker"]


def test_a_hook_sees_the_call_before_and_after_its_execution(lab: Lab) -> None:
    seen: list[tuple[str, list[str]]] = []
    double = lab.double(
        faults=[
            faults.hook(
                before=lambda call: seen.append((call.name, roles(lab))),
                after=lambda call: seen.append((call.name, roles(lab))),
                operation="iam.CreateRole",
            )
        ]
    )
    create_role(lab.clients(double.url))
    assert seen == [("iam.CreateRole", []), ("iam.CreateRole", ["tracker"])]


CREATE_ROLE_SCRIPT = """
import boto3, sys
boto3.Session("test", "test", region_name="eu-central-1").client("iam", endpoint_url=sys.argv[1]).create_role(
    RoleName="tracker", AssumeRolePolicyDocument=sys.argv[2])
"""


@pytest.mark.parametrize(
    ("fault", "executed"),
    [(faults.killed_before, False), (faults.killed_after, True)],
    ids=["before", "after"],
)
def test_a_client_process_is_killed_before_or_after_the_execution_of_a_call(
    lab: Lab, fault: Callable[..., faults.Fault], executed: bool
) -> None:
    running: list[subprocess.Popen[bytes]] = []
    double = lab.double(faults=[fault(lambda: running[0].kill(), at=1)])
    running.append(subprocess.Popen([sys.executable, "-c", CREATE_ROLE_SCRIPT, double.url, TRUST_LAMBDA]))
    assert running[0].wait(30) == -signal.SIGKILL
    assert roles(lab) == ["tracker"] * executed


def test_a_fault_needs_exactly_one_choice_of_calls() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        faults.lost()
    with pytest.raises(ValueError, match="exactly one"):
        faults.lost(at=1, operation="iam.CreateRole")
