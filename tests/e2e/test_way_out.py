"""A deployment as a stack of CloudFormation: it answers the same, and the events stay where they are."""

from __future__ import annotations

import json
import re
import shlex
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from typer.testing import CliRunner

from tests.aws.names import BUFFER, QUERY_TABLE, RETIRED, SPARE_STREAMS, STREAMS
from tests.tools.emulator import empty
from tests.tools.endpoint_contract import STORED, prove
from wizard.cli.app import app
from wizard.clock import SystemClock
from wizard.deployment import existing
from wizard.endpoint.checks import EndpointWorks, taken_by_stream
from wizard.events.decode import decoded
from wizard.options import Options
from wizard.phases import RESOURCES
from wizard.resources.base import Deployment

# With those that need the same MiniStack.
pytestmark = [pytest.mark.local, pytest.mark.xdist_group("catalogue")]

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
OPTIONS = shlex.split(
    "--event-retention-days 90 --versioning --encryption SSE-KMS --tag team=web --reserved-concurrency 3"
    " --log-retention-days 7 --throttle-rate 70 --stage-description '${AWS::Region}'"
    " --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess --alarm-email me@example.com"
    " --alarm-no-events-hours 6"
)


@dataclass
class WayOut:
    """A deployment with every option, its template, and the function's code in its bucket."""

    url: str
    folder: Path

    def run(self, *arguments: str) -> str:
        """Type `eventtrack-wizard …`."""
        state = self.folder / "state.json"
        done = CliRunner().invoke(app, [*arguments, "--state", str(state), "--endpoint-url", self.url])
        assert done.exit_code == 0, done.output
        return done.output

    def client(self, service: str) -> Any:
        """As root."""
        make: Any = boto3.client
        return make(service, endpoint_url=self.url, config=Config(s3={"addressing_style": "path"}), **KEYS)

    @property
    def at(self) -> Deployment:
        """The deployment as the wizard sees it."""
        options = Options(state=self.folder / "state.json", endpoint_url=self.url)
        with existing(options, SystemClock(), lock=False) as (at, _store):
            return at

    def template(self, *flags: str) -> str:
        """What is exported; the function's code is put where it says."""
        file, code = self.folder / "template.yaml", self.folder / "function.zip"
        said = self.run("export", "cloudformation", str(file), "--code", str(code), "--overwrite", *flags)
        put = re.search(
            rf"aws s3 cp .+ s3://(\S+?)/(\S+) --region us-east-1 --endpoint-url {self.url}\n", said
        )
        assert put is not None, said
        assert f"--parameter-overrides CodeKey={put[2]}\n" in said, "or a stack would keep its former code"
        self.client("s3").upload_file(str(code), put[1], put[2])
        return file.read_text()

    def stack(self, name: str, template: str, **parameters: str) -> Stack:
        """A stack of the template, made."""
        cloudformation = self.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        cloudformation.create_stack(
            StackName=name, TemplateBody=template, Parameters=given, Capabilities=["CAPABILITY_IAM"]
        )
        self.wait("stack_create_complete", StackName=name)
        return Stack(self, name)

    def wait(self, until: str, **what: str) -> None:
        """Until CloudFormation says so."""
        waiter = self.client("cloudformation").get_waiter(until)
        waiter.wait(**what, WaiterConfig={"Delay": 0.05, "MaxAttempts": 1200})

    def objects(self, bucket: str) -> dict[str, list[str]]:
        """The ids of the stored events, by object."""
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix="events/").get("Contents", [])
        content = {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}
        return {key: [event["event_id"] for event in decoded(raw).events] for key, raw in content.items()}

    def stored(self, bucket: str) -> list[str]:
        """The ids of the stored events."""
        return [event for events in self.objects(bucket).values() for event in events]


@dataclass
class Stack:
    """A stack that stands."""

    way_out: WayOut
    name: str

    @property
    def url(self) -> str:
        """What it says its endpoint's is."""
        (stack,) = self.way_out.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return str({item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}["Url"])

    @property
    def ids(self) -> dict[str, str]:
        """What its resources are called in AWS."""
        answer = self.way_out.client("cloudformation").describe_stack_resources(StackName=self.name)
        return {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in answer["StackResources"]}

    def as_deployment(self, **settings: str) -> Deployment:
        """As if the wizard had made it, in a deployment of another id."""
        at, ids = self.way_out.at, self.ids
        names = {"function_name": self.name, "api_name": self.name, "role_name": ids["Role"], **settings}
        role = self.way_out.client("iam").get_role(RoleName=ids["Role"])["Role"]["Arn"]
        return replace(
            at.looking_anew(),
            identity=replace(at.identity, id="another", name=self.name),
            settings=replace(at.settings, **names),  # type: ignore[arg-type]
            known={"api": {"id": ids["RestApi"]}, "api.resource": {"id": ids["Path"]}, "role": {"arn": role}},
        )


