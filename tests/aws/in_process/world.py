"""Everything that stands in the account, in one comparable document without random ids and times."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from wizard.aws.client import Aws

from .account import Account

World = dict[str, Any]
VOLATILE_FUNCTION_FACTS = ("LastModified", "RevisionId", "Version", "Description", "TracingConfig")


def world(account: Account) -> World:
    """What stands; event objects are counted, ids of APIs are replaced by their place in the list."""
    look = account.look
    names = _api_names(look)
    found = {
        "buckets": _buckets(look),
        "roles": _roles(look),
        "functions": _functions(look),
        "log groups": _log_groups(look),
        "apis": [_api(look, api) for api in look.apigateway.get_rest_apis(limit=500)["items"]],
    }
    text = json.dumps(found, sort_keys=True, default=str)
    for api_id, name in names.items():
        text = text.replace(api_id, name)
    document: World = json.loads(text)
    return document


def leftovers(account: Account) -> list[str]:
    """The names of everything that stands."""
    everything = world(account)
    return sorted(
        [
            f"{kind}: {name}"
            for kind in ("buckets", "roles", "functions", "log groups")
            for name in everything[kind]
        ]
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


def _buckets(look: Aws) -> World:
    return {bucket["Name"]: _bucket(look, bucket["Name"]) for bucket in look.s3.list_buckets()["Buckets"]}


def _bucket(look: Aws, name: str) -> World:
    s3 = look.s3
    tags = _or_none(lambda: s3.get_bucket_tagging(Bucket=name))
    return {
        "tags": _sorted_tags(tags["TagSet"]) if tags else None,
        "public access block": _public_access_block(look, name),
        "encryption": _or_none(lambda: s3.get_bucket_encryption(Bucket=name)),
        "versioning": s3.get_bucket_versioning(Bucket=name).get("Status"),
    }


def _public_access_block(look: Aws, name: str) -> list[str]:
    """The switches that are on; none is the same as no configuration."""
    answer = _or_none(lambda: look.s3.get_public_access_block(Bucket=name))
    return sorted(key for key, on in answer["PublicAccessBlockConfiguration"].items() if on) if answer else []


def _roles(look: Aws) -> World:
    return {role["RoleName"]: _role(look, role["RoleName"]) for role in look.iam.list_roles()["Roles"]}


def _role(look: Aws, name: str) -> World:
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


def _functions(look: Aws) -> World:
    found = look.functions.list_functions()["Functions"]
    return {function["FunctionName"]: _function(look, function["FunctionName"]) for function in found}


def _function(look: Aws, name: str) -> World:
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


def _log_groups(look: Aws) -> World:
    return {
        group["logGroupName"]: {
            "days": group.get("retentionInDays"),
            "tags": look.logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"],
        }
        for group in look.logs.describe_log_groups()["logGroups"]
    }


def _api(look: Aws, api: Any) -> World:
    gateway, api_id = look.apigateway, api["id"]
    resources = gateway.get_resources(restApiId=api_id, limit=500)["items"]
    return {
        "name": api["name"],
        "tags": api.get("tags"),
        "endpoint": api.get("endpointConfiguration", {}).get("types"),
        "paths": {item["path"]: _methods(look, api_id, item) for item in resources},
        "gateway responses": {
            item["responseType"]: item.get("responseParameters")
            for item in gateway.get_gateway_responses(restApiId=api_id)["items"]
        },
        "stages": {
            stage["stageName"]: _stage(look, api_id, stage)
            for stage in gateway.get_stages(restApiId=api_id)["item"]
        },
    }


def _methods(look: Aws, api_id: str, resource: Any) -> World:
    return {
        method: _method(
            look.apigateway.get_method(restApiId=api_id, resourceId=resource["id"], httpMethod=method)
        )
        for method in resource.get("resourceMethods", {})
    }


def _method(answer: Any) -> World:
    answer.pop("ResponseMetadata")
    answer.get("methodIntegration", {}).pop("cacheNamespace", None)
    method: World = answer
    return method


def _stage(look: Aws, api_id: str, stage: Any) -> World:
    deployment = _or_none(
        lambda: look.apigateway.get_deployment(restApiId=api_id, deploymentId=stage["deploymentId"])
    )
    return {
        "description": stage.get("description"),
        "deployed": deployment.get("description") if deployment else None,
    }


def _sorted_tags(tags: Any) -> list[Any]:
    return sorted(tags, key=lambda tag: str(tag["Key"]))
