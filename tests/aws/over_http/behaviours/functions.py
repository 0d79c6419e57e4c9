"""Lambda functions: states that take time, limits, and rules that the emulator does not check."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from ..calls import Call
from ..messages import Answer, json_answer
from ..world import FunctionId, World
from .base import Behaviour, refusal

CONFLICT = "ResourceConflictException"
BAD_VALUE = "InvalidParameterValueException"
STATE_PENDING = (
    "The operation cannot be performed at this time. "
    "The function is currently in the following state: Pending"
)
UPDATE_IN_PROGRESS = (
    "The operation cannot be performed at this time. An update is in progress for resource: {arn}"
)
UPDATES = {"UpdateFunctionConfiguration", "UpdateFunctionCode"}
REFUSED_DURING_UPDATE = {*UPDATES, "PublishVersion", "PutFunctionConcurrency"}
REFUSED_WHILE_PENDING = {*REFUSED_DURING_UPDATE, "Invoke", "DeleteFunction"}
SHOWS_THE_STATE = {*UPDATES, "CreateFunction", "GetFunction", "GetFunctionConfiguration"}


@dataclass
class FunctionTimes:
    """When a function was made and last changed, and its ARN."""

    created: float
    updated: float
    arn: str


class FunctionPending(Behaviour):
    """A new function is Pending, a changed one InProgress, and most calls are refused until that has passed.

    An update in progress does not keep a function from being invoked: the old one answers.
    """

    def __init__(self, create_seconds: float = 3.0, update_seconds: float = 2.0) -> None:
        self.create_seconds = create_seconds
        self.update_seconds = update_seconds
        self._times: dict[FunctionId, FunctionTimes] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        if call.service == "execute-api" and self._times:
            function = world.invoked_function(call)
            pending = function in self._times and self._pending(self._times[function], world)
            return (
                refusal(call, 500, "InternalServerErrorException", "Internal server error")
                if pending
                else None
            )
        times = self._times.get((call.scope.region, call.function_name)) if call.service == "lambda" else None
        if times is None:
            return None
        if call.operation in REFUSED_WHILE_PENDING and self._pending(times, world):
            return refusal(call, 409, CONFLICT, STATE_PENDING)
        if call.operation in REFUSED_DURING_UPDATE and self._updating(times, world):
            return refusal(call, 409, CONFLICT, UPDATE_IN_PROGRESS.format(arn=times.arn))
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.service != "lambda" or not answer.succeeded:
            return answer
        function, now = (call.scope.region, call.function_name), world.clock.now()
        if call.operation == "CreateFunction":
            self._times[function] = FunctionTimes(now, float("-inf"), str(answer.json["FunctionArn"]))
        if call.operation in UPDATES and function in self._times:
            self._times[function].updated = now
        elif call.operation in UPDATES:
            self._times[function] = FunctionTimes(float("-inf"), now, str(answer.json["FunctionArn"]))
        if call.operation in SHOWS_THE_STATE and function in self._times:
            answer = self._with_state(call, answer, self._times[function], world)
        if call.operation == "DeleteFunction":
            self._times.pop(function, None)
        return answer

    def _pending(self, times: FunctionTimes, world: World) -> bool:
        return world.clock.now() - times.created < self.create_seconds

    def _updating(self, times: FunctionTimes, world: World) -> bool:
        return world.clock.now() - times.updated < self.update_seconds

    def _with_state(self, call: Call, answer: Answer, times: FunctionTimes, world: World) -> Answer:
        document = answer.json
        shown: dict[str, Any] = document["Configuration"] if call.operation == "GetFunction" else document
        for name in [name for name in shown if name.startswith(("State", "LastUpdateStatus"))]:
            del shown[name]
        if self._pending(times, world):
            shown |= {
                "State": "Pending",
                "StateReason": "The function is being created.",
                "StateReasonCode": "Creating",
            }
        elif self._updating(times, world):
            shown |= {
                "State": "Active",
                "LastUpdateStatus": "InProgress",
                "LastUpdateStatusReason": "The function is being created.",
                "LastUpdateStatusReasonCode": "Creating",
            }
        else:
            shown |= {"State": "Active", "LastUpdateStatus": "Successful"}
        return replace(answer, body=json.dumps(document).encode())


class FunctionDeletesLater(Behaviour):
    """A deleted function can still be read, in state Deleting, for some seconds, and its name is taken."""

    def __init__(self, seconds: float = 2.0) -> None:
        self.seconds = seconds
        self._last_seen: dict[FunctionId, Any] = {}
        self._deleted: dict[FunctionId, float] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        function = (call.scope.region, call.function_name)
        if call.name == "lambda.DeleteFunction" and not self._deleting(function, world):
            self._remember(function, world)
        if call.service != "lambda" or not self._deleting(function, world):
            return None
        seen = self._last_seen[function]
        if call.operation == "GetFunction":
            return json_answer(200, seen)
        if call.operation == "GetFunctionConfiguration":
            return json_answer(200, seen["Configuration"])
        if call.operation == "CreateFunction":
            return refusal(call, 409, CONFLICT, f"Function already exist: {call.function_name}")
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name == "lambda.DeleteFunction" and answer.succeeded:
            self._deleted[call.scope.region, call.function_name] = world.clock.now()
        return answer

    def _deleting(self, function: FunctionId, world: World) -> bool:
        deleted = self._deleted.get(function)
        if deleted is None or function not in self._last_seen:
            return False
        return world.clock.now() - deleted < self.seconds

    def _remember(self, function: FunctionId, world: World) -> None:
        region, name = function
        self._deleted.pop(function, None)
        try:
            seen = world.functions(region).get_function(FunctionName=name)
        except ClientError:
            return
        kept = {key: value for key, value in seen.items() if key != "ResponseMetadata"}
        kept["Configuration"] = {**seen["Configuration"], "State": "Deleting"}
        self._last_seen[function] = kept


class NewAccountLimits(Behaviour):
    """New accounts: ten concurrent executions, none of them reservable, and at most 3008 MB of memory."""

    def __init__(
        self, account_concurrency: int = 10, minimum_unreserved: int = 10, memory_limit_mb: int = 3008
    ) -> None:
        self.account_concurrency = account_concurrency
        self.minimum_unreserved = minimum_unreserved
        self.memory_limit_mb = memory_limit_mb

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name == "lambda.PutFunctionConcurrency":
            desired = int(call.parameters["ReservedConcurrentExecutions"])
            others = _reserved(world, call.scope.region) - _reserved_by(world, call)
            if desired and self.account_concurrency - others - desired < self.minimum_unreserved:
                return refusal(
                    call, 400, BAD_VALUE, TOO_MUCH_RESERVED.format(minimum=self.minimum_unreserved)
                )
        memory = int(call.parameters.get("MemorySize", 0)) if call.service == "lambda" else 0
        if memory > self.memory_limit_mb:
            message = TOO_MUCH_MEMORY.format(desired=memory, limit=self.memory_limit_mb)
            return refusal(call, 400, "ValidationException", message)
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name != "lambda.GetAccountSettings" or not answer.succeeded:
            return answer
        document = answer.json
        limit = document["AccountLimit"]
        reserved = limit["ConcurrentExecutions"] - limit["UnreservedConcurrentExecutions"]
        limit["ConcurrentExecutions"] = self.account_concurrency
        limit["UnreservedConcurrentExecutions"] = self.account_concurrency - reserved
        return replace(answer, body=json.dumps(document).encode())


TOO_MUCH_RESERVED = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
    "below its minimum value of [{minimum}]."
)
TOO_MUCH_MEMORY = (
    "1 validation error detected: Value '{desired}' at 'memorySize' failed to satisfy constraint: "
    "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to {limit}"
)


def _reserved(world: World, region: str) -> int:
    limit = world.functions(region).get_account_settings()["AccountLimit"]
    return limit["ConcurrentExecutions"] - limit["UnreservedConcurrentExecutions"]


def _reserved_by(world: World, call: Call) -> int:
    try:
        described = world.functions(call.scope.region).get_function_concurrency(
            FunctionName=call.function_name
        )
    except ClientError:
        return 0
    return described.get("ReservedConcurrentExecutions", 0)


class EnvironmentRules(Behaviour):
    """Environment variables: at most 4096 bytes together, and none of Lambda's own names."""

    def __init__(self, limit_bytes: int = 4096) -> None:
        self.limit_bytes = limit_bytes

    def before(self, call: Call, world: World) -> Answer | None:
        variables: dict[str, str] = (
            (call.parameters.get("Environment") or {}).get("Variables") or {}
            if call.service == "lambda"
            else {}
        )
        if (
            sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
            > self.limit_bytes
        ):
            return refusal(call, 400, BAD_VALUE, TOO_LONG)
        reserved = sorted(name for name in variables if name in RESERVED_VARIABLES)
        if reserved:
            return refusal(call, 400, BAD_VALUE, RESERVED.format(names=", ".join(reserved)))
        return None


