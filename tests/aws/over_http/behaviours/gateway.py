"""API Gateway: quotas and rules of its control plane, and what the public URL of an API does."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.payloads import inflated

from ..calls import Call
from ..condition_keys import tags_of_api
from ..messages import Answer, Headers
from ..policies import as_list, matches
from ..world import Endpoint, World
from .base import Behaviour, refusal

Quota = tuple[int, float]
"""So many calls in so many seconds."""

QUOTAS: dict[str, Quota] = {
    "CreateRestApi": (1, 3.0),
    "ImportRestApi": (1, 3.0),
    "PutRestApi": (1, 1.0),
    "DeleteRestApi": (1, 30.0),
    "CreateResource": (5, 1.0),
    "DeleteResource": (5, 1.0),
    "GetResources": (5, 2.0),
    "CreateDeployment": (1, 5.0),
    "UpdateAccount": (1, 20.0),
}
"""Fixed per account and region. Source: "Amazon API Gateway quotas" of the developer guide."""


class ApisShowTheirTags(Behaviour):
    """The list of APIs has the tags that each one has now.

    The emulator's list has those that it was made with, whatever became of them since.
    """

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name != "apigateway.GetRestApis" or not answer.succeeded:
            return answer
        shown = answer.json
        for api in shown["item"]:
            api["tags"] = tags_of_api(world, call.scope.region, api["id"])
        return replace(answer, body=json.dumps(shown).encode())


class ApiGatewayQuotas(Behaviour):
    """Too many control plane calls are answered 429; `quotas` is per operation, the rest for all."""

    def __init__(
        self, quotas: dict[str, Quota] | None = None, calls_per_second: float = 10.0, burst: int = 40
    ) -> None:
        self.quotas = QUOTAS if quotas is None else quotas
        self.calls_per_second = calls_per_second
        self.burst = burst
        self._accepted: dict[tuple[str, str], deque[float]] = {}
        self._tokens: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def before(self, call: Call, world: World) -> Answer | None:
        if call.service != "apigateway":
            return None
        with self._lock:
            wait = self._seconds_to_wait(call, world.clock.now())
        if wait == 0:
            return None
        headers = [("Retry-After", str(max(1, round(wait))))]
        refused = refusal(call, 429, "TooManyRequestsException", "Too Many Requests")
        return Answer(refused.status, [*refused.headers, *headers], refused.body)

    def _seconds_to_wait(self, call: Call, now: float) -> float:
        region = call.scope.region
        filled, moment = self._tokens.get(region, (float(self.burst), now))
        tokens = min(self.burst, filled + (now - moment) * self.calls_per_second)
        self._tokens[region] = (tokens, now)
        if tokens < 1:
            return (1 - tokens) / self.calls_per_second
        count, seconds = self.quotas.get(call.operation, (0, 0.0))
        accepted = self._accepted.setdefault((region, call.operation), deque(maxlen=max(count, 1)))
        if count and len(accepted) == count and now - accepted[0] < seconds:
            return seconds - (now - accepted[0])
        accepted.append(now)
        self._tokens[region] = (tokens - 1, now)
        return 0


class MethodsAreUnique(Behaviour):
    """Putting a method that is there already is a conflict, not an update."""

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != "apigateway.PutMethod":
            return None
        desired = call.parameters
        try:
            world.apis(call.scope.region).get_method(
                restApiId=desired["restApiId"],
                resourceId=desired["resourceId"],
                httpMethod=desired["httpMethod"],
            )
        except ClientError:
            return None
        return refusal(call, 409, "ConflictException", "Method already exists for this resource")


class IntegrationResponseNeedsMethodResponse(Behaviour):
    """An integration response can only be put after the method response that it fills."""

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != "apigateway.PutIntegrationResponse":
            return None
        desired = call.parameters
        try:
            world.apis(call.scope.region).get_method_response(
                restApiId=desired["restApiId"],
                resourceId=desired["resourceId"],
                httpMethod=desired["httpMethod"],
                statusCode=desired["statusCode"],
            )
        except ClientError:
            parameters: dict[str, Any] = desired.get("responseParameters") or {}
            named = next(iter(parameters), "")
            message = (
                "Invalid mapping expression specified: Validation Result: warnings : [], "
                f"errors : [No method response exists for method.{' ' + named if named else ''}]"
            )
            return refusal(call, 400, "BadRequestException", message)
        return None


class DeploymentNeedsMethods(Behaviour):
    """An API without methods, or with a method that leads nowhere, cannot be deployed."""

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != "apigateway.CreateDeployment":
            return None
        try:
            found = world.apis(call.scope.region).get_resources(
                restApiId=call.parameters["restApiId"], embed=["methods"], limit=500
            )
        except ClientError:
            return None
        methods = [method for item in found["items"] for method in item.get("resourceMethods", {}).values()]
        if not methods:
            return refusal(call, 400, "BadRequestException", "The REST API doesn't contain any methods")
        if not all(method.get("methodIntegration") for method in methods):
            return refusal(call, 400, "BadRequestException", "No integration defined for method")
        return None


class RestApiInflates(Behaviour):
    """A compressed request reaches the function inflated and as text, its Content-Encoding still there.

    `header_kept` False: that header is taken away, as the documentation can be read, too.
    """

    def __init__(self, *, header_kept: bool = True) -> None:
        self.header_kept = header_kept

    def before(self, call: Call, world: World) -> Answer | None:
        sent = call.request
        encoding = sent.header("content-encoding") if call.service == "execute-api" else ""
        if encoding:
            headers = [
                (name, value)
                for name, value in sent.headers
                if self.header_kept or name.lower() != "content-encoding"
            ]
            call.request = replace(sent, headers=headers, body=inflated(sent.body, encoding))
        return None


class FreshStageUrl(Behaviour):
    """The public URL of a new stage answers 403 for some seconds.

    `later_misses`: after that, so many more calls miss, every second one, as some servers learn of it later.
    """

    def __init__(self, seconds: float = 5.0, later_misses: int = 1) -> None:
        self.seconds = seconds
        self.later_misses = later_misses
        self._born: dict[tuple[str, str], float] = {}
        self._later: dict[tuple[str, str], list[bool]] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        if call.service == "execute-api":
            return self._miss(call, world)
        if call.name in {"apigateway.CreateDeployment", "apigateway.CreateStage"}:
            call.notes["new stage"] = self._new_stage(call, world)
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        stage = call.notes.get("new stage")
        if stage and answer.succeeded:
            self._born[stage] = world.clock.now()
            self._later[stage] = [False, True] * self.later_misses
        return answer

    def _new_stage(self, call: Call, world: World) -> tuple[str, str] | None:
        api, name = str(call.parameters["restApiId"]), str(call.parameters.get("stageName") or "")
        if not name:
            return None
        try:
            world.apis(call.scope.region).get_stage(restApiId=api, stageName=name)
        except ClientError:
            return api, name
        return None

    def _miss(self, call: Call, world: World) -> Answer | None:
        stage = (str(call.parameters["restApiId"]), str(call.parameters["stageName"]))
        if stage not in self._born:
            return None
        later = self._later[stage]
        if world.clock.now() - self._born[stage] >= self.seconds and not (later and later.pop(0)):
            return None
        return refusal(call, 403, "MissingAuthenticationTokenException", "Missing Authentication Token")


class ShownDeploymentsStay(Behaviour):
    """A deployment that a stage shows cannot be deleted."""

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != "apigateway.DeleteDeployment":
            return None
        try:
            stages = world.apis(call.scope.region).get_stages(restApiId=call.parameters["restApiId"])["item"]
        except ClientError:
            return None
        if call.parameters["deploymentId"] not in {stage["deploymentId"] for stage in stages}:
            return None
        message = "Active stages pointing to this deployment must be moved or deleted"
        return refusal(call, 400, "BadRequestException", message)


class OldCopyAfterDeployment(Behaviour):
    """After a deployment to a standing stage, `answers` preflights are answered from the copy of before."""

    def __init__(self, answers: int = 2) -> None:
        self.answers = answers
        self._copies: dict[tuple[str, str], Headers] = {}
        self._old: dict[tuple[str, str], list[Headers]] = {}

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        stage = (str(call.parameters.get("restApiId")), str(call.parameters.get("stageName") or ""))
        if call.name == "apigateway.CreateDeployment" and answer.succeeded and stage[1]:
            if old := self._copies.get(stage):
                self._old[stage] = [old] * self.answers
            self._copies[stage] = _preflight_headers(world, call.scope.region, stage[0])
        if call.name == "execute-api.OPTIONS" and answer.succeeded and self._old.get(stage):
            old = self._old[stage].pop()
            names = {name.casefold() for name, _value in old}
            kept = [(name, value) for name, value in answer.headers if name.casefold() not in names]
            return Answer(answer.status, [*kept, *old], answer.body)
        return answer


def _preflight_headers(world: World, region: str, api: str) -> Headers:
    """The headers of the first OPTIONS method's answer, as they stand now."""
    items: Any = world.apis(region).get_resources(restApiId=api, embed=["methods"], limit=500)["items"]
    found = (item.get("resourceMethods", {}).get("OPTIONS") for item in items)
    method: Any = next((method for method in found if method), {})
    responses = method.get("methodIntegration", {}).get("integrationResponses", {})
    parameters = responses.get("200", {}).get("responseParameters") or {}
    prefix = "method.response.header."
    return [(name.removeprefix(prefix), value.strip("'")) for name, value in parameters.items()]


