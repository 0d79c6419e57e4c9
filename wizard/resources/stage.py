"""Phase 9: the deployment of the API to its stage."""

from __future__ import annotations

import hashlib
import json

from wizard.aws.calls import none_if
from wizard.resources.api import GONE, PostMethod
from wizard.resources.base import Context, Resource
from wizard.resources.cors import GatewayErrors, Preflight
from wizard.state.model import Facts

DESCRIPTION_PREFIX = "eventtrack-wizard configuration "


def configuration_digest(context: Context) -> str:
    """A digest of everything that a deployment takes a copy of, so that a stale copy shows."""
    parts = [resource.desired(context) for resource in (PostMethod(), Preflight(), GatewayErrors())]
    text = json.dumps([context.settings.resource_path, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Stage(Resource):
    """The stage and the deployment that it shows.

    What the stage serves is a copy, made at deployment. The copy's digest stands in the deployment's
    description, so that a read tells whether the copy is of today's configuration.
    """

    key = "stage"
    needs = ("api.method", "api.permission", "cors.preflight", "cors.gateway_errors")
    parent = "api"
    labels = {"deployed": "the deployed configuration", "description": "the stage's description"}

    def title(self, context: Context) -> str:
        """With its name."""
        return f"deployment to stage {context.settings.stage_name}"

    def desired(self, context: Context) -> Facts:
        """Today's configuration under the documented description."""
        return {
            "deployed": DESCRIPTION_PREFIX + configuration_digest(context),
            "description": context.settings.stage_description,
        }

    def read(self, context: Context) -> Facts | None:
        """The stage, and the description of the deployment that it shows."""
        api_id, stage_name = context.fact("api", "id"), context.settings.stage_name
        if api_id is None:
            return None
        gateway = context.aws.apigateway
        stage = none_if(GONE, lambda: gateway.get_stage(restApiId=api_id, stageName=stage_name))
        if stage is None:
            return None
        deployment = none_if(
            GONE, lambda: gateway.get_deployment(restApiId=api_id, deploymentId=stage["deploymentId"])
        )
        return {
            "name": stage_name,
            "deployment_id": stage["deploymentId"],
            "deployed": deployment.get("description") if deployment else None,
            "description": stage.get("description", ""),
        }

    def create(self, context: Context) -> None:
        """One call makes the deployment and the stage, or moves the stage to the new deployment."""
        context.aws.apigateway.create_deployment(
            restApiId=context.fact("api", "id"),
            stageName=context.settings.stage_name,
            stageDescription=context.settings.stage_description,
            description=self.desired(context)["deployed"],
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """A stage's description alone needs no new deployment."""
        if desired["deployed"] != facts["deployed"]:
            self.create(context)
        if desired["description"] != facts["description"]:
            context.aws.apigateway.update_stage(
                restApiId=context.fact("api", "id"),
                stageName=context.settings.stage_name,
                patchOperations=[{"op": "replace", "path": "/description", "value": desired["description"]}],
            )

    def delete(self, context: Context, facts: Facts) -> None:
        """Before the API where that is not ours."""
        none_if(
            GONE,
            lambda: context.aws.apigateway.delete_stage(
                restApiId=context.fact("api", "id"), stageName=facts["name"]
            ),
        )
