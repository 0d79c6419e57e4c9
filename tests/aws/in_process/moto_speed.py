"""What moto and botocore work out anew at every call, kept: half of the time of a call."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import moto.backend_index
import moto.core.responses
from botocore import UNSIGNED
from botocore.config import Config
from moto.core.base_backend import BaseBackend
from moto.core.utils import method_names_from_class

from tests.aws.names import is_changing

SERVICES = frozenset(("s3", "iam", "lambda", "logs", "apigateway", "sts", "sns", "cloudwatch"))
Handlers = dict[str, Callable[[Any, str, Any], Any]]


def frugal(service: str, config: Config) -> Config:
    """Without what is made for every request and read by nobody; S3 alone looks for a signature."""
    unread: dict[str, Any] = {"user_agent": "tests"}
    if service != "s3":
        unread["signature_version"] = UNSIGNED
    return config.merge(Config(**unread))


def hurry_moto() -> None:
    """Keep the addresses of a service and the methods of its class, which never change; and look for an
    address among those of our services first, not through all of AWS."""
    moto.backend_index.backend_url_patterns.sort(key=lambda row: row[0] not in SERVICES)
    responses: Any = moto.core.responses
    responses.method_names_from_class = cache(method_names_from_class)
    backend: Any = BaseBackend
    backend.urls = property(lambda self: _addresses(self.__class__))


_urls: Callable[[BaseBackend], Handlers] = vars(BaseBackend)["urls"].fget


@cache
def _addresses(backend: type[BaseBackend]) -> Handlers:
    return _urls(object.__new__(backend))


def hurry(service: str, client: Any) -> None:
    """Keep where a client's operations go to and how its reads are written, which hang on their parameters
    alone; and let it hear of its own service only, so that it is soon copied."""
    _keep_endpoints(client)
    _keep_requests(client)
    root = client.meta.events._emitter._handlers._root["children"]
    spoken = {"*", service, client.meta.service_model.service_id.hyphenize()}
    for event, below in root.items():
        children = below["children"]
        below["children"] = {name: child for name, child in children.items() if name in spoken}
        if event == "docs":
            below["children"] = {}


def _keep_endpoints(client: Any) -> None:
    """The bucket is part of the address, no other parameter is."""
    resolve, known = client._resolve_endpoint_ruleset, dict[Any, tuple[Any, Any]]()

    def resolved(model: Any, params: Any, context: Any, **options: Any) -> Any:
        if options or "signing" in context:
            return resolve(model, params, context, **options)
        key = (model.name, params.get("Bucket"))
        if key in known:
            found, learnt = known[key]
            context.update(
                {name: dict(value) if name == "signing" else value for name, value in learnt.items()}
            )
            return found
        found = resolve(model, params, context)
        learnt = {name: context[name] for name in ("auth_type", "signing") if name in context}
        if "signing" in learnt:
            learnt["signing"] = dict(learnt["signing"])
        known[key] = found, learnt
        return found

    client._resolve_endpoint_ruleset = resolved


def _keep_requests(client: Any) -> None:
    convert, known = client._convert_to_request_dict, dict[str, dict[str, Any]]()

    def converted(api_params: Any, operation_model: Any, context: Any, **where: Any) -> dict[str, Any]:
        if is_changing(operation_model.name):
            changing: dict[str, Any] = convert(api_params, operation_model, context=context, **where)
            return changing
        key = repr((operation_model.name, api_params, where))
        if key not in known:
            known[key] = convert(api_params, operation_model, context=None, **where)
        request = {name: dict(part) if isinstance(part, dict) else part for name, part in known[key].items()}
        return {**request, "context": context}

    client._convert_to_request_dict = converted
