"""What the wizard set up, as import blocks of Terraform, with which all of it goes on under that.

Every resource of the one table has a row in `IMPORTS`: as which resources of Terraform's provider it is
imported, and by which ids. Nothing is said of settings: Terraform reads and writes them down by itself.
https://developer.hashicorp.com/terraform/language/import/generating-configuration
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wizard.aws.policies import basic_execution_arn
from wizard.phases import RESOURCES
from wizard.resources.alarm_topic import topic_arn
from wizard.resources.base import Deployment
from wizard.resources.cors import GATEWAY_ERRORS
from wizard.resources.delivery import LOG_STREAM, delivery_log_group_name, delivery_role_name
from wizard.resources.invoke_permission import statement_id
from wizard.resources.logs import log_group_name
from wizard.resources.query_table import database_name
from wizard.resources.query_workgroup import workgroup_name
from wizard.resources.stage import EVERY_METHOD
from wizard.resources.streams import NUMBERS, stream_arn, stream_key
from wizard.state.model import State


@dataclass(frozen=True)
class Import:
    """A resource of Terraform: its type, its name there, and the id by which the provider finds it.

    The form of the id stands under "Import" at the type's page:
    https://registry.terraform.io/providers/hashicorp/aws/latest/docs
    """

    type: str
    name: str
    id: str
    comment: str = ""

    @property
    def block(self) -> str:
        """As HCL, with a line end."""
        comment = f"# {self.comment}\n" if self.comment else ""
        return f'{comment}import {{\n  to = {self.type}.{self.name}\n  id = "{_escaped(self.id)}"\n}}\n'


ABOUT_ADOPTED = "It stood there before: leave it out if another configuration has it."
Row = Callable[[Deployment], list[Import]]


def imports_of(at: Deployment, state: State) -> list[Import]:
    """Those of all that stands, in the order of the table."""
    standing = {key: record for key in RESOURCES if (record := state.records.get(key)) is not None}
    return [
        replace(one, comment=ABOUT_ADOPTED if record.origin == "adopted" else "")
        for key, record in standing.items()
        if record.status == "present"
        for one in IMPORTS[key](at)
    ]


def import_blocks(imports: list[Import], at: Deployment) -> str:
    """A file of Terraform, to stand beside one that says the provider's region."""
    place = at.identity
    head = (
        f"# {place.name} as eventtrack-wizard set it up in account {place.account}, region {place.region}.\n"
        "# Terraform 1.5 or newer; `terraform plan -generate-config-out=FILE.tf` writes what it finds.\n"
    )
    return "\n".join([head, *(one.block for one in imports)])


def _escaped(text: str) -> str:
    """https://developer.hashicorp.com/terraform/language/expressions/strings"""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return quoted.replace("${", "$${").replace("%{", "%%{")


def _named(kind: str, name: str, id_of: Callable[[Deployment], str]) -> Row:
    return lambda at: [Import(kind, name, id_of(at))]


def _of_bucket(kind: str) -> Row:
    return _named(kind, "events", lambda at: at.settings.bucket_name)


def _inline_policy(key: str, name: str) -> Row:
    policy: Any = RESOURCES[key]
    return _named("aws_iam_role_policy", name, lambda at: f"{policy.role(at)}:{policy.name(at)}")


def _method(name: str, http_method: str, *, answers: bool) -> Row:
    """`answers`: the gateway answers by itself, with a response of its own; a proxy passes on."""

    def row(at: Deployment) -> list[Import]:
        method = f"{_api(at)}/{at.fact('api.resource', 'id')}/{http_method}"
        whole = [Import(f"aws_api_gateway_{kind}", name, method) for kind in ("method", "integration")]
        responses = ("method_response", "integration_response") if answers else ()
        return whole + [Import(f"aws_api_gateway_{kind}", name, f"{method}/200") for kind in responses]

    return row


def _gateway_errors(at: Deployment) -> list[Import]:
    return [
        Import("aws_api_gateway_gateway_response", kind.lower(), f"{_api(at)}/{kind}")
        for kind in GATEWAY_ERRORS
    ]


def _stage(at: Deployment) -> list[Import]:
    return [
        Import("aws_api_gateway_deployment", "events", f"{_api(at)}/{at.fact('stage', 'deployment_id')}"),
        Import("aws_api_gateway_stage", "events", f"{_api(at)}/{at.settings.stage_name}"),
    ]


def _stream(number: int) -> Row:
    kind = "aws_kinesis_firehose_delivery_stream"
    return _named(kind, f"stream_{number}", lambda at: stream_arn(at, number))


