"""Phases 2, 4 and 5: the function, its environment variables, its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wizard import package
from wizard.aws.calls import none_if
from wizard.errors import UsageError, WizardError
from wizard.resources.base import OWNER_TAG, Context, Resource, SubResource
from wizard.settings.table import as_text
from wizard.state.model import Facts

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

GONE = ("ResourceNotFoundException",)
DESCRIPTION = "Stores posted events in S3."

# Key and value of all variables together: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT_LIMIT_BYTES = 4096


def not_ready_function(facts: Facts) -> str | None:
    """Why a function cannot be changed or invoked this moment."""
    if facts["state"] in ("Pending", "Deleting"):
        return f"Lambda is still preparing the function (state {facts['state']})"
    if facts["last_update"] == "InProgress":
        return "Lambda is still working on the function's last change"
    return None


class Function(Resource):
    """The function: name, runtime, architecture, code, role."""

    key = "function"
    needs = ("role", "role.basic_execution", "log_group")
    # Using a function that stood there before would mean replacing its code.
    adoptable = False
    labels = {
        "code_sha256": "the function's code",
        "role": "the function's execution role",
        "failure": "Lambda's last word on the function",
    }

    def title(self, context: Context) -> str:
        """With its name."""
        return f"Lambda function {context.settings.function_name}"

    def desired(self, context: Context) -> Facts:
        """The documented choices and the code of this version of the wizard."""
        return {
            "runtime": context.settings.runtime,
            "architecture": context.settings.architecture,
            "handler": package.HANDLER,
            "role": context.fact("role", "arn"),
            "code_sha256": package.build().sha256,
            "failure": None,
        }

    def read(self, context: Context) -> Facts | None:
        """With its tags and its state."""
        answer = none_if(
            GONE,
            lambda: context.aws.functions.get_function(FunctionName=context.settings.function_name),
        )
        if answer is None:
            return None
        configuration = answer["Configuration"]
        return {
            "name": configuration["FunctionName"],
            "arn": configuration["FunctionArn"],
            "runtime": configuration.get("Runtime"),
            "architecture": configuration.get("Architectures", ["x86_64"])[0],
            "handler": configuration.get("Handler"),
            "role": configuration["Role"],
            "code_sha256": configuration["CodeSha256"],
            "failure": _failure(configuration),
            "state": configuration.get("State", "Active"),
            "last_update": configuration.get("LastUpdateStatus", "Successful"),
            "owner": answer.get("Tags", {}).get(OWNER_TAG),
        }

    def not_ready(self, facts: Facts) -> str | None:
        """A function is made and changed in the background."""
        return not_ready_function(facts)

    def create(self, context: Context) -> None:
        """With its tags from the first moment; environment and settings have phases of their own."""
        settings = context.settings
        context.aws.functions.create_function(
            FunctionName=settings.function_name,
            Runtime=settings.runtime,  # type: ignore[arg-type]  # one of our table of runtimes
            Role=context.fact("role", "arn"),
            Handler=package.HANDLER,
            Code={"ZipFile": package.build().content},
            Architectures=[settings.architecture],  # type: ignore[list-item]  # one of our choices
            Description=DESCRIPTION,
            Tags=context.tags,
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Code (with the architecture) and configuration change apart, one of them at a time.

        A change that failed is made good by another one; a function that was never made is not.
        """
        if facts["state"] == "Failed":
            raise _never_made(facts)
        code = ("code_sha256", "architecture")
        name = context.settings.function_name
        if any(desired[fact] != facts[fact] for fact in code):
            context.aws.functions.update_function_code(
                FunctionName=name,
                ZipFile=package.build().content,
                Architectures=[desired["architecture"]],
            )
        else:
            context.aws.functions.update_function_configuration(
                FunctionName=name,
                Runtime=desired["runtime"],
                Handler=desired["handler"],
                Role=desired["role"],
            )

    def delete(self, context: Context, facts: Facts) -> None:
        """Its versions, permissions and settings go with it."""
        none_if(GONE, lambda: context.aws.functions.delete_function(FunctionName=facts["name"]))


