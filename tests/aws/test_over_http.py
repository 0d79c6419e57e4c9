"""The double of real AWS, seen by real boto3 clients: each behaviour on, and the same call without it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError

from tests.aws.over_http import AwsDouble, ManualClock, ScaledClock, faults, lasting_rules, real_aws
from tests.aws.over_http.behaviours import (
    ApiGatewayQuotas,
    Behaviour,
    BucketNameBusyAfterDelete,
    BucketNamesTaken,
    BucketNotYetVisible,
    DeadCredentials,
    DeploymentNeedsMethods,
    EndpointNeedsLambdaPermission,
    EnvironmentRules,
    ExplicitDeny,
    FreshStageUrl,
    FunctionDeletesLater,
    FunctionPending,
    ImpliedPermissions,
    IntegrationResponseNeedsMethodResponse,
    Latency,
    LogGroupComesBack,
    MethodsAreUnique,
    NewAccountLimits,
    NoPolicyIsNotFound,
    ReservedBucketNames,
    RoleMustTrustLambda,
    RoleNotYetAssumable,
    RuntimesRetired,
    SimulationLooksAtEverything,
    StaleKmsGrant,
    StaleRoleCredentials,
    VersionsKeepTheBucket,
)
from tests.aws.over_http.messages import Request
from tests.aws.over_http.operations import identify
from tests.tools.ministack_server import MiniStackProcess

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]

REGION = "eu-central-1"
Credentials = tuple[str, str]
ROOT: Credentials = ("test", "test")
ROLE_ARN = "arn:aws:iam::000000000000:role/tracker"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:000000000000:function:tracker"
TOKEN = "an-accepted-token"
TRUST_LAMBDA = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
TRUST_NOBODY = TRUST_LAMBDA.replace("lambda.amazonaws.com", "ec2.amazonaws.com")
HANDLER = b"def handler(event, context):\n    return {'statusCode': 200, 'body': 'stored'}\n"


def allow(*actions: str) -> str:
    """A policy document that allows these actions on everything."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def code_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("handler.py")
        entry.external_attr = 0o100644 << 16
        archive.writestr(entry, HANDLER)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """A MiniStack of this module's own, without pending states of its own."""
    process = MiniStackProcess()
    try:
        yield process.start(extra_env={"LAMBDA_STATE_TRANSITION_SECONDS": "0"})
    finally:
        process.stop()


class Clients:
    """boto3 clients that never retry, so that a test sees every answer."""

    def __init__(self, url: str, region: str = REGION, credentials: Credentials = ROOT) -> None:
        self.url = url
        self._session = boto3.Session(*credentials, region_name=region)
        self._config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=30)
        self._made: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        name = {"functions": "lambda"}.get(service, service)
        if name not in self._made:
            self._made[name] = self._session.client(name, endpoint_url=self.url, config=self._config)  # type: ignore[call-overload]
        return self._made[name]

    def close(self) -> None:
        for client in self._made.values():
            client.close()


