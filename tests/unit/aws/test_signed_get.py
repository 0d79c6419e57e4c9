"""A GET that we sign ourselves: it goes where boto3's would, with the signature that S3 works out."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import NoCredentialsError
from signature import authorization, signing_key

from tests.aws.clock import FakeClock
from tests.aws.names import ACCOUNT_ID
from wizard.aws.client import Aws
from wizard.aws.session import Keys, open_session
from wizard.aws.signed_get import SignedGet

KEYS = Keys("AKIAEXAMPLE", "a secret")
EMULATOR = "http://127.0.0.1:4566"


def account(region: str = "eu-central-1", endpoint_url: str | None = None) -> Aws:
    return Aws(open_session(None, region, KEYS), endpoint_url, FakeClock(), account=ACCOUNT_ID)


def url_of_boto3(aws: Aws, **wanted: str) -> str:
    """Where boto3 sends its own GetObject."""
    urls: list[str] = []

    def stop(request: Any, **_: object) -> AWSResponse:
        urls.append(request.url)
        return AWSResponse(request.url, 200, HTTPHeaders(), None)

    events: Any = aws.s3.meta.events
    events.register("before-send.s3.GetObject", stop)
    aws.s3.get_object(**wanted)  # type: ignore[arg-type]
    return urls[0]


@pytest.mark.parametrize("key", ["events/year=2026/x_1.json", "a b+ü~(1)&=?#/é.json", "x%2Fy", "k"])
@pytest.mark.parametrize("version", [None, "null", "3HL4kqtJ.vjVBH/40Nr+X8~gdRQ=_-"])
@pytest.mark.parametrize(
    ("region", "endpoint_url", "bucket"),
    [
        ("eu-central-1", None, "bucket"),
        ("us-east-1", None, "bucket"),
        ("us-west-2", None, "bucket.with.dots"),
        ("cn-north-1", None, "bucket"),
        ("eu-central-1", EMULATOR, "bucket"),
    ],
)
def test_it_goes_where_boto3_would_send_it_whatever_name_and_version_an_object_has(
    key: str, version: str | None, region: str, endpoint_url: str | None, bucket: str
) -> None:
    aws = account(region, endpoint_url)
    named = {"VersionId": version} if version else {}

    url, _headers = SignedGet(aws, bucket).of(key, version)

    assert url == url_of_boto3(aws, Bucket=bucket, Key=key, **named)


@pytest.mark.parametrize("key", ["events/x.json", "a b+ü~(1)&.json"])
def test_the_signature_is_that_of_a_second_implementation(key: str) -> None:
    url, headers = SignedGet(account(), "bucket").of(key)

    signed = {name.lower(): value for name, value in headers.items() if name.lower() != "authorization"}
    host, _, path = url.removeprefix("https://").partition("/")
    expected = authorization(
        method="GET",
        path=f"/{path}",
        headers={**signed, "host": host},
        content_digest=signed["x-amz-content-sha256"],
        access_key=KEYS.access_key_id,
        region="eu-central-1",
        service="s3",
        key=signing_key(KEYS.secret_access_key, signed["x-amz-date"][:8], "eu-central-1", "s3"),
    )
    assert headers["Authorization"] == expected
    assert signed["x-amz-expected-bucket-owner"] == ACCOUNT_ID, "names of buckets may change hands"


def test_the_token_of_a_role_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token")
    aws = Aws(open_session(None, "eu-central-1"), None, FakeClock())

    _url, headers = SignedGet(aws, "bucket").of("k")

    assert headers["X-Amz-Security-Token"] == "a token"
    assert "x-amz-security-token" in headers["Authorization"]
    assert "x-amz-expected-bucket-owner" not in headers, "not known yet whose it should be"


def test_without_credentials_it_is_boto3s_own_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(NoCredentialsError):
        SignedGet(Aws(open_session(None, "eu-central-1"), None, FakeClock()), "bucket").of("k")
