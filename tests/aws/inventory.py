"""Everything that stands in an account, without random ids and times: as one document, and as a flat list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import ClientError

from wizard.aws.client import Aws
from wizard.events.decode import text_of
from wizard.events.stored import probe_event_id
from wizard.resources.base import OWNER_TAG

from .names import ACCOUNT_ID

Snapshot = dict[str, Any]
Inventory = dict[str, Any]
"""`kind: name` to everything that can be told of it."""
KINDS = (
    "buckets",
    "roles",
    "functions",
    "log groups",
    "topics",
    "alarms",
    "streams",
    "databases",
    "workgroups",
)
VOLATILE_STREAM_FACTS = ("VersionId", "CreateTimestamp", "LastUpdateTimestamp")
VOLATILE_TABLE_FACTS = ("CreateTime", "UpdateTime", "LastAccessTime", "VersionId")
VOLATILE_ALARM_FACTS = (
    "AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp",
    "StateReason", "StateReasonData", "StateValue",
)  # fmt: skip
TEXTS: dict[str, str] = {}
"""What the objects held that were read so far, by ETag: the MD5 of their content."""
VOLATILE_FUNCTION_FACTS = ("LastModified", "RevisionId", "Version", "Description", "TracingConfig")


class Looking(Protocol):
    """Anything with clients to look through, such as an `Account`."""

    look: Aws


def snapshot(account: Looking) -> Snapshot:
    """What stands; event objects are counted, ids of APIs are replaced by their place in the list."""
    look = account.look
    names = _api_names(look)
    found = {
        "buckets": _buckets(look),
        "roles": _roles(look),
        "functions": _functions(look),
        "log groups": _log_groups(look),
        "topics": _topics(look),
        "alarms": _alarms(look),
        "streams": _streams(look),
        "databases": _databases(look),
        "workgroups": _workgroups(look),
        "apis": [_api(look, api) for api in look.apigateway.get_rest_apis(limit=500)["items"]],
    }
    text = json.dumps(found, sort_keys=True, default=str)
    for api_id, name in names.items():
        text = text.replace(api_id, name)
    document: Snapshot = json.loads(text)
    return document


def leftovers(account: Looking) -> list[str]:
    """The names of everything that stands."""
    everything = snapshot(account)
    return sorted(
        [f"{kind}: {name}" for kind in KINDS for name in everything[kind]]
        + [f"apis: {api['name']}" for api in everything["apis"]]
    )


def _or_none(call: Callable[[], Any]) -> Any:
    try:
        answer = call()
    except ClientError:
        return None
    answer.pop("ResponseMetadata", None)
    return answer


def _api_names(look: Aws) -> dict[str, str]:
    items = look.apigateway.get_rest_apis(limit=500)["items"]
    return {api["id"]: f"<{api['name']} {number}>" for number, api in enumerate(items, start=1)}


def _buckets(look: Aws) -> Snapshot:
    return {bucket["Name"]: _bucket(look, bucket["Name"]) for bucket in look.s3.list_buckets()["Buckets"]}


def _bucket(look: Aws, name: str) -> Snapshot:
    s3 = look.s3
    tags = _or_none(lambda: s3.get_bucket_tagging(Bucket=name))
    policy = _or_none(lambda: s3.get_bucket_policy(Bucket=name))
    return {
        "tags": _sorted_tags(tags["TagSet"]) if tags else None,
        "public access block": _public_access_block(look, name),
        "encryption": _or_none(lambda: s3.get_bucket_encryption(Bucket=name)),
        "policy": json.loads(policy["Policy"]) if policy else None,
        "versioning": s3.get_bucket_versioning(Bucket=name).get("Status"),
        "lifecycle": _or_none(lambda: s3.get_bucket_lifecycle_configuration(Bucket=name)),
    }


def _public_access_block(look: Aws, name: str) -> list[str]:
    """The switches that are on; none is the same as no configuration."""
    answer = _or_none(lambda: look.s3.get_public_access_block(Bucket=name))
    return sorted(key for key, on in answer["PublicAccessBlockConfiguration"].items() if on) if answer else []


def _roles(look: Aws) -> Snapshot:
    return {role["RoleName"]: _role(look, role["RoleName"]) for role in look.iam.list_roles()["Roles"]}


def _role(look: Aws, name: str) -> Snapshot:
    iam = look.iam
    role: Any = iam.get_role(RoleName=name)["Role"]
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        "trust": role["AssumeRolePolicyDocument"],
        "tags": _sorted_tags(role.get("Tags", [])),
        "boundary": role.get("PermissionsBoundary"),
        "attached": [
            item["PolicyArn"] for item in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        ],
        "inline": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in policies
        },
    }


def _functions(look: Aws) -> Snapshot:
    found = look.functions.list_functions()["Functions"]
    return {function["FunctionName"]: _function(look, function["FunctionName"]) for function in found}


def _function(look: Aws, name: str) -> Snapshot:
    answer: Any = look.functions.get_function(FunctionName=name)
    policy = _or_none(lambda: look.functions.get_policy(FunctionName=name))
    facts = {
        key: value for key, value in answer["Configuration"].items() if key not in VOLATILE_FUNCTION_FACTS
    }
    return {
        **facts,
        "tags": answer.get("Tags"),
        "concurrency": answer.get("Concurrency"),
        "policy": json.loads(policy["Policy"])["Statement"] if policy else None,
    }


def _log_groups(look: Aws) -> Snapshot:
    return {
        group["logGroupName"]: {
            "days": group.get("retentionInDays"),
            "tags": look.logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"],
            "streams": _log_streams(look, group["logGroupName"]),
        }
        for group in look.logs.describe_log_groups()["logGroups"]
    }


def _log_streams(look: Aws, group: str) -> list[str]:
    """Those that a run of the function has made are left out: none is made in this process."""
    found = look.logs.describe_log_streams(logGroupName=group)["logStreams"]
    return sorted(stream["logStreamName"] for stream in found if "[$LATEST]" not in stream["logStreamName"])


def _streams(look: Aws) -> Snapshot:
    names = look.firehose.list_delivery_streams(Limit=100)["DeliveryStreamNames"]
    return {name: _stream(look, name) for name in names}


def _stream(look: Aws, name: str) -> Snapshot:
    facts = look.firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    return {
        **{key: value for key, value in facts.items() if key not in VOLATILE_STREAM_FACTS},
        "tags": _sorted_tags(look.firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]),
    }


def _databases(look: Aws) -> Snapshot:
    return {item["Name"]: _database(look, item["Name"]) for item in look.glue.get_databases()["DatabaseList"]}


def _database(look: Aws, name: str) -> Snapshot:
    arn = f"arn:aws:glue:{look.region}:{ACCOUNT_ID}:database/{name}"
    return {
        "tags": look.glue.get_tags(ResourceArn=arn)["Tags"],
        "tables": {
            table["Name"]: {key: value for key, value in table.items() if key not in VOLATILE_TABLE_FACTS}
            for table in look.glue.get_tables(DatabaseName=name)["TableList"]
        },
    }


def _workgroups(look: Aws) -> Snapshot:
    """Without the one that every account has."""
    names = [item["Name"] for item in look.athena.list_work_groups()["WorkGroups"]]
    return {name: _workgroup(look, name) for name in names if name != "primary"}


def _workgroup(look: Aws, name: str) -> Snapshot:
    arn = f"arn:aws:athena:{look.region}:{ACCOUNT_ID}:workgroup/{name}"
    found: Any = look.athena.get_work_group(WorkGroup=name)["WorkGroup"]
    found.pop("CreationTime")
    return {**found, "tags": _sorted_tags(look.athena.list_tags_for_resource(ResourceARN=arn)["Tags"])}


def _topics(look: Aws) -> Snapshot:
    arns = [topic["TopicArn"] for topic in look.sns.list_topics()["Topics"]]
    return {arn.rpartition(":")[2]: _topic(look, arn) for arn in arns}


def _topic(look: Aws, arn: str) -> Snapshot:
    told = look.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return {
        "key": look.sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId") or None,
        "tags": _sorted_tags(look.sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
        "subscriptions": sorted(f"{one['Protocol']} {one['Endpoint']}" for one in told),
    }


def _alarms(look: Aws) -> Snapshot:
    return {
        alarm["AlarmName"]: {
            **{key: value for key, value in alarm.items() if key not in VOLATILE_ALARM_FACTS},
            "tags": _sorted_tags(
                look.cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
            ),
        }
        for alarm in look.cloudwatch.describe_alarms()["MetricAlarms"]
    }


def _api(look: Aws, api: Any) -> Snapshot:
    gateway, api_id = look.apigateway, api["id"]
    resources = gateway.get_resources(restApiId=api_id, limit=500)["items"]
    return {
        "name": api["name"],
        "tags": api.get("tags"),
        "endpoint": api.get("endpointConfiguration", {}).get("types"),
        "paths": {item["path"]: _methods(look, api_id, item) for item in resources},
        "gateway responses": {
            item["responseType"]: [item.get("responseParameters"), item.get("responseTemplates")]
            for item in gateway.get_gateway_responses(restApiId=api_id)["items"]
        },
        "stages": {
            stage["stageName"]: _stage(look, api_id, stage)
            for stage in gateway.get_stages(restApiId=api_id)["item"]
        },
        "deployments": len(gateway.get_deployments(restApiId=api_id, limit=500)["items"]),
    }


def _methods(look: Aws, api_id: str, resource: Any) -> Snapshot:
    return {
        method: _method(
            look.apigateway.get_method(restApiId=api_id, resourceId=resource["id"], httpMethod=method)
        )
        for method in resource.get("resourceMethods", {})
    }


def _method(answer: Any) -> Snapshot:
    answer.pop("ResponseMetadata")
    answer.get("methodIntegration", {}).pop("cacheNamespace", None)
    method: Snapshot = answer
    return method


def _stage(look: Aws, api_id: str, stage: Any) -> Snapshot:
    deployment = _or_none(
        lambda: look.apigateway.get_deployment(restApiId=api_id, deploymentId=stage["deploymentId"])
    )
    return {
        "description": stage.get("description"),
        "tags": stage.get("tags"),
        "deployed": deployment.get("description") if deployment else None,
        "limits": _limits(stage.get("methodSettings", {}).get("*/*", {})),
    }


def _limits(settings: Any) -> list[Any]:
    return [settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")]


def _sorted_tags(tags: Any) -> list[Any]:
    return sorted(tags, key=lambda tag: str(tag["Key"]))


def inventory(account: Looking, deployment_id: str) -> Inventory:
    """`kind: name` to everything that can be told of it; ids that AWS or we roll are replaced."""
    ours = deployment_id
    found, entries = snapshot(account), Inventory()
    for kind in KINDS:
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
        "cors": look.s3.get_bucket_cors,
    }
    return {name: _or_none(partial(call, Bucket=bucket)) for name, call in calls.items()}


def _operators_events(look: Aws, bucket: str, probe: str) -> dict[str, str]:
    """Objects and their content, without the events by which the wizard proves that things work."""
    return {key: text for key, text in stored_texts(look, bucket).items() if probe not in text}


def stored_texts(look: Aws, bucket: str) -> dict[str, str]:
    """Objects and their content."""
    s3, found = look.s3, {}
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        if item["ETag"] not in TEXTS:
            content = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            TEXTS[item["ETag"]] = text_of(content) or ""
        found[item["Key"]] = TEXTS[item["ETag"]]
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
