"""A warm function that keeps credentials from before its role's policy was written."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from ..calls import Call
from ..messages import Answer, json_answer
from ..world import FunctionId, World
from .base import Behaviour

WRITES_A_POLICY = {"iam.PutRolePolicy", "iam.AttachRolePolicy"}
MAKES_A_NEW_ENVIRONMENT = {
    "lambda.UpdateFunctionConfiguration",
    "lambda.UpdateFunctionCode",
    "lambda.CreateFunction",
}
STORAGE_DENIED: dict[str, Any] = {
    "statusCode": 500,
    "body": json.dumps({"message": "Internal error, retry later", "code": "StorageAccessDenied"}),
}
"""What the project's handler returns when S3 answers 403."""

ReachesStorage = Callable[[dict[str, Any], dict[str, str]], bool]
"""From the event and the function's environment variables: would the handler get as far as S3?"""


def has_a_known_token(event: dict[str, Any], variables: dict[str, str]) -> bool:
    """The event's x-auth-token, or the SHA-256 of it, stands in one of the function's variables."""
    headers: dict[str, str] = event.get("headers") or {}
    token = next((value for name, value in headers.items() if name.lower() == "x-auth-token"), "")
    proofs = (token, hashlib.sha256(token.encode()).hexdigest())
    return bool(token) and any(proof in value for proof in proofs for value in variables.values())


class StaleRoleCredentials(Behaviour):
    """A function called within `seconds` of its role's policy being written is denied storage from then on.

    Source: a live report, go-to-k/cdkd#755 and #756. Calling again does not help: the environment keeps its
    credentials for its whole life. A change of the function's configuration or code makes a new environment.
    """

    def __init__(self, seconds: float = 10.0, reaches_storage: ReachesStorage = has_a_known_token) -> None:
        self.seconds = seconds
        self.reaches_storage = reaches_storage
        self._policy_written: dict[str, float] = {}
        self._poisoned: set[FunctionId] = set()

    def before(self, call: Call, world: World) -> Answer | None:
        if not self._policy_written or call.name not in {"lambda.Invoke", "execute-api.POST"}:
            return None
        function = world.invoked_function(call)
        if function is None or not (function in self._poisoned or self._too_early(function, world)):
            return None
        if not self.reaches_storage(_event_of(call), _variables(world, function)):
            return None
        self._poisoned.add(function)
        return _denied_by_storage(call)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if answer.succeeded and call.name in WRITES_A_POLICY:
            self._policy_written[str(call.parameters["RoleName"])] = world.clock.now()
        if answer.succeeded and call.name in MAKES_A_NEW_ENVIRONMENT:
            self._poisoned.discard((call.scope.region, call.function_name))
        return answer

    def _too_early(self, function: FunctionId, world: World) -> bool:
        now = world.clock.now()
        recent = {role for role, written in self._policy_written.items() if now - written < self.seconds}
        return bool(recent) and world.role_of_function(*function) in recent


def _variables(world: World, function: FunctionId) -> dict[str, str]:
    region, name = function
    try:
        described = world.functions(region).get_function_configuration(FunctionName=name)
    except ClientError:
        return {}
    return described.get("Environment", {}).get("Variables", {})


def _event_of(call: Call) -> dict[str, Any]:
    if call.service == "lambda":
        return call.request.json
    return {"headers": dict(call.request.headers), "body": call.request.body.decode("utf-8", "replace")}


def _denied_by_storage(call: Call) -> Answer:
    if call.service == "execute-api":
        return Answer(500, [("Content-Type", "application/json")], STORAGE_DENIED["body"].encode())
    headers = [("X-Amz-Executed-Version", "$LATEST")]
    if call.request.header("X-Amz-Log-Type") == "Tail":
        log = base64.b64encode(b"START\nAccessDenied when calling the PutObject operation\nEND\n").decode()
        headers.append(("X-Amz-Log-Result", log))
    return json_answer(200, STORAGE_DENIED, headers)
