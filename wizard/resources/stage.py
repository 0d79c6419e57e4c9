"""Phase 9: the deployment of the API to its stage, and how many requests that lets through."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypedDict

from wizard.aws.calls import none_if
from wizard.resources.api import PostMethod
from wizard.resources.base import Deployment, SubResource
from wizard.resources.cors import GatewayErrors, Preflight
from wizard.resources.gateway_tags import change_tags, stage_arn, told_tags
from wizard.resources.methods import GONE
from wizard.resources.tagged import DesiredTags, TaggedResource
from wizard.state.model import Facts

DESCRIPTION_PREFIX = "eventtrack-wizard configuration "
# Method settings of all methods on all paths: https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html
EVERY_METHOD = "*/*"


class StageFacts(TypedDict):
    """`deployed` is the description of the deployment that the stage shows; `unshown` are the ids of
    deployments that no stage of the API shows."""

    name: str
    deployment_id: str
    deployed: str | None
    description: str
    unshown: list[str]
    tags: dict[str, str]


class ThrottlingFacts(TypedDict):
    """Requests a second, and requests at once; None: the stage has no limit of its own."""

    rate: float | None
    burst: int | None


def configuration_digest(at: Deployment) -> str:
    """A digest of everything that a deployment takes a copy of, so that a stale copy shows."""
    parts = [resource.desired(at) for resource in (PostMethod(), Preflight(), GatewayErrors())]
    text = json.dumps([at.settings.resource_path, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Stage(TaggedResource[StageFacts]):
    """The stage and the deployment that it shows.

    What the stage serves is a copy, made at deployment. The copy's digest stands in the deployment's
    description, so that a read tells whether the copy is of today's configuration.
    """

    key = "stage"
    needs = ("api.method", "cors.preflight", "cors.gateway_errors")
    parent = "api"
    chain = "api"
    labels = {"deployed": "the deployed configuration", "description": "the stage's description"}
    actions = {"api": ("apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST")}

    def title(self, at: Deployment) -> str:
        return f"deployment to stage {at.settings.stage_name}"

    def desired(self, at: Deployment) -> Facts | None:
        """Today's configuration under the documented description, and no copies that nobody can reach."""
        return {
            "deployed": DESCRIPTION_PREFIX + configuration_digest(at),
            "description": at.settings.stage_description,
            "unshown": [],
            "tags": self._tags(at),
        }

    def sentence(self, name: str, desired: object, found: object) -> str:
        if name == "unshown":
            return "deployments that no stage shows were left by earlier runs"
        return super().sentence(name, desired, found)

    @staticmethod
    def _tags(at: Deployment) -> DesiredTags:
        """Its API carries the owner's tag; it has one only beside those that the operator wants."""
        return at.desired_tags if at.settings.tags else {}

    def read(self, at: Deployment) -> StageFacts | None:
        stages = stages_of(at)
        stage = next((item for item in stages if item["stageName"] == at.settings.stage_name), None)
        return self._facts(at, stage, stages) if stage else None

    def find(self, at: Deployment) -> StageFacts | None:
        """Setup makes one stage."""
        if found := self.read(at):
            return found
        stages = stages_of(at)
        return self._facts(at, stages[0], stages) if stages else None

    def _facts(self, at: Deployment, stage: Any, stages: list[Any]) -> StageFacts:
        """A deployment is a copy that never changes, so those that we know are not asked for again."""
        known, shown = at.known.get("stage", {}), stage["deploymentId"]
        arn = stage_arn(at, at.fact("api", "id"), stage["stageName"])
        if known.get("deployment_id") == shown and known.get("deployed") and known.get("unshown") == []:
            descriptions = {shown: known["deployed"]}
        else:
            descriptions = _deployments(at)
        return {
            "name": stage["stageName"],
            "deployment_id": shown,
            "deployed": descriptions.get(shown),
            "description": stage.get("description", ""),
            "unshown": sorted(set(descriptions) - _shown_by(stages)),
            "tags": told_tags(at, arn, stage.get("tags", {}), self._tags(at)),
        }

    def create(self, at: Deployment, desired: Facts) -> StageFacts | None:
        """One call makes the deployment and the stage, or moves the stage to the new deployment.

        Its answer does not tell whether older deployments stand. It takes no tags: they are put next.
        """
        at.aws.apigateway.create_deployment(
            restApiId=at.fact("api", "id"),
            stageName=at.settings.stage_name,
            stageDescription=desired["description"],
            description=desired["deployed"],
        )
        return None

    def change_tags(self, at: Deployment, observed: StageFacts, changes: DesiredTags) -> None:
        change_tags(at, stage_arn(at, at.fact("api", "id"), observed["name"]), changes)

    def change(
        self, at: Deployment, desired: Facts, observed: StageFacts, difference: frozenset[str]
    ) -> bool:
        """A stage's description alone needs no new deployment; a new one leaves the old one unshown."""
        gateway, api_id = at.aws.apigateway, at.fact("api", "id")
        if "deployed" in difference:
            self.create(at, desired)
        if "description" in difference:
            gateway.update_stage(
                restApiId=api_id,
                stageName=at.settings.stage_name,
                patchOperations=[{"op": "replace", "path": "/description", "value": desired["description"]}],
            )
        for old in observed["unshown"]:
            _delete_deployment(at, old)
        return difference == {"unshown"}

    def delete(self, at: Deployment, observed: StageFacts) -> None:
        """Before the API where that is not ours."""
        api_id = at.fact("api", "id")
        none_if(GONE, lambda: at.aws.apigateway.delete_stage(restApiId=api_id, stageName=observed["name"]))

    def settings_from(self, observed: StageFacts) -> dict[str, object]:
        return {"stage_name": observed["name"], "stage_description": observed["description"]}


