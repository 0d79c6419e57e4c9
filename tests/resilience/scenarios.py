"""What stands before a run, and what the run is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.aws.in_process import ACCOUNT_ID, Account, Call, make_deployment
from tests.aws.in_process.workspace import ALARMS, BUFFERED, OPTIONS, QUERIED
from tests.aws.tagger import THINGS, Tagger
from tests.resilience.clients import Clients
from tests.resilience.environment import Command, Environment
from wizard.aws import policies
from wizard.aws.client import Aws
from wizard.resources.alarm_topic import topic_arn
from wizard.resources.alarms import FunctionErrors, alarm_name
from wizard.resources.api import RestApi
from wizard.resources.base import Deployment
from wizard.resources.delivery import (
    LOG_STREAM,
    DeliveryPolicy,
    delivery_log_group_name,
    delivery_role_name,
)
from wizard.resources.methods import paths_of
from wizard.resources.query_table import QueryDatabase
from wizard.resources.query_workgroup import QueryWorkgroup
from wizard.resources.streams import PutRight, stream_names

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
)
BUCKET_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": "arn:aws:s3:::*"}
        ],
    }
)


Subject = tuple[str, str]
"""A service, and what its calls name."""


@dataclass(frozen=True)
class Scenario:
    """A run to be disturbed: what is prepared, the command, and the commands that may follow a kill.

    Attributes:
        about: which calls are disturbed, because other scenarios do it to all others; none: all.
    """

    name: str
    prepare: Callable[[Environment], None]
    run: Command
    follow_ups: tuple[str, ...] = ("run again", "roll back")
    about: tuple[Subject, ...] = ()

    def disturbs(self, call: Call) -> bool:
        """Whether that call is one to be disturbed."""
        return not self.about or self.subject_of(call) is not None

    def subject_of(self, call: Call) -> Subject | None:
        """What the call is about; None where that is left to other scenarios."""
        sent = f"{call.parameters.get('url_path')} {call.parameters.get('body')}"
        return next(((of, word) for of, word in self.about if of == call.service and word in sent), None)


def put_foreign_things(account: Account) -> None:
    """Things of somebody else, one of each kind; an API even has the name that ours will have."""
    look = account.look
    look.s3.create_bucket(Bucket="bucket-of-somebody-else")
    look.s3.put_object(Bucket="bucket-of-somebody-else", Key="events/theirs.json", Body=b'[{"id": 1}]')
    look.logs.create_log_group(logGroupName="/aws/lambda/function-of-somebody-else", tags={"team": "theirs"})
    _foreign_role_and_function(look)
    _foreign_alarm(look)
    _foreign_catalog(look)
    _foreign_apis(look, make_deployment(look))


def _foreign_role_and_function(look: Aws) -> None:
    look.iam.create_role(RoleName="role-of-somebody-else", AssumeRolePolicyDocument=TRUST)
    look.iam.put_role_policy(RoleName="role-of-somebody-else", PolicyName="theirs", PolicyDocument=POLICY)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("theirs.py"), "def handler(event, at): return None")
    look.functions.create_function(
        FunctionName="function-of-somebody-else",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT_ID}:role/role-of-somebody-else",
        Handler="theirs.handler",
        Code={"ZipFile": archive.getvalue()},
    )


def _foreign_alarm(look: Aws) -> None:
    topic = look.sns.create_topic(Name="topic-of-somebody-else")["TopicArn"]
    look.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="somebody-else@example.com")
    put_alarm(look, "alarm-of-somebody-else", AlarmActions=[topic])


def _foreign_catalog(look: Aws) -> None:
    name = "database_of_somebody-else"
    look.glue.create_database(DatabaseInput={"Name": name})
    look.glue.create_table(DatabaseName=name, TableInput={"Name": "theirs"})
    look.athena.create_work_group(Name="workgroup-of-somebody-else")


def put_alarm(look: Aws, name: str, **definition: Any) -> None:
    """An alarm as others make them."""
    given: dict[str, Any] = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 5,
        "Threshold": 100.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **definition,
    }
    look.cloudwatch.put_metric_alarm(AlarmName=name, **given)


def _foreign_apis(look: Aws, at: Deployment) -> None:
    """One without tags under our API's name, one of another deployment of the wizard."""
    gateway, name = look.apigateway, at.settings.api_name
    untagged = gateway.create_rest_api(name=name, description="somebody else's")
    gateway.create_resource(
        restApiId=untagged["id"], parentId=untagged["rootResourceId"], pathPart=at.settings.resource_path
    )
    gateway.create_rest_api(name=name, tags={**at.tags, "eventtrack-wizard:deployment": "other-1a2b3c4d"})


def foreign_things_only(environment: Environment) -> None:
    """Before the first setup."""
    put_foreign_things(environment.account)


