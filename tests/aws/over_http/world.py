"""What behaviours may look at: the clock, and the emulator itself, read as the account's root."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from tests.aws.clock import Clock
from tests.aws.names import REGION
from tests.aws.quick_clients import hurry, keep_user_agent, session_of, twin

from .calls import Call
from .handed import hand_to
from .messages import Answer, Request

if TYPE_CHECKING:
    from types_boto3_apigateway import APIGatewayClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sts import STSClient

ROOT = "test"
"""The emulator's root user: access key and secret are the same word."""
INTEGRATION_FUNCTION = re.compile(r":function:([^:/]+)")


FunctionId = tuple[str, str]
"""Region and name."""


@dataclass(frozen=True)
class Endpoint:
    """A deployed API as one request meets it."""

    api: str
    stage: str
    region: str
    resource_path: str
    method: str
    integration_type: str
    function: str


class World:
    """The emulator behind the double, and the double's time."""

    def __init__(self, upstream_url: str, send: Callable[[Request], Answer], clock: Clock) -> None:
        self.upstream_url = upstream_url.rstrip("/")
        self.clock = clock
        self.root_key = ROOT
        self._send = send
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self._api_regions: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._regions_seen: dict[str, None] = {REGION: None}
        self.workgroups_of_queries: dict[str, str] = {}

    def iam(self) -> IAMClient:
        return cast("IAMClient", self._client("iam", REGION))

    def sts(self) -> STSClient:
        return cast("STSClient", self._client("sts", REGION))

    def s3(self, region: str) -> S3Client:
        return cast("S3Client", self._client("s3", region))

    def functions(self, region: str) -> LambdaClient:
        return cast("LambdaClient", self._client("lambda", region))

    def apis(self, region: str) -> APIGatewayClient:
        return cast("APIGatewayClient", self._client("apigateway", region))

    def logs(self, region: str) -> CloudWatchLogsClient:
        return cast("CloudWatchLogsClient", self._client("logs", region))

    def firehose(self, region: str) -> Any:
        return self._client("firehose", region)

    def glue(self, region: str) -> Any:
        return self._client("glue", region)

    def athena(self, region: str) -> Any:
        return self._client("athena", region)

    def note(self, call: Call) -> None:
        """Remember in which region an API lives; its public address does not say it."""
        if call.scope.region:
            self._regions_seen.setdefault(call.scope.region)
        if call.service == "apigateway" and "restApiId" in call.parameters:
            self._api_regions[str(call.parameters["restApiId"])] = call.scope.region

    @cached_property
    def account(self) -> str:
        """The account's number."""
        return self.sts().get_caller_identity()["Account"]

    def caller_arn(self, access_key: str) -> str:
        """The ARN of the user whose key signed a call."""
        if access_key in {self.root_key, ""}:
            return self.sts().get_caller_identity()["Arn"]
        user = self._users.get(access_key) or self._user_of(access_key)
        return f"arn:aws:iam::{self.account}:user/{user}"

    def _user_of(self, access_key: str) -> str:
        """Asked once: a key never gets another user."""
        try:
            user = self.iam().get_access_key_last_used(AccessKeyId=access_key)["UserName"]
        except (ClientError, KeyError):
            return "unknown"
        self._users[access_key] = user
        return user

    def role_of_function(self, region: str, function: str) -> str:
        """The name of a function's role; empty when there is no such function."""
        try:
            arn = self.functions(region).get_function_configuration(FunctionName=function)["Role"]
        except ClientError:
            return ""
        return role_name(arn)

    def invoked_function(self, call: Call) -> FunctionId | None:
        """The function that a call runs, directly or through a deployed API; None when it runs none."""
        if call.name == "lambda.Invoke":
            return call.scope.region, call.function_name
        endpoint = self.endpoint(call) if call.service == "execute-api" else None
        return (endpoint.region, endpoint.function) if endpoint and endpoint.function else None

    def endpoint(self, call: Call) -> Endpoint | None:
        """What stands behind the public address that was called; None when nothing does."""
        if "endpoint" not in call.notes:
            call.notes["endpoint"] = self._read_endpoint(call)
        return cast("Endpoint | None", call.notes["endpoint"])

    def _read_endpoint(self, call: Call) -> Endpoint | None:
        api = str(call.parameters["restApiId"])
        path = str(call.parameters["path"]) or "/"
        for region in self._regions_of(api):
            try:
                resources = self.apis(region).get_resources(restApiId=api, embed=["methods"], limit=500)[
                    "items"
                ]
            except ClientError:
                continue
            self._api_regions[api] = region
            return _endpoint(call, api, region, path, cast("list[dict[str, Any]]", resources))
        return None

    def _regions_of(self, api: str) -> list[str]:
        known = self._api_regions.get(api)
        return [known] if known else list(self._regions_seen)

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._clients:
                client = twin(_make_client(self.upstream_url, service, region or REGION))
                hand_to(client, self._send)
                self._clients[service, region] = client
            return self._clients[service, region]


@cache
def _make_client(url: str, service: str, region: str) -> Any:
    """Made once for all doubles before one emulator, which a test process has many of."""
    with _making:
        client = session_of((ROOT, ROOT), region).client(  # type: ignore[call-overload]
            service,
            endpoint_url=url,
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )
        hurry(service, client)
        keep_user_agent(client)
        return client


_making = threading.Lock()


def _endpoint(
    call: Call, api: str, region: str, path: str, resources: list[dict[str, Any]]
) -> Endpoint | None:
    resource = next((item for item in resources if item["path"] == path), None)
    method = (resource or {}).get("resourceMethods", {}).get(call.request.method)
    if method is None:
        return None
    integration = method.get("methodIntegration", {})
    function = INTEGRATION_FUNCTION.search(integration.get("uri", ""))
    return Endpoint(
        api=api,
        stage=str(call.parameters["stageName"]),
        region=region,
        resource_path=path,
        method=call.request.method,
        integration_type=integration.get("type", ""),
        function=function.group(1) if function else "",
    )


def role_name(arn: str) -> str:
    """The name at the end of a role's ARN; a bare name stays as it is."""
    return arn.rpartition("/")[2]
