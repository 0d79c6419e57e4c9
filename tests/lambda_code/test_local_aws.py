"""Against an AWS that checks signatures and policies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from configuration import Configuration
from lambda_function import Application, handle
from storage import Store

from tests.lambda_code.doubles import DIGEST, Context, request

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("lambda_code_ministack")]
Post = Callable[..., dict[str, Any]]


def client(service: str, url: str) -> Any:
    """A boto3 client as root."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def bucket_and_user(url: str, name: str, *actions: str) -> dict[str, str]:
    """A new bucket and the environment of a user who may do these actions in it.

    Root would not do: its signatures are not checked there.
    """
    client("s3", url).create_bucket(Bucket=name)
    iam = client("iam", url)
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": f"arn:aws:s3:::{name}/*"}
    if actions:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="events", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "BUCKET_NAME": name,
        "AUTH_TOKEN_SHA256": DIGEST,
        "AUTH_TOKEN_LABELS": "the shop",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_ENDPOINT_URL": url,
    }


@pytest.fixture
def post() -> Iterator[Post]:
    """Post a body to a handler with that environment."""
    stores = []

    def send(environment: dict[str, str], *bodies: object) -> dict[str, Any]:
        configuration = Configuration.from_environment(environment)
        stores.append(Store(configuration))
        application = Application(configuration, stores[-1])
        answers = [handle(request(body), Context(), application) for body in bodies]
        return answers[-1]

    yield send
    for store in stores:
        store.close()


@pytest.mark.parametrize("event_format", ["json", "jsonl", "jsonl.gz"])
def test_the_signature_is_accepted_and_the_event_lies_in_the_bucket(
    ministack: str, event_format: str, post: Post
) -> None:
    bucket = f"events.of-{event_format.replace('.', '-')}"
    environment = bucket_and_user(ministack, bucket, "s3:PutObject") | {"EVENT_FORMAT": event_format}
    answer = post(environment, *[{"event_name": "ü"}] * 3)
    assert answer["statusCode"] == 200
    s3 = client("s3", ministack)
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert len(keys) == 3
    assert all(answer["headers"]["X-Request-Id"] in key for key in keys)
    stored = s3.get_object(Bucket=bucket, Key=keys[0])
    assert stored["Metadata"] == {"client-label": "the shop"}
    assert stored["ContentType"] == ("application/json" if event_format == "json" else "application/x-ndjson")
    content = stored["Body"].read()
    text = (gzip.decompress(content) if event_format == "jsonl.gz" else content).decode()
    events = json.loads(text) if event_format == "json" else [json.loads(line) for line in text.splitlines()]
    assert [event["event_name"] for event in events] == ["ü"]


@pytest.mark.parametrize(
    ("variables", "code", "logged"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "StorageAccessDenied", "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "AKIAWRONGWRONGWRONG1"}, "StorageAccessDenied", "InvalidAccessKeyId"),
    ],
)
def test_what_s3_refuses_is_told_apart(
    ministack: str,
    variables: dict[str, str],
    code: str,
    logged: str,
    post: Post,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = bucket_and_user(ministack, f"told-{logged.lower()}", "s3:PutObject")
    answer = post(environment | variables, {"a": 1})
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["code"] == code
    assert json.loads(capsys.readouterr().out)["storage_code"] == logged


def test_a_role_without_the_permission_gets_access_denied(
    ministack: str, post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = post(bucket_and_user(ministack, "denied-bucket"), {"a": 1})
    assert json.loads(answer["body"])["code"] == "StorageAccessDenied"
    assert json.loads(capsys.readouterr().out)["storage_code"] == "AccessDenied"


def test_a_bucket_that_is_gone_is_said_to_be_not_found(ministack: str, post: Post) -> None:
    environment = bucket_and_user(ministack, "gone-bucket", "s3:PutObject")
    client("s3", ministack).delete_bucket(Bucket="gone-bucket")
    assert json.loads(post(environment, {"a": 1})["body"])["code"] == "StorageNotFound"
