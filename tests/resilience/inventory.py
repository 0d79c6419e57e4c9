"""Everything that stands in an account, one entry a thing, and what differs between two such lists."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Protocol, cast

from botocore.exceptions import ClientError

from tests.aws.in_process import Account, make_context, world
from wizard.aws.client import Aws
from wizard.events.stored import probe_event_id
from wizard.resources.base import OWNER_TAG

Inventory = dict[str, Any]


class Looking(Protocol):
    """Anything with clients to look through; on moto that is an `Account`."""

    look: Aws


def inventory(account: Looking, deployment_id: str = "") -> Inventory:
    """`kind: name` to everything that can be told of it; ids that AWS or we roll are replaced."""
    ours = deployment_id or make_context(account.look).identity.id
    found, entries = world(cast("Account", account)), Inventory()
    for kind in ("buckets", "roles", "functions", "log groups"):
        entries.update({f"{kind}: {name}": facts for name, facts in found[kind].items()})
    seen: Counter[str] = Counter()
    for api in found["apis"]:
        owner = (api["tags"] or {}).get(OWNER_TAG, "nobody")
        seen[owner] += 1
        entries[f"apis: {api['name']} of {owner} ({seen[owner]})"] = api
    for bucket in found["buckets"]:
        entries[f"buckets: {bucket}"]["further settings"] = _further_settings(account.look, bucket)
        for key, text in _operators_events(account.look, bucket, probe_event_id(ours)).items():
            entries[f"events: {bucket}/{key}"] = text
    document: Inventory = json.loads(json.dumps(entries, default=str).replace(ours, "<this deployment>"))
    return document


def _further_settings(look: Aws, bucket: str) -> Inventory:
    calls = {
        "policy": look.s3.get_bucket_policy,
        "lifecycle": look.s3.get_bucket_lifecycle_configuration,
        "cors": look.s3.get_bucket_cors,
    }
    return {name: _answer_or_none(call, bucket) for name, call in calls.items()}


def _answer_or_none(call: Any, bucket: str) -> Any:
    try:
        answer = call(Bucket=bucket)
    except ClientError:
        return None
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _operators_events(look: Aws, bucket: str, probe: str) -> dict[str, str]:
    """Objects and their content, without the events by which the wizard proves that things work."""
    s3, found = look.s3, {}
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        text = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
        if probe not in text:
            found[item["Key"]] = text
    return found


def differences(expected: Inventory, found: Inventory) -> list[str]:
    """What is missing, what is too much, and what is not the same, one sentence each."""
    missing = [f"missing: {name}" for name in expected.keys() - found.keys()]
    extra = [f"left over: {name}" for name in found.keys() - expected.keys()]
    changed = [
        f"not the same: {name}: {_first_difference(expected[name], found[name])}"
        for name in expected.keys() & found.keys()
        if expected[name] != found[name]
    ]
    return sorted(missing + extra + changed)


def _first_difference(expected: Any, found: Any, path: str = "") -> str:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            if expected.get(key) != found.get(key):
                return _first_difference(expected.get(key), found.get(key), f"{path}/{key}")
    return f"{path} is {found!r}, should be {expected!r}"


def harm(problems: list[str]) -> dict[str, int]:
    """What was done to the operator, counted from the sentences of `differences`."""
    kinds = {
        "duplicates": [text for text in problems if "left over: apis: " in text],
        "orphans": [text for text in problems if "left over: " in text],
        "foreign changes": [
            text for text in problems if "somebody-else" in text or "of nobody" in text or "of other-" in text
        ],
        "events lost": [text for text in problems if "missing: events: " in text],
    }
    return {kind: len(found) for kind, found in kinds.items()}
