"""Import blocks of Terraform: whatever stands has one, and its id leads to it as the provider splits it."""

# ruff: noqa: E501  one type, one line

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.aws.in_process import Account, Standing, Workspace
from tests.aws.names import OPTIONAL, RETIRED
from wizard.export.terraform import ABOUT_ADOPTED, IMPORTS, Import, import_blocks, imports_of
from wizard.phases import RESOURCES

BLOCK = re.compile(r'(?:# (.+)\n)?import {\n  to = (\w+)\.([a-z]\w*)\n  id = "([^"\\]+)"\n}\n')
Look = Callable[[Any, str], Any]


def split(*names: str, by: str = "/") -> Callable[[str], dict[str, str]]:
    return lambda text: dict(zip(names, text.split(by, len(names) - 1), strict=True))


METHOD = split("restApiId", "resourceId", "httpMethod")
RESPONSE = split("restApiId", "resourceId", "httpMethod", "statusCode")
INLINE = split("RoleName", "PolicyName", by=":")


def statement(look: Any, text: str) -> object:
    function, _, sid = text.partition("/")
    assert f'"Sid": "{sid}"' in look.functions.get_policy(FunctionName=function)["Policy"]
    return sid


def method_settings(look: Any, text: str) -> object:
    api, stage, path = text.split("/", 2)
    return look.apigateway.get_stage(restApiId=api, stageName=stage)["methodSettings"][path]


def log_stream(look: Any, text: str) -> object:
    group, name = text.split(":")
    (found,) = look.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)["logStreams"]
    return found


# How the provider finds what an id names: https://registry.terraform.io/providers/hashicorp/aws/latest/docs, "Import".
# fmt: off
FINDS: dict[str, Look] = {
    "aws_s3_bucket": lambda look, text: look.s3.head_bucket(Bucket=text),
    "aws_s3_bucket_policy": lambda look, text: look.s3.get_bucket_policy(Bucket=text)["Policy"],
    "aws_s3_bucket_public_access_block": lambda look, text: look.s3.get_public_access_block(Bucket=text),
    "aws_s3_bucket_server_side_encryption_configuration": lambda look, text: look.s3.get_bucket_encryption(Bucket=text),
    "aws_s3_bucket_lifecycle_configuration": lambda look, text: look.s3.get_bucket_lifecycle_configuration(Bucket=text)["Rules"],
    "aws_iam_role": lambda look, text: look.iam.get_role(RoleName=text),
    "aws_iam_role_policy": lambda look, text: look.iam.get_role_policy(**INLINE(text)),
    "aws_cloudwatch_log_group": lambda look, text: look.logs.describe_log_groups(logGroupNamePrefix=text)["logGroups"],
    "aws_cloudwatch_log_stream": log_stream,
    "aws_lambda_function": lambda look, text: look.functions.get_function(FunctionName=text),
    "aws_lambda_permission": statement,
    "aws_api_gateway_rest_api": lambda look, text: look.apigateway.get_rest_api(restApiId=text),
    "aws_api_gateway_resource": lambda look, text: look.apigateway.get_resource(**split("restApiId", "resourceId")(text)),
    "aws_api_gateway_method": lambda look, text: look.apigateway.get_method(**METHOD(text)),
    "aws_api_gateway_integration": lambda look, text: look.apigateway.get_integration(**METHOD(text)),
    "aws_api_gateway_method_response": lambda look, text: look.apigateway.get_method_response(**RESPONSE(text)),
    "aws_api_gateway_integration_response": lambda look, text: look.apigateway.get_integration_response(**RESPONSE(text)),
    "aws_api_gateway_gateway_response": lambda look, text: look.apigateway.get_gateway_response(**split("restApiId", "responseType")(text)),
    "aws_api_gateway_deployment": lambda look, text: look.apigateway.get_deployment(**split("restApiId", "deploymentId")(text)),
    "aws_api_gateway_stage": lambda look, text: look.apigateway.get_stage(**split("restApiId", "stageName")(text)),
    "aws_api_gateway_method_settings": method_settings,
    "aws_kinesis_firehose_delivery_stream": lambda look, text: look.firehose.describe_delivery_stream(DeliveryStreamName=text.rpartition("/")[2]),
    "aws_glue_catalog_database": lambda look, text: look.glue.get_database(**split("CatalogId", "Name", by=":")(text)),
    "aws_glue_catalog_table": lambda look, text: look.glue.get_table(**split("CatalogId", "DatabaseName", "Name", by=":")(text)),
    "aws_athena_workgroup": lambda look, text: look.athena.get_work_group(WorkGroup=text),
    "aws_sns_topic": lambda look, text: look.sns.get_topic_attributes(TopicArn=text),
    "aws_sns_topic_subscription": lambda look, text: look.sns.get_subscription_attributes(SubscriptionArn=text),
    "aws_cloudwatch_metric_alarm": lambda look, text: look.cloudwatch.describe_alarms(AlarmNames=[text])["MetricAlarms"],
}
# fmt: on


