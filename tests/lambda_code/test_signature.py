"""The signature equals botocore's, which is the oracle here."""

from __future__ import annotations

import hashlib

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader
from botocore.utils import percent_encode
from configuration import Configuration
from hypothesis import given, settings
from hypothesis import strategies as st
from signature import authorization, encoded_path, signing_key
from storage import Store, address

from tests.lambda_code.s3_double import S3Double

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126))
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
ACCESS_KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=20)
REGIONS = st.sampled_from(["us-east-1", "eu-central-2", "cn-north-1", "us-gov-west-1", "ap-southeast-5"])
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
MOMENTS = st.datetimes().map(lambda moment: f"{moment:%m%dT%H%M%S}Z").map(lambda rest: f"2026{rest}")
METADATA = st.dictionaries(st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12), PRINTABLE)


def botocore_signature(url: str, headers: dict[str, str], access_key: str, secret: str, region: str) -> str:
    """The Authorization header of botocore for a PUT with exactly these headers."""
    signer = S3SigV4Auth(Credentials(access_key, secret), "s3", region)
    request = AWSRequest(method="PUT", url=url, headers=headers)
    request.context["timestamp"] = headers["x-amz-date"]
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    names = signer.signed_headers(signer.headers_to_sign(request))
    scope = signer.scope(request)
    return (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, "
        f"Signature={signer.signature(to_sign, request)}"
    )


@given(KEYS, st.binary(max_size=200), ACCESS_KEYS, SECRETS, PRINTABLE, REGIONS, METADATA, MOMENTS)
@settings(max_examples=500)
def test_our_signature_is_botocores_for_any_request(
    key: str,
    content: bytes,
    access_key: str,
    secret: str,
    session_token: str,
    region: str,
    metadata: dict[str, str],
    moment: str,
) -> None:
    headers = {
        "host": "bucket.example",
        "content-type": "application/json",
        "x-amz-content-sha256": hashlib.sha256(content).hexdigest(),
        "x-amz-date": moment,
        "x-amz-security-token": session_token,
    } | {f"x-amz-meta-{name}": value for name, value in metadata.items()}
    path = encoded_path(f"/{key}")
    ours = authorization(
        method="PUT",
        path=path,
        headers=headers,
        content_digest=headers["x-amz-content-sha256"],
        access_key=access_key,
        region=region,
        service="s3",
        key=signing_key(secret, moment[:8], region, "s3"),
    )
    assert ours == botocore_signature(f"https://bucket.example{path}", headers, access_key, secret, region)


@given(KEYS)
def test_keys_are_encoded_as_botocore_encodes_them(key: str) -> None:
    assert encoded_path(key) == percent_encode(key, safe="/~")


@given(KEYS, st.binary(max_size=2000), ACCESS_KEYS, SECRETS, st.one_of(st.just(""), SECRETS), REGIONS)
@settings(max_examples=60, deadline=None)
def test_the_request_on_the_wire_carries_the_signature_of_exactly_what_is_sent(
    key: str, content: bytes, access_key: str, secret: str, session_token: str, region: str
) -> None:
    with S3Double() as double:
        configuration = Configuration(
            bucket="bucket",
            bucket_owner="123456789012",
            region=region,
            access_key=access_key,
            secret_key=secret,
            session_token=session_token,
            endpoint=double.url,
        )
        store = Store(configuration)
        store.put(key, content, "text/plain", {"client-label": "shop"}, 5)
        store.close()
        received = double.received[0]
    headers = dict(received.headers)
    signature = headers.pop("authorization")
    assert headers.pop("content-length") == str(len(content))
    assert received.body == content
    assert headers["x-amz-content-sha256"] == hashlib.sha256(content).hexdigest()
    assert headers.get("x-amz-security-token", "") == session_token
    url = double.url + received.line.split(" ")[1]
    assert signature == botocore_signature(url, headers, access_key, secret, region)


def test_the_signing_key_changes_with_the_day_or_the_first_request_after_midnight_would_fail() -> None:
    seconds = iter([1_767_311_999.0, 1_767_312_000.0])  # the last second of a day, the first of the next
    with S3Double() as double:
        configuration = Configuration(bucket="b", access_key="A", secret_key="S", endpoint=double.url)
        store = Store(configuration, now=lambda: next(seconds))
        for _ in range(2):
            store.put("key", b"", "text/plain", {}, 5)
        store.close()
    for received, day in zip(double.received, ("20260101", "20260102"), strict=True):
        headers = dict(received.headers)
        signature = headers.pop("authorization")
        del headers["content-length"]
        assert f"/{day}/" in signature
        assert signature == botocore_signature(f"{double.url}/b/key", headers, "A", "S", "us-east-1")


@pytest.mark.parametrize(
    "partition", Loader().load_data("partitions")["partitions"], ids=lambda partition: str(partition["id"])
)
def test_every_partition_of_aws_has_its_own_domain(partition: dict[str, dict[str, str]]) -> None:
    for region in partition["regions"]:
        if region.endswith("-global"):
            continue
        secure, host, port, header, prefix = address("bucket", region, "")
        assert (secure, port, prefix) == (True, 443, "")
        assert host == header == f"bucket.s3.{region}.{partition['outputs']['dnsSuffix']}"


@pytest.mark.parametrize(
    ("bucket", "endpoint", "expected", "why"),
    [
        (
            "a.b",
            "",
            (True, "s3.eu-west-1.amazonaws.com", 443, "s3.eu-west-1.amazonaws.com", "/a.b"),
            "no wildcard certificate covers a bucket with dots",
        ),
        (
            "b",
            "http://127.0.0.1:4566",
            (False, "127.0.0.1", 4566, "127.0.0.1:4566", "/b"),
            "an endpoint has no host name for each bucket",
        ),
        ("b", "http://s3.test/", (False, "s3.test", 80, "s3.test", "/b"), "the default port is left out"),
        ("b", "https://s3.test:443", (True, "s3.test", 443, "s3.test", "/b"), "even when it was written"),
        ("b", "https://s3.test/base/", (True, "s3.test", 443, "s3.test", "/base/b"), "behind a proxy's path"),
        ("b", "http://[::1]:9000", (False, "::1", 9000, "[::1]:9000", "/b"), "IPv6 has brackets"),
        ("b", "http://[::1]", (False, "::1", 80, "[::1]", "/b"), "IPv6 without a port"),
    ],
)
def test_the_bucket_is_found(
    bucket: str, endpoint: str, expected: tuple[bool, str, int, str, str], why: str
) -> None:
    assert address(bucket, "eu-west-1", endpoint) == expected, why
