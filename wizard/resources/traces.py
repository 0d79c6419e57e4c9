"""Settings that only what was deployed still tells: the function's environment, the API's path and stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wizard.aws.calls import none_if
from wizard.resources.api import GONE, resources_of
from wizard.resources.base import Context
from wizard.resources.function import read_configuration

# Setting to the environment variable that the handler reads it from.
VARIABLES = {
    "bucket_name": "BUCKET_NAME",
    "cors_origins": "CORS_ALLOW_ORIGIN",
    "event_format": "EVENT_FORMAT",
    "allow_beacon": "ALLOW_BEACON",
    "max_events": "MAX_EVENTS",
    "max_request_bytes": "MAX_REQUEST_BYTES",
}
PREFLIGHT = {"cors_headers": "Access-Control-Allow-Headers", "cors_methods": "Access-Control-Allow-Methods"}


@dataclass(frozen=True)
class Traces:
    """Settings as texts, as the operator would type them."""

    settings: dict[str, str] = field(default_factory=dict)


def read_traces(context: Context) -> Traces:
    """What the function, and the API whose id is known, tell of the settings. Reads only."""
    found = _of_function(context)
    api_id = context.fact("api", "id")
    if api_id is not None:
        found |= _of_api(context, api_id)
    return Traces(found)


def _of_function(context: Context) -> dict[str, str]:
    configuration = read_configuration(context)
    if configuration is None:
        return {}
    variables = configuration.get("Environment", {}).get("Variables", {})
    found = {key: variables[name] for key, name in VARIABLES.items() if name in variables}
    return {**found, "role_name": configuration["Role"].rpartition("/")[2]}


def _of_api(context: Context, api_id: str) -> dict[str, str]:
    """Setup makes one path under the root, and one stage."""
    items = none_if(GONE, lambda: resources_of(context, api_id)) or []
    found: dict[str, str] = {}
    for item in items:
        if item["path"] != "/":
            found["resource_path"] = item["path"].removeprefix("/")
            found |= _of_preflight(context, api_id, item["id"])
    answer = none_if(GONE, lambda: context.aws.apigateway.get_stages(restApiId=api_id))
    for stage in answer["item"] if answer else ():
        found["stage_name"] = stage["stageName"]
        found["stage_description"] = stage.get("description", "")
    return found


def _of_preflight(context: Context, api_id: str, resource_id: str) -> dict[str, str]:
    answer: Any = none_if(
        GONE,
        lambda: context.aws.apigateway.get_method(
            restApiId=api_id, resourceId=resource_id, httpMethod="OPTIONS"
        ),
    )
    responses = (answer or {}).get("methodIntegration", {}).get("integrationResponses", {})
    parameters = responses.get("200", {}).get("responseParameters", {})
    values = {key: parameters.get(f"method.response.header.{name}") for key, name in PREFLIGHT.items()}
    return {key: value.strip("'") for key, value in values.items() if value}
