"""Phases 2, 4 and 5: the function, its environment variables, its settings.

CreateFunction carries all of them; the later phases then find them done. `GetFunction` tells all of them,
too, so that a look at the four resources here is one call.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from wizard import package
from wizard.aws.calls import none_if
from wizard.errors import UsageError
from wizard.resources.base import OWNER_TAG, Deployment, Observed, Resource, SubResource
from wizard.resources.role import role_arn
from wizard.settings.table import as_text
from wizard.state.model import Facts, TokenDigest, now

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import GetFunctionResponseTypeDef

GONE = ("ResourceNotFoundException",)
DESCRIPTION = "Stores posted events in S3."

# Key and value of all variables together: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT_LIMIT_BYTES = 4096
# What Lambda gives a function that was created without them (versions before 0.2 did so):
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
LAMBDA_DEFAULTS = {"memory_mb": 128, "timeout_seconds": 3}
# Setting to the environment variable that the handler reads it from.
VARIABLES = {
    "bucket_name": "BUCKET_NAME",
    "cors_origins": "CORS_ALLOW_ORIGIN",
    "event_format": "EVENT_FORMAT",
    "allow_beacon": "ALLOW_BEACON",
    "max_events": "MAX_EVENTS",
    "max_request_bytes": "MAX_REQUEST_BYTES",
}


class FunctionFacts(TypedDict):
    """`code_sha256` is Lambda's own digest of the zip, base64; `failure` its reason for not working."""

    name: str
    arn: str
    runtime: str | None
    architecture: str
    handler: str | None
    role: str
    code_sha256: str
    failure: str | None
    state: str
    last_update: str
    owner: str | None


class EnvironmentFacts(TypedDict):
    """`state` and `last_update` are those of the function, as in the other facts here."""

    variables: dict[str, str]
    state: str
    last_update: str


class SettingsFacts(TypedDict):
    """MB and seconds."""

    memory_mb: int
    timeout_seconds: int
    state: str
    last_update: str


class ConcurrencyFacts(TypedDict):
    """Executions at a time; None is unset."""

    reserved: int | None


def function_arn(at: Deployment) -> str:
    """The function's ARN, known before the function stands."""
    place, name = at.identity, at.settings.function_name
    return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{name}"


def environment_variables(at: Deployment) -> dict[str, str]:
    """What the handler reads. Tokens are here as SHA-256 digests only.

    Raises:
        UsageError: together they pass Lambda's limit of 4 KB.
    """
    variables = {
        "AUTH_TOKEN_SHA256": ",".join(token.sha256 for token in at.tokens),
        "AUTH_TOKEN_LABELS": ",".join(token.label for token in at.tokens),
        **{name: _as_variable(getattr(at.settings, key)) for key, name in VARIABLES.items()},
    }
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > ENVIRONMENT_LIMIT_BYTES:
        raise UsageError(
            what="The function's environment variables are too large.",
            why=f"They have {size} bytes; Lambda takes {ENVIRONMENT_LIMIT_BYTES}.",
            next_step="Revoke tokens that are no longer used, or shorten --cors-origins.",
        )
    return variables


def _as_variable(value: object) -> str:
    return str(value).casefold() if isinstance(value, bool) else as_text(value)


def _described(at: Deployment) -> GetFunctionResponseTypeDef | None:
    return at.answers.once(
        "lambda.GetFunction",
        lambda: none_if(GONE, lambda: at.aws.functions.get_function(FunctionName=at.settings.function_name)),
    )


def _not_ready(observed: Any) -> str | None:
    """Why a function cannot be changed or invoked this moment."""
    if observed["state"] in ("Pending", "Deleting"):
        return f"Lambda is still preparing the function (state {observed['state']})"
    if observed["last_update"] == "InProgress" and observed["state"] != "Failed":
        return "Lambda is still working on the function's last change"
    return None


