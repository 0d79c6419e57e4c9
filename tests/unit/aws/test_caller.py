"""Whose credentials these are: STS says it, and nothing of another account is touched."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.aws.in_process import ACCOUNT_ID, Account, FakeClock
from wizard.aws.caller import Caller, identify, refuse_other_account
from wizard.aws.client import Aws
from wizard.aws.session import Keys, open_session
from wizard.errors import CredentialsError, WizardError


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


class SignInPage(BaseHTTPRequestHandler):
    """A network that answers everything with a page until somebody has signed in."""

    status = 200
    page = b"<html><body>Welcome!<br>Sign in</body>"

    def do_POST(self) -> None:
        """The page."""
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_args: object) -> None:
        """Nobody reads it."""


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, SignInPage.page), (403, SignInPage.page), (200, b"<html><body>Sign in</body></html>")],
    ids=["html", "html, refused", "xhtml, in which an XML parser finds no fault"],
)
def test_a_sign_in_page_instead_of_aws_is_said_so_because_it_is_no_fault_of_ours(
    status: int, text: bytes
) -> None:
    page = type("Page", (SignInPage,), {"status": status, "page": text})
    with ThreadingHTTPServer(("127.0.0.1", 0), page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        session = open_session(None, "us-east-1", Keys("test", "test"))
        with pytest.raises(WizardError) as caught:
            identify(Aws(session, f"http://127.0.0.1:{server.server_port}", FakeClock()))
        server.shutdown()
    assert "What answered is not AWS" in caught.value.why
