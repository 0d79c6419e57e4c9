"""Phase 8: what browsers need: the preflight answer, and CORS headers on the gateway's own errors."""

from __future__ import annotations

import json
from typing import Any

from wizard.aws.calls import none_if
from wizard.resources.api import GONE, delete_method, endpoint_of, put_method, read_method
from wizard.resources.base import Context, Resource, SubResource
from wizard.state.model import Facts

# How long a browser may remember a preflight answer, in seconds; Chromium caps it at 7200.
PREFLIGHT_MAX_AGE = 600
GATEWAY_ERRORS = ("DEFAULT_4XX", "DEFAULT_5XX")
NO_RESPONSES: Facts = {"has_response": False, "has_integration_response": False}
OK_TEMPLATE = '{"statusCode": 200}'


def quoted(text: str) -> str:
    """A static value as API Gateway writes it: in single quotes."""
    return f"'{text}'"


def preflight_headers(context: Context) -> dict[str, str]:
    """The headers of the preflight answer; with several origins, a template picks the right one later."""
    settings = context.settings
    return {
        "Access-Control-Allow-Headers": quoted(",".join(settings.cors_headers)),
        "Access-Control-Allow-Methods": quoted(",".join(settings.cors_methods)),
        "Access-Control-Allow-Origin": quoted(settings.cors_origins[0]),
        "Access-Control-Max-Age": quoted(str(PREFLIGHT_MAX_AGE)),
    }


def origin_template(origins: tuple[str, ...]) -> str:
    """A mapping template that answers with the asking origin when it is one of several allowed ones.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
    """
    if len(origins) == 1:
        return ""
    asked = " || ".join(f'$origin == "{origin}"' for origin in origins)
    override = "$context.responseOverride.header.Access-Control-Allow-Origin"
    # The look-up minds the case: HTTP/2, which browsers speak, has only lower-case names.
    spelled = '#set($origin = $input.params("{}"))'
    find = f'{spelled.format("Origin")}\n#if($origin == "")\n{spelled.format("origin")}\n#end'
    return f"{find}\n#if({asked})\n#set({override} = $origin)\n#end\n"


class Preflight(Resource):
    """OPTIONS, answered by the gateway itself, without token, key or function."""

    key = "cors.preflight"
    needs = ("api.resource",)
    parent = "api"
    labels = {
        "method": "the OPTIONS method",
        "integration": "the OPTIONS method's integration",
        "headers": "the preflight answer's CORS headers",
        "template": "the preflight answer's choice of origin",
    }

    def title(self, context: Context) -> str:
        """With the allowed origins."""
        return f"preflight answer for {', '.join(context.settings.cors_origins)}"

    def desired(self, context: Context) -> Facts:
        """A mock integration; anything but JSON passes too, because a preflight has no body."""
        return {
            "method": {"authorizationType": "NONE", "apiKeyRequired": False},
            "integration": {
                "type": "MOCK",
                "passthroughBehavior": "NEVER",
                "requestTemplates": {"application/json": OK_TEMPLATE},
            },
            "headers": preflight_headers(context),
            "template": origin_template(context.settings.cors_origins),
        }

    def read(self, context: Context) -> Facts | None:
        """The 200 answer's headers, as far as method and integration both have them."""
        facts = read_method(context, "OPTIONS", ("type", "passthroughBehavior", "requestTemplates"))
        if facts is None:
            return None
        responses = facts.pop("responses")
        integration_responses = facts.pop("integration_responses")
        declared = _parameters(responses, "method")
        mapped = _parameters(integration_responses, "method")
        templates = integration_responses.get("200", {}).get("responseTemplates") or {}
        return {
            **facts,
            "headers": {name: value for name, value in mapped.items() if name in declared},
            "template": templates.get("application/json") or "",
            "has_response": "200" in responses,
            "has_integration_response": "200" in integration_responses,
        }

    def create(self, context: Context) -> None:
        """All parts; when a kill leaves only some of them, an update adds the others."""
        put_method(context, "OPTIONS")
        self._put_integration(context)
        self._put_responses(context, self.desired(context))

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Neither a method nor a response can be put over another one everywhere: the old ones go first."""
        if facts["method"] != desired["method"]:
            delete_method(context, "OPTIONS")
            self.create(context)
            return
        self._delete_responses(context, facts)
        if facts["integration"] != desired["integration"]:
            self._put_integration(context)
        self._put_responses(context, desired)

    def _put_integration(self, context: Context) -> None:
        api_id, resource_id = endpoint_of(context)
        context.aws.apigateway.put_integration(
            restApiId=api_id,
            resourceId=resource_id,
            httpMethod="OPTIONS",
            type="MOCK",
            passthroughBehavior="NEVER",
            requestTemplates={"application/json": OK_TEMPLATE},
        )

    def _delete_responses(self, context: Context, facts: Facts) -> None:
        gateway, answer = context.aws.apigateway, _ok_answer(context)
        if facts["has_integration_response"]:
            none_if(GONE, lambda: gateway.delete_integration_response(**answer))
        if facts["has_response"]:
            none_if(GONE, lambda: gateway.delete_method_response(**answer))

    def _put_responses(self, context: Context, desired: Facts) -> None:
        """In AWS's order: what the method may answer, then what the integration fills in."""
        gateway, answer = context.aws.apigateway, _ok_answer(context)
        gateway.put_method_response(
            **answer,
            responseParameters={f"method.response.header.{name}": True for name in desired["headers"]},
        )
        gateway.put_integration_response(
            **answer,
            responseParameters={
                f"method.response.header.{name}": value for name, value in desired["headers"].items()
            },
            responseTemplates={"application/json": desired["template"]},
        )

    def delete(self, context: Context, facts: Facts) -> None:
        """Everything of it goes with it."""
        none_if(GONE, lambda: delete_method(context, "OPTIONS"))


