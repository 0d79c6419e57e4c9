"""The deployed API as clients see it: a web server that answers from what stands in moto.

Like API Gateway it serves a copy that was taken at the deployment, so that a change without a new
deployment shows nothing.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.payloads import inflated
from wizard.aws.client import Aws

from .function_double import FunctionDouble

ADDRESS = re.compile(r"/restapis/(?P<api>[^/]+)/(?P<stage>[^/]+)/_user_request_(?P<path>/[^?]*)")
FUNCTION_IN_URI = re.compile(r":function:([A-Za-z0-9_-]+)/invocations")
ORIGIN_IN_TEMPLATE = re.compile(r'\$origin == "([^"]+)"')
NOT_FOUND = "Missing Authentication Token"
# API Gateway takes a request that it does not know for one that should be signed.
BAD_SIGNATURE = "'{0}' not a valid key=value pair (missing equal-sign) in Authorization header: '{0}'."
DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'


@dataclass
class Served:
    """What a deployment took a copy of: (path, method) to method, and how the gateway words its answers."""

    methods: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    error_headers: dict[str, dict[str, str]] = field(default_factory=dict)
    error_templates: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """Status, headers, body of an answer."""

    status: int
    headers: dict[str, str]
    body: str = ""


class EndpointDouble:
    """`url` takes the place of an emulator's URL.

    `requests` are the method and path of every request so far. The first `not_in_service` requests are
    answered as a URL answers that was deployed a moment ago. `old_answers` says of the requests after a
    deployment to a standing stage which of them meet a server that still has the copy of before.
    """

    def __init__(self, look: Aws, function: FunctionDouble) -> None:
        self._look = look
        self._function = function
        self.forget()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def forget(self) -> None:
        """Begin anew."""
        self.requests: list[tuple[str, str]] = []
        self.not_in_service = 0
        self.old_answers: list[bool] = []
        self._served: dict[tuple[str, str], Served] = {}
        self._old: list[Served | None] = []

    def memory(self) -> tuple[object, ...]:
        """All that `remember` needs."""
        return list(self.requests), self.not_in_service, dict(self._served), list(self._old)

    def remember(self, memory: Any) -> None:
        """Be as it was then."""
        self.requests, self.not_in_service, self._served, self._old = memory

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def deployed(self, model: Any, context: Any, parsed: Any, **_: object) -> None:
        """A handler of botocore's `after-call`: takes a copy of what was deployed, in this region."""
        here = context["test_region"] == self._look.region
        if model.name != "CreateDeployment" or "id" not in parsed or not here:
            return
        parameters = context["test_parameters"]
        api_id = parameters["url_path"].split("/")[2]
        stage = json.loads(parameters["body"])["stageName"]
        if old := self._served.get((api_id, stage)):
            self._old = [old if is_old else None for is_old in self.old_answers]
        self._served[api_id, stage] = self._copy(api_id)

    def _copy(self, api_id: str) -> Served:
        gateway, served = self._look.apigateway, Served()
        for resource in gateway.get_resources(restApiId=api_id, limit=500)["items"]:
            for method in resource.get("resourceMethods", {}):
                found: Any = gateway.get_method(
                    restApiId=api_id, resourceId=resource["id"], httpMethod=method
                )
                served.methods[resource["path"], method] = found
        for item in gateway.get_gateway_responses(restApiId=api_id)["items"]:
            parameters = item.get("responseParameters", {})
            served.error_headers[item["responseType"]] = {
                name.removeprefix("gatewayresponse.header."): value for name, value in parameters.items()
            }
            templates = item.get("responseTemplates") or {}
            if "application/json" in templates:
                served.error_templates[item["responseType"]] = templates["application/json"]
        return served

    def reply(self, method: str, target: str, headers: dict[str, str], body: str) -> Reply:
        """The answer to a request; names of `headers` are in lower case."""
        self.requests.append((method, target))
        address = ADDRESS.match(target)
        stage = self._stage(address["api"], address["stage"]) if address else None
        if address is None or stage is None:
            return Reply(403, {}, json.dumps({"message": "Forbidden"}))
        served = self._served[address["api"], address["stage"]]
        if self._old:
            served = self._old.pop(0) or served
        if _is_closed(stage):
            return _gateway_error(served, "DEFAULT_4XX", 429, "Too Many Requests", headers)
        found = served.methods.get((address["path"], method))
        if self.not_in_service:
            self.not_in_service -= 1
            found = None
        if found is None:
            signature = headers.get("authorization")
            message = NOT_FOUND if signature is None else BAD_SIGNATURE.format(signature)
            return _gateway_error(served, "DEFAULT_4XX", 403, message, headers)
        integration = found.get("methodIntegration")
        if integration is None:
            return _gateway_error(served, "DEFAULT_5XX", 500, "Internal server error", headers)
        if integration["type"] == "MOCK":
            return _mock_answer(integration, headers)
        arn = f"{address['api']}/{address['stage']}/{method}{address['path']}"
        return self._run(served, integration, arn, headers, body)

    def _stage(self, api_id: str, name: str) -> Any:
        """None while nothing is deployed to it."""
        try:
            stage = self._look.apigateway.get_stage(restApiId=api_id, stageName=name)
        except ClientError:
            return None
        return stage if (api_id, name) in self._served else None

    def _run(self, served: Served, integration: Any, arn: str, headers: dict[str, str], body: str) -> Reply:
        name = FUNCTION_IN_URI.search(integration["uri"])
        if name is None or not self._may_invoke(name[1], arn):
            return _gateway_error(served, "DEFAULT_5XX", 500, "Internal server error", headers)
        _api, _stage, method, path = arn.split("/", 3)
        event = {
            "httpMethod": method,
            "path": f"/{path}",
            "headers": headers,
            "body": body,
            "isBase64Encoded": False,
            "queryStringParameters": None,
        }
        answer = self._function.run(name[1], event)
        return Reply(answer["statusCode"], answer["headers"], answer.get("body", ""))

    def _may_invoke(self, function_name: str, arn: str) -> bool:
        try:
            policy = json.loads(self._look.functions.get_policy(FunctionName=function_name)["Policy"])
        except ClientError:
            return False
        return any(
            "apigateway.amazonaws.com" in str(statement["Principal"])
            and fnmatchcase(arn, statement["Condition"]["ArnLike"]["AWS:SourceArn"].rpartition(":")[2])
            for statement in policy["Statement"]
        )


