"""Paths and methods of the REST API, as POST and OPTIONS both need them."""

from __future__ import annotations

from typing import Any, TypedDict

from wizard.aws.calls import none_if
from wizard.resources.base import Deployment

GONE = ("NotFoundException",)
# A method without authorization or API key: the function checks the token.
OPEN = {"authorizationType": "NONE", "apiKeyRequired": False}


class MethodFacts(TypedDict):
    """`method` and `integration` hold API Gateway's own property names; responses are by status code."""

    method: dict[str, Any]
    integration: dict[str, Any]
    responses: dict[str, Any]
    integration_responses: dict[str, Any]


def paths_of(at: Deployment, api_id: str) -> list[Any]:
    """Every resource (path) of an API, with its methods; one call tells all of an API's methods."""

    def ask() -> list[Any]:
        pages = at.aws.apigateway.get_paginator("get_resources").paginate(
            restApiId=api_id, embed=["methods"], PaginationConfig={"PageSize": 500}
        )
        return [item for page in pages for item in page["items"]]

    return at.answers.once(f"apigateway.GetResources {api_id}", ask)


def read_method(at: Deployment, http_method: str, integration_facts: tuple[str, ...]) -> MethodFacts | None:
    """A method with the named facts of its integration; None when it or its path is absent."""
    api_id, resource_id = at.fact("api", "id"), at.fact("api.resource", "id")
    items = none_if(GONE, lambda: paths_of(at, api_id)) if api_id and resource_id else None
    path: Any = next((item for item in items or () if item["id"] == resource_id), {})
    method = path.get("resourceMethods", {}).get(http_method)
    if method is None:
        return None
    integration = method.get("methodIntegration", {})
    return {
        "method": {
            "authorizationType": method.get("authorizationType"),
            "apiKeyRequired": method.get("apiKeyRequired", False),
        },
        "integration": {name: integration.get(name) for name in integration_facts},
        "responses": method.get("methodResponses", {}),
        "integration_responses": integration.get("integrationResponses", {}),
    }


def put_method(at: Deployment, http_method: str) -> None:
    """A method without authorization or API key."""
    at.aws.apigateway.put_method(
        restApiId=at.fact("api", "id"),
        resourceId=at.fact("api.resource", "id"),
        httpMethod=http_method,
        authorizationType="NONE",
        apiKeyRequired=False,
    )


def delete_method(at: Deployment, http_method: str) -> None:
    """A method with everything of it; already gone is success."""
    api_id, resource_id = at.fact("api", "id"), at.fact("api.resource", "id")
    none_if(
        GONE,
        lambda: at.aws.apigateway.delete_method(
            restApiId=api_id, resourceId=resource_id, httpMethod=http_method
        ),
    )
