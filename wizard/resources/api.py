"""Phase 7: the REST API, its resource, the POST method, the permission to invoke the function."""

from __future__ import annotations

import json
from typing import Any

from wizard.aws.calls import none_if
from wizard.resources.base import NAME_TAG, OWNER_TAG, Context, Resource
from wizard.state.model import Facts

GONE = ("NotFoundException",)
STATEMENT_PREFIX = "eventtrack-wizard-"


def function_arn(context: Context) -> str:
    """The function's ARN, known before the function stands."""
    at, name = context.identity, context.settings.function_name
    return f"arn:{at.partition}:lambda:{at.region}:{at.account}:function:{name}"


def endpoint_of(context: Context) -> tuple[str, str]:
    """API id and resource id; phases order makes sure that both are known."""
    return context.fact("api", "id"), context.fact("api.resource", "id")


class RestApi(Resource):
    """The API. Names are not unique and CreateRestApi has no idempotency token: ours is found by its tag."""

    key = "api"
    labels = {"name": "the API's name", "endpoint_type": "the API's endpoint type"}

    def title(self, context: Context) -> str:
        """With its name."""
        return f"REST API {context.settings.api_name}"

    def desired(self, context: Context) -> Facts:
        """Exactly one, of the documented type."""
        return {
            "name": context.settings.api_name,
            "endpoint_type": context.settings.endpoint_type,
            "duplicates": [],
        }

    def _sentence(self, name: str, desired: object, found: object) -> str:
        if name == "duplicates":
            return "another REST API of this deployment stands, left by a run that got no answer"
        return super()._sentence(name, desired, found)

    def read(self, context: Context) -> Facts | None:
        """By tag; the recorded one first, others of ours are duplicates that a lost answer left."""
        ours = [
            api for api in self._all(context) if api.get("tags", {}).get(OWNER_TAG) == context.identity.id
        ]
        if not ours:
            return None
        known = context.fact("api", "id")
        ours.sort(key=lambda api: (api["id"] != known, str(api.get("createdDate")), api["id"]))
        first = ours[0]
        return {
            "id": first["id"],
            "name": first["name"],
            "endpoint_type": first.get("endpointConfiguration", {}).get("types", [None])[0],
            "root_id": first.get("rootResourceId") or self._root_id(context, first["id"]),
            "duplicates": [api["id"] for api in ours[1:]],
            "owner": context.identity.id,
        }

    @staticmethod
    def owners(context: Context) -> list[str]:
        """The ids of deployments of this name that own an API; names of APIs say nothing."""
        tags = [api.get("tags", {}) for api in RestApi._all(context)]
        return [
            tag[OWNER_TAG] for tag in tags if tag.get(NAME_TAG) == context.identity.name and OWNER_TAG in tag
        ]

    @staticmethod
    def _all(context: Context) -> list[Any]:
        pages = context.aws.apigateway.get_paginator("get_rest_apis").paginate(
            PaginationConfig={"PageSize": 500}
        )
        return [api for page in pages for api in page["items"]]

    def _root_id(self, context: Context, api_id: str) -> str:
        return str(next(item["id"] for item in resources_of(context, api_id) if item["path"] == "/"))

    def create(self, context: Context) -> None:
        """With its tags from the first moment."""
        endpoint_type: Any = context.settings.endpoint_type
        context.aws.apigateway.create_rest_api(
            name=context.settings.api_name,
            description=f"Receives the events of {context.identity.name}.",
            endpointConfiguration={"types": [endpoint_type]},
            tags=context.tags,
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Duplicates go; name and type change in place."""
        for api_id in facts["duplicates"]:
            delete_api(context, api_id)
        changes = {
            "/name": (facts["name"], desired["name"]),
            f"/endpointConfiguration/types/{facts['endpoint_type']}": (
                facts["endpoint_type"],
                desired["endpoint_type"],
            ),
        }
        operations: Any = [
            {"op": "replace", "path": path, "value": new}
            for path, (old, new) in changes.items()
            if old != new
        ]
        if operations:
            context.aws.apigateway.update_rest_api(
                restApiId=facts["id"],
                patchOperations=operations,
            )

    def delete(self, context: Context, facts: Facts) -> None:
        """Everything of the API goes with it."""
        for api_id in (*facts["duplicates"], facts["id"]):
            delete_api(context, api_id)


def delete_api(context: Context, api_id: str) -> None:
    """One API; already gone is success."""
    none_if(GONE, lambda: context.aws.apigateway.delete_rest_api(restApiId=api_id))


def resources_of(context: Context, api_id: str) -> list[Any]:
    """Every resource (path) of an API."""
    pages = context.aws.apigateway.get_paginator("get_resources").paginate(
        restApiId=api_id, PaginationConfig={"PageSize": 500}
    )
    return [item for page in pages for item in page["items"]]


class ApiResource(Resource):
    """The path of the endpoint, directly under the root, no proxy resource."""

    key = "api.resource"
    needs = ("api",)
    parent = "api"

    def title(self, context: Context) -> str:
        """The path."""
        return f"resource /{context.settings.resource_path}"

    def desired(self, context: Context) -> Facts:
        """A path cannot change."""
        return {}

    def read(self, context: Context) -> Facts | None:
        """By its path."""
        api_id = context.fact("api", "id")
        if api_id is None:
            return None
        path = f"/{context.settings.resource_path}"
        items = none_if(GONE, lambda: resources_of(context, api_id)) or []
        return next(({"id": item["id"], "path": path} for item in items if item["path"] == path), None)

    def create(self, context: Context) -> None:
        """Under the root."""
        context.aws.apigateway.create_resource(
            restApiId=context.fact("api", "id"),
            parentId=context.fact("api", "root_id"),
            pathPart=context.settings.resource_path,
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Nothing of it can change."""

    def delete(self, context: Context, facts: Facts) -> None:
        """Its methods go with it."""
        none_if(
            GONE,
            lambda: context.aws.apigateway.delete_resource(
                restApiId=context.fact("api", "id"), resourceId=facts["id"]
            ),
        )


class PostMethod(Resource):
    """POST on the path, passed to the function whole (Lambda proxy integration)."""

    key = "api.method"
    needs = ("api.resource", "function")
    parent = "api"
    labels = {"method": "the POST method", "integration": "the POST method's integration"}

    def title(self, context: Context) -> str:
        """Method and kind of integration."""
        return "method POST with Lambda proxy integration"

    def desired(self, context: Context) -> Facts:
        """Open to everybody at the gateway: the function checks the token."""
        identity = context.identity
        uri = (
            f"arn:{identity.partition}:apigateway:{identity.region}:lambda:path/2015-03-31/functions/"
            f"{function_arn(context)}/invocations"
        )
        return {
            "method": {"authorizationType": "NONE", "apiKeyRequired": False},
            "integration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri},
        }

    def read(self, context: Context) -> Facts | None:
        """With its integration."""
        return read_method(context, "POST", ("type", "httpMethod", "uri"))

    def create(self, context: Context) -> None:
        """Method, then integration; when only the first was made, an update adds the second."""
        put_method(context, "POST")
        self._put_integration(context)

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """A method cannot be put over another one, an integration can."""
        if facts["method"] != desired["method"]:
            delete_method(context, "POST")
            put_method(context, "POST")
        self._put_integration(context)

    def _put_integration(self, context: Context) -> None:
        api_id, resource_id = endpoint_of(context)
        context.aws.apigateway.put_integration(
            restApiId=api_id,
            resourceId=resource_id,
            httpMethod="POST",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=self.desired(context)["integration"]["uri"],
        )

    def delete(self, context: Context, facts: Facts) -> None:
        """Its integration goes with it."""
        none_if(GONE, lambda: delete_method(context, "POST"))


class InvokePermission(Resource):
    """The function's word that exactly this API's POST on this path may invoke it.

    The console adds it silently; without it the endpoint answers 500 although everything looks right.
    """

    key = "api.permission"
    needs = ("api", "function")
    parent = "function"
    labels = {
        "statement": "the API's permission to invoke the function",
        "stale": "permissions of former APIs",
    }

    def title(self, context: Context) -> str:
        """In words."""
        return "permission for the API to invoke the function"

    def _statement_id(self, context: Context) -> str:
        return f"{STATEMENT_PREFIX}{context.fact('api', 'id')}"

    def desired(self, context: Context) -> Facts:
        """No other API, method or path."""
        identity = context.identity
        source = (
            f"arn:{identity.partition}:execute-api:{identity.region}:{identity.account}:"
            f"{context.fact('api', 'id')}/*/POST/{context.settings.resource_path}"
        )
        return {"statement": {"principal": "apigateway.amazonaws.com", "source": source}, "stale": []}

    def read(self, context: Context) -> Facts | None:
        """From the function's resource policy."""
        answer = none_if(
            ("ResourceNotFoundException",),
            lambda: context.aws.functions.get_policy(FunctionName=context.settings.function_name),
        )
        statements = json.loads(answer["Policy"])["Statement"] if answer else []
        ours = {
            statement["Sid"]: statement
            for statement in statements
            if statement.get("Sid", "").startswith(STATEMENT_PREFIX)
        }
        current = ours.pop(self._statement_id(context), None)
        return {"statement": _permission_facts(current), "stale": sorted(ours)} if current else None

    def create(self, context: Context) -> None:
        """The statement's id holds the API's, so that a new API gets a new statement."""
        context.aws.functions.add_permission(
            FunctionName=context.settings.function_name,
            StatementId=self._statement_id(context),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=self.desired(context)["statement"]["source"],
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """A statement cannot be changed, only replaced; those of APIs that are gone are taken away."""
        for statement_id in facts["stale"]:
            self._remove(context, statement_id)
        if desired["statement"] != facts["statement"]:
            self.delete(context, facts)
            self.create(context)

    def delete(self, context: Context, facts: Facts) -> None:
        """Goes with the function where that is ours."""
        self._remove(context, self._statement_id(context))

    def _remove(self, context: Context, statement_id: str) -> None:
        none_if(
            ("ResourceNotFoundException",),
            lambda: context.aws.functions.remove_permission(
                FunctionName=context.settings.function_name, StatementId=statement_id
            ),
        )


def _permission_facts(statement: Any) -> Facts:
    condition = statement.get("Condition", {})
    source = (condition.get("ArnLike") or condition.get("ArnEquals") or {}).get("AWS:SourceArn")
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    return {"principal": service, "source": source}


def read_method(context: Context, http_method: str, integration_facts: tuple[str, ...]) -> Facts | None:
    """A method with the named facts of its integration; None when it or its path is absent."""
    api_id, resource_id = endpoint_of(context)
    if api_id is None or resource_id is None:
        return None
    answer: Any = none_if(
        GONE,
        lambda: context.aws.apigateway.get_method(
            restApiId=api_id, resourceId=resource_id, httpMethod=http_method
        ),
    )
    if answer is None:
        return None
    integration = answer.get("methodIntegration", {})
    return {
        "method": {
            "authorizationType": answer.get("authorizationType"),
            "apiKeyRequired": answer.get("apiKeyRequired", False),
        },
        "integration": {name: integration.get(name) for name in integration_facts},
        "responses": answer.get("methodResponses", {}),
        "integration_responses": integration.get("integrationResponses", {}),
    }


def put_method(context: Context, http_method: str) -> None:
    """A method without authorization or API key."""
    api_id, resource_id = endpoint_of(context)
    context.aws.apigateway.put_method(
        restApiId=api_id,
        resourceId=resource_id,
        httpMethod=http_method,
        authorizationType="NONE",
        apiKeyRequired=False,
    )


def delete_method(context: Context, http_method: str) -> None:
    """A method with everything of it."""
    api_id, resource_id = endpoint_of(context)
    context.aws.apigateway.delete_method(restApiId=api_id, resourceId=resource_id, httpMethod=http_method)