def _is_closed(stage: Any) -> bool:
    """Limits of 0 let nothing through; other limits are not counted here."""
    limits = stage.get("methodSettings", {}).get("*/*", {})
    return (limits.get("throttlingRateLimit"), limits.get("throttlingBurstLimit")) == (0, 0)


def _gateway_error(served: Served, kind: str, status: int, message: str, headers: dict[str, str]) -> Reply:
    """An answer that the gateway makes itself, with the headers of its gateway response."""
    said = {}
    for name, value in served.error_headers.get(kind, {}).items():
        quoted = value.startswith("'")
        said[name] = value.strip("'") if quoted else headers.get(value.rpartition(".")[2].casefold(), "")
    template = served.error_templates.get(kind, DEFAULT_TEMPLATE)
    body = template.replace("$context.error.messageString", json.dumps(message))
    return Reply(status, said, body.replace("$context.error.message", message))


def _mock_answer(integration: Any, headers: dict[str, str]) -> Reply:
    """The 200 answer of a mock integration, with the origin that its template picks."""
    response = integration.get("integrationResponses", {}).get("200", {})
    said = {
        name.removeprefix("method.response.header."): value.strip("'")
        for name, value in (response.get("responseParameters") or {}).items()
    }
    template = (response.get("responseTemplates") or {}).get("application/json") or ""
    if headers.get("origin") in ORIGIN_IN_TEMPLATE.findall(template):
        said["Access-Control-Allow-Origin"] = headers["origin"]
    return Reply(200, said)


def _handler_for(double: EndpointDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request a connection."""

        def do_POST(self) -> None:
            self._answer()

        def do_OPTIONS(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            headers = {name.casefold(): value for name, value in self.headers.items()}
            text = inflated(body, headers.get("content-encoding", "")).decode("utf-8", "replace")
            reply = double.reply(self.command, self.path, headers, text)
            content = reply.body.encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Silent."""

    return Handler
