"""Phase 7: the function's permission for the API to invoke it."""

from __future__ import annotations

import json
from typing import Any, TypedDict

from wizard.aws.calls import none_if
from wizard.resources.base import Deployment, Resource
from wizard.state.model import Facts

STATEMENT_PREFIX = "eventtrack-wizard-"


class PermissionFacts(TypedDict):
    """`statement` is ours for the present API; `stale` the ids of those for former ones."""

    statement: Any
    stale: list[str]


def statement_id(at: Deployment) -> str:
    """The permission's id. It holds the API's, so that a new API gets a new statement."""
    return f"{STATEMENT_PREFIX}{at.fact('api', 'id')}"


class InvokePermission(Resource[PermissionFacts]):
    """The function's word that exactly this API's POST on this path may invoke it.

    The console adds it silently; without it the endpoint answers 500 although everything looks right.
    """

    key = "api.permission"
    ids_of = ("api",)
    needs = ("api", "function")
    parent = "function"
    chain = "function"
    labels = {
        "statement": "the API's permission to invoke the function",
        "stale": "permissions of former APIs",
    }
    actions = {"function": ("lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission")}

    def title(self, at: Deployment) -> str:
        return "permission for the API to invoke the function"

    def desired(self, at: Deployment) -> Facts | None:
        """No other API, method or path."""
        place = at.identity
        source = (
            f"arn:{place.partition}:execute-api:{place.region}:{place.account}:"
            f"{at.fact('api', 'id')}/*/POST/{at.settings.resource_path}"
        )
        return {"statement": {"principal": "apigateway.amazonaws.com", "source": source}, "stale": []}

    def read(self, at: Deployment) -> PermissionFacts | None:
        """From the function's resource policy."""
        answer = none_if(
            ("ResourceNotFoundException",),
            lambda: at.aws.functions.get_policy(FunctionName=at.settings.function_name),
        )
        statements = json.loads(answer["Policy"])["Statement"] if answer else []
        ours = {
            statement["Sid"]: statement
            for statement in statements
            if statement.get("Sid", "").startswith(STATEMENT_PREFIX)
        }
        current = ours.pop(statement_id(at), None)
        if current is None and not ours:
            return None
        return {"statement": _permission_facts(current) if current else None, "stale": sorted(ours)}

    def create(self, at: Deployment, desired: Facts) -> PermissionFacts | None:
        at.aws.functions.add_permission(
            FunctionName=at.settings.function_name,
            StatementId=statement_id(at),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=desired["statement"]["source"],
        )
        return {"statement": desired["statement"], "stale": []}

    def update(
        self, at: Deployment, desired: Facts, observed: PermissionFacts, difference: frozenset[str]
    ) -> bool:
        """A statement cannot be changed, only replaced; those of APIs that are gone are taken away."""
        for stale in observed["stale"]:
            self._remove(at, stale)
        if "statement" in difference:
            if observed["statement"]:
                self._remove(at, statement_id(at))
            self.create(at, desired)
        return True

    def delete(self, at: Deployment, observed: PermissionFacts) -> None:
        """Goes with the function where that is ours."""
        self._remove(at, statement_id(at))

    def _remove(self, at: Deployment, statement_id: str) -> None:
        none_if(
            ("ResourceNotFoundException",),
            lambda: at.aws.functions.remove_permission(
                FunctionName=at.settings.function_name, StatementId=statement_id
            ),
        )


def permit_again(at: Deployment) -> None:
    """Make the permission once more where Lambda has accepted it and then lost it.

    Seen where AddPermission met another change of the function: answered 201, and no statement afterwards.
    """
    permission = InvokePermission()
    desired, found = permission.desired(at), permission.read(at)
    if desired is not None and (found is None or found["statement"] is None):
        permission.create(at, desired)


def _permission_facts(statement: Any) -> dict[str, Any]:
    condition = statement.get("Condition", {})
    source = (condition.get("ArnLike") or condition.get("ArnEquals") or {}).get("AWS:SourceArn")
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    return {"principal": service, "source": source}
