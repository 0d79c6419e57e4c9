"""Phases 4 and 5: the function's environment variables and settings.

CreateFunction carries them (`function`), so that a first run finds them done; `GetFunction` tells them, so
that a look at the function and all of them is one call.
"""

from __future__ import annotations

from typing import ClassVar, TypedDict

from wizard.resources.base import Deployment, Observed, SubResource
from wizard.resources.environment import STREAMS, VARIABLES, environment_variables
from wizard.resources.function import Readiness, described, not_ready, readiness_of
from wizard.resources.streams import STREAM_KEYS
from wizard.state.model import Facts, TokenDigest, now

# What Lambda gives a function that was created without them (version 0.1.0 did so):
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
LAMBDA_DEFAULTS = {"memory_mb": 128, "timeout_seconds": 3}


class EnvironmentFacts(Readiness):
    """Those of the handler."""

    variables: dict[str, str]


class SettingsFacts(Readiness):
    """MB and seconds."""

    memory_mb: int
    timeout_seconds: int


class ConcurrencyFacts(TypedDict):
    """Executions at a time; None is unset."""

    reserved: int | None


class FunctionSetting(SubResource[Observed]):
    """A setting of the function, which tells it itself."""

    needs: ClassVar[tuple[str, ...]] = ("function",)
    parent = "function"
    chain = "function"
    answer_of = "function"


class FunctionEnvironment(FunctionSetting[EnvironmentFacts]):
    """The environment variables that the handler reads."""

    key = "function.environment"
    plural = True
    # The bucket that they name: a rollback empties it when nobody writes any more. The streams: whatever is
    # named stands and may be used, and what is not wanted any more goes when it is not named any more.
    needs = ("function", "bucket", "buffer.right", *STREAM_KEYS)
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
        answer = described(at)
        if answer is None:
            return None
        configuration = answer["Configuration"]
        return {
            "variables": dict(configuration.get("Environment", {}).get("Variables", {})),
            **readiness_of(configuration),
        }

    def not_ready(self, observed: EnvironmentFacts) -> str | None:
        """One change of a function at a time."""
        return not_ready(observed)

    def expected_with_new_parent(self, at: Deployment) -> Facts | None:
        """CreateFunction carries them."""
        return self.desired(at)

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
        found: dict[str, object] = {
            key: variables[name] for key, name in VARIABLES.items() if name in variables
        }
        if STREAMS in variables:
            found |= {"ingest": "buffered", "streams": len(variables[STREAMS].split(","))}
        return found

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
    plural = True
    labels = {"memory_mb": "memory (MB)", "timeout_seconds": "timeout (seconds)"}
    actions = {"function": ("lambda:UpdateFunctionConfiguration",)}

    def title(self, at: Deployment) -> str:
        return f"memory {at.settings.memory_mb} MB, timeout {at.settings.timeout_seconds} s"

    def desired(self, at: Deployment) -> Facts | None:
        return {"memory_mb": at.settings.memory_mb, "timeout_seconds": at.settings.timeout_seconds}

    def expected_with_new_parent(self, at: Deployment) -> Facts | None:
        """CreateFunction carries them."""
        return self.desired(at)

    def read(self, at: Deployment) -> SettingsFacts | None:
        answer = described(at)
        if answer is None:
            return None
        configuration = answer["Configuration"]
        return {
            "memory_mb": configuration["MemorySize"],
            "timeout_seconds": configuration["Timeout"],
            **readiness_of(configuration),
        }

    def not_ready(self, observed: SettingsFacts) -> str | None:
        """One change of a function at a time."""
        return not_ready(observed)

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

    def is_unset(self, at: Deployment) -> bool:
        return at.settings.reserved_concurrency is None

    def expected_with_new_parent(self, at: Deployment) -> Facts | None:
        """https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: nothing is set aside
        until it is put."""
        return {"reserved": None}

    def read(self, at: Deployment) -> ConcurrencyFacts | None:
        answer = described(at)
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
        """In 0.1.0 a reserved concurrency of 0 closed the endpoint."""
        if observed["reserved"] == 0:
            return {"closed": True}
        return {"reserved_concurrency": observed["reserved"]} if observed["reserved"] is not None else {}


def _difference(name: str, expected: dict[str, str], found: dict[str, str]) -> str:
    if name not in found:
        return "missing"
    if name not in expected:
        return "not wanted any more" if name == STREAMS else "not ours"
    return "not as set up"
