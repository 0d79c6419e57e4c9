"""The API in a template, what it answers by itself, and the stage that serves a copy of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.export.parts.base import API, Export, Part, tags_of
from wizard.export.references import reference
from wizard.resources.base import Deployment
from wizard.resources.cors import GATEWAY_ERRORS
from wizard.resources.stage import DESCRIPTION_PREFIX
from wizard.state.model import Facts


def _api(at: Deployment, facts: Facts) -> list[Part]:
    endpoint = {"Types": [facts["endpoint_type"]]}
    properties = {"Name": facts["name"], "EndpointConfiguration": endpoint, **tags_of(facts)}
    return [Part("RestApi", "AWS::ApiGateway::RestApi", properties)]


def _path(at: Deployment, facts: Facts) -> list[Part]:
    properties = {
        "RestApiId": API,
        "ParentId": reference("RestApi.RootResourceId"),
        "PathPart": at.settings.resource_path,
    }
    return [Part("Path", "AWS::ApiGateway::Resource", properties)]


def _method(name: str, http_method: str, facts: Facts, integration: Mapping[str, Any], **more: Any) -> Part:
    properties = {
        "RestApiId": API,
        "ResourceId": reference("Path"),
        "HttpMethod": http_method,
        "AuthorizationType": facts["method"]["authorizationType"],
        "ApiKeyRequired": facts["method"]["apiKeyRequired"],
        "Integration": integration,
        **more,
    }
    return Part(name, "AWS::ApiGateway::Method", properties)


def _post(at: Deployment, facts: Facts) -> list[Part]:
    wanted = facts["integration"]
    integration = {
        "Type": wanted["type"],
        "IntegrationHttpMethod": wanted["httpMethod"],
        "Uri": wanted["uri"],
    }
    return [_method("Post", "POST", facts, integration)]


def _preflight(at: Deployment, facts: Facts) -> list[Part]:
    wanted = facts["integration"]
    prefix = "method.response.header."
    filled = {
        "StatusCode": "200",
        "ResponseParameters": {f"{prefix}{name}": value for name, value in facts["headers"].items()},
        "ResponseTemplates": {"application/json": facts["template"]},
    }
    declared = {
        "StatusCode": "200",
        "ResponseParameters": {f"{prefix}{name}": True for name in facts["headers"]},
    }
    integration = {
        "Type": wanted["type"],
        "PassthroughBehavior": wanted["passthroughBehavior"],
        "RequestTemplates": wanted["requestTemplates"],
        "IntegrationResponses": [filled],
    }
    return [_method("Preflight", "OPTIONS", facts, integration, MethodResponses=[declared])]


def _error_id(response_type: str) -> str:
    return f"Errors{response_type[-3:].lower()}"


def _gateway_errors(at: Deployment, facts: Facts) -> list[Part]:
    return [
        Part(
            _error_id(name),
            "AWS::ApiGateway::GatewayResponse",
            {
                "RestApiId": API,
                "ResponseType": name,
                "ResponseParameters": facts[name]["parameters"],
                "ResponseTemplates": {"application/json": facts[name]["template"]},
            },
        )
        for name in GATEWAY_ERRORS
    ]


def _permission(at: Deployment, facts: Facts) -> list[Part]:
    properties = {
        "FunctionName": reference("Function"),
        "Action": "lambda:InvokeFunction",
        "Principal": facts["statement"]["principal"],
        "SourceArn": facts["statement"]["source"],
    }
    return [Part("Permission", "AWS::Lambda::Permission", properties)]


ABOUT_DEPLOYMENT = (
    "A copy of paths, methods and errors, which is what the stage serves. When you change any of them, give"
    " this resource another name, here and below in the stage, or the copy stays as it is."
)


def _stage(at: Deployment, facts: Facts) -> list[Part]:
    copied = ["Post", "Preflight", *map(_error_id, GATEWAY_ERRORS)]
    name = f"Deployment{facts['deployed'].removeprefix(DESCRIPTION_PREFIX)}"
    properties = {
        "RestApiId": API,
        "DeploymentId": reference(name),
        "StageName": at.settings.stage_name,
        "Description": facts["description"],
        **tags_of(facts),
    }
    return [
        Part(
            name, "AWS::ApiGateway::Deployment", {"RestApiId": API}, {"DependsOn": copied}, ABOUT_DEPLOYMENT
        ),
        Part("Stage", "AWS::ApiGateway::Stage", properties),
    ]


def _throttling(at: Deployment, facts: Facts) -> list[Part]:
    every_method = {
        "ResourcePath": "/*",
        "HttpMethod": "*",
        "ThrottlingRateLimit": facts["rate"],
        "ThrottlingBurstLimit": facts["burst"],
    }
    return [Part("Stage", "", {"MethodSettings": [every_method]})]


PARTS: Mapping[str, Export] = {
    "api": _api,
    "api.resource": _path,
    "api.method": _post,
    "api.permission": _permission,
    "cors.preflight": _preflight,
    "cors.gateway_errors": _gateway_errors,
    "stage": _stage,
    "stage.throttling": _throttling,
}