@pytest.fixture(scope="module")
def way_out(emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WayOut]:
    empty(emulator_url)
    found = WayOut(emulator_url, tmp_path_factory.mktemp("way out"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv("AWS_REGION" if name == "region_name" else name.upper(), value)
        found.run("setup", "--yes", *OPTIONS)
        yield found


@pytest.fixture(scope="module")
def staging(way_out: WayOut) -> Stack:
    """With a bucket of its own."""
    return way_out.stack("staging", way_out.template("--with-bucket"), EventBucket="staging-events")


@pytest.fixture(scope="module")
def beside(way_out: WayOut) -> Stack:
    """With the bucket that stands."""
    return way_out.stack("beside", way_out.template())


@pytest.fixture(scope="module")
def buffering(way_out: WayOut, beside: Stack) -> Stack:
    """Beside the other one, of the deployment that buffers from now on."""
    assert beside.url, "which was exported before"
    way_out.run("setup", "--yes", "--ingest", "buffered", "--event-format", "jsonl.gz", "--streams", "2")
    return way_out.stack("buffering", way_out.template())


def test_a_stack_of_the_template_has_all_that_the_wizard_would_have_made_and_no_tag_of_its(
    staging: Stack,
) -> None:
    """Seen with the wizard's own eyes, which find every difference."""
    at = staging.as_deployment(bucket_name="staging-events")
    assert differing(at, set(RESOURCES) - RETIRED - NAMED_BY_CLOUDFORMATION - NOT_MADE_HERE) == UNSEEN
    assert at.settings.stage_description == "${AWS::Region}", "what looks like a reference is none"


def differing(at: Deployment, keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """The names of the facts that are not as the wizard would have them, by resource."""
    found_out = {}
    for key in keys:
        resource = RESOURCES[key]
        desired, found = resource.desired(at), resource.read(at)
        assert desired is not None and found is not None, key
        if key in TAGGED:
            tags = {name: value for name, value in found["tags"].items() if not name.startswith("aws:")}
            assert tags == {"team": "web"}, key
        found_out[key] = resource.difference(desired, found) - {"tags"}
    return {key: names for key, names in found_out.items() if names}


NAMED_BY_CLOUDFORMATION = {"api.permission", *(key for key in RESOURCES if key.startswith("alarms."))}
# The first needs TLS, and what buffers and the query table are not asked for. All else that MiniStack's
# stacks leave out, `tests/unit/export` looks at.
NOT_MADE_HERE = {"bucket.policy", "bucket.encryption", "bucket.event_retention", *BUFFER, *QUERY_TABLE}
UNSEEN = {
    "api": {"endpoint_type"},
    "function.concurrency": {"reserved"},
    "role": {"permissions_boundary"},
    "stage": {"deployed"},  # by which the wizard knows a copy that has grown old
}
TAGGED = {"role", "log_group", "function", "api", "buffer.log_group", *STREAMS}


def test_what_cloudformation_names_itself_is_what_the_wizard_would_have_made_too(
    way_out: WayOut, staging: Stack
) -> None:
    at, ids = staging.as_deployment(), staging.ids
    permission = RESOURCES["api.permission"].desired(at)
    assert permission is not None
    (statement,) = json.loads(way_out.client("lambda").get_policy(FunctionName="staging")["Policy"])[
        "Statement"
    ]
    assert statement["Principal"] == {"Service": permission["statement"]["principal"]}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == permission["statement"]["source"]

    (told,) = way_out.client("sns").list_subscriptions_by_topic(TopicArn=ids["AlarmTopic"])["Subscriptions"]
    assert told["Endpoint"] == "me@example.com"
    alarms = {"function_errors": "FunctionErrors", "function_throttles": "FunctionThrottles"}
    for key, name in {**alarms, "api_errors": "ApiErrors", "no_events": "NoEvents"}.items():
        desired = RESOURCES[f"alarms.{key}"].desired(at)
        assert desired is not None
        names = [ids[f"{name}Alarm"]]
        (alarm,) = way_out.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        expected = {**desired, "AlarmActions": [ids["AlarmTopic"]]}
        expected["AlarmDescription"] = alarm["AlarmDescription"]
        del expected["tags"]
        assert {item: alarm.get(item) for item in expected} == expected


def test_its_endpoint_answers_as_the_wizards_own_does_and_stores_into_the_same_bucket(
    way_out: WayOut, beside: Stack
) -> None:
    at = way_out.at
    known = EndpointWorks().run(at)["url"]
    assert prove(beside.url, str(at.token)) == prove(known, str(at.token))
    assert EndpointWorks().run(beside.as_deployment())["url"] == beside.url
    stored = way_out.stored(at.settings.bucket_name)
    assert [stored.count(event) for event in STORED] == [2] * len(STORED), "once from each"


def test_import_blocks_are_of_all_that_stands_and_with_them_comes_the_code(
    way_out: WayOut, tmp_path: Path
) -> None:
    file, code = tmp_path / "imports.tf", tmp_path / "function.zip"
    said = way_out.run("export", "terraform", str(file), "--code", str(code))
    blocks = file.read_text()
    assert f"{blocks.count('import {')} import blocks written to {file}" in " ".join(said.split())
    assert f'id = "{way_out.at.settings.bucket_name}"' in blocks and zipfile.is_zipfile(code)
    assert blocks in way_out.run("export", "terraform"), "the same on standard output"


def test_a_stack_that_buffers_answers_likewise_and_stores_through_streams_of_its_own(
    way_out: WayOut, buffering: Stack
) -> None:
    """That a stack answers exactly as the wizard's deployment does, the one that stores directly shows."""
    at = way_out.at
    before = way_out.objects(at.settings.bucket_name)
    answers = prove(buffering.url, str(at.token))
    assert [taken_by_stream(answer.body) for answer in answers if answer.status == 200] == [True, True, False]
    after = way_out.objects(at.settings.bucket_name)
    assert {key: after.get(key) for key in before} == before, "what was stored before stays where it is"
    by_stream = [event for key, events in after.items() if "/events_buffering." in key for event in events]
    assert sorted(by_stream) == STORED

    seen = buffering.as_deployment()
    assert differing(seen, STANDING_BUFFER) == {key: {"role"} for key in STREAMS[:2]}
    role = way_out.client("iam").get_role(RoleName=buffering.ids["DeliveryRole"])["Role"]["Arn"]
    streams = [RESOURCES[key].read(seen) or {} for key in STREAMS[:2]]
    assert [stream.get("role") for stream in streams] == [role, role]


# The role with its policy, and the function's right to use streams, CloudFormation names itself.
STANDING_BUFFER = BUFFER - {"buffer.role", "buffer.policy", "buffer.right"} - SPARE_STREAMS


def test_the_bucket_can_be_brought_under_the_stack_and_outlives_both_it_and_the_wizard(
    way_out: WayOut, buffering: Stack
) -> None:
    bucket, token = way_out.at.settings.bucket_name, str(way_out.at.token)
    cloudformation = way_out.client("cloudformation")
    cloudformation.create_change_set(
        StackName="buffering",
        ChangeSetName="bucket",
        ChangeSetType="IMPORT",
        TemplateBody=way_out.template("--with-bucket"),
        Parameters=[
            {"ParameterKey": key, "UsePreviousValue": True}
            for key in ("CodeKey", "CodeBucket", "EventBucket")
        ],
        Capabilities=["CAPABILITY_IAM"],
        ResourcesToImport=[
            {
                "ResourceType": "AWS::S3::Bucket",
                "LogicalResourceId": "Bucket",
                "ResourceIdentifier": {"BucketName": bucket},
            }
        ],
    )
    way_out.wait("change_set_create_complete", StackName="buffering", ChangeSetName="bucket")
    cloudformation.execute_change_set(StackName="buffering", ChangeSetName="bucket")
    way_out.wait("stack_import_complete", StackName="buffering")
    assert buffering.ids["Bucket"] == bucket

    assert f"S3 bucket {bucket}" in way_out.run("rollback", "--yes")
    prove(buffering.url, token)
    stored = way_out.stored(bucket)
    cloudformation.delete_stack(StackName="buffering")
    way_out.wait("stack_delete_complete", StackName="buffering")
    assert way_out.stored(bucket) == stored
    assert set(STORED) <= set(stored)
