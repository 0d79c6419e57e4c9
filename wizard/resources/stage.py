"""Phase 9: the deployment of the API to its stage."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypedDict

from wizard.aws.calls import none_if
from wizard.resources.api import PostMethod
from wizard.resources.base import Deployment, Resource
from wizard.resources.cors import GatewayErrors, Preflight
from wizard.resources.methods import GONE
from wizard.state.model import Facts

DESCRIPTION_PREFIX = "eventtrack-wizard configuration "


class StageFacts(TypedDict):
    """`deployed` is the description of the deployment that the stage shows."""

    name: str
    deployment_id: str
    deployed: str | None
    description: str


def configuration_digest(at: Deployment) -> str:
    """A digest of everything that a deployment takes a copy of, so that a stale copy shows."""
    parts = [resource.desired(at) for resource in (PostMethod(), Preflight(), GatewayErrors())]
    text = json.dumps([at.settings.resource_path, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Stage(Resource[StageFacts]):
    """The stage and the deployment that it shows.

    What the stage serves is a copy, made at deployment. The copy's digest stands in the deployment's
    description, so that a read tells whether the copy is of today's configuration.
    """

    key = "stage"
    needs = ("api.method", "cors.preflight", "cors.gateway_errors")
    parent = "api"
    chain = "api"
    actions = {
        "api": ("apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST"),
    }  # fmt: skip
    labels = {"deployed": "the deployed configuration", "description": "the stage's description"}

    def title(self, at: Deployment) -> str:
        return f"deployment to stage {at.settings.stage_name}"

    def desired(self, at: Deployment) -> Facts | None:
        """Today's configuration under the documented description."""
        return {
            "deployed": DESCRIPTION_PREFIX + configuration_digest(at),
            "description": at.settings.stage_description,
        }

    def read(self, at: Deployment) -> StageFacts | None:
        api_id, name = at.fact("api", "id"), at.settings.stage_name
        if api_id is None:
            return None
        stage = none_if(GONE, lambda: at.aws.apigateway.get_stage(restApiId=api_id, stageName=name))
        return self._facts(at, api_id, stage) if stage else None

    def find(self, at: Deployment) -> StageFacts | None:
        """Setup makes one stage."""
        api_id = at.fact("api", "id")
        if found := self.read(at):
            return found
        answer = none_if(GONE, lambda: at.aws.apigateway.get_stages(restApiId=api_id)) if api_id else None
        return self._facts(at, api_id, answer["item"][0]) if answer and answer["item"] else None

    @staticmethod
    def _facts(at: Deployment, api_id: str, stage: Any) -> StageFacts:
        return {
            "name": stage["stageName"],
            "deployment_id": stage["deploymentId"],
            "deployed": _description_of(at, api_id, stage["deploymentId"]),
            "description": stage.get("description", ""),
        }

    def create(self, at: Deployment, desired: Facts) -> StageFacts | None:
        """One call makes the deployment and the stage, or moves the stage to the new deployment."""
        answer = at.aws.apigateway.create_deployment(
            restApiId=at.fact("api", "id"),
            stageName=at.settings.stage_name,
            stageDescription=desired["description"],
            description=desired["deployed"],
        )
        return {
            "name": at.settings.stage_name,
            "deployment_id": answer["id"],
            "deployed": desired["deployed"],
            "description": desired["description"],
        }

    def update(
        self, at: Deployment, desired: Facts, observed: StageFacts, difference: frozenset[str]
    ) -> bool:
        """A stage's description alone needs no new deployment."""
        if "deployed" in difference:
            self.create(at, desired)
        if "description" in difference:
            at.aws.apigateway.update_stage(
                restApiId=at.fact("api", "id"),
                stageName=at.settings.stage_name,
                patchOperations=[{"op": "replace", "path": "/description", "value": desired["description"]}],
            )
        return False

    def delete(self, at: Deployment, observed: StageFacts) -> None:
        """Before the API where that is not ours."""
        api_id = at.fact("api", "id")
        none_if(GONE, lambda: at.aws.apigateway.delete_stage(restApiId=api_id, stageName=observed["name"]))

    def settings_from(self, observed: StageFacts) -> dict[str, object]:
        return {"stage_name": observed["name"], "stage_description": observed["description"]}


def _description_of(at: Deployment, api_id: str, deployment_id: str) -> str | None:
    """A deployment is a copy that never changes, so the one that we know need not be asked for again."""
    if at.fact("stage", "deployment_id") == deployment_id and at.fact("stage", "deployed"):
        return str(at.fact("stage", "deployed"))
    answer = none_if(
        GONE,
        lambda: at.aws.apigateway.get_deployment(restApiId=api_id, deploymentId=deployment_id),
    )
    return answer.get("description") if answer else None
