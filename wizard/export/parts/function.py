"""The function in a template: its role, its log group, its settings."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.export.parts.base import STACK, Export, Part, nothing, tags_of
from wizard.export.parts.roles import inline_policy, role_of
from wizard.export.references import reference
from wizard.resources.base import Deployment
from wizard.resources.function import DESCRIPTION
from wizard.resources.logs import log_group_name
from wizard.state.model import Facts


def _log_group(at: Deployment, facts: Facts) -> list[Part]:
    return [Part("LogGroup", "AWS::Logs::LogGroup", {"LogGroupName": log_group_name(at), **tags_of(facts)})]


def _log_retention(at: Deployment, facts: Facts) -> list[Part]:
    return [Part("LogGroup", "", {"RetentionInDays": facts["days"]})]


def _function(at: Deployment, facts: Facts) -> list[Part]:
    properties = {
        "FunctionName": STACK,
        "Description": DESCRIPTION,
        "Runtime": facts["runtime"],
        "Architectures": [facts["architecture"]],
        "Handler": facts["handler"],
        "Role": facts["role"],
        "Code": {"S3Bucket": reference("CodeBucket"), "S3Key": reference("CodeKey")},
        **tags_of(facts),
    }
    # Or Lambda would make the group itself, for ever.
    return [Part("Function", "AWS::Lambda::Function", properties, {"DependsOn": "LogGroup"}, ABOUT_TOKENS)]


ABOUT_TOKENS = (
    "AUTH_TOKEN_SHA256 holds the SHA-256 of each client's token, AUTH_TOKEN_LABELS their names in the same"
    " order, both with commas between them; printf %s TOKEN | sha256sum makes one."
)


def _environment(at: Deployment, facts: Facts) -> list[Part]:
    return [Part("Function", "", {"Environment": {"Variables": facts["variables"]}})]


def _function_settings(at: Deployment, facts: Facts) -> list[Part]:
    return [Part("Function", "", {"MemorySize": facts["memory_mb"], "Timeout": facts["timeout_seconds"]})]


def _concurrency(at: Deployment, facts: Facts) -> list[Part]:
    reserved = facts["reserved"]
    return [Part("Function", "", {} if reserved is None else {"ReservedConcurrentExecutions": reserved})]


PARTS: Mapping[str, Export] = {
    "role": role_of,
    "role.own_logs": inline_policy("role.own_logs"),
    "log_group": _log_group,
    "log_group.retention": _log_retention,
    "role.basic_execution": nothing,
    "function": _function,
    "policy": inline_policy("policy"),
    "function.environment": _environment,
    "function.settings": _function_settings,
    "function.concurrency": _concurrency,
}