class Function(Resource[FunctionFacts]):
    """The function: name, runtime, architecture, code, role."""

    key = "function"
    # The log group first: it is deleted last, because late log lines would bring it back.
    needs = ("role", "log_group")
    chain = "function"
    # Using a function that stood there before would mean replacing its code.
    adoptable = False
    labels = {
        "code_sha256": "the function's code",
        "role": "the function's execution role",
        "failure": "the function failed",
    }
    actions = {
        "function": (
            "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:GetFunction", "lambda:ListTags",
            "lambda:TagResource", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        ),
        "role": ("iam:PassRole",),
    }  # fmt: skip

    def title(self, at: Deployment) -> str:
        return f"Lambda function {at.settings.function_name}"

    def desired(self, at: Deployment) -> Facts | None:
        """The documented choices and the code of this version of the wizard."""
        return {
            "runtime": at.settings.runtime,
            "architecture": at.settings.architecture,
            "handler": package.HANDLER,
            "role": at.fact("role", "arn") or role_arn(at),
            "code_sha256": package.build().sha256,
            "failure": None,
        }

    def read(self, at: Deployment) -> FunctionFacts | None:
        answer = _described(at)
        return _function_facts(answer["Configuration"], answer.get("Tags", {})) if answer else None

    def not_ready(self, observed: FunctionFacts) -> str | None:
        """A function is created and changed in the background."""
        return _not_ready(observed)

    def failure(self, observed: FunctionFacts) -> str | None:
        return observed["failure"] if observed["state"] == "Failed" else None

    def sentence(self, name: str, desired: object, found: object) -> str:
        return (
            f"{self.labels[name]}: {found}" if name == "failure" else super().sentence(name, desired, found)
        )

    def create(self, at: Deployment, desired: Facts) -> FunctionFacts | None:
        settings = at.settings
        answer = at.aws.functions.create_function(
            FunctionName=settings.function_name,
            Runtime=desired["runtime"],
            Role=desired["role"],
            Handler=desired["handler"],
            Code={"ZipFile": package.build().content},
            Architectures=[desired["architecture"]],
            Description=DESCRIPTION,
            Environment={"Variables": environment_variables(at)},
            MemorySize=settings.memory_mb,
            Timeout=settings.timeout_seconds,
            Tags=at.tags,
        )
        return _function_facts(answer, at.tags)

    def update(
        self, at: Deployment, desired: Facts, observed: FunctionFacts, difference: frozenset[str]
    ) -> bool:
        """Code (with the architecture) and configuration change apart, one of them at a time."""
        name = at.settings.function_name
        if difference & {"code_sha256", "architecture"}:
            at.aws.functions.update_function_code(
                FunctionName=name,
                ZipFile=package.build().content,
                Architectures=[desired["architecture"]],
            )
        else:
            at.aws.functions.update_function_configuration(
                FunctionName=name,
                Runtime=desired["runtime"],
                Handler=desired["handler"],
                Role=desired["role"],
            )
        return False

    def must_recreate(self, desired: Facts, observed: FunctionFacts) -> bool:
        """A change that failed is made good by another one; a function that was never made is not."""
        return self.failure(observed) is not None

    def delete(self, at: Deployment, observed: FunctionFacts) -> None:
        """Its versions, permissions and settings go with it."""
        none_if(GONE, lambda: at.aws.functions.delete_function(FunctionName=observed["name"]))

    def settings_from(self, observed: FunctionFacts) -> dict[str, object]:
        return {
            "runtime": observed["runtime"],
            "architecture": observed["architecture"],
            "role_name": observed["role"].rpartition("/")[2],
        }


def _function_facts(configuration: Any, tags: Any) -> FunctionFacts:
    return {
        "name": configuration["FunctionName"],
        "arn": configuration["FunctionArn"],
        "runtime": configuration.get("Runtime"),
        "architecture": configuration.get("Architectures", ["x86_64"])[0],
        "handler": configuration.get("Handler"),
        "role": configuration["Role"],
        "code_sha256": configuration["CodeSha256"],
        "failure": _failure(configuration),
        "state": configuration.get("State") or "Active",
        "last_update": configuration.get("LastUpdateStatus") or "Successful",
        "owner": tags.get(OWNER_TAG),
    }


def _failure(configuration: Any) -> str | None:
    """Why Lambda could not make or change the function; None when it could."""
    for word in ("State", "LastUpdateStatus"):
        if configuration.get(word) == "Failed":
            return str(configuration.get(f"{word}Reason") or "it gives no reason")
    return None


class FunctionSetting(SubResource[Observed]):
    """A setting of the function, which tells it itself."""

    needs: ClassVar[tuple[str, ...]] = ("function",)
    parent = "function"
    chain = "function"
    answer_of = "function"


class FunctionEnvironment(FunctionSetting[EnvironmentFacts]):
    """The environment variables that the handler reads."""

    key = "function.environment"
    # The bucket that they name: a rollback empties it when nobody writes any more.
    needs = ("function", "bucket")
    actions = {"function": ("lambda:UpdateFunctionConfiguration",)}

    def title(self, at: Deployment) -> str:
        return "environment variables"

    def desired(self, at: Deployment) -> Facts | None:
        """Exactly these variables.

        Raises:
            UsageError: see `environment_variables`.
        """
        return {"variables": environment_variables(at)}

    def read(self, at: Deployment) -> EnvironmentFacts | None:
        answer = _described(at)
        if answer is None:
            return None
        configuration = answer["Configuration"]
        return {
            "variables": dict(configuration.get("Environment", {}).get("Variables", {})),
            "state": configuration.get("State") or "Active",
            "last_update": configuration.get("LastUpdateStatus") or "Successful",
        }

    def not_ready(self, observed: EnvironmentFacts) -> str | None:
        """One change of a function at a time."""
        return _not_ready(observed)

    def sentences(self, desired: Facts, observed: Facts) -> tuple[str, ...]:
        """Names the variables that differ, never their values."""
        expected, found = desired["variables"], observed["variables"]
        return tuple(
            f"environment variable {name} is {_difference(name, expected, found)}"
            for name in sorted({*expected, *found})
            if expected.get(name) != found.get(name)
        )

    def update(
        self, at: Deployment, desired: Facts, observed: EnvironmentFacts, difference: frozenset[str]
    ) -> bool:
        """All variables are replaced together."""
        at.aws.functions.update_function_configuration(
            FunctionName=at.settings.function_name, Environment={"Variables": desired["variables"]}
        )
        return False

    def settings_from(self, observed: EnvironmentFacts) -> dict[str, object]:
        """As texts, as the operator would type them."""
        variables = observed["variables"]
        return {key: variables[name] for key, name in VARIABLES.items() if name in variables}

    def tokens_from(self, observed: EnvironmentFacts) -> tuple[TokenDigest, ...]:
        variables = observed["variables"]
        digests = [digest for digest in variables.get("AUTH_TOKEN_SHA256", "").split(",") if digest]
        labels = variables.get("AUTH_TOKEN_LABELS", "").split(",")
        labels += [""] * (len(digests) - len(labels))
        return tuple(
            TokenDigest(label or f"recovered-{number}", digest, now())
            for number, (digest, label) in enumerate(zip(digests, labels, strict=False), start=1)
        )


