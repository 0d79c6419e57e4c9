"""Phase 8: what browsers need: the preflight answer, and CORS headers on the gateway's own errors."""

from __future__ import annotations

from typing import Any, TypedDict

from wizard.aws.calls import none_if
from wizard.resources.base import Deployment, Resource, SubResource
from wizard.resources.methods import GONE, OPEN, delete_method, put_method, read_method
from wizard.state.model import Facts

# How long a browser may remember a preflight answer, in seconds; Chromium caps it at 7200.
PREFLIGHT_MAX_AGE = 600
GATEWAY_ERRORS = ("DEFAULT_4XX", "DEFAULT_5XX")
OK_TEMPLATE = '{"statusCode": 200}'
# AWS's own: the message as a JSON string, quotes and all. The plain message would be put in as it is.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
ERROR_TEMPLATE = '{"message":$context.error.messageString}'


def quoted(text: str) -> str:
    """A static value as API Gateway writes it: in single quotes."""
    return f"'{text}'"


def preflight_headers(at: Deployment) -> dict[str, str]:
    """The headers of the preflight answer; with several origins, a template picks the right one later."""
    settings = at.settings
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


class PreflightFacts(TypedDict):
    """`headers` are those of the 200 answer that method and integration both have."""

    method: dict[str, Any]
    integration: dict[str, Any]
    headers: dict[str, str]
    template: str
    has_response: bool
    has_integration_response: bool


class Preflight(Resource[PreflightFacts]):
    """OPTIONS, answered by the gateway itself, without token, key or function."""

    key = "cors.preflight"
    needs = ("api.resource",)
    parent = "api"
    chain = "api"
    answer_of = "api.resource"
    ids_of = ("api.resource",)
    labels = {
        "method": "the OPTIONS method",
        "integration": "the OPTIONS method's integration",
        "headers": "the preflight answer's CORS headers",
        "template": "the preflight answer's choice of origin",
    }
    actions = {"api": ("apigateway:DELETE", "apigateway:GET", "apigateway:PUT")}

    def title(self, at: Deployment) -> str:
        return f"preflight answer for {', '.join(at.settings.cors_origins)}"

    def desired(self, at: Deployment) -> Facts | None:
        """A mock integration; anything but JSON passes too, because a preflight has no body."""
        return {
            "method": OPEN,
            "integration": {
                "type": "MOCK",
                "passthroughBehavior": "NEVER",
                "requestTemplates": {"application/json": OK_TEMPLATE},
            },
            "headers": preflight_headers(at),
            "template": origin_template(at.settings.cors_origins),
        }

    def read(self, at: Deployment) -> PreflightFacts | None:
        facts = read_method(at, "OPTIONS", ("type", "passthroughBehavior", "requestTemplates"))
        if facts is None:
            return None
        responses, integration_responses = facts["responses"], facts["integration_responses"]
        declared = _headers(responses)
        mapped = _headers(integration_responses)
        templates = integration_responses.get("200", {}).get("responseTemplates") or {}
        return {
            "method": facts["method"],
            "integration": facts["integration"],
            "headers": {name: value for name, value in mapped.items() if name in declared},
            "template": templates.get("application/json") or "",
            "has_response": "200" in responses,
            "has_integration_response": "200" in integration_responses,
        }

    def create(self, at: Deployment, desired: Facts) -> PreflightFacts | None:
        """All parts; when a kill leaves only some of them, an update adds the others."""
        put_method(at, "OPTIONS")
        self._put_integration(at)
        self._put_responses(at, desired)
        return {
            "method": desired["method"],
            "integration": desired["integration"],
            "headers": desired["headers"],
            "template": desired["template"],
            "has_response": True,
            "has_integration_response": True,
        }

    def must_recreate(self, desired: Facts, observed: PreflightFacts) -> bool:
        """A method cannot be put over another one."""
        return bool(observed["method"] != desired["method"])

    def update(
        self, at: Deployment, desired: Facts, observed: PreflightFacts, difference: frozenset[str]
    ) -> bool:
        """A response cannot be put over another one everywhere: the old ones go first."""
        self._delete_responses(at, observed)
        if "integration" in difference:
            self._put_integration(at)
        self._put_responses(at, desired)
        return True

    def _put_integration(self, at: Deployment) -> None:
        at.aws.apigateway.put_integration(
            restApiId=at.fact("api", "id"),
            resourceId=at.fact("api.resource", "id"),
            httpMethod="OPTIONS",
            type="MOCK",
            passthroughBehavior="NEVER",
            requestTemplates={"application/json": OK_TEMPLATE},
        )

    def _delete_responses(self, at: Deployment, observed: PreflightFacts) -> None:
        gateway, answer = at.aws.apigateway, _ok_answer(at)
        if observed["has_integration_response"]:
            none_if(GONE, lambda: gateway.delete_integration_response(**answer))
        if observed["has_response"]:
            none_if(GONE, lambda: gateway.delete_method_response(**answer))

    def _put_responses(self, at: Deployment, desired: Facts) -> None:
        """In AWS's order: what the method may answer, then what the integration fills in."""
        gateway, answer = at.aws.apigateway, _ok_answer(at)
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

    def delete(self, at: Deployment, observed: PreflightFacts) -> None:
        """Everything of it goes with it."""
        delete_method(at, "OPTIONS")

    def settings_from(self, observed: PreflightFacts) -> dict[str, object]:
        """As texts, as the operator would type them."""
        names = {
            "cors_headers": "Access-Control-Allow-Headers",
            "cors_methods": "Access-Control-Allow-Methods",
        }
        values = {key: observed["headers"].get(name) for key, name in names.items()}
        return {key: value.strip("'") for key, value in values.items() if value}