def stages_of(at: Deployment) -> list[Any]:
    """Every stage of the API; one call tells all there is to know of them."""
    api_id = at.fact("api", "id")
    if api_id is None:
        return []

    def ask() -> list[Any]:
        answer = none_if(GONE, lambda: at.aws.apigateway.get_stages(restApiId=api_id))
        return list(answer["item"]) if answer else []

    return at.answers.once(f"apigateway.GetStages {api_id}", ask)


def _shown_by(stages: list[Any]) -> set[str]:
    """The ids of the deployments that can be reached, canaries included."""
    canaries = [stage["canarySettings"] for stage in stages if stage.get("canarySettings")]
    return {shown["deploymentId"] for shown in (*stages, *canaries) if "deploymentId" in shown}


def _deployments(at: Deployment) -> dict[str, str | None]:
    """The API's deployments: id to description."""
    pages = at.aws.apigateway.get_paginator("get_deployments").paginate(
        restApiId=at.fact("api", "id"), PaginationConfig={"PageSize": 500}
    )
    return {item["id"]: item.get("description") for page in pages for item in page["items"]}


def _delete_deployment(at: Deployment, deployment_id: str) -> None:
    """AWS refuses it where a stage shows it after all; already gone is success."""
    none_if(
        GONE,
        lambda: at.aws.apigateway.delete_deployment(
            restApiId=at.fact("api", "id"), deploymentId=deployment_id
        ),
    )


class Throttling(SubResource[ThrottlingFacts]):
    """How many requests the stage lets through, to all methods; 0 closes it, and costs nothing.

    Without it an open endpoint is limited by nothing but the account's own limits.
    """

    key = "stage.throttling"
    needs = ("stage",)
    parent = "stage"
    chain = "api"
    answer_of = "stage"
    labels = {"rate": "the limit of requests a second", "burst": "the limit of requests at once"}
    actions = {"api": ("apigateway:GET", "apigateway:PATCH")}

    def title(self, at: Deployment) -> str:
        settings = at.settings
        if settings.closed:
            return "limit of 0 requests (closed)"
        return f"limit of {settings.throttle_rate} requests a second, {settings.throttle_burst} at once"

    def desired(self, at: Deployment) -> Facts | None:
        settings = at.settings
        if settings.closed:
            return {"rate": 0, "burst": 0}
        return {"rate": settings.throttle_rate, "burst": settings.throttle_burst}

    def sentence(self, name: str, desired: object, found: object) -> str:
        """Without one the account's limits it, which is not the same in every region:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
        return super().sentence(name, desired, found).replace("unset", "unset (the account's counts)", 1)

    def with_new_parent(self, at: Deployment) -> ThrottlingFacts | None:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html:
        a new stage has no limits of its own."""
        return {"rate": None, "burst": None}

    def read(self, at: Deployment) -> ThrottlingFacts | None:
        """AWS takes texts and gives numbers back."""
        name = at.fact("stage", "name") or at.settings.stage_name
        stage = next((item for item in stages_of(at) if item["stageName"] == name), None)
        if stage is None:
            return None
        settings = stage.get("methodSettings", {}).get(EVERY_METHOD, {})
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        return {"rate": _whole(rate), "burst": None if burst is None else int(burst)}

    def update(
        self, at: Deployment, desired: Facts, observed: ThrottlingFacts, difference: frozenset[str]
    ) -> bool:
        """In force at once, without a deployment."""
        paths = {"rate": "/*/*/throttling/rateLimit", "burst": "/*/*/throttling/burstLimit"}
        operations: Any = [
            {"op": "replace", "path": path, "value": str(desired[name])} for name, path in paths.items()
        ]
        at.aws.apigateway.update_stage(
            restApiId=at.fact("api", "id"),
            stageName=at.settings.stage_name,
            patchOperations=operations,
        )
        return True

    def settings_from(self, observed: ThrottlingFacts) -> dict[str, object]:
        """A closed stage does not tell how much it let through before."""
        rate, burst = observed["rate"], observed["burst"]
        if (rate, burst) == (0, 0):
            return {"closed": True}
        found = {"throttle_rate": rate, "throttle_burst": burst}
        return {key: value for key, value in found.items() if value is not None}


def _whole(rate: float | None) -> float | None:
    """50.0 as 50, as the operator typed it."""
    return int(rate) if rate is not None and float(rate).is_integer() else rate
