"""IAM is eventually consistent: what was just written is not yet true everywhere."""

from __future__ import annotations

import json
from typing import Any, cast

from botocore.exceptions import ClientError

from ..calls import Call
from ..messages import Answer
from ..world import FunctionId, World, role_name
from .base import Behaviour, refusal

NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."
KMS_DENIED = (
    "Lambda was unable to decrypt the environment variables because KMS access was denied. "
    "Please check the function's KMS key settings. KMS Exception: AccessDeniedException KMS Message: "
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
    "or you are not allowed to access."
)
TAKES_A_ROLE = {"lambda.CreateFunction", "lambda.UpdateFunctionConfiguration"}


class RoleNotYetAssumable(Behaviour):
    """A function cannot take a role until some seconds after the role was made; on AWS typically 5 to 20."""

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds
        self._created: dict[str, float] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name not in TAKES_A_ROLE:
            return None
        created = self._created.get(role_name(str(call.parameters.get("Role", ""))))
        if created is None or world.clock.now() - created >= self.seconds:
            return None
        return refusal(call, 400, "InvalidParameterValueException", NOT_ASSUMABLE)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name == "iam.CreateRole" and answer.succeeded:
            self._created[str(call.parameters["RoleName"])] = world.clock.now()
        return answer


class RoleMustTrustLambda(Behaviour):
    """A role whose trust policy does not name Lambda is refused for ever, with the text of a fresh role."""

    def before(self, call: Call, world: World) -> Answer | None:
        role = role_name(str(call.parameters.get("Role", "")))
        if call.name not in TAKES_A_ROLE or not role:
            return None
        try:
            document = cast(
                "dict[str, Any]", world.iam().get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
            )
        except ClientError:
            return refusal(call, 400, "InvalidParameterValueException", NOT_ASSUMABLE)
        if "lambda.amazonaws.com" in json.dumps(document):
            return None
        return refusal(call, 400, "InvalidParameterValueException", NOT_ASSUMABLE)


class StaleKmsGrant(Behaviour):
    """A function whose role was deleted and made anew cannot decrypt its variables.

    The grant is for the old role's unique id. Only another role, or a new function, makes a new grant;
    functions without environment variables need none.
    """

    def __init__(self) -> None:
        self._grants: dict[FunctionId, tuple[str, str]] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        if not self._grants or call.service not in {"lambda", "execute-api"}:
            return None
        function = world.invoked_function(call)
        if function not in self._grants or self._grants[function][1] == role_id(
            world, self._grants[function][0]
        ):
            return None
        if call.service == "execute-api":
            return refusal(call, 500, "InternalServerErrorException", "Internal server error")
        return refusal(call, 502, "KMSAccessDeniedException", KMS_DENIED)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name not in TAKES_A_ROLE or not answer.succeeded or "Role" not in call.parameters:
            return answer
        function = (call.scope.region, call.function_name)
        role = role_name(str(call.parameters["Role"]))
        same_role = self._grants.get(function, ("", ""))[0] == role
        if call.operation == "CreateFunction" or not same_role:
            self._grants.pop(function, None)
            if answer.json.get("Environment", {}).get("Variables"):
                self._grants[function] = (role, role_id(world, role))
        return answer


def role_id(world: World, role: str) -> str:
    """The unique id of a role, new with every role of the same name; empty when the role is gone."""
    try:
        return world.iam().get_role(RoleName=role)["Role"]["RoleId"]
    except ClientError:
        return ""
