"""API Gateway: quotas, rules of order, and stages that take time."""

from __future__ import annotations

import gzip
import json
import urllib.request
from typing import Any

import pytest

from tests.aws.lab import (
    REGION,
    Clients,
    Lab,
    add_permission,
    code_archive,
    create_api,
    create_function,
    create_role,
    error_of,
    post,
)
from tests.aws.over_http import ManualClock
from tests.aws.over_http.behaviours import (
    ApiGatewayQuotas,
    DeploymentNeedsMethods,
    EndpointNeedsLambdaPermission,
    FreshStageUrl,
    IntegrationResponseNeedsMethodResponse,
    MethodsAreUnique,
    OldCopyAfterDeployment,
    RestApiInflates,
    ShownDeploymentsStay,
)

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


@pytest.mark.parametrize(
    ("quota_seconds", "operation"), [(3, "CreateRestApi"), (5, "CreateDeployment"), (30, "DeleteRestApi")]
)
def test_api_gateway_quotas_answer_429(
    lab: Lab, clock: ManualClock, quota_seconds: float, operation: str
) -> None:
    clients = lab.through(ApiGatewayQuotas(), clock=clock)
    apis = [lab.direct.apigateway.create_rest_api(name="a")["id"] for _ in range(2)]
    calls = {
        "CreateRestApi": lambda number: clients.apigateway.create_rest_api(name="b"),
        "CreateDeployment": lambda number: clients.apigateway.create_deployment(restApiId=apis[number]),
        "DeleteRestApi": lambda number: clients.apigateway.delete_rest_api(restApiId=apis[number]),
    }
    calls[operation](0)
    clock.advance(quota_seconds - 0.1)
    refused = error_of(lambda: calls[operation](1))
    assert refused == (429, "TooManyRequestsException", "Too Many Requests")
    clock.advance(0.1)
    calls[operation](1)


