"""The uploaded zip under AWS's own runtime client: one process a Python, every shape of event in one go."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_code.doubles import TOKEN, binary
from tests.lambda_code.runtime import running
from wizard.settings.runtimes import RUNTIME_ENDS

BODY = json.dumps([{"event_name": "page_view", "text": "ü"}], ensure_ascii=False)
HEADERS = {"content-type": "application/json", "x-auth-token": TOKEN}
REST: dict[str, Any] = {
    "resource": "/events",
    "path": "/events",
    "httpMethod": "POST",
    "headers": {"Content-Type": "application/json", "X-Auth-Token": TOKEN},
    "multiValueHeaders": {"Content-Type": ["application/json"], "X-Auth-Token": [TOKEN]},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {"httpMethod": "POST", "stage": "prod", "identity": {"sourceIp": "192.0.2.1"}},
    "body": BODY,
    "isBase64Encoded": False,
}
HTTP_API: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "POST /events",
    "rawPath": "/events",
    "rawQueryString": "",
    "headers": HEADERS,
    "requestContext": {"http": {"method": "POST", "path": "/events"}, "stage": "$default"},
    "body": BODY,
    "isBase64Encoded": False,
}
FUNCTION_URL = {**HTTP_API, "routeKey": "$default", **binary(BODY.encode())}
ALB: dict[str, Any] = {
    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
    "httpMethod": "POST",
    "path": "/events",
    "queryStringParameters": {},
    "headers": HEADERS,
    "body": BODY,
    "isBase64Encoded": False,
}


def encoded(event: dict[str, Any], encoding: str, content: bytes | None = None) -> dict[str, Any]:
    """The event with its encoding announced; with `content`, that instead of the body, in base64."""
    headers = {**event["headers"], "content-encoding": encoding}
    return {**event, "headers": headers, **(binary(content) if content is not None else {})}


GZIP, ZLIB = gzip.compress(BODY.encode()), zlib.compress(BODY.encode())
EVENTS: list[tuple[str, object, int]] = [
    ("REST API", REST, 200),
    ("REST API, several values of a header only", {**REST, "headers": None}, 200),
    ("REST API, gzip inflated, header kept", encoded(REST, "gzip"), 200),
    ("REST API, deflate inflated, header kept", encoded(REST, "deflate"), 200),
    ("HTTP API", HTTP_API, 200),
    ("HTTP API, gzip", encoded(HTTP_API, "gzip", GZIP), 200),
    ("Function URL", FUNCTION_URL, 200),
    ("Function URL, deflate", encoded(FUNCTION_URL, "deflate", ZLIB), 200),
    ("ALB", ALB, 200),
    (
        "ALB, several values of a header only",
        {**ALB, "headers": None, "multiValueHeaders": REST["multiValueHeaders"]},
        200,
    ),
    ("console, the events as they are", {"headers": HEADERS, "body": json.loads(BODY)}, 200),
    ("console, half a character", {"headers": HEADERS, "body": '{"a":"\ud800\\ud800"}'}, 200),
    ("preflight", {**REST, "httpMethod": "OPTIONS"}, 204),
    ("a proxied GET", {**HTTP_API, "requestContext": {"http": {"method": "GET"}}}, 405),
    ("an encoding that nobody knows", encoded(REST, "br"), 415),
    ("everything null", dict.fromkeys(REST), 401),
    ("null", None, 401),
    ("a list", [], 401),
    ("the console's template", {"key1": "value1", "key2": "value2"}, 401),
    ("no body", {**REST, "body": None}, 400),
    ("too large", {**REST, "body": json.dumps({"a": "x" * 5_000_000})}, 413),
]


@pytest.mark.parametrize("runtime", RUNTIME_ENDS)
def test_every_shape_of_event_is_answered_as_a_proxy_integration_wants_it(
    runtime: str, tmp_path: Path
) -> None:
    with running(runtime, tmp_path) as function:
        found = {name: function.status(event) for name, event, _status in EVENTS}
        assert found == {name: status for name, _event, status in EVENTS}
        assert len(function.s3.received) == sum(status == 200 for _name, _event, status in EVENTS)
        assert all(b"\xc3\xbc" in stored.body for stored in function.s3.received[:11])
