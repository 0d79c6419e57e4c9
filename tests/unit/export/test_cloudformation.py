"""The template of a deployment, looked at without AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with moto

from tests.aws.in_process.workspace import TOKEN, digest_of, make_deployment
from tests.aws.names import ACCOUNT_ID
from tests.tools.templates import EVERYTHING, unused_clients
from tests.unit.export.test_yaml_text import Reader
from wizard.aws.client import Aws
from wizard.export.cloudformation import EXPORTS, code_key, template
from wizard.export.references import reference, resolved
from wizard.package import packed
from wizard.phases import RESOURCES
from wizard.resources.base import Deployment
from wizard.uploads import Uploads

# What tells of the deployment that exists; its bucket's name is a parameter's default.
OWN = (
    "saas-event-tracking-processor",
    "saas-event-tracking-api",
    "-role",
    ACCOUNT_ID,
    "us-east-1",
    "0a1b2c3d",
)


@pytest.fixture(scope="module")
def aws() -> Aws:
    """Clients that are never used: nothing is asked for a template."""
    return unused_clients()


@pytest.fixture(params=[{}, EVERYTHING], ids=["defaults", "everything"])
def at(aws: Aws, request: pytest.FixtureRequest) -> Deployment:
    return make_deployment(aws, **request.param)


def read(at: Deployment, *, with_bucket: bool = True) -> dict[str, Any]:
    """The template as CloudFormation reads it."""
    return yaml.load(template(at, with_bucket=with_bucket), Reader)  # type: ignore[no-any-return]  # noqa: S506


def test_every_resource_of_the_wizard_says_what_it_is_in_a_template_or_it_would_be_left_behind() -> None:
    assert list(EXPORTS) == list(RESOURCES)


def named(value: Any) -> Iterator[str]:
    """The logical names that functions in a value refer to."""
    if isinstance(value, list):
        for part in value:
            yield from named(part)
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        if name == "Ref":
            yield part
        elif name == "Fn::GetAtt":
            yield part[0]
        elif name == "Fn::Sub":
            yield from (found.partition(".")[0] for found in re.findall(r"\$\{([^!}]+)\}", part))
        elif name == "DependsOn":
            yield from [part] if isinstance(part, str) else part
        else:
            yield from named(part)


def test_every_reference_leads_to_something_that_the_template_has(at: Deployment) -> None:
    for with_bucket in (False, True):
        document = read(at, with_bucket=with_bucket)
        there = {*document["Parameters"], *document["Resources"]}
        pseudo = {f"AWS::{name}" for name in ("AccountId", "Partition", "Region", "StackName", "URLSuffix")}
        assert set(named(document)) - there - pseudo == set()
        assert ("Bucket" in there, "BucketPolicy" in there) == (with_bucket, with_bucket)


def test_a_stack_can_stand_beside_the_deployment_and_in_another_account_without_a_secret_of_it(
    at: Deployment,
) -> None:
    """Names are the stack's, no tag of the wizard's makes its things the deployment's, tokens are digests."""
    text = template(at, with_bucket=True)
    assert TOKEN not in text and digest_of(TOKEN).sha256 in text
    assert "eventtrack-wizard:" not in text
    parameter = at.settings.permissions_boundary or "-"
    assert [name for name in OWN if name in text.replace(parameter, "")] == []
    assert text.count(at.settings.bucket_name) == 2, "the defaults of two parameters"


def test_the_operators_tags_are_on_everything_that_takes_some(aws: Aws) -> None:
    resources = read(make_deployment(aws, **EVERYTHING))["Resources"]
    tagged = {name for name, item in resources.items() if item["Properties"].get("Tags")}
    assert all(resources[name]["Properties"]["Tags"] == [{"Key": "team", "Value": "web"}] for name in tagged)
    without = {
        "BucketPolicy",
        "Path",
        "Post",
        "Preflight",
        "Permission",
        "Errors4xx",
        "Errors5xx",
        "DeliveryLogStream",
        "QueryDatabase",
        "LinesTable",
        "EventsRawView",
        "EventsView",
        "AlarmEmail",
    }
    assert {name for name in set(resources) - tagged if not name.startswith("Deployment")} == without


