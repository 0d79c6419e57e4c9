"""boto3 sessions and clients that keep what botocore reads and works out anew every time."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.awsrequest import AWSRequest

from tests.aws.names import is_changing
from wizard.aws.models import use_models


@cache
def _models() -> Any:
    """botocore's models: every session would read them anew."""
    session = botocore.session.get_session()
    use_models(session)
    return session.get_component("data_loader")


def session_of(keys: tuple[str, str], region: str) -> boto3.Session:
    """A session that reads no model which another one of this process has read."""
    below = botocore.session.get_session()
    below.register_component("data_loader", _models())
    return boto3.Session(*keys, region_name=region, botocore_session=below)


def twin(client: Any) -> Any:
    """A client that shares everything but its event handlers; `copy` does not know how to copy one."""
    made = object.__new__(type(client))
    made.__dict__.update(client.__dict__)
    made.meta = copy.copy(client.meta)
    made.meta.events = copy.copy(client.meta.events)
    # botocore leaves this cache behind when it copies, and would fill it anew for every command.
    made.meta.events._alias_name_cache = client.meta.events._alias_name_cache
    return made


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


def keep_user_agent(client: Any) -> None:
    """botocore writes its own name and that of the machine twice a request."""
    text = client._user_agent_creator.to_string()
    client._user_agent_creator.to_string = lambda: text


class InName:
    """Says who calls which service of which region as a signature does, and signs nothing."""

    def __init__(self, access_key: str, region: str, service: str) -> None:
        self._text = f"AWS4-HMAC-SHA256 Credential={access_key}/20000101/{region}/{service}/aws4_request"

    def add_auth(self, request: AWSRequest) -> None:
        """What botocore calls."""
        request.headers["Authorization"] = self._text


def sign_in_name(client: Any) -> None:
    """Where nobody checks a signature, leave it out: a fifth of the time of a call."""
    signer = client._request_signer
    access_key = signer._credentials.access_key
    signer.get_auth_instance = lambda signing_name, region_name, **_: InName(
        access_key, region_name, signing_name
    )