class FunctionSettings(FunctionSetting[SettingsFacts]):
    """Memory and timeout."""

    key = "function.settings"
    labels = {"memory_mb": "memory (MB)", "timeout_seconds": "timeout (seconds)"}
    actions = {"function": ("lambda:UpdateFunctionConfiguration",)}

    def title(self, at: Deployment) -> str:
        return f"memory {at.settings.memory_mb} MB, timeout {at.settings.timeout_seconds} s"

    def desired(self, at: Deployment) -> Facts | None:
        return {"memory_mb": at.settings.memory_mb, "timeout_seconds": at.settings.timeout_seconds}

    def read(self, at: Deployment) -> SettingsFacts | None:
        answer = _described(at)
        if answer is None:
            return None
        configuration = answer["Configuration"]
        return {
            "memory_mb": configuration["MemorySize"],
            "timeout_seconds": configuration["Timeout"],
            "state": configuration.get("State") or "Active",
            "last_update": configuration.get("LastUpdateStatus") or "Successful",
        }

    def not_ready(self, observed: SettingsFacts) -> str | None:
        """One change of a function at a time."""
        return _not_ready(observed)

    def update(
        self, at: Deployment, desired: Facts, observed: SettingsFacts, difference: frozenset[str]
    ) -> bool:
        """Both in one call."""
        at.aws.functions.update_function_configuration(
            FunctionName=at.settings.function_name,
            MemorySize=desired["memory_mb"],
            Timeout=desired["timeout_seconds"],
        )
        return False

    def settings_from(self, observed: SettingsFacts) -> dict[str, object]:
        """Nothing from what Lambda gives every function: then no run had set them yet."""
        found: dict[str, object] = {key: observed[key] for key in LAMBDA_DEFAULTS}  # type: ignore[literal-required]
        return {} if found == LAMBDA_DEFAULTS else found


class ReservedConcurrency(FunctionSetting[ConcurrencyFacts]):
    """How many executions are set aside for the function; unset by default."""

    key = "function.concurrency"
    labels = {"reserved": "reserved concurrency"}
    actions = {
        "function": ("lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency"),
    }

    def title(self, at: Deployment) -> str:
        reserved = at.settings.reserved_concurrency
        return f"reserved concurrency {'unset' if reserved is None else reserved}"

    def desired(self, at: Deployment) -> Facts | None:
        return {"reserved": at.settings.reserved_concurrency}

    def read(self, at: Deployment) -> ConcurrencyFacts | None:
        answer = _described(at)
        if answer is None:
            return None
        return {"reserved": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions")}

    def update(
        self, at: Deployment, desired: Facts, observed: ConcurrencyFacts, difference: frozenset[str]
    ) -> bool:
        """Unset is the absence of the setting."""
        functions, name = at.aws.functions, at.settings.function_name
        if desired["reserved"] is None:
            functions.delete_function_concurrency(FunctionName=name)
        else:
            functions.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=desired["reserved"]
            )
        return True

    def settings_from(self, observed: ConcurrencyFacts) -> dict[str, object]:
        return {"reserved_concurrency": observed["reserved"]} if observed["reserved"] is not None else {}


def recycle(at: Deployment) -> None:
    """Make Lambda replace the running environments, which keep the credentials of their first moment.

    An environment that started before the role's policy had spread stays without it for minutes,
    however often it is invoked; a change of the configuration replaces it.
    """
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    at.aws.functions.update_function_configuration(
        FunctionName=at.settings.function_name, Description=f"{DESCRIPTION} Recycled {moment}."
    )


def _difference(name: str, expected: dict[str, str], found: dict[str, str]) -> str:
    if name not in found:
        return "missing"
    return "not ours" if name not in expected else "not as set up"