def where_buckets_take_no_tags(environment: Environment) -> None:
    """CreateBucket refuses tags."""
    foreign_things_only(environment)
    environment.account.bucket_tags.refused_with = "UnsupportedArgument"


def untagged(environment: Environment) -> None:
    """Somebody has taken every tag off everything that we made, and put one of their own on each."""
    deployed(environment)
    look, at = environment.account.look, make_deployment(environment.account.look)
    state = environment.state
    assert state is not None
    tagger = Tagger(look, at, state.records["api"].facts["id"])
    for key in THINGS:
        tagger.put(key, {"team": "theirs"})
        tagger.take_ours_off(key)


def deployed(environment: Environment) -> None:
    """After a setup."""
    put_foreign_things(environment.account)
    environment.setup()


def deployed_with_events(environment: Environment) -> None:
    """After a setup, and clients have sent events."""
    deployed(environment)
    put_event(environment.account)


def put_event(account: Account) -> None:
    """An event of a client, as the handler stores it."""
    key = "events/year=2026/month=01/day=02/hour=03/events_1767322800000000000_of-a-client.json"
    bucket = make_deployment(account.look).settings.bucket_name
    account.look.s3.put_object(Bucket=bucket, Key=key, Body=b'[{"event_name": "signup", "user_id": "u1"}]')


def drifted(environment: Environment) -> None:
    """Somebody has deleted and changed several things behind our back."""
    deployed(environment)
    look, at = environment.account.look, make_deployment(environment.account.look)
    settings = at.settings
    look.s3.delete_public_access_block(Bucket=settings.bucket_name)
    look.s3.delete_bucket_policy(Bucket=settings.bucket_name)
    look.iam.delete_role_policy(RoleName=settings.role_name, PolicyName=settings.policy_name)
    look.logs.delete_retention_policy(logGroupName=f"/aws/lambda/{settings.function_name}")
    look.functions.update_function_configuration(
        FunctionName=settings.function_name, MemorySize=512, Timeout=3, Environment={"Variables": {"X": "1"}}
    )
    _drift_of_api(look, at)


def _drift_of_api(look: Aws, at: Deployment) -> None:
    gateway: Any = look.apigateway
    facts = RestApi().read(make_deployment(look))
    assert facts is not None
    path = f"/{at.settings.resource_path}"
    resource_id = next(item["id"] for item in resources_of_api(look, facts["id"]) if item["path"] == path)
    gateway.delete_method(restApiId=facts["id"], resourceId=resource_id, httpMethod="OPTIONS")
    gateway.delete_integration(restApiId=facts["id"], resourceId=resource_id, httpMethod="POST")
    gateway.delete_gateway_response(restApiId=facts["id"], responseType="DEFAULT_4XX")
    gateway.delete_stage(restApiId=facts["id"], stageName=at.settings.stage_name)


def resources_of_api(look: Aws, api_id: str) -> list[Any]:
    """Its paths."""
    return paths_of(make_deployment(look), api_id)


def api_deleted(environment: Environment) -> None:
    """Somebody has deleted the whole API behind our back."""
    deployed_with_events(environment)
    look = environment.account.look
    facts = RestApi().read(make_deployment(look))
    assert facts is not None
    look.apigateway.delete_rest_api(restApiId=facts["id"])


def two_apis(environment: Environment) -> None:
    """A second API with our tag: what a create leaves whose answer was lost and that was sent twice."""
    deployed(environment)
    at = make_deployment(environment.account.look)
    environment.account.look.apigateway.create_rest_api(name=at.settings.api_name, tags=at.tags)


def bucket_and_role_of_the_operator(environment: Environment) -> None:
    """A bucket and a role that stood there before, with settings, policies and events of their own."""
    put_foreign_things(environment.account)
    look, settings = environment.account.look, make_deployment(environment.account.look).settings
    look.s3.create_bucket(Bucket=settings.bucket_name)
    look.s3.put_bucket_tagging(Bucket=settings.bucket_name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    look.s3.put_public_access_block(
        Bucket=settings.bucket_name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        },
    )
    look.s3.put_bucket_encryption(
        Bucket=settings.bucket_name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )
    look.s3.put_bucket_policy(Bucket=settings.bucket_name, Policy=BUCKET_POLICY)
    put_event(environment.account)
    look.iam.create_role(RoleName=settings.role_name, AssumeRolePolicyDocument=TRUST.replace("lambda", "ec2"))
    look.iam.put_role_policy(RoleName=settings.role_name, PolicyName="theirs", PolicyDocument=POLICY)


def adopted(environment: Environment) -> None:
    """After a setup that uses them."""
    bucket_and_role_of_the_operator(environment)
    environment.setup(adopt=True)


