"""How a request gets its name, what the log keeps, and what time it takes."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest

from tests.aws.lab import (
    REGION,
    Lab,
    create_api,
    create_bucket,
    create_function,
    create_role,
    post,
)
from tests.aws.over_http import ManualClock, ScaledClock
from tests.aws.over_http.behaviours import (
    Latency,
)
from tests.aws.over_http.messages import Request
from tests.aws.over_http.operations import identify

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


@pytest.mark.parametrize(
    ("method", "target", "service", "name", "parameter"),
    [
        ("PUT", "/b", "s3", "CreateBucket", ("Bucket", "b")),
        ("HEAD", "/b", "s3", "HeadBucket", ("Bucket", "b")),
        ("PUT", "/b?publicAccessBlock", "s3", "PutPublicAccessBlock", ("Bucket", "b")),
        ("PUT", "/b?versioning", "s3", "PutBucketVersioning", ("Bucket", "b")),
        ("GET", "/b?encryption", "s3", "GetBucketEncryption", ("Bucket", "b")),
        ("GET", "/b?location", "s3", "GetBucketLocation", ("Bucket", "b")),
        ("GET", "/b?list-type=2&prefix=e%2F", "s3", "ListObjectsV2", ("Prefix", "e/")),
        ("GET", "/b?versions", "s3", "ListObjectVersions", ("Bucket", "b")),
        ("GET", "/b", "s3", "ListObjects", ("Bucket", "b")),
        ("GET", "/b?lifecycle", "s3", "GetBucketLifecycleConfiguration", ("Bucket", "b")),
        ("POST", "/b?delete", "s3", "DeleteObjects", ("Bucket", "b")),
        ("PUT", "/b/k/1", "s3", "PutObject", ("Key", "k/1")),
        ("PUT", "/b/k?partNumber=1&uploadId=u", "s3", "UploadPart", ("UploadId", "u")),
        ("GET", "/b/k?tagging", "s3", "GetObjectTagging", ("Key", "k")),
        ("GET", "/", "s3", "ListBuckets", ("Bucket", None)),
        ("POST", "/2015-03-31/functions", "lambda", "CreateFunction", ("FunctionName", None)),
        ("POST", "/2015-03-31/functions/f/invocations", "lambda", "Invoke", ("FunctionName", "f")),
        ("POST", "/2015-03-31/functions/f/policy", "lambda", "AddPermission", ("FunctionName", "f")),
        (
            "PUT",
            "/2017-10-31/functions/f/concurrency",
            "lambda",
            "PutFunctionConcurrency",
            ("FunctionName", "f"),
        ),
        ("POST", "/restapis", "apigateway", "CreateRestApi", ("restApiId", None)),
        ("POST", "/restapis?mode=import", "apigateway", "ImportRestApi", ("restApiId", None)),
        ("POST", "/restapis/a/resources/r", "apigateway", "CreateResource", ("parentId", "r")),
        (
            "PUT",
            "/restapis/a/gatewayresponses/DEFAULT_4XX",
            "apigateway",
            "PutGatewayResponse",
            ("restApiId", "a"),
        ),
        ("PUT", "/tags/arn%3Aaws%3Ax", "apigateway", "TagResource", ("resourceArn", "arn:aws:x")),
    ],
)
def test_a_request_has_the_name_that_aws_gives_it(
    method: str, target: str, service: str, name: str, parameter: tuple[str, str | None]
) -> None:
    credential = f"AWS4-HMAC-SHA256 Credential=KEY/20260101/{REGION}/{service}/aws4_request, ..."
    operation = identify(Request(method, target, [("Authorization", credential)]))
    assert (operation.service, operation.name) == (service, name)
    assert operation.parameters.get(parameter[0]) == parameter[1]


def test_a_call_to_cloudwatch_has_the_name_that_iam_gives_it_and_not_that_of_its_signature() -> None:
    credential = f"AWS4-HMAC-SHA256 Credential=KEY/20260101/{REGION}/monitoring/aws4_request, ..."
    target = ("X-Amz-Target", "GraniteServiceVersion20100801.GetMetricData")
    request = Request("POST", "/", [("Authorization", credential), target], b'{"MaxDatapoints": 1}')

    operation = identify(request)

    assert (operation.service, operation.name) == ("cloudwatch", "GetMetricData")
    assert operation.parameters == {"MaxDatapoints": 1}


def test_the_log_names_every_call_and_says_which_ones_change_something(lab: Lab, tmp_path: Path) -> None:
    double = lab.double(log_file=tmp_path / "calls.jsonl")
    clients = lab.clients(double.url)
    clients.sts.get_caller_identity()
    create_role(clients)
    clients.logs.create_log_group(logGroupName="/aws/lambda/tracker")
    create_function(clients)
    create_bucket(clients)
    clients.s3.put_object(Bucket="bucket-of-ours", Key="k", Body=io.BytesIO(b"x" * 100_000))
    post(double.url + create_api(clients))
    names = double.names()
    assert names[:6] == [
        "sts.GetCallerIdentity",
        "iam.CreateRole",
        "logs.CreateLogGroup",
        "lambda.CreateFunction",
        "s3.CreateBucket",
        "s3.PutObject",
    ]
    assert names[-1] == "execute-api.POST"
    assert "sts.GetCallerIdentity" not in double.names(changing_only=True)
    assert len(lab.direct.s3.get_object(Bucket="bucket-of-ours", Key="k")["Body"].read()) == 100_000
    written = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert [entry["status"] for entry in written] == [call.status for call in double.calls]
    assert {entry["answered_by"] for entry in written} == {"emulator"}


def test_latency_takes_time_on_every_call(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(Latency(0.2, {"iam.ListRoles": 5}), clock=clock)
    start = clock.now()
    clients.sts.get_caller_identity()
    assert clock.now() - start == pytest.approx(0.2)
    clients.iam.list_roles()
    assert clock.now() - start == pytest.approx(5.2)


def test_a_scaled_clock_makes_thirty_seconds_short() -> None:
    clock = ScaledClock(0.001)
    before, start = clock.now(), time.monotonic()
    clock.sleep(30)
    assert clock.now() - before >= 30
    assert time.monotonic() - start < 20
