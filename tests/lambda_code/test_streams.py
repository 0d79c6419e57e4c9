"""Speaking to Firehose: one record, another stream after a refusal, and no longer than allowed."""

from __future__ import annotations

import base64
import json
import time

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from configuration import Configuration
from service import aws_host
from streams import StreamError, Streams

from tests.lambda_code.s3_double import DROP, SILENCE, Received, S3Double

CONTENT = b'{"a":1}\n'
TAKEN = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"RecordId":"abc"}'


def refusal(status: int, kind: str) -> bytes:
    body = json.dumps({"__type": kind, "message": "secret detail"}).encode()
    return b"HTTP/1.1 %d Bad\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def put(double: S3Double, *names: str, times: int = 1, seconds: float = 5.0) -> None:
    streams = Streams(
        Configuration(
            bucket="b", streams=names, region="eu-west-1", access_key="AKIA", secret_key="S",
            session_token="T", firehose_endpoint=double.url,
        )
    )  # fmt: skip
    try:
        for _ in range(times):
            streams.put(CONTENT, seconds)
    finally:
        streams.close()


def names_of(received: list[Received]) -> list[str]:
    return [json.loads(one.body)["DeliveryStreamName"] for one in received]


def test_the_record_is_what_firehose_reads_and_signed_as_botocore_signs_it() -> None:
    with S3Double(TAKEN) as double:
        put(double, "one")
    (received,) = double.received
    document = json.loads(received.body)
    headers = dict(received.headers)
    signature = headers.pop("authorization")
    del headers["content-length"]

    assert received.line == "POST / HTTP/1.1"
    assert document == {"DeliveryStreamName": "one", "Record": {"Data": base64.b64encode(CONTENT).decode()}}
    assert headers["x-amz-target"] == "Firehose_20150804.PutRecord"
    signer = SigV4Auth(Credentials("AKIA", "S"), "firehose", "eu-west-1")
    request = AWSRequest("POST", double.url + "/", headers, received.body)
    request.context["timestamp"] = headers["x-amz-date"]
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    assert signature.endswith(f"Signature={signer.signature(to_sign, request)}")


def test_the_requests_are_spread_over_the_streams_on_one_connection() -> None:
    with S3Double(*[TAKEN] * 40) as double:
        put(double, "one", "two", times=40)

    assert set(names_of(double.received)) == {"one", "two"}
    assert double.connections == 1


@pytest.mark.parametrize(
    "refused", [refusal(500, "ServiceUnavailableException"), refusal(400, "ResourceNotFoundException"), DROP]
)
def test_another_stream_is_asked_after_a_refusal_because_its_limits_are_its_own(refused: bytes) -> None:
    with S3Double(refused, TAKEN) as double:
        put(double, "one", "two")

    assert sorted(names_of(double.received)) == ["one", "two"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("com.amazonaws#ServiceUnavailableException", "ServiceUnavailableException"),
        ("AccessDeniedException", "AccessDeniedException"),
        ('<x y="">', "xy"),
    ],
)
def test_a_refusal_names_its_code_and_nothing_else_that_the_service_says(kind: str, code: str) -> None:
    with S3Double(refusal(500, kind)) as double, pytest.raises(StreamError) as raised:
        put(double, "one")

    assert (raised.value.status, raised.value.code) == (500, code)
    assert "secret" not in str(raised.value)


def test_an_answer_that_is_no_json_is_a_refusal_too() -> None:
    answer = b"HTTP/1.1 502 Bad\r\nContent-Length: 4\r\n\r\nbad!"
    with S3Double(answer) as double, pytest.raises(StreamError) as raised:
        put(double, "one")

    assert (raised.value.status, raised.value.code) == (502, "Unknown")


def test_no_more_than_two_streams_are_asked_so_that_the_client_is_answered_soon() -> None:
    with S3Double(*[refusal(500, "ServiceUnavailableException")] * 9) as double, pytest.raises(StreamError):
        put(double, *"abcde")

    assert len(set(names_of(double.received))) == len(double.received) == 2


def test_silence_takes_no_longer_than_allowed() -> None:
    with S3Double(SILENCE, SILENCE) as double:
        begun = time.monotonic()
        with pytest.raises(StreamError) as raised:
            put(double, "one", "two", seconds=1.0)
        seconds = time.monotonic() - begun
        double.wait_for(2)

    assert raised.value.status == 0
    assert 0.5 < seconds < 5.0
    assert len(double.received) == 2, "the other one gets its part of the time"


def test_firehose_has_its_own_host_in_every_partition() -> None:
    assert aws_host("firehose", "cn-north-1") == "firehose.cn-north-1.amazonaws.com.cn"
