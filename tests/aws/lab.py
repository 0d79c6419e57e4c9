"""An emulator wiped clean, doubles before it, and the usual things to make there."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.aws.names import EMULATOR_ACCOUNT_ID, OTHER_REGION
from tests.aws.over_http import AwsDouble
from tests.aws.over_http.behaviours import (
    Behaviour,
)
from tests.aws.quick_clients import session_of
from tests.tools.emulator import empty

REGION = OTHER_REGION
Credentials = tuple[str, str]
ROOT: Credentials = ("test", "test")
ROLE_ARN = f"arn:aws:iam::{EMULATOR_ACCOUNT_ID}:role/tracker"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{EMULATOR_ACCOUNT_ID}:function:tracker"
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


def code_archive(code: bytes = HANDLER) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("handler.py")
        entry.external_attr = 0o100644 << 16
        archive.writestr(entry, code)
    return buffer.getvalue()


class Clients:
    """boto3 clients that never retry, so that a test sees every answer."""

    def __init__(self, url: str, region: str = REGION, credentials: Credentials = ROOT) -> None:
        self.url = url
        self._session = session_of(credentials, region)
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
        empty(url)
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
        add_permission(
            clients, f"arn:aws:execute-api:{REGION}:{EMULATOR_ACCOUNT_ID}:{identifier}/*/POST/events"
        )
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
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


def invoke(clients: Clients, token: str = TOKEN) -> Any:
    event = json.dumps({"headers": {"x-auth-token": token}, "body": "{}"})
    answer = clients.functions.invoke(FunctionName="tracker", Payload=event, LogType="Tail")
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())