def role_of_0_1_0(environment: Environment) -> None:
    """A deployment as version 0.1.0 made it and wrote it down: another role, no bucket policy."""
    deployed(environment)
    look, settings = environment.account.look, make_deployment(environment.account.look).settings
    role, managed = settings.role_name, policies.basic_execution_arn("aws")
    look.iam.attach_role_policy(RoleName=role, PolicyArn=managed)
    look.iam.delete_role_policy(RoleName=role, PolicyName="LambdaBasicExecution")
    look.iam.update_assume_role_policy(RoleName=role, PolicyDocument=TRUST)
    document = json.loads(environment.path.read_text())
    records = document["records"]
    records["role.basic_execution"] = {**records.pop("role.own_logs"), "facts": {"arn": managed}}
    records["role"]["facts"]["trust"] = json.loads(TRUST)
    look.s3.delete_bucket_policy(Bucket=settings.bucket_name)
    del records["bucket.policy"]
    environment.path.write_text(json.dumps(document))


WITH_ALARMS = {**OPTIONS, **ALARMS}
TOLD_ANOTHER = {**OPTIONS, "alarm_email": "another@example.com"}


def with_alarms(environment: Environment) -> None:
    """After a setup with alarms, and the address has confirmed."""
    environment.account.mailboxes.confirmed.add(str(ALARMS["alarm_email"]))
    put_foreign_things(environment.account)
    set_up_alarms(environment)


def alarms_drifted(environment: Environment) -> None:
    """Somebody has deleted one alarm, changed another, taken tags off, and encrypted the topic."""
    with_alarms(environment)
    look, at = environment.account.look, make_deployment(environment.account.look, **WITH_ALARMS)
    topic, errors = topic_arn(at), FunctionErrors().read(at)
    assert errors is not None
    look.cloudwatch.delete_alarms(AlarmNames=[alarm_name(at, "api-errors")])
    put_alarm(look, errors["name"], AlarmActions=[])
    look.cloudwatch.untag_resource(ResourceARN=errors["arn"], TagKeys=list(at.tags))
    look.sns.untag_resource(ResourceArn=topic, TagKeys=list(at.tags))
    key = {"AttributeName": "KmsMasterKeyId", "AttributeValue": "alias/aws/sns"}
    look.sns.set_topic_attributes(TopicArn=topic, **key)


def set_up_alarms(environment: Environment) -> None:
    """`setup --yes --alarm-email …`."""
    environment.options = WITH_ALARMS
    environment.setup()


def tell_another(environment: Environment) -> None:
    """`setup --yes --alarm-email another …`, no more of missing events."""
    environment.options = TOLD_ANOTHER
    environment.setup()


def without_alarms(environment: Environment) -> None:
    """`setup --yes --alarm-email none …`."""
    environment.options = OPTIONS
    environment.setup()


WITH_STREAMS = {**OPTIONS, **BUFFERED, "buffer_seconds": 300}
WITHOUT_STREAMS = {**WITH_STREAMS, "ingest": "direct"}


def buffered(environment: Environment) -> None:
    """After a setup with buffered ingest."""
    put_foreign_things(environment.account)
    set_up_streams(environment)


def with_clients(prepare: Callable[[Environment], None]) -> Callable[[Environment], None]:
    """Clients send events, some before the run: what streams have taken is due during it, so that what comes
    while it runs begins another buffer."""

    def prepared(environment: Environment) -> None:
        prepare(environment)
        environment.clients = Clients(environment.account)
        for _ in range(2):
            environment.clients.send()
        environment.account.firehose.pass_by(0.98 * WITH_STREAMS["buffer_seconds"])

    return prepared