def _ok_answer(context: Context) -> Any:
    """What names the 200 answer of OPTIONS in every call."""
    api_id, resource_id = endpoint_of(context)
    return {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "OPTIONS", "statusCode": "200"}


def _parameters(responses: Any, side: str) -> dict[str, Any]:
    """Header name to value of the 200 answer."""
    prefix = f"{side}.response.header."
    parameters = responses.get("200", {}).get("responseParameters") or {}
    return {name.removeprefix(prefix): value for name, value in parameters.items() if name.startswith(prefix)}


class GatewayErrors(SubResource):
    """CORS headers on the answers that the gateway makes itself: throttled, too large, unknown path.

    Without them a browser's page sees only "CORS error" and cannot tell why.
    """

    key = "cors.gateway_errors"
    needs = ("api",)
    parent = "api"
    labels = {name: f"the CORS headers of the gateway's {name[-3:]} answers" for name in GATEWAY_ERRORS}

    def title(self, context: Context) -> str:
        """In words."""
        return "CORS headers on the gateway's own errors"

    def desired(self, context: Context) -> Facts:
        """With several origins all may read: these answers are made without looking at anything."""
        origins = context.settings.cors_origins
        value = quoted(origins[0] if len(origins) == 1 else "*")
        return {
            name: {"gatewayresponse.header.Access-Control-Allow-Origin": value} for name in GATEWAY_ERRORS
        }

    def read(self, context: Context) -> Facts | None:
        """API Gateway answers with its defaults where nothing was set."""
        api_id = context.fact("api", "id")
        if api_id is None:
            return None
        return {
            name: none_if(GONE, lambda name=name: self._read_one(context, api_id, name))  # type: ignore[misc]
            for name in GATEWAY_ERRORS
        }

    def _read_one(self, context: Context, api_id: str, name: Any) -> dict[str, str]:
        answer = context.aws.apigateway.get_gateway_response(restApiId=api_id, responseType=name)
        return dict(answer.get("responseParameters", {}))

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Only those that differ."""
        name: Any
        for name in GATEWAY_ERRORS:
            if desired[name] != facts[name]:
                context.aws.apigateway.put_gateway_response(
                    restApiId=context.fact("api", "id"),
                    responseType=name,
                    responseParameters=desired[name],
                    responseTemplates={"application/json": json.dumps({"message": "$context.error.message"})},
                )