class EndpointNeedsLambdaPermission(Behaviour):
    """A deployed method whose function does not let API Gateway in answers 500, and the function never runs.

    `seconds`: how long a permission takes to have its effect.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._added: dict[tuple[str, str], float] = {}
        self._deployed_headers: dict[tuple[str, str], Headers] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        endpoint = world.endpoint(call) if call.service == "execute-api" else None
        if endpoint is None or not endpoint.function:
            return None
        added = self._added.get((endpoint.region, endpoint.function), float("-inf"))
        if world.clock.now() - added >= self.seconds and _may_invoke(endpoint, world):
            return None
        if not _stage_exists(endpoint, world):
            return None
        refused = refusal(call, 500, "InternalServerErrorException", "Internal server error")
        headers = self._deployed_headers.get((endpoint.api, endpoint.stage), [])
        return Answer(refused.status, [*refused.headers, *headers], refused.body)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name == "lambda.AddPermission" and answer.succeeded:
            self._added[call.scope.region, call.function_name] = world.clock.now()
        stage = str(call.parameters.get("stageName") or "")
        if call.name == "apigateway.CreateDeployment" and answer.succeeded and stage:
            api = str(call.parameters["restApiId"])
            self._deployed_headers[api, stage] = _gateway_headers(world, call.scope.region, api)
        return answer


def _stage_exists(endpoint: Endpoint, world: World) -> bool:
    try:
        world.apis(endpoint.region).get_stage(restApiId=endpoint.api, stageName=endpoint.stage)
    except ClientError:
        return False
    return True


def _may_invoke(endpoint: Endpoint, world: World) -> bool:
    """Whether the function's policy lets this very method of this very API in."""
    called = (
        f"arn:aws:execute-api:{endpoint.region}:{world.account}:{endpoint.api}/{endpoint.stage}/"
        f"{endpoint.method}{endpoint.resource_path}"
    )
    try:
        policy = json.loads(
            world.functions(endpoint.region).get_policy(FunctionName=endpoint.function)["Policy"]
        )
    except ClientError:
        return False
    return any(_lets_in(statement, called) for statement in policy["Statement"])


def _lets_in(statement: dict[str, Any], called: str) -> bool:
    principal = statement.get("Principal", {})
    service = principal.get("Service") if isinstance(principal, dict) else principal
    source = next(
        (
            value
            for condition in statement.get("Condition", {}).values()
            for key, value in condition.items()
            if key.lower() == "aws:sourcearn"
        ),
        "*",
    )
    actions = statement.get("Action", [])
    return (
        statement.get("Effect") == "Allow"
        and service in {"apigateway.amazonaws.com", "*"}
        and any(matches(action, "lambda:InvokeFunction") for action in as_list(actions))
        and any(matches(pattern, called) for pattern in as_list(source))
    )


def _gateway_headers(world: World, region: str, api: str) -> Headers:
    """The headers of gateway-made 5XX answers, as stored at the moment of a deployment."""
    try:
        stored = world.apis(region).get_gateway_response(restApiId=api, responseType="DEFAULT_5XX")
    except ClientError:
        return []
    prefix = "gatewayresponse.header."
    return [
        (name.removeprefix(prefix), value[1:-1])
        for name, value in stored.get("responseParameters", {}).items()
        if name.startswith(prefix) and value[:1] == value[-1:] == "'"
    ]
