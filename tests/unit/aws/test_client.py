"""Pacing, identity, the pinned account, and no retries behind our back."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.clock import ManualClock
from tests.aws.in_process import ACCOUNT_ID, Account, FakeClock
from wizard.aws.client import Aws, Caller, Keys, Pacer, identify, open_session, refuse_other_account
from wizard.errors import CredentialsError, Interrupted, WizardError


def paced(pacer: Pacer, clock: FakeClock, operation: str) -> float:
    """Wait until the pacer lets `operation` go; the moment at which it did."""
    while wait := pacer.wait_for(operation):
        clock.sleep(wait)
    return clock.now


@pytest.mark.parametrize(
    ("operation", "seconds"), [("CreateRestApi", 3), ("CreateDeployment", 5), ("DeleteRestApi", 30)]
)
def test_calls_with_a_quota_of_their_own_are_kept_apart(operation: str, seconds: int) -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    moments = [paced(pacer, clock, operation) for _ in range(3)]
    assert moments[0] == 0, "the first call does not wait"
    assert moments == pytest.approx([0, seconds, 2 * seconds], abs=0.01)


def test_the_pause_is_counted_from_the_answer_because_nobody_knows_how_long_the_call_was_on_its_way() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    paced(pacer, clock, "CreateRestApi")
    clock.sleep(2.5)
    pacer.answered("CreateRestApi")
    assert paced(pacer, clock, "CreateRestApi") == pytest.approx(5.5, abs=0.01)


def test_all_calls_together_keep_to_a_burst_of_40_and_10_a_second() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    moments = [paced(pacer, clock, "GetResources") for _ in range(100)]
    assert moments[39] == 0
    assert moments[40] > 0
    assert moments[99] == pytest.approx(6.0, abs=0.1)


def test_a_rounding_error_does_not_hold_a_call_back_for_ever() -> None:
    clock = FakeClock(aws=ManualClock(1e9))
    pacer = Pacer(clock)
    for _ in range(300):
        paced(pacer, clock, "GetResources")
    assert len(clock.naps) < 600


def test_who_we_are_comes_from_sts(account: Account) -> None:
    identity = identify(account.aws(FakeClock()))
    assert (identity.account, identity.partition) == (ACCOUNT_ID, "aws")


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "OptInRequired"]
)
def test_credentials_that_sts_refuses_are_exit_code_4(account: Account, code: str) -> None:
    account.calls.refuse("sts.GetCallerIdentity", code, "", status=403)
    with pytest.raises(CredentialsError) as caught:
        identify(account.aws(FakeClock()))
    assert caught.value.exit_code == 4
    assert caught.value.next_step


def test_an_unknown_profile_is_a_message() -> None:
    with pytest.raises(CredentialsError, match="no such profile") as caught:
        open_session("no-such-profile-at-all", "us-east-1")
    assert "aws configure list-profiles" in caught.value.next_step


@pytest.mark.parametrize(("account_id", "partition"), [("999999999999", "aws"), (ACCOUNT_ID, "aws-cn")])
def test_other_credentials_are_refused_before_anything_is_touched(account_id: str, partition: str) -> None:
    with pytest.raises(CredentialsError, match="another AWS account"):
        refuse_other_account(Caller(account_id, partition, "arn"), ACCOUNT_ID, "aws")
    refuse_other_account(Caller(ACCOUNT_ID, "aws", "arn"), ACCOUNT_ID, "aws")


def test_keys_do_not_show_their_secret() -> None:
    assert "hidden" not in repr(Keys("AKIA", "hidden"))


def test_the_operators_wish_to_stop_is_heard_before_every_call(account: Account) -> None:
    aws = account.aws(FakeClock(stop_at_check=2))
    aws.s3.list_buckets()
    with pytest.raises(Interrupted):
        aws.iam.list_roles()
    assert account.calls.names() == ["s3.ListBuckets"]


class Failing:
    """A transport that answers every request with 500, and counts them."""

    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, request: Any, **_: object) -> Any:
        from botocore.awsrequest import AWSResponse
        from moto.core.botocore_stubber import MockRawResponse

        self.sent += 1
        return AWSResponse(request.url, 500, {}, MockRawResponse(b""))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_botocore_never_sends_a_call_twice_whatever_the_environment_says(
    account: Account, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    aws = Aws(open_session(None, "us-east-1", Keys("test", "test")), None, FakeClock())
    for client, call in (("apigateway", "create_rest_api"), ("invoker", "invoke"), ("iam", "create_role")):
        transport = Failing()
        getattr(aws, client).meta.events.register_first("before-send", transport)
        arguments: dict[str, dict[str, Any]] = {
            "create_rest_api": {"name": "x"},
            "invoke": {"FunctionName": "x"},
            "create_role": {"RoleName": "x", "AssumeRolePolicyDocument": "{}"},
        }
        with pytest.raises(ClientError):
            getattr(getattr(aws, client), call)(**arguments[call])
        assert transport.sent == 1, client


class SignInPage(BaseHTTPRequestHandler):
    """A network that answers everything with a page until somebody has signed in."""

    status = 200

    def do_POST(self) -> None:
        """The page."""
        page = b"<html><body>Welcome!<br>Sign in</body>"
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_args: object) -> None:
        """Nobody reads it."""


@pytest.mark.parametrize("status", [200, 403])
def test_a_sign_in_page_instead_of_aws_is_said_so_because_it_is_no_fault_of_ours(status: int) -> None:
    page = type("Page", (SignInPage,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        session = open_session(None, "us-east-1", Keys("test", "test"))
        with pytest.raises(WizardError) as caught:
            identify(Aws(session, f"http://127.0.0.1:{server.server_port}", FakeClock()))
        server.shutdown()
    assert "What answered is not AWS" in caught.value.why
