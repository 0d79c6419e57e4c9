"""A function of 128 MB must survive every request that Lambda hands to it (at most 6 MB)."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests import PROJECT
from tests.lambda_code.doubles import DIGEST, TOKEN
from tests.lambda_code.s3_double import S3Double

LIMIT = 6_291_456
FUNCTION_MEGABYTES = 128
LAMBDA_CODE = PROJECT / "lambda_code"
CHILD = """
import json, sys
event = json.load(sys.stdin)
import lambda_function
answer = lambda_function.lambda_handler(event, None)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"status": answer["statusCode"], "megabytes": peak / 1024}))
"""


def filled(event: str, opening: str = "[", closing: str = "]") -> str:
    """As many copies of the event's text as fit into the largest request."""
    room = LIMIT - len(opening) - len(closing)
    count = min(room // (len(event.encode()) + 1), 100_000)
    return opening + ",".join([event] * count) + closing


PAGE_VIEW = (
    '{"event_name":"page_view","user_id":"user_1","properties":{"path":"/pricing","list":[1,2,{"a":1.5}]}}'
)
BODIES = {
    "a batch": filled(PAGE_VIEW),
    "a wrapped batch": filled(PAGE_VIEW, '{"events":[', "]}"),
    "a batch that must be written out again": filled(PAGE_VIEW.replace('":', '" :')),
    "a batch with one emoji, which takes four bytes a character": filled(PAGE_VIEW, '[{"a":"😀"},'),
    "a hundred thousand small events": filled('{"event_name":"a"}'),
    "one event with a long text": '{"a":"' + "x" * (LIMIT - 8) + '"}',
    "a hundred thousand refused events": filled("1"),
    "too many events": "[" + "1," * 3_000_000 + "1]",
}


def measured(parts: dict[str, Any], **environment: str) -> tuple[int, float]:
    """Status and peak memory (megabytes) of a fresh process that handles the request."""
    event = {"httpMethod": "POST", "headers": {"x-auth-token": TOKEN}} | parts
    with S3Double() as double:
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=json.dumps(event),
            text=True,
            capture_output=True,
            check=True,
            env=os.environ
            | {
                "PYTHONPATH": str(LAMBDA_CODE),
                "BUCKET_NAME": "bucket",
                "AUTH_TOKEN_SHA256": DIGEST,
                "AWS_ENDPOINT_URL": double.url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            }
            | environment,
        )
        result = json.loads(done.stdout)
        if result["status"] == 200:
            assert len(double.received) == 1
        print(f"{result['megabytes']:.0f} MB")
        return result["status"], result["megabytes"]


@pytest.mark.slow
@pytest.mark.parametrize("event_format", ["json", "jsonl.gz"])
@pytest.mark.parametrize("name", BODIES)
def test_the_largest_request_is_handled_within_the_functions_memory(name: str, event_format: str) -> None:
    status, megabytes = measured({"body": BODIES[name]}, EVENT_FORMAT=event_format)
    assert status == (400 if "refused" in name else 413 if "too many" in name else 200)
    assert megabytes < FUNCTION_MEGABYTES


@pytest.mark.slow
def test_the_largest_compressed_request_is_handled_within_the_functions_memory() -> None:
    content = base64.b64encode(gzip.compress(BODIES["a batch"].encode())).decode()
    headers = {"x-auth-token": TOKEN, "content-encoding": "gzip"}
    status, megabytes = measured({"body": content, "isBase64Encoded": True, "headers": headers})
    assert status == 200
    assert megabytes < FUNCTION_MEGABYTES


@pytest.mark.slow
def test_a_gzip_bomb_is_413_and_never_unfolds() -> None:
    bomb = gzip.compress(b" " * 1024 * 1024 * 1000)
    headers = {"x-auth-token": TOKEN, "content-encoding": "gzip"}
    body = base64.b64encode(bomb).decode()
    status, megabytes = measured({"body": body, "isBase64Encoded": True, "headers": headers})
    assert status == 413
    assert megabytes < 64