class Lab:
    """An emulator wiped clean, and as many doubles of it as a test wants."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self.url = url
        self._stack = stack
        with urllib.request.urlopen(urllib.request.Request(f"{url}/_ministack/reset", method="POST")):
            pass
        self.direct = self.clients(url)

    def clients(self, url: str, region: str = REGION, credentials: Credentials = ROOT) -> Clients:
        clients = Clients(url, region, credentials)
        self._stack.callback(clients.close)
        return clients

    def double(self, *behaviours: Behaviour, **options: Any) -> AwsDouble:
        return self._stack.enter_context(AwsDouble(self.url, behaviours, **options))

    def through(self, *behaviours: Behaviour, region: str = REGION, **options: Any) -> Clients:
        """Clients of a new double with these behaviours."""
        return self.clients(self.double(*behaviours, **options).url, region)

    def user(self, url: str, policy: str) -> Clients:
        """Clients of a fresh IAM user with one policy."""
        self.direct.iam.create_user(UserName="operator")
        key = self.direct.iam.create_access_key(UserName="operator")["AccessKey"]
        self.direct.iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=policy)
        return self.clients(url, credentials=(key["AccessKeyId"], key["SecretAccessKey"]))


@pytest.fixture
def lab(emulator: str) -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(emulator, stack)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def error_of(call: Callable[[], object]) -> tuple[int, str, str]:
    """Status, code and message of the refusal of a call."""
    with pytest.raises(ClientError) as caught:
        call()
    response: Any = caught.value.response
    return (
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Code"],
        response["Error"]["Message"],
    )


def create_bucket(clients: Clients, name: str = "bucket-of-ours", region: str = REGION) -> Any:
    constraint = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    return clients.s3.create_bucket(Bucket=name, **constraint)


def create_role(clients: Clients, trust: str = TRUST_LAMBDA) -> Any:
    return clients.iam.create_role(RoleName="tracker", AssumeRolePolicyDocument=trust)


def create_function(clients: Clients, **changes: Any) -> Any:
    desired: dict[str, Any] = {
        "FunctionName": "tracker",
        "Runtime": f"python3.{sys.version_info.minor}",
        "Role": ROLE_ARN,
        "Handler": "handler.handler",
        "Code": {"ZipFile": code_archive()},
        "Environment": {"Variables": {"TOKENS": hashlib.sha256(TOKEN.encode()).hexdigest()}},
    }
    return clients.functions.create_function(**{**desired, **changes})


def create_api(clients: Clients, *, permission: bool = True, deploy: bool = True) -> str:
    """An API with POST /events in front of the function; returns the path of its public URL."""
    api = clients.apigateway.create_rest_api(name="tracker")
    identifier = api["id"]
    resource = clients.apigateway.create_resource(
        restApiId=identifier, parentId=api["rootResourceId"], pathPart="events"
    )["id"]
    method = {"restApiId": identifier, "resourceId": resource, "httpMethod": "POST"}
    clients.apigateway.put_method(**method, authorizationType="NONE")
    clients.apigateway.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION_ARN}/invocations",
    )
    if permission:
        add_permission(clients, f"arn:aws:execute-api:{REGION}:000000000000:{identifier}/*/POST/events")
    if deploy:
        clients.apigateway.create_deployment(restApiId=identifier, stageName="prod")
    return f"/restapis/{identifier}/prod/_user_request_/events"


def add_permission(clients: Clients, source: str) -> None:
    clients.functions.add_permission(
        FunctionName="tracker",
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=source,
    )


def post(url: str, token: str = TOKEN) -> tuple[int, str, dict[str, str]]:
    """POST an event; status, body and headers."""
    request = urllib.request.Request(url, b"{}", {"X-Auth-Token": token}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


# Naming


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


def test_without_behaviours_the_double_adds_less_than_two_milliseconds(lab: Lab) -> None:
    through = lab.through()

    def best(clients: Clients) -> float:
        clients.sts.get_caller_identity()
        seconds = []
        for _ in range(60):
            start = time.perf_counter()
            clients.sts.get_caller_identity()
            seconds.append(time.perf_counter() - start)
        return min(seconds)

    assert best(through) - best(lab.direct) < 0.002


# Time


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
    assert time.monotonic() - start < 1


# Roles


def test_a_fresh_role_cannot_be_assumed_by_lambda_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(RoleNotYetAssumable(10), clock=clock)
    create_role(clients)
    refused = (
        400,
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )
    assert error_of(lambda: create_function(clients)) == refused
    clock.advance(10)
    create_function(clients)


def test_without_that_behaviour_a_fresh_role_works_at_once(lab: Lab) -> None:
    clients = lab.through()
    create_role(clients)
    create_function(clients)


def test_a_role_that_does_not_trust_lambda_is_refused_with_the_same_text_for_ever(lab: Lab) -> None:
    create_role(lab.direct, TRUST_NOBODY)
    message = error_of(lambda: create_function(lab.through(RoleMustTrustLambda())))[2]
    assert message == "The role defined for the function cannot be assumed by Lambda."
    create_function(lab.through())


def test_a_role_made_anew_leaves_the_function_without_its_kms_grant(lab: Lab) -> None:
    double = lab.double(StaleKmsGrant())
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    assert clients.functions.invoke(FunctionName="tracker")["StatusCode"] == 200
    clients.iam.delete_role(RoleName="tracker")
    create_role(clients)
    status, code, message = error_of(lambda: clients.functions.invoke(FunctionName="tracker"))
    assert (status, code) == (502, "KMSAccessDeniedException")
    assert message.startswith("Lambda was unable to decrypt the environment variables")
    assert post(double.url + path)[:2] == (500, '{"message": "Internal server error"}')
    clients.functions.update_function_configuration(FunctionName="tracker", Role=ROLE_ARN)
    assert error_of(lambda: clients.functions.invoke(FunctionName="tracker"))[0] == 502
    clients.iam.create_role(RoleName="other", AssumeRolePolicyDocument=TRUST_LAMBDA)
    other = ROLE_ARN.replace("tracker", "other")
    clients.functions.update_function_configuration(FunctionName="tracker", Role=other)
    clients.functions.update_function_configuration(FunctionName="tracker", Role=ROLE_ARN)
    assert clients.functions.invoke(FunctionName="tracker")["StatusCode"] == 200


# Functions


def test_a_new_function_is_pending_and_refuses_calls(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(FunctionPending(create_seconds=3), clock=clock)
    create_role(clients)
    assert create_function(clients)["State"] == "Pending"
    described = clients.functions.get_function(FunctionName="tracker")["Configuration"]
    assert (described["State"], described["StateReasonCode"]) == ("Pending", "Creating")
    refused = (
        409,
        "ResourceConflictException",
        (
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Pending"
        ),
    )
    for call in (
        lambda: clients.functions.invoke(FunctionName="tracker"),
        lambda: clients.functions.update_function_configuration(FunctionName="tracker", Timeout=9),
        lambda: clients.functions.delete_function(FunctionName="tracker"),
    ):
        assert error_of(call) == refused
    clock.advance(3)
    shown = clients.functions.get_function_configuration(FunctionName="tracker")
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "Successful")
    assert clients.functions.invoke(FunctionName=FUNCTION_ARN)["StatusCode"] == 200


def test_an_update_is_in_progress_for_some_seconds_but_the_function_answers(
    lab: Lab, clock: ManualClock
) -> None:
    create_role(lab.direct)
    create_function(lab.direct)
    clients = lab.through(FunctionPending(update_seconds=2), clock=clock)

    def update() -> Any:
        return clients.functions.update_function_configuration(FunctionName="tracker", Description="new")

    assert update()["LastUpdateStatus"] == "InProgress"
    status, code, message = error_of(update)
    assert (status, code) == (409, "ResourceConflictException")
    assert message.endswith(f"An update is in progress for resource: {FUNCTION_ARN}")
    assert clients.functions.invoke(FunctionName="tracker")["StatusCode"] == 200
    clock.advance(2)
    update()


def test_the_waiters_of_boto3_understand_the_rewritten_states(lab: Lab) -> None:
    clients = lab.through(FunctionPending(3, 2), clock=ScaledClock(0.01))
    create_role(clients)
    create_function(clients)
    patience = {"Delay": 0, "MaxAttempts": 200}
    clients.functions.get_waiter("function_active_v2").wait(FunctionName="tracker", WaiterConfig=patience)
    clients.functions.update_function_configuration(FunctionName="tracker", Timeout=9)
    clients.functions.get_waiter("function_updated_v2").wait(FunctionName="tracker", WaiterConfig=patience)


def test_a_deleted_function_is_still_seen_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(FunctionDeletesLater(2), clock=clock)
    create_role(clients)
    create_function(clients)
    clients.functions.delete_function(FunctionName="tracker")
    assert clients.functions.get_function(FunctionName="tracker")["Configuration"]["State"] == "Deleting"
    assert error_of(lambda: create_function(clients))[1] == "ResourceConflictException"
    clock.advance(2)
    gone = error_of(lambda: clients.functions.get_function(FunctionName="tracker"))
    assert gone[:2] == (404, "ResourceNotFoundException")
    create_function(clients)


def test_a_new_account_cannot_reserve_concurrency_nor_have_much_memory(lab: Lab) -> None:
    clients, plain = lab.through(NewAccountLimits()), lab.through()
    create_role(clients)

    def reserve(through: Clients, executions: int) -> Any:
        return through.functions.put_function_concurrency(
            FunctionName="tracker", ReservedConcurrentExecutions=executions
        )

    status, code, message = error_of(lambda: create_function(clients, MemorySize=3009))
    assert (status, code) == (400, "ValidationException")
    assert message.endswith("Member must have value less than or equal to 3008")
    create_function(clients, MemorySize=3008)
    assert error_of(lambda: reserve(clients, 1)) == (
        400,
        "InvalidParameterValueException",
        (
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [10]."
        ),
    )
    reserve(clients, 0)
    limit = clients.functions.get_account_settings()["AccountLimit"]
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (10, 10)
    reserve(plain, 1)
    plain.functions.update_function_configuration(FunctionName="tracker", MemorySize=3009)


@pytest.mark.parametrize(
    ("behaviour", "changes", "text"),
    [
        (EnvironmentRules(), {"Environment": {"Variables": {"A": "x" * 4096}}}, "exceeded the 4KB limit."),
        (EnvironmentRules(), {"Environment": {"Variables": {"AWS_REGION": "x"}}}, "request: AWS_REGION"),
        (RuntimesRetired(), {"Runtime": "python3.8"}, "The runtime parameter of python3.8 is no longer"),
    ],
)
def test_settings_that_lambda_refuses(
    lab: Lab, behaviour: Behaviour, changes: dict[str, Any], text: str
) -> None:
    create_role(lab.direct)
    status, code, message = error_of(lambda: create_function(lab.through(behaviour), **changes))
    assert (status, code) == (400, "InvalidParameterValueException")
    assert text in message
    create_function(lab.through(), **changes)


def test_a_function_without_permissions_has_no_policy(lab: Lab) -> None:
    create_role(lab.direct)
    create_function(lab.direct)
    clients = lab.through(NoPolicyIsNotFound())
    refused = error_of(lambda: clients.functions.get_policy(FunctionName="tracker"))
    assert refused == (404, "ResourceNotFoundException", "The resource you requested could not be found.")
    assert (
        lab.direct.functions.get_policy(FunctionName="tracker")["ResponseMetadata"]["HTTPStatusCode"] == 200
    )
    add_permission(clients, "arn:aws:execute-api:*")
    assert "gateway" in clients.functions.get_policy(FunctionName="tracker")["Policy"]


# Stale credentials of a warm function


def invoke(clients: Clients, token: str = TOKEN) -> Any:
    event = json.dumps({"headers": {"x-auth-token": token}, "body": "{}"})
    answer = clients.functions.invoke(FunctionName="tracker", Payload=event, LogType="Tail")
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())


def test_a_function_called_right_after_its_policy_was_written_is_spoilt_until_recycled(
    lab: Lab, clock: ManualClock
) -> None:
    double = lab.double(StaleRoleCredentials(10), clock=clock)
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    denied = {
        "statusCode": 500,
        "body": '{"message": "Internal error, retry later", "code": "StorageAccessDenied"}',
    }
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    assert invoke(clients, token="a-wrong-token")["statusCode"] == 200, "it never gets as far as S3"
    assert invoke(clients) == denied
    clock.advance(1000)
    assert invoke(clients) == denied, "waiting does not help"
    assert post(double.url + path)[:2] == (500, denied["body"])
    clients.functions.update_function_configuration(FunctionName="tracker", Description="recycled")
    assert invoke(clients)["statusCode"] == 200
    assert post(double.url + path)[0] == 200


def test_a_function_first_called_later_keeps_good_credentials(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(StaleRoleCredentials(10), clock=clock)
    create_role(clients)
    create_function(clients)
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    clock.advance(10)
    assert invoke(clients)["statusCode"] == 200


# Buckets


def test_the_name_of_a_deleted_bucket_is_busy_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(BucketNameBusyAfterDelete(30), clock=clock)
    create_bucket(clients)
    clients.s3.delete_bucket(Bucket="bucket-of-ours")
    status, code, message = error_of(lambda: create_bucket(clients))
    assert (status, code) == (409, "OperationAborted")
    assert message.startswith("A conflicting conditional operation is currently in progress")
    clock.advance(30)
    create_bucket(clients)


def test_a_bucket_of_somebody_else_is_taken_and_forbidden(lab: Lab) -> None:
    clients = lab.through(BucketNamesTaken({"bucket-of-ours"}))
    assert error_of(lambda: create_bucket(clients))[:2] == (409, "BucketAlreadyExists")
    assert error_of(lambda: clients.s3.head_bucket(Bucket="bucket-of-ours")) == (403, "403", "Forbidden")
    refused = error_of(lambda: clients.s3.list_objects_v2(Bucket="bucket-of-ours"))
    assert refused == (403, "AccessDenied", "Access Denied")
    create_bucket(lab.through())


@pytest.mark.parametrize(
    "name", ["sthree-x", "amzn-s3-demo-x", "x-s3alias", "x--ol-s3", "x--table-s3", "x-an"]
)
def test_reserved_bucket_names_are_refused(lab: Lab, name: str) -> None:
    refused = error_of(lambda: create_bucket(lab.through(ReservedBucketNames()), name))
    assert refused == (400, "InvalidBucketName", "The specified bucket is not valid.")
    create_bucket(lab.through(), name)


def test_versions_and_delete_markers_keep_a_bucket_from_being_deleted(lab: Lab) -> None:
    clients = lab.through(VersionsKeepTheBucket())
    create_bucket(clients)
    clients.s3.put_bucket_versioning(Bucket="bucket-of-ours", VersioningConfiguration={"Status": "Enabled"})
    clients.s3.put_object(Bucket="bucket-of-ours", Key="k", Body=b"x")
    clients.s3.delete_object(Bucket="bucket-of-ours", Key="k")
    assert clients.s3.list_objects_v2(Bucket="bucket-of-ours")["KeyCount"] == 0
    status, code, message = error_of(lambda: clients.s3.delete_bucket(Bucket="bucket-of-ours"))
    assert (status, code) == (409, "BucketNotEmpty")
    assert message.endswith("You must delete all versions in the bucket.")
    left = clients.s3.list_object_versions(Bucket="bucket-of-ours")
    for entry in [*left["Versions"], *left["DeleteMarkers"]]:
        clients.s3.delete_object(Bucket="bucket-of-ours", Key="k", VersionId=entry["VersionId"])
    clients.s3.delete_bucket(Bucket="bucket-of-ours")


def test_a_new_bucket_is_not_found_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(BucketNotYetVisible(2), clock=clock)
    create_bucket(clients)

    def configure() -> Any:
        return clients.s3.put_bucket_versioning(
            Bucket="bucket-of-ours", VersioningConfiguration={"Status": "Enabled"}
        )

    assert error_of(configure) == (404, "NoSuchBucket", "The specified bucket does not exist")
    clock.advance(2)
    configure()


# API Gateway


@pytest.mark.parametrize(
    ("quota_seconds", "operation"), [(3, "CreateRestApi"), (5, "CreateDeployment"), (30, "DeleteRestApi")]
)
def test_api_gateway_quotas_answer_429(
    lab: Lab, clock: ManualClock, quota_seconds: float, operation: str
) -> None:
    clients = lab.through(ApiGatewayQuotas(), clock=clock)
    apis = [lab.direct.apigateway.create_rest_api(name="a")["id"] for _ in range(2)]
    calls = {
        "CreateRestApi": lambda number: clients.apigateway.create_rest_api(name="b"),
        "CreateDeployment": lambda number: clients.apigateway.create_deployment(restApiId=apis[number]),
        "DeleteRestApi": lambda number: clients.apigateway.delete_rest_api(restApiId=apis[number]),
    }
    calls[operation](0)
    clock.advance(quota_seconds - 0.1)
    refused = error_of(lambda: calls[operation](1))
    assert refused == (429, "TooManyRequestsException", "Too Many Requests")
    clock.advance(0.1)
    calls[operation](1)


def test_all_api_gateway_calls_together_have_a_burst_and_a_rate(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(ApiGatewayQuotas(), clock=clock)
    for _ in range(40):
        clients.apigateway.get_rest_apis()
    assert error_of(clients.apigateway.get_rest_apis)[0] == 429
    clock.advance(0.1)
    clients.apigateway.get_rest_apis()
    assert error_of(clients.apigateway.get_rest_apis)[0] == 429


def an_api_with_a_method(clients: Clients) -> dict[str, str]:
    api = clients.apigateway.create_rest_api(name="a")
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    clients.apigateway.put_method(**method, authorizationType="NONE")
    return method


def test_a_method_cannot_be_put_twice(lab: Lab) -> None:
    method = an_api_with_a_method(lab.direct)

    def again(clients: Clients) -> Any:
        return clients.apigateway.put_method(**method, authorizationType="NONE")

    refused = error_of(lambda: again(lab.through(MethodsAreUnique())))
    assert refused == (409, "ConflictException", "Method already exists for this resource")
    again(lab.through())


def test_an_integration_response_needs_the_method_response_first(lab: Lab) -> None:
    clients = lab.through(IntegrationResponseNeedsMethodResponse())
    method = an_api_with_a_method(clients)
    clients.apigateway.put_integration(**method, type="MOCK")

    def put() -> Any:
        return clients.apigateway.put_integration_response(**method, statusCode="200")

    status, code, message = error_of(put)
    assert (status, code) == (400, "BadRequestException")
    assert "No method response exists for method." in message
    clients.apigateway.put_method_response(**method, statusCode="200")
    put()


def test_an_api_without_methods_or_integration_cannot_be_deployed(lab: Lab) -> None:
    clients = lab.through(DeploymentNeedsMethods())
    empty = clients.apigateway.create_rest_api(name="empty")["id"]
    assert error_of(lambda: clients.apigateway.create_deployment(restApiId=empty)) == (
        400,
        "BadRequestException",
        "The REST API doesn't contain any methods",
    )
    method = an_api_with_a_method(clients)
    deploy = {"restApiId": method["restApiId"], "stageName": "prod"}
    refused = error_of(lambda: clients.apigateway.create_deployment(**deploy))
    assert refused == (400, "BadRequestException", "No integration defined for method")
    lab.direct.apigateway.create_deployment(restApiId=empty)
    clients.apigateway.put_integration(**method, type="MOCK")
    clients.apigateway.create_deployment(**deploy)


def test_the_url_of_a_new_stage_is_unknown_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    double = lab.double(FreshStageUrl(5, later_misses=1), clock=clock)
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    status, body, headers = post(double.url + path)
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})
    assert headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    clock.advance(5)
    assert [post(double.url + path)[0] for _ in range(4)] == [200, 403, 200, 200]
    clients.apigateway.create_deployment(restApiId=path.split("/")[2], stageName="prod")
    assert post(double.url + path)[0] == 200, "a stage that was there stays reachable"


def test_an_endpoint_without_lambda_permission_answers_500_with_the_deployed_headers(lab: Lab) -> None:
    double, plain = lab.double(EndpointNeedsLambdaPermission()), lab.double()
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients, permission=False)
    identifier = path.split("/")[2]
    status, body, headers = post(double.url + path)
    assert (status, json.loads(body)) == (500, {"message": "Internal server error"})
    assert "Access-Control-Allow-Origin" not in headers
    assert post(plain.url + path)[0] == 200, "the emulator alone lets the call through"
    clients.apigateway.put_gateway_response(
        restApiId=identifier,
        responseType="DEFAULT_5XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    )
    assert "Access-Control-Allow-Origin" not in post(double.url + path)[2], "stored but not deployed"
    clients.apigateway.create_deployment(restApiId=identifier, stageName="prod")
    assert post(double.url + path)[2]["Access-Control-Allow-Origin"] == "*"
    prefix = f"arn:aws:execute-api:{REGION}:000000000000:"
    for source, expected in [
        (f"{prefix}otherapi/*/POST/events", 500),
        (f"{prefix}{identifier}/*/GET/events", 500),
        (f"{prefix}{identifier}/test/POST/events", 500),
        (f"{prefix}{identifier}/*/POST/events", 200),
    ]:
        add_permission(clients, source)
        assert post(double.url + path)[0] == expected, source
        clients.functions.remove_permission(FunctionName="tracker", StatementId="gateway")
    assert post(double.url + path)[0] == 500


# Log groups


@pytest.mark.parametrize(("may_make_groups", "comes_back"), [(True, True), (False, False)])
def test_a_log_group_deleted_soon_after_a_run_comes_back_if_the_role_may_make_it(
    lab: Lab, clock: ManualClock, may_make_groups: bool, comes_back: bool
) -> None:
    clients = lab.through(LogGroupComesBack(seconds=30, delay=5), clock=clock)
    create_role(clients)
    actions = ["logs:PutLogEvents"] + ["logs:CreateLogGroup"] * may_make_groups
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow(*actions))
    create_function(clients)
    clients.functions.invoke(FunctionName="tracker")
    clients.functions.delete_function(FunctionName="tracker")
    if not lab.direct.logs.describe_log_groups()["logGroups"]:
        lab.direct.logs.create_log_group(logGroupName="/aws/lambda/tracker")
    clients.logs.delete_log_group(logGroupName="/aws/lambda/tracker")
    assert clients.logs.describe_log_groups()["logGroups"] == []
    clock.advance(5)
    groups = clients.logs.describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/tracker"] * comes_back
    if comes_back:
        clock.advance(30)
        clients.logs.delete_log_group(logGroupName="/aws/lambda/tracker")
        clock.advance(5)
        assert clients.logs.describe_log_groups()["logGroups"] == [], "long after the run it stays away"


# Permissions and credentials


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("service control policy", "in a service control policy: arn:aws:organizations::"),
        ("permissions boundary", "because no permissions boundary allows the s3:CreateBucket action"),
        ("identity policy", "with an explicit deny in an identity-based policy"),
    ],
)
def test_an_explicit_deny_says_where_it_comes_from(lab: Lab, reason: str, ending: str) -> None:
    clients = lab.through(ExplicitDeny("s3.CreateBucket", reason=reason))
    status, code, message = error_of(lambda: create_bucket(clients))
    assert (status, code) == (403, "AccessDenied")
    assert 'to perform: s3:CreateBucket on resource: "arn:aws:s3:::bucket-of-ours" ' in message
    assert ending in message
    clients.s3.list_buckets()


def test_the_role_must_be_passed_and_tags_must_be_allowed(lab: Lab) -> None:
    create_role(lab.direct)
    policy = allow("lambda:*", "iam:CreateRole", "logs:CreateLogGroup")
    operator = lab.user(lab.double(ImpliedPermissions()).url, policy)
    status, code, message = error_of(lambda: create_function(operator))
    assert (status, code) == (403, "AccessDeniedException")
    assert f"user/operator is not authorized to perform: iam:PassRole on resource: {ROLE_ARN} " in message
    tag = [{"Key": "deployment", "Value": "x"}]
    refused = error_of(
        lambda: operator.iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST_LAMBDA, Tags=tag)
    )
    assert "iam:TagRole" in refused[2]
    refused = error_of(lambda: operator.logs.create_log_group(logGroupName="/g", tags={"a": "b"}))
    assert "logs:TagResource" in refused[2]
    passing = json.loads(allow("lambda:*", "iam:PassRole"))
    for service, accepted in [("ec2.amazonaws.com", False), ("lambda.amazonaws.com", True)]:
        passing["Statement"].append(
            {
                "Effect": "Deny",
                "Action": "iam:PassRole",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"iam:PassedToService": service}},
            }
        )
        lab.direct.iam.put_user_policy(
            UserName="operator", PolicyName="p", PolicyDocument=json.dumps(passing)
        )
        passing["Statement"].pop()
        if accepted:
            create_function(operator)
        else:
            assert "iam:PassRole" in error_of(lambda: create_function(operator))[2]


def test_the_permission_simulation_heeds_every_resource_and_the_context(lab: Lab) -> None:
    double = lab.double(SimulationLooksAtEverything())
    clients = lab.clients(double.url)
    statements = [
        {"Effect": "Allow", "Action": "s3:Create*", "Resource": "arn:aws:s3:::ours-*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::ours-locked"},
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": ROLE_ARN,
            "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        },
    ]
    lab.user(double.url, json.dumps({"Version": "2012-10-17", "Statement": statements}))
    source = "arn:aws:iam::000000000000:user/operator"

    def simulate(actions: list[str], resources: list[str], **more: Any) -> Any:
        return clients.iam.simulate_principal_policy(
            PolicySourceArn=source, ActionNames=actions, ResourceArns=resources, **more
        )["EvaluationResults"]

    buckets = ["arn:aws:s3:::ours-1", "arn:aws:s3:::other", "arn:aws:s3:::ours-locked"]
    decisions = [
        (found["EvalResourceName"], found["EvalDecision"]) for found in simulate(["s3:CreateBucket"], buckets)
    ]
    assert decisions == list(zip(buckets, ["allowed", "implicitDeny", "explicitDeny"], strict=True))
    (without,) = simulate(["iam:PassRole"], [ROLE_ARN])
    assert (without["EvalDecision"], without["MissingContextValues"]) == (
        "implicitDeny",
        ["iam:PassedToService"],
    )
    entry = {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyType": "string",
        "ContextKeyValues": ["lambda.amazonaws.com"],
    }
    (passed,) = simulate(["iam:PassRole"], [ROLE_ARN], ContextEntries=[entry])
    assert passed["EvalDecision"] == "allowed"
    source = source.replace("user/operator", "root")
    assert error_of(lambda: simulate(["s3:CreateBucket"], ["*"]))[:2] == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("expired", ("ExpiredToken", "ExpiredToken", "ExpiredTokenException", "ExpiredToken", "400")),
        (
            "invalid",
            ("InvalidClientTokenId",) * 2 + ("UnrecognizedClientException", "InvalidAccessKeyId", "403"),
        ),
        (
            "skewed",
            ("SignatureDoesNotMatch",) * 2 + ("InvalidSignatureException", "RequestTimeTooSkewed", "403"),
        ),
        ("not activated", ("OptInRequired",) * 3 + ("NotSignedUp", "403")),
    ],
)
def test_dead_credentials_have_each_services_own_code(lab: Lab, kind: str, codes: tuple[str, ...]) -> None:
    clients = lab.through(DeadCredentials(kind))
    calls: list[Callable[[], Any]] = [
        clients.sts.get_caller_identity,
        clients.iam.list_roles,
        clients.functions.list_functions,
        clients.s3.list_buckets,
        lambda: clients.s3.head_bucket(Bucket="any-bucket"),
    ]
    assert tuple(error_of(call)[1] for call in calls) == codes
    json_codes = {
        error_of(clients.apigateway.get_rest_apis)[1],
        error_of(clients.logs.describe_log_groups)[1],
    }
    assert json_codes == {codes[2]}


def test_an_error_to_a_head_request_has_no_body(lab: Lab) -> None:
    double = lab.double(DeadCredentials("expired"))
    scope = f"Credential=KEY/20260101/{REGION}/s3/aws4_request"
    with socket.create_connection(
        ("127.0.0.1", int(double.url.rpartition(":")[2])), timeout=10
    ) as connection:
        head = f"HEAD /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {scope}\r\n\r\n"
        connection.sendall(head.encode())
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b"\r\n\r\n")


def test_credentials_expire_at_a_chosen_call_and_a_new_login_helps(lab: Lab) -> None:
    expiry = DeadCredentials("expired", from_call=2)
    double = lab.double(expiry)
    clients = lab.clients(double.url)
    clients.sts.get_caller_identity()
    assert error_of(clients.s3.list_buckets) == (400, "ExpiredToken", "The provided token has expired.")
    assert error_of(clients.sts.get_caller_identity)[0] == 403
    lab.user(double.url, allow("sts:*")).sts.get_caller_identity()
    expiry.renew()
    clients.s3.list_buckets()


def test_a_region_that_is_not_enabled_looks_like_a_bad_key_there_only(lab: Lab) -> None:
    double = lab.double(DeadCredentials("invalid", regions=frozenset({"ap-east-1"})))
    lab.clients(double.url, "us-east-1").sts.get_caller_identity()
    there = lab.clients(double.url, "ap-east-1")
    assert error_of(there.sts.get_caller_identity)[1] == "InvalidClientTokenId"


# Faults


def roles(lab: Lab) -> list[str]:
    return [role["RoleName"] for role in lab.direct.iam.list_roles()["Roles"]]


def test_a_lost_answer_was_executed(lab: Lab) -> None:
    double = lab.double(faults=[faults.lost(operation="iam.CreateRole")])
    with pytest.raises(ConnectionClosedError):
        create_role(lab.clients(double.url))
    assert roles(lab) == ["tracker"]
    (call,) = double.calls
    assert (call.answered_by, call.executed, call.status) == ("lost", True, 0)


@pytest.mark.parametrize("fault", [faults.reset, lambda **choice: faults.hang(0.1, **choice)])
def test_a_reset_or_hanging_call_was_not_executed(lab: Lab, fault: Callable[..., faults.Fault]) -> None:
    double = lab.double(faults=[fault(at=1)])
    clients = lab.clients(double.url)
    with pytest.raises(BotoCoreError):
        create_role(clients)
    assert roles(lab) == []
    create_role(clients)


def test_a_lost_answer_is_a_closed_connection_and_a_reset_one_a_reset(lab: Lab) -> None:
    double = lab.double(faults=[faults.lost(at=1), faults.reset(at=2)])
    port = int(double.url.rpartition(":")[2])

    def ask() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.recv(100)

    assert ask() == b""
    with pytest.raises(ConnectionResetError):
        ask()


def test_a_hang_longer_than_the_clients_patience_is_a_read_timeout(lab: Lab) -> None:
    double = lab.double(faults=[faults.hang(60, executed=True, at=1)])
    session = boto3.Session("test", "test", region_name=REGION)
    config = Config(read_timeout=0.3, retries={"total_max_attempts": 1, "mode": "standard"})
    client = session.client("iam", endpoint_url=double.url, config=config)
    with pytest.raises(ReadTimeoutError):
        client.create_role(RoleName="tracker", AssumeRolePolicyDocument=TRUST_LAMBDA)
    client.close()
    assert roles(lab) == ["tracker"]


SERVICE_CALLS: list[tuple[str, Callable[[Clients], Any]]] = [
    ("iam.ListRoles", lambda clients: clients.iam.list_roles()),
    ("sts.GetCallerIdentity", lambda clients: clients.sts.get_caller_identity()),
    ("s3.ListBuckets", lambda clients: clients.s3.list_buckets()),
    ("lambda.ListFunctions", lambda clients: clients.functions.list_functions()),
    ("apigateway.GetRestApis", lambda clients: clients.apigateway.get_rest_apis()),
    ("logs.DescribeLogGroups", lambda clients: clients.logs.describe_log_groups()),
]


@pytest.mark.parametrize(("operation", "call"), SERVICE_CALLS, ids=[name for name, _ in SERVICE_CALLS])
def test_standard_faults_in_every_services_wire_form(
    lab: Lab, operation: str, call: Callable[[Clients], Any]
) -> None:
    service = operation.partition(".")[0]
    denied = "AccessDenied" if service in {"iam", "sts", "s3"} else "AccessDeniedException"
    throttled = {
        "iam": (400, "Throttling"),
        "sts": (400, "Throttling"),
        "s3": (503, "SlowDown"),
        "lambda": (429, "TooManyRequestsException"),
        "apigateway": (429, "TooManyRequestsException"),
        "logs": (400, "ThrottlingException"),
    }[service]
    double = lab.double(
        faults=[
            faults.refused(at=1),
            faults.throttled(times=1, at=2),
            faults.error_500(at=3),
            faults.error_503(at=4),
            faults.answered(409, "ConcurrentModification", "Wait & <retry>.", at=5),
        ]
    )
    clients = lab.clients(double.url)
    refused = error_of(lambda: call(clients))
    assert refused[:2] == (400 if service == "logs" else 403, denied)
    assert refused[2].startswith("User: arn:aws:iam::000000000000:root is not authorized to perform: ")
    assert " on resource: " in refused[2]
    assert error_of(lambda: call(clients))[:2] == throttled
    assert error_of(lambda: call(clients))[0] == 500
    assert error_of(lambda: call(clients))[0] == 503
    assert error_of(lambda: call(clients)) == (409, "ConcurrentModification", "Wait & <retry>.")
    call(clients)
    assert double.names() == [operation] * 6


def test_a_throttle_strikes_the_same_operation_three_times_and_no_other(lab: Lab) -> None:
    double = lab.double(faults=[faults.throttled(times=3, at=1)])
    clients = lab.clients(double.url)
    assert error_of(clients.iam.list_roles)[1] == "Throttling"
    clients.iam.list_users()
    assert error_of(clients.iam.list_roles)[1] == "Throttling"
    assert error_of(clients.iam.list_roles)[1] == "Throttling"
    clients.iam.list_roles()


def test_refused_for_ever_means_for_ever_and_the_kth_call_means_the_kth(lab: Lab) -> None:
    double = lab.double(faults=[faults.refused_forever(operation="iam.ListRoles", occurrence=2)])
    clients = lab.clients(double.url)
    clients.iam.list_roles()
    for _ in range(4):
        assert error_of(clients.iam.list_roles)[1] == "AccessDenied"


def test_faults_can_be_counted_among_the_changing_calls(lab: Lab) -> None:
    double = lab.double(faults=[faults.error_500(at_change=2)])
    clients = lab.clients(double.url)
    create_role(clients)
    clients.iam.list_roles()
    assert error_of(lambda: create_bucket(clients))[0] == 500


def test_an_executed_call_may_answer_500(lab: Lab) -> None:
    clients = lab.through(faults=[faults.executed_then_500(operation="iam.CreateRole")])
    assert error_of(lambda: create_role(clients))[:2] == (500, "ServiceFailure")
    assert roles(lab) == ["tracker"]


def test_a_hook_sees_the_call_before_and_after_its_execution(lab: Lab) -> None:
    seen: list[tuple[str, list[str]]] = []
    double = lab.double(
        faults=[
            faults.hook(
                before=lambda call: seen.append((call.name, roles(lab))),
                after=lambda call: seen.append((call.name, roles(lab))),
                operation="iam.CreateRole",
            )
        ]
    )
    create_role(lab.clients(double.url))
    assert seen == [("iam.CreateRole", []), ("iam.CreateRole", ["tracker"])]


CREATE_ROLE_SCRIPT = """
import boto3, sys
boto3.Session("test", "test", region_name="eu-central-1").client("iam", endpoint_url=sys.argv[1]).create_role(
    RoleName="tracker", AssumeRolePolicyDocument=sys.argv[2])