def exported(workspace: Workspace) -> list[Import]:
    at, store = workspace.open()
    return imports_of(at, store.state)


def test_every_resource_of_the_wizard_says_what_it_is_to_terraform_or_it_would_be_left_behind() -> None:
    assert list(IMPORTS) == list(RESOURCES)


def test_every_id_leads_to_what_stands_and_nothing_that_stands_lacks_one(standing: Standing) -> None:
    workspace = standing.workspace
    at, store = workspace.open()
    text = import_blocks(exported(workspace), at)

    blocks = [Import(*found.groups()[1:]) for found in BLOCK.finditer(text)]
    assert BLOCK.sub("", text).strip("\n").count("\n") == 1, "two lines of comment, and nothing else"
    for one in blocks:
        assert FINDS[one.type](standing.account.look, one.id), one
    assert {one.type for one in blocks} == set(FINDS)
    assert len({(one.type, one.name) for one in blocks}) == len(blocks), "an address is one thing's alone"
    assert at.identity.account in text and at.identity.region in text

    wholes = {key for key, row in IMPORTS.items() if row(at)}
    assert set(store.state.records) - wholes == {
        "log_group.retention", "buffer.log_group.retention",
        "function.environment", "function.settings", "function.concurrency", "bucket.versioning",
    }, "parts of what another block imports, and what was never on"  # fmt: skip
    standing.in_order = True


def test_what_is_not_there_is_not_imported(account: Account, workspace: Workspace) -> None:
    workspace.overrides["versioning"] = True
    workspace.apply()
    versioning = Import("aws_s3_bucket_versioning", "events", workspace.settings.bucket_name)
    assert versioning in exported(workspace)
    assert account.look.s3.get_bucket_versioning(Bucket=versioning.id)["Status"] == "Enabled"
    at, store = workspace.open()
    del store.state.records["stage"]
    keys = set(RESOURCES) - OPTIONAL - RETIRED - {"stage"}
    assert imports_of(at, store.state) == [
        one for key in RESOURCES if key in keys for one in IMPORTS[key](at)
    ]
    store.state.records["function"] = replace(store.state.records["function"], status="deleting")
    assert "aws_lambda_function" not in [one.type for one in imports_of(at, store.state)]


def test_an_address_that_has_not_confirmed_has_nothing_to_be_imported_by(
    account: Account, workspace: Workspace
) -> None:
    workspace.overrides["alarm_email"] = "me@example.com"
    workspace.apply()
    kinds = [one.type for one in exported(workspace)]
    assert "aws_sns_topic" in kinds and "aws_sns_topic_subscription" not in kinds


def test_what_stood_there_before_is_said_because_another_configuration_may_have_it(
    account: Account, workspace: Workspace
) -> None:
    account.look.s3.create_bucket(Bucket=workspace.settings.bucket_name)
    workspace.apply(adopt=True)
    adopted = {one.type for one in exported(workspace) if one.comment == ABOUT_ADOPTED}
    assert "aws_s3_bucket" in adopted
    assert "aws_lambda_function" not in adopted


@pytest.mark.parametrize(
    ("text", "written"), [("a${b}", "a$${b}"), ("a%{b}", "a%%{b}"), ('a"b\\', 'a\\"b\\\\')]
)
def test_what_an_operator_wrote_is_never_taken_for_a_template(text: str, written: str) -> None:
    assert f'  id = "{written}"\n' in Import("aws_s3_bucket", "events", text).block