def streams_drifted(environment: Environment) -> None:
    """Somebody has deleted one stream, changed the other, and undone all that they need."""
    buffered(environment)
    look, at = environment.account.look, make_deployment(environment.account.look, **WITH_STREAMS)
    _drift_of_delivery(look, at)
    first, second = stream_names(at)
    look.firehose.delete_delivery_stream(DeliveryStreamName=first)
    look.firehose.untag_delivery_stream(DeliveryStreamName=second, TagKeys=list(at.tags))
    found: Any = look.firehose.describe_delivery_stream(DeliveryStreamName=second)
    stream = found["DeliveryStreamDescription"]
    look.firehose.update_destination(
        DeliveryStreamName=second,
        CurrentDeliveryStreamVersionId=stream["VersionId"],
        DestinationId=stream["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"Prefix": "elsewhere/"},
    )


def _drift_of_delivery(look: Aws, at: Deployment) -> None:
    role, group = delivery_role_name(at), delivery_log_group_name(at)
    look.iam.untag_role(RoleName=role, TagKeys=list(at.tags))
    look.iam.update_assume_role_policy(RoleName=role, PolicyDocument=TRUST)
    look.iam.delete_role_policy(RoleName=role, PolicyName=DeliveryPolicy().name(at))
    look.iam.delete_role_policy(RoleName=at.settings.role_name, PolicyName=PutRight().name(at))
    look.logs.delete_retention_policy(logGroupName=group)
    look.logs.delete_log_stream(logGroupName=group, logStreamName=LOG_STREAM)
    look.functions.update_function_configuration(
        FunctionName=at.settings.function_name, Environment={"Variables": {"X": "1"}}
    )


def set_up_streams(environment: Environment) -> None:
    """`setup --yes --ingest buffered …`."""
    environment.options = WITH_STREAMS
    environment.setup()


def without_streams(environment: Environment) -> None:
    """`setup --yes --ingest direct`."""
    environment.options = WITHOUT_STREAMS
    environment.setup()


WITH_TABLE = {**OPTIONS, **QUERIED}
WITHOUT_TABLE = {**WITH_TABLE, "query_table": False}


def queried(environment: Environment) -> None:
    """After a setup with the query table."""
    put_foreign_things(environment.account)
    set_up_table(environment)


def table_drifted(environment: Environment) -> None:
    """Somebody has deleted a view, moved the table, lifted the limit, and taken tags off."""
    queried(environment)
    look, at = environment.account.look, make_deployment(environment.account.look, **WITH_TABLE)
    database, workgroup = QueryDatabase().read(at), QueryWorkgroup().read(at)
    assert database is not None and workgroup is not None
    look.glue.delete_table(DatabaseName=database["name"], Name="events")
    look.glue.update_table(DatabaseName=database["name"], TableInput={"Name": "lines"})
    look.glue.untag_resource(ResourceArn=database["arn"], TagsToRemove=list(at.tags))
    look.athena.untag_resource(ResourceARN=workgroup["arn"], TagKeys=list(at.tags))
    look.athena.update_work_group(
        WorkGroup=workgroup["name"], ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True}
    )


def set_up_table(environment: Environment) -> None:
    """`setup --yes --query-table …`."""
    environment.options = WITH_TABLE
    environment.setup()


def without_table(environment: Environment) -> None:
    """`setup --yes --no-query-table`."""
    environment.options = WITHOUT_TABLE
    environment.setup()


AGAIN = ("run again",)
ANYTHING = ("run again", "roll back", "buffer again")
OF_QUERIES = (("glue", ""), ("athena", ""))
# All that the phase of buffered ingest sends, and what tells the function of it.
OF_STREAMS = (
    ("firehose", ""),
    ("iam", "-delivery"),
    ("iam", "HandEventsToStreams"),
    ("logs", "/aws/kinesisfirehose/"),
    ("lambda", "/configuration"),
)
OF_ALARMS = (("sns", ""), ("cloudwatch", ""))


def setup(environment: Environment) -> None:
    """`setup --yes`."""
    environment.setup()


def adopting_setup(environment: Environment) -> None:
    """`setup --yes --adopt`."""
    environment.setup(adopt=True)


def rollback(environment: Environment) -> None:
    """`rollback --yes`."""
    environment.rollback()


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("setup", foreign_things_only, setup),
        Scenario("setup without bucket tags", where_buckets_take_no_tags, setup),
        Scenario("repair of taken tags", untagged, setup, AGAIN),
        Scenario("rollback of what lost its tags", untagged, rollback, AGAIN),
        Scenario("repair", drifted, setup),
        Scenario("repair of a deleted API", api_deleted, setup),
        Scenario("repair of a doubled API", two_apis, setup),
        Scenario("setup over the role of 0.1.0", role_of_0_1_0, setup),
        Scenario("adopting setup", bucket_and_role_of_the_operator, adopting_setup),
        Scenario("rollback", deployed, rollback, ("run again", "set up again")),
        Scenario("rollback that keeps events", deployed_with_events, rollback, ("run again", "set up again")),
        Scenario("rollback of adopted things", adopted, rollback, ("run again",)),
        Scenario("alarms switched on", deployed, set_up_alarms, about=OF_ALARMS),
        Scenario("repair of alarms", alarms_drifted, tell_another, AGAIN, OF_ALARMS),
        Scenario("alarms switched off", with_alarms, without_alarms, AGAIN, OF_ALARMS),
        Scenario("query table switched on", deployed, set_up_table, about=OF_QUERIES),
        Scenario("repair of the query table", table_drifted, set_up_table, AGAIN, OF_QUERIES),
        Scenario("query table switched off", queried, without_table, AGAIN, OF_QUERIES),
        Scenario("buffering switched on", with_clients(deployed), set_up_streams, about=OF_STREAMS),
        Scenario("repair of streams", streams_drifted, set_up_streams, AGAIN, OF_STREAMS),
        Scenario("buffering switched off", with_clients(buffered), without_streams, ANYTHING, OF_STREAMS),
    )
}
