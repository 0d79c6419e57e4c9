"""Names a request as AWS names it: service, operation and parameters.

The routes come from botocore's own service models, so that every operation of every service has its name;
nothing here is a handwritten table of operations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from tests.aws.names import is_changing

from .messages import Request

EXECUTE_API_PATH = re.compile(
    r"^/restapis/(?P<restApiId>[^/]+)/(?P<stageName>[^/]+)/_user_request_(?P<path>/.*|)$"
)
CREDENTIAL = re.compile(r"Credential=([^/\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
SIGNED_AS = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Services that are signed for under another name than botocore and IAM give them."""
_loader = Loader()


@dataclass(frozen=True)
class Scope:
    """Who signed a request, and for which region and service."""

    access_key: str = ""
    region: str = ""
    service: str = ""


@dataclass(frozen=True)
class Operation:
    """A named request; parameters carry botocore's member names."""

    service: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def changing(self) -> bool:
        """Whether the call may change or run something; a read never does."""
        return is_changing(self.name)


@dataclass(frozen=True)
class Route:
    """One operation of a REST service: what its requests look like."""

    name: str
    method: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    fixed_query: dict[str, str]
    needed_query: tuple[str, ...]
    needed_headers: tuple[str, ...]
    query_members: dict[str, str]
    body_is_json: bool
    deprecated: bool

    @property
    def rank(self) -> tuple[int, int, bool, int]:
        """The route that says more about a request wins."""
        needed = len(self.needed_query) + len(self.needed_headers)
        return len(self.fixed_query), needed, not self.deprecated, -len(self.labels)

    def fits(self, request: Request) -> re.Match[str] | None:
        """Whether a request with this method asks for it."""
        if any(request.query.get(key) != value for key, value in self.fixed_query.items()):
            return None
        if any(key not in request.query for key in self.needed_query):
            return None
        if any(not request.header(name) for name in self.needed_headers):
            return None
        return self.pattern.match(request.path)


def scope_of(request: Request) -> Scope:
    """The signing scope of a request, from its Authorization header."""
    found = CREDENTIAL.search(request.header("Authorization"))
    if found is None:
        return Scope()
    access_key, region, service = found.groups()
    return Scope(access_key, region, SIGNED_AS.get(service, service))


def identify(request: Request) -> Operation:
    """The operation that a request asks for."""
    endpoint = EXECUTE_API_PATH.match(request.path)
    if endpoint:
        return Operation("execute-api", request.method, dict(endpoint.groupdict()))
    service = scope_of(request).service
    target = request.header("X-Amz-Target")
    if target:
        return Operation(service, target.rpartition(".")[2], request.json)
    action = request.query.get("Action") or request.form.get("Action", "")
    if service not in {"s3", "lambda", "apigateway"} and action:
        return Operation(service, action, {**request.query, **request.form})
    return _identify_rest(service, request)


def _identify_rest(service: str, request: Request) -> Operation:
    possible = routes_with(service, request.method)
    fitting = [(route, match) for route in possible if (match := route.fits(request))]
    if not fitting:
        return Operation(service or "unsigned", f"{request.method} {request.path}")
    route, match = max(fitting, key=lambda pair: pair[0].rank)
    body = request.json if route.body_is_json else {}
    query = {route.query_members.get(key, key): value for key, value in request.query.items()}
    labels = {
        label: unquote(value)
        for label, value in zip(route.labels, match.groups(), strict=True)
        if value is not None
    }
    return Operation(service, route.name, {**body, **query, **labels})


@cache
def model(service: str) -> dict[str, Any]:
    """botocore's model of a service; empty for a service that botocore does not know."""
    try:
        return dict(_loader.load_service_model(service, "service-2"))
    except UnknownServiceError:
        return {}


def protocol_of(service: str) -> str:
    """How a service speaks: query, rest-xml, rest-json, json; unknown ones speak json."""
    if service == "execute-api":
        return "rest-json"
    return str(model(service).get("metadata", {}).get("protocol", "json"))


@cache
def routes(service: str) -> tuple[Route, ...]:
    """The routes of a REST service, from its model."""
    described = model(service)
    if not protocol_of(service).startswith("rest-"):
        return ()
    return tuple(_route(described, operation) for operation in described["operations"].values())


@cache
def routes_with(service: str, method: str) -> tuple[Route, ...]:
    """Those with this method."""
    return tuple(route for route in routes(service) if route.method == method)


def _route(described: dict[str, Any], operation: dict[str, Any]) -> Route:
    shape = described["shapes"].get(operation.get("input", {}).get("shape"), {})
    members: dict[str, Any] = shape.get("members", {})
    required = set(shape.get("required", ()))

    def located(place: str) -> dict[str, str]:
        """Wire name to member name of the members that run_all in this place."""
        return {
            member.get("locationName", name): name
            for name, member in members.items()
            if member.get("location") == place
        }

    path, _, query = operation["http"]["requestUri"].partition("?")
    uri_members = located("uri")
    wire_labels = re.findall(r"{([^}]+?)\+?}", path)
    return Route(
        name=operation["name"],
        method=operation["http"]["method"],
        pattern=_pattern(path),
        labels=tuple(uri_members.get(label, label) for label in wire_labels),
        fixed_query=dict(pair.partition("=")[::2] for pair in query.split("&")) if query else {},
        needed_query=tuple(wire for wire, name in located("querystring").items() if name in required),
        needed_headers=tuple(wire for wire, name in located("header").items() if name in required),
        query_members=located("querystring"),
        body_is_json=protocol_of_metadata(described) == "rest-json" and "payload" not in shape,
        deprecated=bool(operation.get("deprecated")),
    )


def protocol_of_metadata(described: dict[str, Any]) -> str:
    return str(described["metadata"]["protocol"])


def _pattern(path: str) -> re.Pattern[str]:
    """A request path pattern: {Name} is one segment, {Name+} the rest; a final slash is optional."""
    pieces = re.split(r"({[^}]+})", path.rstrip("/"))
    expression = "".join(
        ("(.+)" if piece.endswith("+}") else "([^/]+)") if piece.startswith("{") else re.escape(piece)
        for piece in pieces
    )
    return re.compile(f"^{expression}/?$")
