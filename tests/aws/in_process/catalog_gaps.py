"""What moto leaves out of Glue and Athena, added at the client."""

from __future__ import annotations

import json
from typing import Any

from moto.backends import get_backend

from tests.aws.names import ACCOUNT_ID

from .moto_gaps import Answered

REMOVES = {
    "OutputLocation": "RemoveOutputLocation",
    "EncryptionConfiguration": "RemoveEncryptionConfiguration",
}


def complete_catalog(service: str, client: Any) -> None:
    """Let a client see what AWS would show of databases and workgroups."""
    events = client.meta.events
    if service == "athena":
        events.register_last("before-call", _answer_of_workgroups)
    if service == "glue":
        events.register_last("before-call", _forget_tags)


def _forget_tags(model: Any, params: Any, context: Any, **_: object) -> None:
    """moto keeps the tags of a database that is gone, for the next one of its name."""
    if model.name != "CreateDatabase":
        return
    name, region = json.loads(params["body"])["DatabaseInput"]["Name"], context["test_region"]
    backend = get_backend("glue")[ACCOUNT_ID][region]
    if name not in backend.databases:
        arn = f"arn:aws:glue:{region}:{ACCOUNT_ID}:database/{name}"
        backend.untag_resource(arn, list(backend.get_tags(arn)))


def _answer_of_workgroups(model: Any, params: Any, context: Any, **_: object) -> tuple[Answered, Any] | None:
    """moto has an answer of its own for a workgroup that is not there, or there already, and no update.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_UpdateWorkGroup.html
    """
    asked = json.loads(params["body"])
    backend = get_backend("athena")[ACCOUNT_ID][context["test_region"]]
    arn = asked.get("ResourceARN", "")
    name = asked.get("WorkGroup") or asked.get("Name") or arn.rpartition("/")[2]
    found: Any = backend.work_groups.get(name)
    match model.name:
        case "CreateWorkGroup" if found is not None:
            return _refused("InvalidRequestException", "WorkGroup is already created")
        case "GetWorkGroup" | "UpdateWorkGroup" | "DeleteWorkGroup" if found is None:
            return _refused("InvalidRequestException", f"WorkGroup {name} is not found.")
        case "ListTagsForResource" | "TagResource" | "UntagResource" if found is None:
            return _refused("ResourceNotFoundException", f"Resource {arn} is not found.")
        case "ListTagsForResource":
            return _answer(Tags=backend.tagger.list_tags_for_resource(arn)["Tags"])
        case "DeleteWorkGroup":
            backend.tagger.delete_all_tags_for_resource(found.arn)
        case "UpdateWorkGroup":
            found.state = asked.get("State", found.state)
            _update(found.configuration, asked.get("ConfigurationUpdates", {}))
            return _answer()
    return None


def _update(configuration: Any, updates: Any) -> None:
    for name, value in updates.items():
        if name == "RemoveBytesScannedCutoffPerQuery":
            configuration.pop("BytesScannedCutoffPerQuery", None)
        elif name.endswith("Updates"):
            part = configuration.setdefault(name.removesuffix("Updates"), {})
            part.update({key: new for key, new in value.items() if not key.startswith("Remove")})
            for key, remove in REMOVES.items():
                if value.get(remove):
                    part.pop(key, None)
            if not part:
                del configuration[name.removesuffix("Updates")]
        else:
            configuration[name] = value


def _refused(code: str, message: str) -> tuple[Answered, Any]:
    error = {"Code": code, "Message": message}
    return Answered(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


def _answer(**members: Any) -> tuple[Answered, Any]:
    return Answered(), {**members, "ResponseMetadata": {"HTTPStatusCode": 200}}
