"""Every call: heard between two of them, never sent twice."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.in_process import Account, FakeClock
from wizard.aws.client import Aws
from wizard.aws.session import Keys, open_session
from wizard.errors import Interrupted


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