def _alarm_email(at: Deployment) -> list[Import]:
    """One that has not confirmed has no ARN, and cannot be imported."""
    arn = at.fact("alarms.topic.email", "arn")
    return [Import("aws_sns_topic_subscription", "alarms", arn)] if arn else []


def _alarm(key: str) -> Row:
    name = key.partition(".")[2]
    return _named("aws_cloudwatch_metric_alarm", name, lambda at: str(at.fact(key, "name")))


def _query_table(key: str, name: str) -> Row:
    """Views are tables of the catalog, too."""
    resource: Any = RESOURCES[key]
    return _named(
        "aws_glue_catalog_table",
        name,
        lambda at: f"{at.identity.account}:{database_name(at)}:{resource.name}",
    )


def _versioning(at: Deployment) -> list[Import]:
    """A bucket that never had versions has nothing to be imported."""
    return _of_bucket("aws_s3_bucket_versioning")(at) if at.settings.versioning else []


def _part(_at: Deployment) -> list[Import]:
    """To Terraform it is a part of what another row imports."""
    return []


def _api(at: Deployment) -> str:
    return str(at.fact("api", "id"))


IMPORTS: Mapping[str, Row] = {
    "bucket": _of_bucket("aws_s3_bucket"),
    "bucket.policy": _of_bucket("aws_s3_bucket_policy"),
    "bucket.public_access_block": _of_bucket("aws_s3_bucket_public_access_block"),
    "bucket.encryption": _of_bucket("aws_s3_bucket_server_side_encryption_configuration"),
    "bucket.versioning": _versioning,
    "bucket.event_retention": _of_bucket("aws_s3_bucket_lifecycle_configuration"),
    "role": _named("aws_iam_role", "function", lambda at: at.settings.role_name),
    "role.own_logs": _inline_policy("role.own_logs", "logs"),
    "log_group": _named("aws_cloudwatch_log_group", "function", log_group_name),
    "log_group.retention": _part,
    "role.basic_execution": _named(
        "aws_iam_role_policy_attachment",
        "basic_execution",
        lambda at: f"{at.settings.role_name}/{basic_execution_arn(at.identity.partition)}",
    ),
    "function": _named("aws_lambda_function", "events", lambda at: at.settings.function_name),
    "policy": _inline_policy("policy", "bucket"),
    "function.environment": _part,
    "function.settings": _part,
    "function.concurrency": _part,
    "api": _named("aws_api_gateway_rest_api", "events", _api),
    "api.resource": _named(
        "aws_api_gateway_resource", "events", lambda at: f"{_api(at)}/{at.fact('api.resource', 'id')}"
    ),
    "api.method": _method("post", "POST", answers=False),
    "api.permission": _named(
        "aws_lambda_permission", "api", lambda at: f"{at.settings.function_name}/{statement_id(at)}"
    ),
    "cors.preflight": _method("preflight", "OPTIONS", answers=True),
    "cors.gateway_errors": _gateway_errors,
    "stage": _stage,
    "stage.throttling": _named(
        "aws_api_gateway_method_settings",
        "every",
        lambda at: f"{_api(at)}/{at.settings.stage_name}/{EVERY_METHOD}",
    ),
    "buffer.role": _named("aws_iam_role", "delivery", delivery_role_name),
    "buffer.log_group": _named("aws_cloudwatch_log_group", "delivery", delivery_log_group_name),
    "buffer.log_group.retention": _part,
    "buffer.log_group.stream": _named(
        "aws_cloudwatch_log_stream", "delivery", lambda at: f"{delivery_log_group_name(at)}:{LOG_STREAM}"
    ),
    "buffer.policy": _inline_policy("buffer.policy", "delivery"),
    **{stream_key(number): _stream(number) for number in NUMBERS},
    "buffer.right": _inline_policy("buffer.right", "streams"),
    "query.database": _named(
        "aws_glue_catalog_database", "events", lambda at: f"{at.identity.account}:{database_name(at)}"
    ),
    "query.table": _query_table("query.table", "lines"),
    "query.events_raw": _query_table("query.events_raw", "events_raw"),
    "query.events": _query_table("query.events", "events"),
    "query.workgroup": _named("aws_athena_workgroup", "events", workgroup_name),
    "alarms.topic": _named("aws_sns_topic", "alarms", topic_arn),
    "alarms.topic.email": _alarm_email,
    "alarms.function_errors": _alarm("alarms.function_errors"),
    "alarms.function_throttles": _alarm("alarms.function_throttles"),
    "alarms.api_errors": _alarm("alarms.api_errors"),
    "alarms.no_events": _alarm("alarms.no_events"),
}