def test_all_api_gateway_calls_together_have_a_burst_and_a_rate(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(ApiGatewayQuotas(), clock=clock)
    for _ in range(40):
        clients.apigateway.get_rest_apis()
    assert error_of(clients.apigateway.get_rest_apis)[0] == 429
    clock.advance(0.1)
    clients.apigateway.get_rest_apis()
    assert error_of(clients.apigateway.get_rest_apis)[0] == 429


def an_api_with_a_method(clients: Clients) -> dict[str, str]:
    api = clients.apigateway.create_rest_api(name="a")
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    clients.apigateway.put_method(**method, authorizationType="NONE")
    return method


def test_a_method_cannot_be_put_twice(lab: Lab) -> None:
    method = an_api_with_a_method(lab.direct)

    def again(clients: Clients) -> Any:
        return clients.apigateway.put_method(**method, authorizationType="NONE")

    refused = error_of(lambda: again(lab.through(MethodsAreUnique())))
    assert refused == (409, "ConflictException", "Method already exists for this resource")
    again(lab.through())


def test_an_integration_response_needs_the_method_response_first(lab: Lab) -> None:
    clients = lab.through(IntegrationResponseNeedsMethodResponse())
    method = an_api_with_a_method(clients)
    clients.apigateway.put_integration(**method, type="MOCK")

    def put() -> Any:
        return clients.apigateway.put_integration_response(**method, statusCode="200")

    status, code, message = error_of(put)
    assert (status, code) == (400, "BadRequestException")
    assert "No method response exists for method." in message
    clients.apigateway.put_method_response(**method, statusCode="200")
    put()


def test_an_api_without_methods_or_integration_cannot_be_deployed(lab: Lab) -> None:
    clients = lab.through(DeploymentNeedsMethods())
    empty = clients.apigateway.create_rest_api(name="empty")["id"]
    assert error_of(lambda: clients.apigateway.create_deployment(restApiId=empty)) == (
        400,
        "BadRequestException",
        "The REST API doesn't contain any methods",
    )
    method = an_api_with_a_method(clients)
    deploy = {"restApiId": method["restApiId"], "stageName": "prod"}
    refused = error_of(lambda: clients.apigateway.create_deployment(**deploy))
    assert refused == (400, "BadRequestException", "No integration defined for method")
    lab.direct.apigateway.create_deployment(restApiId=empty)
    clients.apigateway.put_integration(**method, type="MOCK")
    clients.apigateway.create_deployment(**deploy)


ECHO = b"""import json
def handler(event, context):
    kept = {name.lower(): value for name, value in event["headers"].items()}.get("content-encoding")
    return {"statusCode": 200, "body": json.dumps([event["body"], event["isBase64Encoded"], kept])}
"""


def test_a_rest_api_hands_a_compressed_request_over_inflated(lab: Lab) -> None:
    kept, taken = lab.double(RestApiInflates()), lab.double(RestApiInflates(header_kept=False))
    clients = lab.clients(kept.url)
    create_role(clients)
    create_function(clients, Code={"ZipFile": code_archive(ECHO)})
    path = create_api(clients)

    def seen(url: str) -> Any:
        request = urllib.request.Request(url + path, gzip.compress(b"{}"), {"Content-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    assert seen(kept.url) == ["{}", False, "gzip"]
    assert seen(taken.url) == ["{}", False, None]
    body, is_base64, _kept = seen(lab.url)
    assert (body[:2], is_base64) == ("\x1f\ufffd", False), "the emulator alone garbles it"


def test_a_deployment_that_a_stage_shows_cannot_be_deleted_one_that_none_shows_can(lab: Lab) -> None:
    clients = lab.through(ShownDeploymentsStay())
    method = an_api_with_a_method(clients)
    clients.apigateway.put_integration(**method, type="MOCK")
    api = method["restApiId"]
    old, shown = (
        clients.apigateway.create_deployment(restApiId=api, stageName="prod")["id"] for _ in range(2)
    )
    refused = error_of(lambda: clients.apigateway.delete_deployment(restApiId=api, deploymentId=shown))
    assert refused == (
        400,
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )
    clients.apigateway.delete_deployment(restApiId=api, deploymentId=old)
    lab.direct.apigateway.delete_deployment(restApiId=api, deploymentId=shown)


def test_limits_of_a_stage_are_texts_that_come_back_as_numbers_are_kept_by_deployments_and_0_refuses_all(
    lab: Lab,
) -> None:
    """The emulator itself does all of it."""
    create_role(lab.direct)
    create_function(lab.direct)
    path = create_api(lab.direct)
    api = path.split("/")[2]
    gateway = lab.direct.apigateway
    assert gateway.get_stage(restApiId=api, stageName="prod").get("methodSettings", {}) == {}
    for rate, burst in (("50", "100"), ("0", "0")):
        operations = [
            {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": rate},
            {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": burst},
        ]
        gateway.update_stage(restApiId=api, stageName="prod", patchOperations=operations)
        gateway.create_deployment(restApiId=api, stageName="prod")
        settings = gateway.get_stages(restApiId=api)["item"][0]["methodSettings"]["*/*"]
        found = (settings["throttlingRateLimit"], settings["throttlingBurstLimit"])
        assert found == (float(rate), int(burst))
        status, body, _headers = post(lab.url + path)
        if rate == "0":
            assert (status, json.loads(body)) == (429, {"message": "Too Many Requests"})
        else:
            assert status == 200


def preflight(url: str) -> str | None:
    """The origin that a preflight lets in."""
    request = urllib.request.Request(url, method="OPTIONS")
    with urllib.request.urlopen(request, timeout=60) as answer:
        allowed: str | None = answer.headers["Access-Control-Allow-Origin"]
    return allowed


def answer_preflights_for(clients: Clients, method: dict[str, str], origin: str) -> None:
    name = "method.response.header.Access-Control-Allow-Origin"
    clients.apigateway.put_method_response(**method, statusCode="200", responseParameters={name: True})
    clients.apigateway.put_integration_response(
        **method, statusCode="200", responseParameters={name: f"'{origin}'"}
    )


def test_a_stage_that_is_deployed_to_again_shows_the_copy_of_before_for_some_answers(lab: Lab) -> None:
    double = lab.double(OldCopyAfterDeployment(2))
    clients = lab.clients(double.url)
    method = {**an_api_with_a_method(clients), "httpMethod": "OPTIONS"}
    clients.apigateway.put_method(**method, authorizationType="NONE")
    clients.apigateway.put_integration(
        **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    for origin in ("https://a.example", "https://b.example"):
        answer_preflights_for(clients, method, origin)
        clients.apigateway.create_deployment(restApiId=method["restApiId"], stageName="prod")
    url = f"{double.url}/restapis/{method['restApiId']}/prod/_user_request_/"
    found = [preflight(url) for _ in range(3)]
    assert found == ["https://a.example", "https://a.example", "https://b.example"]


def test_the_url_of_a_new_stage_is_unknown_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    double = lab.double(FreshStageUrl(5, later_misses=1), clock=clock)
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients)
    status, body, headers = post(double.url + path)
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})
    assert headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    clock.advance(5)
    assert [post(double.url + path)[0] for _ in range(4)] == [200, 403, 200, 200]
    clients.apigateway.create_deployment(restApiId=path.split("/")[2], stageName="prod")
    assert post(double.url + path)[0] == 200, "a stage that was there stays reachable"


def test_an_endpoint_without_lambda_permission_answers_500_with_the_deployed_headers(lab: Lab) -> None:
    double, plain = lab.double(EndpointNeedsLambdaPermission()), lab.double()
    clients = lab.clients(double.url)
    create_role(clients)
    create_function(clients)
    path = create_api(clients, permission=False)
    identifier = path.split("/")[2]
    status, body, headers = post(double.url + path)
    assert (status, json.loads(body)) == (500, {"message": "Internal server error"})
    assert "Access-Control-Allow-Origin" not in headers
    assert post(plain.url + path)[0] == 200, "the emulator alone lets the call through"
    clients.apigateway.put_gateway_response(
        restApiId=identifier,
        responseType="DEFAULT_5XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    )
    assert "Access-Control-Allow-Origin" not in post(double.url + path)[2], "stored but not deployed"
    clients.apigateway.create_deployment(restApiId=identifier, stageName="prod")
    assert post(double.url + path)[2]["Access-Control-Allow-Origin"] == "*"
    prefix = f"arn:aws:execute-api:{REGION}:000000000000:"
    for source, expected in [
        (f"{prefix}otherapi/*/POST/events", 500),
        (f"{prefix}{identifier}/*/GET/events", 500),
        (f"{prefix}{identifier}/test/POST/events", 500),
        (f"{prefix}{identifier}/*/POST/events", 200),
    ]:
        add_permission(clients, source)
        assert post(double.url + path)[0] == expected, source
        clients.functions.remove_permission(FunctionName="tracker", StatementId="gateway")
    assert post(double.url + path)[0] == 500