"""


@pytest.mark.parametrize(
    ("fault", "executed"),
    [(faults.killed_before, False), (faults.killed_after, True)],
    ids=["before", "after"],
)
def test_a_client_process_is_killed_before_or_after_the_execution_of_a_call(
    lab: Lab, fault: Callable[..., faults.Fault], executed: bool
) -> None:
    running: list[subprocess.Popen[bytes]] = []
    double = lab.double(faults=[fault(lambda: running[0].kill(), at=1)])
    running.append(subprocess.Popen([sys.executable, "-c", CREATE_ROLE_SCRIPT, double.url, TRUST_LAMBDA]))
    assert running[0].wait(30) == -signal.SIGKILL
    assert roles(lab) == ["tracker"] * executed


def test_a_fault_needs_exactly_one_choice_of_calls() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        faults.lost()
    with pytest.raises(ValueError, match="exactly one"):
        faults.lost(at=1, operation="iam.CreateRole")


# Everything together


WORTH_WAITING_FOR = {
    "InvalidParameterValueException",
    "NoSuchBucket",
    "ResourceConflictException",
    "TooManyRequestsException",
}


class Patient:
    """A boto3 client, or a set of them, that repeats a call every second while AWS says "not yet"."""

    def __init__(self, wrapped: Any, clock: ManualClock) -> None:
        self._wrapped = wrapped
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return Patient(getattr(self._wrapped, name), self._clock)

    def __call__(self, **parameters: Any) -> Any:
        for _ in range(60):
            try:
                return self._wrapped(**parameters)
            except ClientError as error:
                assert error.response["Error"]["Code"] in WORTH_WAITING_FOR
                self._clock.advance(1)
        raise AssertionError("patience ended")


def test_a_patient_client_gets_everything_done_in_the_real_aws_profile(lab: Lab, clock: ManualClock) -> None:
    """With all behaviours on, retrying by code is enough."""
    double = lab.double(*real_aws(), clock=clock)
    clients: Any = Patient(lab.clients(double.url), clock)
    create_bucket(clients)
    clients.s3.put_bucket_tagging(Bucket="bucket-of-ours", Tagging={"TagSet": []})
    create_role(clients)
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    create_function(clients)
    assert invoke(clients)["statusCode"] == 200
    path = create_api(clients)
    answers: list[int] = []
    while answers[-2:] != [200, 200]:
        answers.append(post(double.url + path)[0])
        clock.advance(1)
        assert len(answers) < 60
    assert answers[0] == 403
    answered_by = {call.answered_by for call in double.calls}
    assert {"RoleNotYetAssumable", "FunctionPending", "BucketNotYetVisible", "FreshStageUrl"} <= answered_by


def test_the_lasting_rules_let_a_correct_deployment_pass(lab: Lab) -> None:
    double = lab.double(*lasting_rules())
    clients = lab.clients(double.url)
    create_bucket(clients)
    create_role(clients)
    create_function(clients)
    assert post(double.url + create_api(clients))[0] == 200


def test_the_double_runs_by_hand_as_a_module(lab: Lab, tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    command = [
        "-m",
        "tests.aws.over_http",
        "--upstream",
        lab.url,
        "--profile",
        "plain",
        "--log-file",
        str(log),
    ]
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        lab.clients(url).sts.get_caller_identity()
        process.terminate()
        assert process.wait(10) == 0
    assert json.loads(log.read_text())["operation"] == "GetCallerIdentity"


# What the emulator does by itself: if an upgrade loses one of these, the double needs a new behaviour


@pytest.mark.parametrize(
    ("region", "constraint", "code"),
    [
        ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
        ("eu-central-1", None, "IllegalLocationConstraintException"),
        ("eu-central-1", "eu-west-1", "IllegalLocationConstraintException"),
    ],
)
def test_the_emulator_itself_checks_that_the_location_constraint_follows_the_region(
    lab: Lab, region: str, constraint: str | None, code: str
) -> None:
    clients = lab.through(region=region)
    configuration = {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    refused = error_of(lambda: clients.s3.create_bucket(Bucket="bucket-of-ours", **configuration))
    assert refused[:2] == (400, code)
    create_bucket(clients, region=region)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_emulator_itself_lets_our_own_bucket_be_created_again_only_in_us_east_1(
    lab: Lab, region: str
) -> None:
    clients = lab.through(region=region)
    create_bucket(clients, region=region)
    if region == "us-east-1":
        create_bucket(clients, region=region)
    else:
        refused = error_of(lambda: create_bucket(clients, region=region))
        assert refused[:2] == (409, "BucketAlreadyOwnedByYou")


def test_the_emulator_itself_refuses_a_public_bucket_policy_while_the_access_block_is_on(lab: Lab) -> None:
    clients = lab.through()
    create_bucket(clients)

    def put(effect: str) -> Any:
        statement = {
            "Effect": effect,
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::bucket-of-ours/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return clients.s3.put_bucket_policy(Bucket="bucket-of-ours", Policy=policy)

    assert error_of(lambda: put("Allow"))[:2] == (403, "AccessDenied")
    put("Deny")


def test_the_emulator_itself_refuses_duplicates_and_keeps_roles_with_policies(lab: Lab) -> None:
    clients = lab.through()
    create_role(clients)
    create_function(clients)
    assert error_of(lambda: create_role(clients))[:2] == (409, "EntityAlreadyExists")
    assert error_of(lambda: create_function(clients)) == (
        409,
        "ResourceConflictException",
        "Function already exist: tracker",
    )
    add_permission(clients, "arn:aws:execute-api:*")
    refused = error_of(lambda: add_permission(clients, "arn:aws:execute-api:*"))
    assert refused[:2] == (409, "ResourceConflictException")
    api = clients.apigateway.create_rest_api(name="a")
    resource = {"restApiId": api["id"], "parentId": api["rootResourceId"], "pathPart": "events"}
    clients.apigateway.create_resource(**resource)
    refused = error_of(lambda: clients.apigateway.create_resource(**resource))
    assert refused[:2] == (409, "ConflictException")
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    refused = error_of(lambda: clients.iam.delete_role(RoleName="tracker"))
    assert refused[:2] == (409, "DeleteConflict")


def test_the_emulator_itself_applies_gateway_responses_only_once_deployed(lab: Lab) -> None:
    double = lab.double()
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    identifier, wrong = path.split("/")[2], double.url + path.replace("/events", "/nothing")
    clients.apigateway.put_gateway_response(
        restApiId=identifier,
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    )
    status, body, headers = post(wrong)
    assert (status, json.loads(body)["message"]) == (403, "Missing Authentication Token")
    assert "Access-Control-Allow-Origin" not in headers
    clients.apigateway.create_deployment(restApiId=identifier, stageName="prod")
    assert post(wrong)[2]["Access-Control-Allow-Origin"] == "*"


def test_the_emulator_itself_verifies_signatures_through_the_double(lab: Lab) -> None:
    double = lab.double()
    operator = lab.user(double.url, allow("sts:GetCallerIdentity"))
    assert operator.sts.get_caller_identity()["Arn"].endswith("user/operator")
    key = lab.direct.iam.list_access_keys(UserName="operator")["AccessKeyMetadata"][0]["AccessKeyId"]
    forger = lab.clients(double.url, credentials=(key, "wrong"))
    assert error_of(forger.sts.get_caller_identity)[:2] == (403, "SignatureDoesNotMatch")


def test_a_spoilt_answer_carries_the_end_of_the_log(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(StaleRoleCredentials(10), clock=clock)
    create_role(clients)
    create_function(clients)
    clients.iam.put_role_policy(RoleName="tracker", PolicyName="p", PolicyDocument=allow("s3:PutObject"))
    event = json.dumps({"headers": {"X-Auth-Token": TOKEN}})
    answer = clients.functions.invoke(FunctionName="tracker", Payload=event, LogType="Tail")
    assert b"AccessDenied" in base64.b64decode(answer["LogResult"])
