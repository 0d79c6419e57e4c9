"""Phase 2: the function. It is created with its environment variables and settings (`function_settings`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypedDict

from botocore.exceptions import ClientError

from wizard import package
from wizard.aws.calls import none_if
from wizard.errors import UsageError
from wizard.package import Package
from wizard.resources.base import OWNER_TAG, Deployment
from wizard.resources.environment import environment_variables
from wizard.resources.role import role_arn
from wizard.resources.tagged import DesiredTags, TaggedResource, to_put, to_take_off
from wizard.state.model import Facts

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import GetFunctionResponseTypeDef

GONE = ("ResourceNotFoundException",)
DESCRIPTION = "Stores posted events in S3."


class Readiness(TypedDict):
    """Whether the function works, and is done with its last change."""

    state: str
    last_update: str


class FunctionFacts(Readiness):
    """`code_sha256` is Lambda's own digest of the zip, base64; `failure` its reason for not working."""

    name: str
    arn: str
    runtime: str | None
    architecture: str
    handler: str | None
    role: str
    code_sha256: str
    failure: str | None
    owner: str | None
    tags: dict[str, str]


def function_arn(at: Deployment) -> str:
    """The function's ARN, known before the function stands."""
    place, name = at.identity, at.settings.function_name
    return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{name}"


def described(at: Deployment) -> GetFunctionResponseTypeDef | None:
    """Everything that one call tells of the function and its settings; None: there is none."""
    return at.answers.once(
        "lambda.GetFunction",
        lambda: none_if(GONE, lambda: at.aws.functions.get_function(FunctionName=at.settings.function_name)),
    )


def not_ready(observed: Any) -> str | None:
    """Why a function cannot be changed or invoked this moment."""
    if observed["state"] in ("Pending", "Deleting"):
        return f"Lambda is still preparing the function (state {observed['state']})"
    if observed["last_update"] == "InProgress" and observed["state"] != "Failed":
        return "Lambda is still working on the function's last change"
    return None


class Function(TaggedResource[FunctionFacts]):
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
            "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
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
            "code_sha256": self._code_sha256(at),
            "failure": None,
            "tags": at.desired_tags,
        }

    def _code_sha256(self, at: Deployment) -> str:
        """A former code that is not at hand stays where it runs: it was uploaded from another machine."""
        if not at.settings.previous_code or at.uploads.former():
            return code_of(at).sha256
        standing: str | None = at.fact(self.key, "code_sha256")
        if standing in (None, package.build().sha256):
            raise _no_former_code()
        return standing

    def read(self, at: Deployment) -> FunctionFacts | None:
        """Without leave to list tags Lambda shows the function all the same, with an error in their place."""
        answer = described(at)
        if answer is None:
            return None
        if problem := answer.get("TagsError"):
            error: Any = {"Error": {"Code": problem["ErrorCode"], "Message": problem["Message"]}}
            raise ClientError(error, "ListTags")
        return _function_facts(answer["Configuration"], answer.get("Tags", {}))

    def not_ready(self, observed: FunctionFacts) -> str | None:
        """A function is created and changed in the background."""
        return not_ready(observed)

    def remark(self, at: Deployment, observed: FunctionFacts) -> str | None:
        if at.settings.previous_code:
            return (
                "The function runs the code of before the last upgrade;"
                " `eventtrack-wizard setup --current-code` uploads this version's."
            )
        if at.uploads.former():
            return "The former code is kept; `eventtrack-wizard setup --previous-code` brings it back."
        return None

    def failure(self, observed: FunctionFacts) -> str | None:
        return observed["failure"] if observed["state"] == "Failed" else None

    def sentence(self, name: str, desired: object, found: object) -> str:
        return (
            f"{self.labels[name]}: {found}" if name == "failure" else super().sentence(name, desired, found)
        )

    def create(self, at: Deployment, desired: Facts) -> FunctionFacts | None:
        settings, code = at.settings, code_of(at)
        at.uploads.keep(code)
        answer = at.aws.functions.create_function(
            FunctionName=settings.function_name,
            Runtime=desired["runtime"],
            Role=desired["role"],
            Handler=desired["handler"],
            Code={"ZipFile": code.content},
            Architectures=[desired["architecture"]],
            Description=DESCRIPTION,
            Environment={"Variables": environment_variables(at)},
            MemorySize=settings.memory_mb,
            Timeout=settings.timeout_seconds,
            Tags=at.tags,
        )
        return _function_facts(answer, at.tags)

    def change_tags(self, at: Deployment, observed: FunctionFacts, changes: DesiredTags) -> None:
        if tags := to_put(changes):
            at.aws.functions.tag_resource(Resource=observed["arn"], Tags=tags)
        if keys := to_take_off(changes):
            at.aws.functions.untag_resource(Resource=observed["arn"], TagKeys=keys)

    def change(
        self, at: Deployment, desired: Facts, observed: FunctionFacts, difference: frozenset[str]
    ) -> bool:
        """Code (with the architecture) and configuration change apart, one of them at a time."""
        name = at.settings.function_name
        if difference & {"code_sha256", "architecture"}:
            code = code_of(at)
            at.uploads.keep(code)
            at.aws.functions.update_function_code(
                FunctionName=name,
                ZipFile=code.content,
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


def code_of(at: Deployment) -> Package:
    """What is to be uploaded.

    Raises:
        UsageError: former code is wanted, and none is kept.
    """
    if not at.settings.previous_code:
        return package.build()
    former = at.uploads.former()
    if former is None:
        raise _no_former_code()
    return former


def _no_former_code() -> UsageError:
    return UsageError(
        what="There is no former code of the function.",
        why="The folder beside the state file holds none: no other version has uploaded any from here.",
        next_step="Run `eventtrack-wizard setup --current-code`, which uploads this version's.",
    )


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
        **readiness_of(configuration),
        "owner": tags.get(OWNER_TAG),
        "tags": dict(tags),
    }


def readiness_of(configuration: Any) -> Readiness:
    """What an answer of Lambda says of it; where it says nothing, nothing is in the way."""
    return {
        "state": configuration.get("State") or "Active",
        "last_update": configuration.get("LastUpdateStatus") or "Successful",
    }


def _failure(configuration: Any) -> str | None:
    """Why Lambda could not make or change the function; None when it could."""
    for word in ("State", "LastUpdateStatus"):
        if configuration.get(word) == "Failed":
            return str(configuration.get(f"{word}Reason") or "it gives no reason")
    return None


def recycle(at: Deployment) -> None:
    """Make Lambda replace the running environments, which keep the credentials of their first moment.

    An environment that started before the role's policy had spread stays without it for minutes,
    however often it is invoked; a change of the configuration replaces it.
    """
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    at.aws.functions.update_function_configuration(
        FunctionName=at.settings.function_name, Description=f"{DESCRIPTION} Recycled {moment}."
    )
