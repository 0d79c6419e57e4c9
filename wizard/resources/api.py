"""Phase 7: the REST API, its resource, the POST method."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from wizard.aws.calls import none_if
from wizard.resources.base import NAME_TAG, OWNER_TAG, Deployment, Resource
from wizard.resources.function import function_arn
from wizard.resources.gateway_tags import api_arn, change_tags, told_tags
from wizard.resources.methods import GONE, OPEN, MethodFacts, delete_method, paths_of, put_method, read_method
from wizard.resources.tagged import DesiredTags, TaggedResource
from wizard.state.model import Facts

if TYPE_CHECKING:
    from datetime import datetime

    from wizard.aws.client import Aws


class RestApiFacts(TypedDict):
    """`duplicates` are the ids of further APIs with this deployment's tag."""

    id: str
    name: str
    endpoint_type: str | None
    root_id: str
    duplicates: list[str]
    owner: str | None
    tags: dict[str, str]


class PathFacts(TypedDict):
    """The resource's id and its path, with the slash."""

    id: str
    path: str


class RestApi(TaggedResource[RestApiFacts]):
    """The API. Names are not unique and CreateRestApi has no idempotency token: ours is found by its tag."""

    key = "api"
    chain = "api"
    in_url = True
    labels = {"name": "the API's name", "endpoint_type": "the API's endpoint type"}
    actions = {
        "apis": ("apigateway:GET", "apigateway:POST"),
        "api": ("apigateway:DELETE", "apigateway:GET", "apigateway:PATCH"),
        "api tags": ("apigateway:DELETE", "apigateway:GET", "apigateway:PUT"),
    }

    def title(self, at: Deployment) -> str:
        return f"REST API {at.settings.api_name}"

    def desired(self, at: Deployment) -> Facts | None:
        """Exactly one, of the documented type."""
        return {
            "name": at.settings.api_name,
            "endpoint_type": at.settings.endpoint_type,
            "duplicates": [],
            "tags": at.desired_tags,
        }

    def sentence(self, name: str, desired: object, found: object) -> str:
        if name == "duplicates":
            return "another REST API of this deployment stands, left by a run that got no answer"
        return super().sentence(name, desired, found)

    def read(self, at: Deployment) -> RestApiFacts | None:
        """By tag; the recorded one first, others of ours are duplicates that a lost answer left.

        The recorded one counts without a tag, too, but not with somebody else's.
        """
        known = at.fact("api", "id")
        ours = [api for api in _all_apis(at.aws) if _may_be_ours(at, api, known)]
        if not ours:
            return None
        ours.sort(key=lambda api: (api["id"] != known, str(api.get("createdDate")), api["id"]))
        arn = api_arn(at, ours[0]["id"])
        tags = told_tags(at, arn, ours[0].get("tags", {}), at.desired_tags)
        return self._facts(at, {**ours[0], "tags": tags}, [api["id"] for api in ours[1:]])

    def owners(self, at: Deployment) -> list[str]:
        """Names of APIs say nothing, so every API with the name's tag counts."""
        tags = [api.get("tags", {}) for api in _all_apis(at.aws)]
        return [tag[OWNER_TAG] for tag in tags if tag.get(NAME_TAG) == at.identity.name and OWNER_TAG in tag]

    @staticmethod
    def _facts(at: Deployment, api: Any, duplicates: list[str]) -> RestApiFacts:
        return {
            "id": api["id"],
            "name": api["name"],
            "endpoint_type": api.get("endpointConfiguration", {}).get("types", [None])[0],
            "root_id": api.get("rootResourceId") or _root_id(at, api["id"]),
            "duplicates": duplicates,
            "owner": api["tags"].get(OWNER_TAG),
            "tags": api["tags"],
        }

    def create(self, at: Deployment, desired: Facts) -> RestApiFacts | None:
        answer = at.aws.apigateway.create_rest_api(
            name=desired["name"],
            description=f"Receives the events of {at.identity.name}.",
            endpointConfiguration={"types": [desired["endpoint_type"]]},
            tags=at.tags,
        )
        return self._facts(at, {**answer, "tags": at.tags}, [])

    def change_tags(self, at: Deployment, observed: RestApiFacts, changes: DesiredTags) -> None:
        change_tags(at, api_arn(at, observed["id"]), changes)

    def change(
        self, at: Deployment, desired: Facts, observed: RestApiFacts, difference: frozenset[str]
    ) -> bool:
        """Duplicates go; name and type change in place."""
        for api_id in observed["duplicates"]:
            delete_api(at, api_id)
        paths = {
            "name": "/name",
            "endpoint_type": f"/endpointConfiguration/types/{observed['endpoint_type']}",
        }
        operations: Any = [
            {"op": "replace", "path": path, "value": desired[name]}
            for name, path in paths.items()
            if name in difference
        ]
        if operations:
            at.aws.apigateway.update_rest_api(restApiId=observed["id"], patchOperations=operations)
        return True

    def delete(self, at: Deployment, observed: RestApiFacts) -> None:
        """Everything of the API goes with it."""
        for api_id in (*observed["duplicates"], observed["id"]):
            delete_api(at, api_id)

    def settings_from(self, observed: RestApiFacts) -> dict[str, object]:
        return {"api_name": observed["name"], "endpoint_type": observed["endpoint_type"]}


def _all_apis(aws: Aws) -> list[Any]:
    pages = aws.apigateway.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 500})
    return [api for page in pages for api in page["items"]]


@dataclass(frozen=True)
class TaggedApi:
    """A REST API with a deployment's tags: whose it is, that one's name, its own id, since when it stands."""

    owner: str
    name: str
    id: str
    created_at: datetime | None