def test_the_bucket_has_its_settings_and_is_never_deleted_with_a_stack(aws: Aws) -> None:
    """Under the names of
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-s3-bucket.html."""
    resources = read(make_deployment(aws, **EVERYTHING))["Resources"]
    bucket = resources["Bucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert bucket["Properties"] == {
        "BucketName": {"Ref": "EventBucket"},
        "Tags": [{"Key": "team", "Value": "web"}],
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
            ]
        },
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "eventtrack-wizard-event-retention",
                    "Status": "Enabled",
                    "Prefix": "events/",
                    "ExpirationInDays": EVERYTHING["event_retention_days"],
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
    }
    (statement,) = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    assert statement["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${EventBucket}"},
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${EventBucket}/*"},
    ]


def test_role_function_and_api_have_what_no_stack_on_the_local_aws_shows(aws: Aws) -> None:
    resources = read(make_deployment(aws, **EVERYTHING, endpoint_type="EDGE"))["Resources"]
    assert resources["Role"]["Properties"]["PermissionsBoundary"] == EVERYTHING["permissions_boundary"]
    assert resources["Function"]["Properties"]["ReservedConcurrentExecutions"] == 3
    assert resources["RestApi"]["Properties"]["EndpointConfiguration"] == {"Types": ["EDGE"]}


def test_what_is_off_is_not_there(aws: Aws) -> None:
    resources = read(make_deployment(aws))["Resources"]
    assert "LifecycleConfiguration" not in resources["Bucket"]["Properties"]
    assert "VersioningConfiguration" not in resources["Bucket"]["Properties"]
    assert "ReservedConcurrentExecutions" not in resources["Function"]["Properties"]
    assert "PermissionsBoundary" not in resources["Role"]["Properties"]
    assert [name for name in resources if "Alarm" in name or "Stream" in name or "Delivery" in name] == []


def test_streams_of_a_stack_are_its_own_and_those_that_its_function_may_use(aws: Aws) -> None:
    """Under the names of
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html."""
    resources = read(make_deployment(aws, **EVERYTHING))["Resources"]
    streams = {name: resources[name]["Properties"] for name in ("Stream1", "Stream2")}
    names = [{"Fn::Sub": f"${{AWS::StackName}}.{number}"} for number in (1, 2)]
    assert [stream["DeliveryStreamName"] for stream in streams.values()] == names
    assert resources["Function"]["Properties"]["Environment"]["Variables"]["FIREHOSE_STREAMS"] == {
        "Fn::Sub": "${AWS::StackName}.1,${AWS::StackName}.2"
    }
    stored = streams["Stream1"]["ExtendedS3DestinationConfiguration"]
    assert stored["RoleARN"] == {"Fn::GetAtt": ["DeliveryRole", "Arn"]}
    assert stored["Prefix"].startswith("events/year=!{timestamp:yyyy}/")
    policies = resources["Role"]["Properties"]["Policies"]
    (right,) = [one for one in policies if one["PolicyName"] == "HandEventsToStreams"]
    assert [
        arn["Fn::Sub"].rpartition("/")[2] for arn in right["PolicyDocument"]["Statement"][0]["Resource"]
    ] == [
        "${AWS::StackName}.1",
        "${AWS::StackName}.2",
    ]
    assert [one["PolicyName"] for one in resources["DeliveryRole"]["Properties"]["Policies"]] == [
        "DeliverEvents"
    ]


def test_a_closed_endpoint_is_closed_in_the_stack_too(aws: Aws) -> None:
    (limit,) = read(make_deployment(aws, closed=True))["Resources"]["Stage"]["Properties"]["MethodSettings"]
    assert (limit["ThrottlingRateLimit"], limit["ThrottlingBurstLimit"]) == (0, 0)


def test_another_configuration_is_deployed_anew_because_a_stage_serves_a_copy(aws: Aws) -> None:
    def copy(**settings: Any) -> set[str]:
        resources = read(make_deployment(aws, **settings))["Resources"]
        return {name for name in resources if name.startswith("Deployment")}

    assert copy(cors_origins=("https://a.example",)).isdisjoint(copy())
    assert copy(memory_mb=512) == copy()


def test_other_code_has_another_name_or_no_stack_would_take_it(aws: Aws, tmp_path: Path) -> None:
    former, uploads = packed(b"former"), Uploads(tmp_path / "code")
    uploads.keep(former)
    at = replace(make_deployment(aws, previous_code=True), uploads=uploads)
    assert re.fullmatch(r"code/[0-9a-f]{16}\.zip", code_key(former))
    assert read(at)["Parameters"]["CodeKey"]["Default"] == code_key(former), "which is what runs"
    assert read(make_deployment(aws))["Parameters"]["CodeKey"]["Default"] != code_key(former)


def test_what_an_operator_wrote_is_never_taken_for_a_reference() -> None:
    assert resolved("${AWS::Region} ${x}") == "${AWS::Region} ${x}"
    assert resolved(f"{reference('Role')}: ${{x}}") == {"Fn::Sub": "${Role}: ${!x}"}


def test_a_reference_is_never_lost_in_a_name_where_nothing_can_be_put_in() -> None:
    with pytest.raises(ValueError, match="no reference"):
        resolved({reference("Role"): "x"})


def test_a_view_of_a_stack_looks_for_its_table_in_the_stacks_own_database(aws: Aws) -> None:
    """Where that is, only CloudFormation knows; it puts the name into the text before it encodes that."""
    view = read(make_deployment(aws, **EVERYTHING))["Resources"]["EventsView"]["Properties"]["TableInput"]
    _nothing, (before, encoded, after) = view["ViewOriginalText"]["Fn::Join"]
    document = encoded["Fn::Base64"]["Fn::Sub"]
    assert (before, after) == ("/* Presto View: ", " */")
    assert json.loads(document)["schema"] == "${AWS::StackName}_events"
    assert document.count("${") == 1, "nothing else of it is a reference"