TOO_LONG = (
    "Lambda was unable to configure your environment variables because the environment variables "
    "you have provided exceeded the 4KB limit."
)
RESERVED = (
    "Lambda was unable to configure your environment variables because the environment variables "
    "you have provided contains reserved keys that are currently not supported for modification. "
    "Reserved keys used in this request: {names}"
)
RESERVED_VARIABLES = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}


class RuntimesRetired(Behaviour):
    """Runtimes that AWS no longer accepts for new or changed functions."""

    def __init__(
        self, names: frozenset[str] = frozenset({"python2.7", "python3.6", "python3.7", "python3.8"})
    ) -> None:
        self.names = names

    def before(self, call: Call, world: World) -> Answer | None:
        runtime = str(call.parameters.get("Runtime", "")) if call.service == "lambda" else ""
        if runtime not in self.names:
            return None
        message = (
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda "
            "functions. We recommend you use a supported runtime while creating or updating functions."
        )
        return refusal(call, 400, BAD_VALUE, message)


class NoPolicyIsNotFound(Behaviour):
    """A function without any permission has no policy document: GetPolicy answers 404, not an empty one."""

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name != "lambda.GetPolicy" or not answer.succeeded:
            return answer
        if json.loads(answer.json["Policy"])["Statement"]:
            return answer
        return refusal(
            call, 404, "ResourceNotFoundException", "The resource you requested could not be found."
        )