def _ok_answer(at: Deployment) -> Any:
    """What names the 200 answer of OPTIONS in every call."""
    return {
        "restApiId": at.fact("api", "id"),
        "resourceId": at.fact("api.resource", "id"),
        "httpMethod": "OPTIONS",
        "statusCode": "200",
    }


def _headers(responses: Any) -> dict[str, Any]:
    """Header name to value of the 200 answer."""
    prefix = "method.response.header."
    parameters = responses.get("200", {}).get("responseParameters") or {}
    return {name.removeprefix(prefix): value for name, value in parameters.items() if name.startswith(prefix)}


class GatewayErrors(SubResource[dict[str, Any]]):
    """CORS headers on the answers that the gateway makes itself: throttled, too large, unknown path.

    Without them a browser's page sees only "CORS error" and cannot tell why. Facts: the response
    parameters of each kind of answer, and the template of its body.
    """

    key = "cors.gateway_errors"
    plural = True
    needs = ("api",)
    parent = "api"
    chain = "api"
    labels = {name: f"headers and body of the gateway's {name[-3:]} answers" for name in GATEWAY_ERRORS}
    actions = {"api": ("apigateway:GET", "apigateway:PUT")}

    def title(self, at: Deployment) -> str:
        return "CORS headers on the gateway's own errors"

    def desired(self, at: Deployment) -> Facts | None:
        """With several origins all may read: these answers are made without looking at anything."""
        origins = at.settings.cors_origins
        value = quoted(origins[0] if len(origins) == 1 else "*")
        parameters = {"gatewayresponse.header.Access-Control-Allow-Origin": value}
        return {name: {"parameters": parameters, "template": ERROR_TEMPLATE} for name in GATEWAY_ERRORS}

    def with_new_parent(self, at: Deployment) -> dict[str, Any] | None:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html:
        the default answers have no parameters."""
        return {name: {"parameters": {}, "template": ERROR_TEMPLATE} for name in GATEWAY_ERRORS}

    def read(self, at: Deployment) -> dict[str, Any] | None:
        """Absent where nothing was set: API Gateway then answers with its defaults."""
        api_id = at.fact("api", "id")
        answer: Any = (
            none_if(GONE, lambda: at.aws.apigateway.get_gateway_responses(restApiId=api_id, limit=500))
            if api_id
            else None
        )
        if answer is None:
            return None
        found = {item["responseType"]: _facts_of(item) for item in answer["items"]}
        return {name: found.get(name, _facts_of({})) for name in GATEWAY_ERRORS}

    def update(
        self, at: Deployment, desired: Facts, observed: dict[str, Any], difference: frozenset[str]
    ) -> bool:
        """Only those that differ."""
        name: Any
        for name in GATEWAY_ERRORS:
            if name in difference:
                at.aws.apigateway.put_gateway_response(
                    restApiId=at.fact("api", "id"),
                    responseType=name,
                    responseParameters=desired[name]["parameters"],
                    responseTemplates={"application/json": desired[name]["template"]},
                )
        return True


def _facts_of(answer: Any) -> dict[str, Any]:
    """What API Gateway says of one kind of its answers."""
    return {
        "parameters": dict(answer.get("responseParameters") or {}),
        "template": (answer.get("responseTemplates") or {}).get("application/json", ""),
    }