class FunctionEnvironment(SubResource):
    """The environment variables that the handler reads."""

    key = "function.environment"
    needs = ("function", "bucket")
    parent = "function"
    labels = {"variables": "the function's environment"}

    def title(self, context: Context) -> str:
        """The variables are named in drift, never their values."""
        return "environment variables"

    def desired(self, context: Context) -> Facts:
        """Exactly these variables. Tokens are here as SHA-256 digests only.

        Raises:
            UsageError: together they pass Lambda's limit of 4 KB.
        """
        settings = context.settings
        variables = {
            "BUCKET_NAME": settings.bucket_name,
            "AUTH_TOKEN_SHA256": ",".join(token.sha256 for token in context.tokens),
            "AUTH_TOKEN_LABELS": ",".join(token.label for token in context.tokens),
            "CORS_ALLOW_ORIGIN": as_text(settings.cors_origins),
            "EVENT_FORMAT": settings.event_format,
            "ALLOW_BEACON": "true" if settings.allow_beacon else "false",
            "MAX_EVENTS": str(settings.max_events),
            "MAX_REQUEST_BYTES": str(settings.max_request_bytes),
        }
        _refuse_too_large(variables)
        return {"variables": variables}

    def read(self, context: Context) -> Facts | None:
        """Absent with the function."""
        configuration = read_configuration(context)
        if configuration is None:
            return None
        return {
            "variables": dict(configuration.get("Environment", {}).get("Variables", {})),
            "state": configuration.get("State", "Active"),
            "last_update": configuration.get("LastUpdateStatus", "Successful"),
        }

    def not_ready(self, facts: Facts) -> str | None:
        """One change of a function at a time."""
        return not_ready_function(facts)

    def drift(self, desired: Facts, facts: Facts) -> tuple[str, ...]:
        """Names the variables that differ, not their values."""
        expected, found = desired["variables"], facts["variables"]
        return tuple(
            f"environment variable {name} is {_difference(name, expected, found)}"
            for name in sorted({*expected, *found})
            if expected.get(name) != found.get(name)
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """All variables are replaced together."""
        context.aws.functions.update_function_configuration(
            FunctionName=context.settings.function_name, Environment={"Variables": desired["variables"]}
        )


class FunctionSettings(SubResource):
    """Memory and timeout."""

    key = "function.settings"
    needs = ("function",)
    parent = "function"
    labels = {"memory_mb": "memory (MB)", "timeout_seconds": "timeout (seconds)"}

    def title(self, context: Context) -> str:
        """Both values."""
        settings = context.settings
        return f"memory {settings.memory_mb} MB, timeout {settings.timeout_seconds} s"

    def desired(self, context: Context) -> Facts:
        """The documented values unless the operator chose others."""
        settings = context.settings
        return {"memory_mb": settings.memory_mb, "timeout_seconds": settings.timeout_seconds}

    def read(self, context: Context) -> Facts | None:
        """Absent with the function."""
        configuration = read_configuration(context)
        if configuration is None:
            return None
        return {
            "memory_mb": configuration.get("MemorySize"),
            "timeout_seconds": configuration.get("Timeout"),
            "state": configuration.get("State", "Active"),
            "last_update": configuration.get("LastUpdateStatus", "Successful"),
        }

    def not_ready(self, facts: Facts) -> str | None:
        """One change of a function at a time."""
        return not_ready_function(facts)

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Both in one call."""
        context.aws.functions.update_function_configuration(
            FunctionName=context.settings.function_name,
            MemorySize=desired["memory_mb"],
            Timeout=desired["timeout_seconds"],
        )


class ReservedConcurrency(SubResource):
    """How many executions are set aside for the function; unset by default."""

    key = "function.concurrency"
    needs = ("function",)
    parent = "function"
    labels = {"reserved": "reserved concurrency"}

    def title(self, context: Context) -> str:
        """The number, or unset."""
        reserved = context.settings.reserved_concurrency
        return f"reserved concurrency {'unset' if reserved is None else reserved}"

    def desired(self, context: Context) -> Facts:
        """None is unset."""
        return {"reserved": context.settings.reserved_concurrency}

    def read(self, context: Context) -> Facts | None:
        """Absent with the function."""
        answer = none_if(
            GONE,
            lambda: context.aws.functions.get_function_concurrency(
                FunctionName=context.settings.function_name
            ),
        )
        return {"reserved": answer.get("ReservedConcurrentExecutions")} if answer is not None else None

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Unset is the absence of the setting."""
        functions, name = context.aws.functions, context.settings.function_name
        if desired["reserved"] is None:
            functions.delete_function_concurrency(FunctionName=name)
        else:
            functions.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=desired["reserved"]
            )


def read_configuration(context: Context) -> FunctionConfigurationResponseTypeDef | None:
    """The function's configuration, None when there is no function."""
    return none_if(
        GONE,
        lambda: context.aws.functions.get_function_configuration(FunctionName=context.settings.function_name),
    )


def _failure(configuration: Any) -> str | None:
    """Why Lambda could not make or change the function; None when it could."""
    for word in ("State", "LastUpdateStatus"):
        if configuration.get(word) == "Failed":
            return str(configuration.get(f"{word}Reason") or "it gives no reason")
    return None


def _never_made(facts: Facts) -> WizardError:
    return WizardError(
        what=f"Lambda could not make the function {facts['name']}.",
        why=f"It says: {facts['failure']}.",
        next_step="Run `eventtrack-wizard rollback`, then `eventtrack-wizard setup` again.",
    )


def _refuse_too_large(variables: dict[str, str]) -> None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > ENVIRONMENT_LIMIT_BYTES:
        raise UsageError(
            what="The function's environment variables are too large.",
            why=f"They have {size} bytes; Lambda takes {ENVIRONMENT_LIMIT_BYTES}.",
            next_step="Revoke tokens that are no longer used, or shorten --cors-origins.",
        )


def _difference(name: str, expected: dict[str, str], found: dict[str, str]) -> str:
    if name not in found:
        return "missing"
    return "not ours" if name not in expected else "not as set up"