def tagged_apis(aws: Aws) -> list[TaggedApi]:
    """Those of all deployments of this region, the oldest first."""
    found = [
        TaggedApi(api["tags"][OWNER_TAG], api["tags"][NAME_TAG], api["id"], api.get("createdDate"))
        for api in _all_apis(aws)
        if {OWNER_TAG, NAME_TAG} <= set(api.get("tags", ()))
    ]
    return sorted(found, key=lambda api: (str(api.created_at), api.id))


def _may_be_ours(at: Deployment, api: Any, known: str | None) -> bool:
    owner = api.get("tags", {}).get(OWNER_TAG)
    return owner == at.identity.id or (owner is None and api["id"] == known)


def delete_api(at: Deployment, api_id: str) -> None:
    """One API; already gone is success."""
    none_if(GONE, lambda: at.aws.apigateway.delete_rest_api(restApiId=api_id))


def _root_id(at: Deployment, api_id: str) -> str:
    """Older emulators do not tell it with the API."""
    return str(next(item["id"] for item in paths_of(at, api_id) if item["path"] == "/"))


class ApiResource(Resource[PathFacts]):
    """The path of the endpoint, directly under the root, no proxy resource."""

    key = "api.resource"
    needs = ("api",)
    parent = "api"
    chain = "api"
    actions = {"api": ("apigateway:DELETE", "apigateway:GET", "apigateway:POST")}

    def title(self, at: Deployment) -> str:
        return f"resource /{at.settings.resource_path}"

    def desired(self, at: Deployment) -> Facts | None:
        """A path cannot change."""
        return {}

    def read(self, at: Deployment) -> PathFacts | None:
        path = f"/{at.settings.resource_path}"
        return next((found for found in self._paths(at) if found["path"] == path), None)

    def find(self, at: Deployment) -> PathFacts | None:
        """Setup makes one path under the root."""
        return self.read(at) or next((found for found in self._paths(at) if found["path"] != "/"), None)

    @staticmethod
    def _paths(at: Deployment) -> list[PathFacts]:
        api_id = at.fact("api", "id")
        items = none_if(GONE, lambda: paths_of(at, api_id)) if api_id else None
        return [{"id": item["id"], "path": item["path"]} for item in items or ()]

    def create(self, at: Deployment, desired: Facts) -> PathFacts | None:
        answer = at.aws.apigateway.create_resource(
            restApiId=at.fact("api", "id"),
            parentId=at.fact("api", "root_id"),
            pathPart=at.settings.resource_path,
        )
        return {"id": answer["id"], "path": f"/{at.settings.resource_path}"}

    def update(self, at: Deployment, desired: Facts, observed: PathFacts, difference: frozenset[str]) -> bool:
        """Nothing of it can change."""
        return True

    def delete(self, at: Deployment, observed: PathFacts) -> None:
        """Its methods go with it."""
        api_id = at.fact("api", "id")
        none_if(
            GONE,
            lambda: at.aws.apigateway.delete_resource(restApiId=api_id, resourceId=observed["id"]),
        )

    def settings_from(self, observed: PathFacts) -> dict[str, object]:
        return {"resource_path": observed["path"].removeprefix("/")}


class PostMethod(Resource[MethodFacts]):
    """POST on the path, passed to the function whole (Lambda proxy integration)."""

    key = "api.method"
    needs = ("api.resource",)
    parent = "api"
    chain = "api"
    answer_of = "api.resource"
    ids_of = ("api.resource",)
    labels = {"method": "the POST method", "integration": "the POST method's integration"}
    actions = {"api": ("apigateway:DELETE", "apigateway:GET", "apigateway:PUT")}

    def title(self, at: Deployment) -> str:
        return "method POST with Lambda proxy integration"

    def desired(self, at: Deployment) -> Facts | None:
        """Open to everybody at the gateway: the function checks the token."""
        uri = (
            f"arn:{at.identity.partition}:apigateway:{at.identity.region}:lambda:path/2015-03-31/functions/"
            f"{function_arn(at)}/invocations"
        )
        return {"method": OPEN, "integration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri}}

    def read(self, at: Deployment) -> MethodFacts | None:
        return read_method(at, "POST", ("type", "httpMethod", "uri"))

    def create(self, at: Deployment, desired: Facts) -> MethodFacts | None:
        """Method, then integration; when only the first was made, an update adds the second."""
        put_method(at, "POST")
        self._put_integration(at, desired)
        return {
            "method": desired["method"],
            "integration": desired["integration"],
            "responses": {},
            "integration_responses": {},
        }

    def settings_from(self, observed: MethodFacts) -> dict[str, object]:
        """The function, whatever its name: nothing else leads to one whose name was chosen by hand."""
        found = re.search(r":function:([^:/]+)/invocations$", str(observed["integration"].get("uri")))
        return {"function_name": found[1]} if found else {}

    def must_recreate(self, desired: Facts, observed: MethodFacts) -> bool:
        """A method cannot be put over another one, an integration can."""
        return bool(observed["method"] != desired["method"])

    def update(
        self, at: Deployment, desired: Facts, observed: MethodFacts, difference: frozenset[str]
    ) -> bool:
        self._put_integration(at, desired)
        return True

    def _put_integration(self, at: Deployment, desired: Facts) -> None:
        at.aws.apigateway.put_integration(
            restApiId=at.fact("api", "id"),
            resourceId=at.fact("api.resource", "id"),
            httpMethod="POST",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=desired["integration"]["uri"],
        )

    def delete(self, at: Deployment, observed: MethodFacts) -> None:
        """Its integration goes with it."""
        delete_method(at, "POST")
