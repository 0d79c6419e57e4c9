"""Every single thing that somebody can change behind our back is named in words and repaired."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.aws.in_process import ACCOUNT_ID, Account, Standing, Workspace, snapshot
from tests.aws.tagger import THINGS, Tagger
from wizard.errors import ConflictError
from wizard.resources.alarm_topic import topic_arn
from wizard.resources.alarms import DEFINITION
from wizard.resources.base import NAME_TAG, OWNER_TAG
from wizard.resources.logs import log_group_arn, log_group_name

ALARM = ("AlarmName", *DEFINITION)
QUERIES, WORKGROUP = "saas_event_tracking_events", "saas-event-tracking-events"
TABLE = (
    "Name", "StorageDescriptor", "PartitionKeys", "ViewOriginalText", "ViewExpandedText", "TableType",
    "Parameters",
)  # fmt: skip
STREAM = "saas-event-tracking.1"
DELIVERY_ROLE = "saas-event-tracking-us-east-1-delivery"
DELIVERY_LOGS = "/aws/kinesisfirehose/saas-event-tracking"
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/somebody-elses"


class Vandal:
    """Changes one thing each, without the wizard noticing."""

    def __init__(self, account: Account, workspace: Workspace) -> None:
        self.look = account.look
        self.settings = workspace.settings
        self.bucket = self.settings.bucket_name
        self.role = self.settings.role_name
        self.function = self.settings.function_name
        self.at = workspace.open()[0]
        self.api_id = workspace.state.records["api"].facts["id"]
        self.tagger = Tagger(account.look, self.at, self.api_id)
        self.resource_id = workspace.state.records["api.resource"].facts["id"]

    def take_owner_tag(self, key: str) -> None:
        self.tagger.take_off(key, [OWNER_TAG])

    def rename(self, key: str) -> None:
        """In the tag that says the deployment's name."""
        self.tagger.put(key, {NAME_TAG: "x"})

    def open_the_bucket(self) -> None:
        """One of four switches."""
        flags: Any = dict.fromkeys(("IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
        self.look.s3.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration=flags)

    def remove_public_access_block(self) -> None:
        self.look.s3.delete_public_access_block(Bucket=self.bucket)

    def change_encryption(self) -> None:
        rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        self.look.s3.put_bucket_encryption(
            Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    def delete_bucket_policy(self) -> None:
        self.look.s3.delete_bucket_policy(Bucket=self.bucket)

    def allow_plain_http_to_some(self) -> None:
        policy = json.loads(self.look.s3.get_bucket_policy(Bucket=self.bucket)["Policy"])
        policy["Statement"][0]["Condition"]["StringNotEquals"] = {"aws:SourceVpc": "vpc-1"}
        self.look.s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(policy))

    def keep_events_longer(self) -> None:
        """In the console; somebody's own rule stands beside ours."""
        rules: Any = self.look.s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)["Rules"]
        rules[0]["Expiration"] = {"Days": 365}
        self.look.s3.put_bucket_lifecycle_configuration(
            Bucket=self.bucket, LifecycleConfiguration={"Rules": rules}
        )

    def delete_lifecycle(self) -> None:
        self.look.s3.delete_bucket_lifecycle(Bucket=self.bucket)

    def delete_alarm(self) -> None:
        self.look.cloudwatch.delete_alarms(AlarmNames=["saas-event-tracking.api-errors"])

    def change_alarm(self, **members: Any) -> None:
        """In the console, which puts all of it."""
        (alarm,) = self.look.cloudwatch.describe_alarms(AlarmNames=["saas-event-tracking.no-events"])[
            "MetricAlarms"
        ]
        put = {name: alarm[name] for name in ALARM if name in alarm}  # type: ignore[literal-required]
        self.look.cloudwatch.put_metric_alarm(**{**put, **members})

    def silence_alarm(self) -> None:
        self.look.cloudwatch.disable_alarm_actions(AlarmNames=["saas-event-tracking.function-errors"])

    def untag_alarm(self) -> None:
        arn = "saas-event-tracking.function-throttles"
        (alarm,) = self.look.cloudwatch.describe_alarms(AlarmNames=[arn])["MetricAlarms"]
        self.look.cloudwatch.untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=[OWNER_TAG])

    def delete_topic(self) -> None:
        self.look.sns.delete_topic(TopicArn=topic_arn(self.at))

    def encrypt_topic(self) -> None:
        self.look.sns.set_topic_attributes(
            TopicArn=topic_arn(self.at), AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
        )

    def untag_topic(self) -> None:
        self.look.sns.untag_resource(ResourceArn=topic_arn(self.at), TagKeys=[OWNER_TAG])

    def unsubscribe(self) -> None:
        for item in self.look.sns.list_subscriptions()["Subscriptions"]:
            self.look.sns.unsubscribe(SubscriptionArn=item["SubscriptionArn"])

    def delete_from_catalog(self, name: str) -> None:
        self.look.glue.delete_table(DatabaseName=QUERIES, Name=name)

    def delete_database(self) -> None:
        self.look.glue.delete_database(Name=QUERIES)

    def untag_database(self) -> None:
        arn = f"arn:aws:glue:us-east-1:{ACCOUNT_ID}:database/{QUERIES}"
        self.look.glue.untag_resource(ResourceArn=arn, TagsToRemove=[OWNER_TAG])

    def change_table(self, name: str, *path: str, value: str) -> None:
        """One member of it, as who works in Glue's console."""
        found: Any = self.look.glue.get_table(DatabaseName=QUERIES, Name=name)["Table"]
        put = {member: found[member] for member in TABLE if member in found}
        place = put
        for member in path[:-1]:
            place = place[member]
        place[path[-1]] = value
        self.look.glue.update_table(DatabaseName=QUERIES, TableInput=put)  # type: ignore[arg-type]

    def take_the_serde_off_a_view(self) -> None:
        """As earlier versions made it."""
        found: Any = self.look.glue.get_table(DatabaseName=QUERIES, Name="events")["Table"]
        put = {member: found[member] for member in TABLE if member in found}
        del put["StorageDescriptor"]["SerdeInfo"]
        self.look.glue.update_table(DatabaseName=QUERIES, TableInput=put)  # type: ignore[arg-type]

    def change_workgroup(self, **updates: Any) -> None:
        self.look.athena.update_work_group(WorkGroup=WORKGROUP, ConfigurationUpdates=updates)  # type: ignore[arg-type]

    def disable_workgroup(self) -> None:
        self.look.athena.update_work_group(WorkGroup=WORKGROUP, State="DISABLED")

    def write_results_into_a_bucket(self) -> None:
        self.change_workgroup(
            ManagedQueryResultsConfigurationUpdates={"Enabled": False},
            ResultConfigurationUpdates={"OutputLocation": "s3://theirs/"},
        )

    def delete_workgroup(self) -> None:
        self.look.athena.delete_work_group(WorkGroup=WORKGROUP, RecursiveDeleteOption=True)

    def untag_workgroup(self) -> None:
        arn = f"arn:aws:athena:us-east-1:{ACCOUNT_ID}:workgroup/{WORKGROUP}"
        self.look.athena.untag_resource(ResourceARN=arn, TagKeys=[OWNER_TAG])

    def delete_stream(self) -> None:
        self.look.firehose.delete_delivery_stream(DeliveryStreamName=STREAM)

    def untag_stream(self) -> None:
        self.look.firehose.untag_delivery_stream(DeliveryStreamName=STREAM, TagKeys=[OWNER_TAG])

    def change_stream(self, **members: Any) -> None:
        found: Any = self.look.firehose.describe_delivery_stream(DeliveryStreamName=STREAM)
        stream = found["DeliveryStreamDescription"]
        self.look.firehose.update_destination(
            DeliveryStreamName=STREAM,
            CurrentDeliveryStreamVersionId=stream["VersionId"],
            DestinationId=stream["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=members,  # type: ignore[arg-type]
        )

    def let_the_streams_write_anywhere(self) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
        self.look.iam.put_role_policy(
            RoleName=DELIVERY_ROLE, PolicyName="DeliverEvents", PolicyDocument=json.dumps(document)
        )

    def take_the_right_to_the_streams(self) -> None:
        self.look.iam.delete_role_policy(RoleName=self.role, PolicyName="HandEventsToStreams")

    def delete_delivery_logs(self) -> None:
        self.look.logs.delete_log_stream(logGroupName=DELIVERY_LOGS, logStreamName="DestinationDelivery")

    def keep_delivery_logs(self) -> None:
        self.look.logs.delete_retention_policy(logGroupName=DELIVERY_LOGS)

    def trust_every_stream(self) -> None:
        document: Any = self.look.iam.get_role(RoleName=DELIVERY_ROLE)["Role"]["AssumeRolePolicyDocument"]
        del document["Statement"][0]["Condition"]
        self.look.iam.update_assume_role_policy(RoleName=DELIVERY_ROLE, PolicyDocument=json.dumps(document))

    def delete_bucket(self) -> None:
        for item in self.look.s3.list_objects_v2(Bucket=self.bucket).get("Contents", []):
            self.look.s3.delete_object(Bucket=self.bucket, Key=item["Key"])
        self.look.s3.delete_bucket(Bucket=self.bucket)

    def change_trust(self) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
        self.look.iam.update_assume_role_policy(RoleName=self.role, PolicyDocument=json.dumps(document))

    def delete_basic_execution(self) -> None:
        self.look.iam.delete_role_policy(RoleName=self.role, PolicyName="LambdaBasicExecution")

    def let_the_role_make_log_groups(self) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
        }
        self.look.iam.put_role_policy(
            RoleName=self.role, PolicyName="LambdaBasicExecution", PolicyDocument=json.dumps(document)
        )

    def trust_every_account(self) -> None:
        """As version 0.1.0 had it."""
        document: Any = self.look.iam.get_role(RoleName=self.role)["Role"]["AssumeRolePolicyDocument"]
        del document["Statement"][0]["Condition"]
        self.look.iam.update_assume_role_policy(RoleName=self.role, PolicyDocument=json.dumps(document))

    def delete_policy(self) -> None:
        self.look.iam.delete_role_policy(RoleName=self.role, PolicyName=self.settings.policy_name)

    def widen_policy(self) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
        self.look.iam.put_role_policy(
            RoleName=self.role, PolicyName=self.settings.policy_name, PolicyDocument=json.dumps(document)
        )

    def delete_role(self) -> None:
        self.delete_basic_execution()
        self.delete_policy()
        self.take_the_right_to_the_streams()
        self.look.iam.delete_role(RoleName=self.role)

    def delete_log_group(self) -> None:
        self.look.logs.delete_log_group(logGroupName=log_group_name(self.at))

    def let_lambda_make_the_log_group(self) -> None:
        """Without tags and retention, as Lambda does."""
        self.delete_log_group()
        self.look.logs.create_log_group(logGroupName=log_group_name(self.at))

    def change_retention(self) -> None:
        self.look.logs.put_retention_policy(logGroupName=log_group_name(self.at), retentionInDays=7)

    def change_code(self) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("lambda_function.py", "def lambda_handler(event, context): ...")
        self.look.functions.update_function_code(FunctionName=self.function, ZipFile=buffer.getvalue())

    def change_architecture(self) -> None:
        from wizard import package

        self.look.functions.update_function_code(
            FunctionName=self.function, ZipFile=package.build().content, Architectures=["arm64"]
        )

    def configure(self, **members: Any) -> None:
        self.look.functions.update_function_configuration(FunctionName=self.function, **members)

    def change_environment(self, **variables: str | None) -> None:
        found = self.look.functions.get_function_configuration(FunctionName=self.function)
        changed = {**found["Environment"]["Variables"], **variables}
        kept = {name: value for name, value in changed.items() if value is not None}
        self.configure(Environment={"Variables": kept})

    def reserve_concurrency(self) -> None:
        self.look.functions.put_function_concurrency(
            FunctionName=self.function, ReservedConcurrentExecutions=5
        )

    def delete_function(self) -> None:
        self.look.functions.delete_function(FunctionName=self.function)

    def patch_api(self, path: str, value: str) -> None:
        self.look.apigateway.update_rest_api(
            restApiId=self.api_id, patchOperations=[{"op": "replace", "path": path, "value": value}]
        )

    def delete_api(self) -> None:
        self.look.apigateway.delete_rest_api(restApiId=self.api_id)

    def make_second_api(self) -> None:
        """What a lost answer to CreateRestApi leaves."""
        self.look.apigateway.create_rest_api(
            name=self.settings.api_name,
            endpointConfiguration={"types": ["REGIONAL"]},
            tags=self.at.tags,
        )

    def delete_resource(self) -> None:
        self.look.apigateway.delete_resource(restApiId=self.api_id, resourceId=self.resource_id)

    def _method(self, http_method: str) -> Any:
        return {"restApiId": self.api_id, "resourceId": self.resource_id, "httpMethod": http_method}

    def delete_method(self, http_method: str) -> None:
        self.look.apigateway.delete_method(**self._method(http_method))

    def demand_signatures(self, http_method: str) -> None:
        """A method that wants AWS signatures."""
        self.delete_method(http_method)
        self.look.apigateway.put_method(**self._method(http_method), authorizationType="AWS_IAM")

    def integrate(self, http_method: str, **members: Any) -> None:
        self.look.apigateway.put_integration(**self._method(http_method), **members)

    def delete_integration(self, http_method: str) -> None:
        self.look.apigateway.delete_integration(**self._method(http_method))

    def change_preflight(self) -> None:
        self.look.apigateway.put_integration_response(
            **self._method("OPTIONS"),
            statusCode="200",
            responseParameters={
                "method.response.header.Access-Control-Allow-Headers": "'Content-Type'",
                "method.response.header.Access-Control-Allow-Methods": "'POST,OPTIONS'",
                "method.response.header.Access-Control-Allow-Origin": "'*'",
            },
        )

    def delete_preflight_answer(self) -> None:
        self.look.apigateway.delete_integration_response(**self._method("OPTIONS"), statusCode="200")
        self.look.apigateway.delete_method_response(**self._method("OPTIONS"), statusCode="200")

    def revoke_permission(self) -> None:
        self.look.functions.remove_permission(
            FunctionName=self.function, StatementId=f"eventtrack-wizard-{self.api_id}"
        )

    def widen_permission(self) -> None:
        self.revoke_permission()
        self.look.functions.add_permission(
            FunctionName=self.function,
            StatementId=f"eventtrack-wizard-{self.api_id}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )

    def delete_gateway_response(self) -> None:
        self.look.apigateway.delete_gateway_response(restApiId=self.api_id, responseType="DEFAULT_4XX")

    def render_messages_without_quotes(self) -> None:
        """As version 0.1.0 had it."""
        found: Any = self.look.apigateway.get_gateway_response(
            restApiId=self.api_id, responseType="DEFAULT_4XX"
        )
        self.look.apigateway.put_gateway_response(
            restApiId=self.api_id,
            responseType="DEFAULT_4XX",
            responseParameters=found["responseParameters"],
            responseTemplates={"application/json": '{"message": "$context.error.message"}'},
        )

    def change_gateway_response(self) -> None:
        self.look.apigateway.put_gateway_response(
            restApiId=self.api_id,
            responseType="DEFAULT_5XX",
            responseParameters={
                "gatewayresponse.header.Access-Control-Allow-Origin": "'https://evil.example'"
            },
        )

    def delete_stage(self) -> None:
        self.look.apigateway.delete_stage(restApiId=self.api_id, stageName="prod")

    def describe_stage(self) -> None:
        self.look.apigateway.update_stage(
            restApiId=self.api_id,
            stageName="prod",
            patchOperations=[{"op": "replace", "path": "/description", "value": "changed"}],
        )

    def limit(self, rate: str, burst: str) -> None:
        paths = {"/*/*/throttling/rateLimit": rate, "/*/*/throttling/burstLimit": burst}
        self.look.apigateway.update_stage(
            restApiId=self.api_id,
            stageName="prod",
            patchOperations=[
                {"op": "replace", "path": path, "value": value} for path, value in paths.items()
            ],
        )

    def deploy_by_hand(self) -> None:
        self.look.apigateway.create_deployment(
            restApiId=self.api_id,
            stageName="prod",
            description="by hand",
            stageDescription="Production environment.",
        )


@dataclass(frozen=True)
class Drift:
    """One row: what is broken, and a part of the sentence that tells the operator."""

    name: str
    break_it: Callable[[Vandal], None]
    words: str


API_REPLACED = "REST API saas-event-tracking-api must be replaced: the URL changes, clients have to be told"
OWNER_TAG_MISSING = f"the owner tag {OWNER_TAG} is missing; setup puts it back"
DRIFTS = (
    Drift("bucket.one_switch", Vandal.open_the_bucket, "block public ACLs is off, should be on"),
    Drift("bucket.no_block", Vandal.remove_public_access_block, "restrict public buckets is off, should be on"),
    Drift("bucket.encryption", Vandal.change_encryption, "default encryption is aws:kms, should be AES256"),
    Drift("bucket.no_owner", lambda it: it.take_owner_tag("bucket"), OWNER_TAG_MISSING),
    Drift("bucket.retagged", lambda it: it.rename("bucket"), "tag eventtrack-wizard:name is x, should be saas-event-tracking"),
    Drift("role.no_owner", lambda it: it.take_owner_tag("role"), OWNER_TAG_MISSING),
    Drift("role.retagged", lambda it: it.rename("role"), "tag eventtrack-wizard:name is x, should be saas-event-tracking"),
    Drift("log_group.no_owner", lambda it: it.take_owner_tag("log_group"), OWNER_TAG_MISSING),
    Drift("log_group.retagged", lambda it: it.rename("log_group"), "tag eventtrack-wizard:name is x, should be saas-event-tracking"),
    Drift("function.no_owner", lambda it: it.take_owner_tag("function"), OWNER_TAG_MISSING),
    Drift("function.retagged", lambda it: it.rename("function"), "tag eventtrack-wizard:name is x, should be saas-event-tracking"),
    Drift("api.no_owner", lambda it: it.take_owner_tag("api"), OWNER_TAG_MISSING),
    Drift("api.retagged", lambda it: it.rename("api"), "tag eventtrack-wizard:name is x, should be saas-event-tracking"),
    Drift("bucket.no_policy", Vandal.delete_bucket_policy, "bucket policy that demands TLS is missing"),
    Drift("bucket.policy", Vandal.allow_plain_http_to_some, "the bucket policy's statement that demands TLS: not as set up"),
    Drift("bucket.retention", Vandal.keep_events_longer, "days that events are kept is 365, should be 90"),
    Drift("bucket.no_retention", Vandal.delete_lifecycle, "deletion of events after 90 days is missing"),
    Drift("bucket.gone", Vandal.delete_bucket, "S3 bucket saas-event-tracking-a975087ff1 is missing"),
    Drift("role.trust", Vandal.change_trust, "the role's trust policy: not as set up"),
    Drift("role.trusts_all", Vandal.trust_every_account, "the role's trust policy: not as set up"),
    Drift("role.no_logs", Vandal.delete_basic_execution, "basic execution permissions (its own logs) are missing"),
    Drift("role.wide_logs", Vandal.let_the_role_make_log_groups, "the inline policy for logs: not as set up"),
    Drift("role.gone", Vandal.delete_role, "execution role saas-event-tracking-us-east-1-role is missing"),
    Drift("policy.gone", Vandal.delete_policy, "inline policy LambdaS3EventTracking is missing"),
    Drift("policy.widened", Vandal.widen_policy, "the inline policy for S3: not as set up"),
    Drift("logs.gone", Vandal.delete_log_group, "log group /aws/lambda/saas-event-tracking-processor is missing"),
    Drift("logs.made_by_lambda", Vandal.let_lambda_make_the_log_group, "log retention in days is unset, should be 30"),
    Drift("logs.retention", Vandal.change_retention, "log retention in days is 7, should be 30"),
    Drift("function.code", Vandal.change_code, "the function's code: not as set up"),
    Drift("function.architecture", Vandal.change_architecture, "architecture is arm64, should be x86_64"),
    Drift("function.runtime", lambda it: it.configure(Runtime="python3.11"), "runtime is python3.11, should be python3.13"),
    Drift("function.handler", lambda it: it.configure(Handler="a.b"), "handler is a.b, should be lambda_function"),
    Drift("function.role", lambda it: it.configure(Role=OTHER_ROLE), f"execution role is {OTHER_ROLE}"),
    Drift("function.gone", Vandal.delete_function, "Lambda function saas-event-tracking-processor is missing"),
    Drift("env.missing", lambda it: it.change_environment(BUCKET_NAME=None), "environment variable BUCKET_NAME is missing"),
    Drift("env.no_owner", lambda it: it.change_environment(BUCKET_OWNER=None), "environment variable BUCKET_OWNER is missing"),
    Drift("env.changed", lambda it: it.change_environment(MAX_EVENTS="1"), "environment variable MAX_EVENTS is not as set up"),
    Drift("env.added", lambda it: it.change_environment(DEBUG="1"), "environment variable DEBUG is not ours"),
    Drift("settings.memory", lambda it: it.configure(MemorySize=256), "memory (MB) is 256, should be 128"),
    Drift("settings.timeout", lambda it: it.configure(Timeout=3), "timeout (seconds) is 3, should be 10"),
    Drift("settings.concurrency", Vandal.reserve_concurrency, "reserved concurrency is 5, should be unset"),
    Drift("api.gone", Vandal.delete_api, API_REPLACED),
    Drift("api.name", lambda it: it.patch_api("/name", "x"), "the API's name is x, should be saas-event-tracking-api"),
    Drift("api.type", lambda it: it.patch_api("/endpointConfiguration/types/REGIONAL", "EDGE"), "endpoint type is EDGE"),
    Drift("api.twice", Vandal.make_second_api, "another REST API of this deployment stands"),
    Drift("api.resource", Vandal.delete_resource, "resource /events is missing"),
    Drift("api.method_gone", lambda it: it.delete_method("POST"), "method POST with Lambda proxy integration is missing"),
    Drift("api.method_signed", lambda it: it.demand_signatures("POST"), "the POST method: not as set up"),
    Drift("api.integration", lambda it: it.integrate("POST", type="MOCK"), "the POST method's integration: not as set up"),
    Drift("api.no_integration", lambda it: it.delete_integration("POST"), "the POST method's integration: not as set up"),
    Drift("api.no_permission", Vandal.revoke_permission, "permission for the API to invoke the function is missing"),
    Drift("api.wide_permission", Vandal.widen_permission, "the API's permission to invoke the function: not as set up"),
    Drift("cors.gone", lambda it: it.delete_method("OPTIONS"), "preflight answer for * is missing"),
    Drift("cors.signed", lambda it: it.demand_signatures("OPTIONS"), "the OPTIONS method: not as set up"),
    Drift("cors.integration", lambda it: it.integrate("OPTIONS", type="MOCK"), "OPTIONS method's integration: not as set up"),
    Drift("cors.headers", Vandal.change_preflight, "the preflight answer's CORS headers: not as set up"),
    Drift("cors.no_answer", Vandal.delete_preflight_answer, "the preflight answer's CORS headers: not as set up"),
    Drift("cors.4xx", Vandal.delete_gateway_response, "the gateway's 4XX answers: not as set up"),
    Drift("cors.5xx", Vandal.change_gateway_response, "the gateway's 5XX answers: not as set up"),
    Drift("cors.unquoted", Vandal.render_messages_without_quotes, "body of the gateway's 4XX answers: not as set up"),
    Drift("stage.gone", Vandal.delete_stage, "deployment to stage prod is missing"),
    Drift("stage.description", Vandal.describe_stage, "description is changed, should be Production environment."),
    Drift("stage.rate", lambda it: it.limit("1000.5", "100"), "limit of requests a second is 1000.5, should be 50"),
    Drift("stage.closed", lambda it: it.limit("0", "0"), "the limit of requests at once is 0, should be 100"),
    Drift("alarm.gone", Vandal.delete_alarm, "alarm saas-event-tracking.api-errors is missing"),
    Drift("alarm.hours", lambda it: it.change_alarm(EvaluationPeriods=2), "alarm no-events: the number of intervals is 2, should be 6"),
    Drift("alarm.missing_data", lambda it: it.change_alarm(TreatMissingData="ignore"), "the reading of an interval without data is ignore"),
    Drift("alarm.tells_nobody", lambda it: it.change_alarm(AlarmActions=[]), "alarm no-events: who is told: not as set up"),
    Drift("alarm.silenced", Vandal.silence_alarm, "alarm function-errors: telling somebody is off, should be on"),
    Drift("alarm.no_owner", Vandal.untag_alarm, OWNER_TAG_MISSING),
    Drift("topic.gone", Vandal.delete_topic, "alarm topic saas-event-tracking-alarms is missing"),
    Drift("topic.encrypted", Vandal.encrypt_topic, "the alarm topic is encrypted with alias/aws/sns, which no alarm may use"),
    Drift("topic.no_owner", Vandal.untag_topic, OWNER_TAG_MISSING),
    Drift("topic.unsubscribed", Vandal.unsubscribe, "e-mail to me@example.com is missing"),
    Drift("stream.gone", Vandal.delete_stream, "stream saas-event-tracking.1 is missing"),
    Drift("stream.prefix", lambda it: it.change_stream(Prefix="events/"), "the stream's prefix is events/, should be events/year="),
    Drift("stream.seconds", lambda it: it.change_stream(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60}), "the stream's buffer in seconds is 60, should be 300"),
    Drift("stream.plain", lambda it: it.change_stream(CompressionFormat="UNCOMPRESSED"), "compression is UNCOMPRESSED, should be GZIP"),
    Drift("stream.processed", lambda it: it.change_stream(ProcessingConfiguration={"Enabled": True}), "processing in the stream is on, should be off"),
    Drift("stream.time_zone", lambda it: it.change_stream(CustomTimeZone="Europe/Berlin"), "the time zone of the stream's prefix is Europe/Berlin"),
    Drift("stream.silent", lambda it: it.change_stream(CloudWatchLoggingOptions={"Enabled": False}), "the stream's log is unset, should be"),
    Drift("stream.no_owner", Vandal.untag_stream, OWNER_TAG_MISSING),
    Drift("delivery.policy", Vandal.let_the_streams_write_anywhere, "the inline policy for delivery: not as set up"),
    Drift("delivery.trust", Vandal.trust_every_stream, "the role's trust policy: not as set up"),
    Drift("delivery.no_right", Vandal.take_the_right_to_the_streams, "inline policy HandEventsToStreams is missing"),
    Drift("delivery.no_log", Vandal.delete_delivery_logs, "log stream DestinationDelivery is missing"),
    Drift("delivery.log_kept", Vandal.keep_delivery_logs, "log retention in days is unset, should be 30"),
    Drift("query.no_database", Vandal.delete_database, "query database saas_event_tracking_events is missing"),
    Drift("query.no_owner", Vandal.untag_database, OWNER_TAG_MISSING),
    Drift("query.no_table", lambda it: it.delete_from_catalog("lines"), "query table saas_event_tracking_events.lines is missing"),
    Drift("query.no_view", lambda it: it.delete_from_catalog("events"), "view saas_event_tracking_events.events is missing"),
    Drift("query.elsewhere", lambda it: it.change_table("lines", "StorageDescriptor", "Location", value="s3://x/"), "the query table's columns and place: not as set up"),
    Drift("query.range", lambda it: it.change_table("lines", "Parameters", "projection.day.range", value="NOW,NOW"), "how the query table finds days and hours: not as set up"),
    Drift("query.sql", lambda it: it.change_table("events", "ViewOriginalText", value="/* Presto View: e30= */"), "view events: the view's SQL: not as set up"),
    Drift("query.no_serde", Vandal.take_the_serde_off_a_view, "view events: the view's columns: not as set up"),
    Drift("query.limit", lambda it: it.change_workgroup(BytesScannedCutoffPerQuery=10**13), "the bytes that a query may read is 10000000000000, should be 10000000000"),
    Drift("query.no_limit", lambda it: it.change_workgroup(RemoveBytesScannedCutoffPerQuery=True), "the bytes that a query may read is unset, should be 10000000000"),
    Drift("query.not_enforced", lambda it: it.change_workgroup(EnforceWorkGroupConfiguration=False), "enforcement of the workgroup's settings is off, should be on"),
    Drift("query.results", Vandal.write_results_into_a_bucket, "the place of results is s3://theirs/, should be unset"),
    Drift("query.disabled", Vandal.disable_workgroup, "the workgroup's state is DISABLED, should be ENABLED"),
    Drift("query.no_workgroup", Vandal.delete_workgroup, "workgroup saas-event-tracking-events is missing"),
    Drift("query.workgroup_no_owner", Vandal.untag_workgroup, OWNER_TAG_MISSING),
    Drift("env.streams", lambda it: it.change_environment(FIREHOSE_STREAMS="x"), "environment variable FIREHOSE_STREAMS is not as set up"),
    Drift("stage.by_hand", Vandal.deploy_by_hand, "the deployed configuration is by hand, should be"),
)  # fmt: skip


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.name)
def test_a_change_behind_our_back_is_named_and_exactly_that_is_repaired(
    standing: Standing, drift: Drift
) -> None:
    account, workspace = standing.account, standing.workspace
    drift.break_it(Vandal(account, workspace))

    plan = workspace.plan()
    sentences = [sentence for phase in plan.phases for sentence in phase.sentences]
    assert any(drift.words in sentence for sentence in sentences), sentences
    assert not plan.in_order

    workspace.apply()
    repaired = snapshot(account)
    assert repaired == standing.as_set_up
    account.calls.clear()
    workspace.apply()
    assert account.calls.changing() == []
    assert workspace.plan().in_order
    standing.in_order = True


@pytest.mark.parametrize("key", ["versioning"])
def test_versioning_that_was_switched_on_is_suspended_because_it_cannot_be_undone(
    account: Account, workspace: Workspace, key: str
) -> None:
    workspace.apply()
    bucket = workspace.settings.bucket_name
    account.look.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert "versioning is on, should be off" in str(workspace.plan().phases[0].sentences)
    workspace.apply()
    assert account.look.s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"


def test_a_bucket_with_kms_gets_a_bucket_key_because_every_object_would_cost_a_call_to_kms(
    account: Account, workspace: Workspace
) -> None:
    workspace.overrides["encryption"] = "SSE-KMS"
    workspace.apply()
    s3: Any = account.look.s3
    bucket = workspace.settings.bucket_name

    def rule() -> Any:
        return s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]

    assert rule()["BucketKeyEnabled"] is True
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{**rule(), "BucketKeyEnabled": False}]},
    )
    assert "S3 Bucket Key is off, should be on" in workspace.plan().phases[0].sentences
    workspace.apply()
    assert rule()["BucketKeyEnabled"] is True


def test_a_repair_proves_again_that_events_arrive(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    before = len(account.endpoint.requests), account.function.runs
    Vandal(account, workspace).change_retention()
    workspace.apply()
    assert len(account.endpoint.requests) > before[0]
    assert account.function.runs > before[1]


@pytest.mark.parametrize("key", THINGS)
def test_what_somebody_else_has_tagged_as_theirs_is_not_touched(
    account: Account, workspace: Workspace, key: str
) -> None:
    workspace.apply()
    vandal = Vandal(account, workspace)
    vandal.tagger.put(key, {OWNER_TAG: "another.us-east-1.12345678"})
    account.calls.clear()
    if key == "api":
        # Its name is nobody's, so ours is made anew beside it.
        theirs = vandal.api_id
        workspace.apply(adopt=True)
        assert workspace.state.records["api"].facts["id"] != theirs
        assert account.look.apigateway.get_rest_api(restApiId=theirs)
        return
    with pytest.raises(ConflictError, match="not this deployment's"):
        workspace.apply(adopt=True)
    assert account.calls.changing() == []


@pytest.mark.parametrize("key", THINGS)
def test_other_peoples_tags_are_left_where_ours_are_put_back(
    account: Account, workspace: Workspace, key: str
) -> None:
    workspace.apply()
    vandal = Vandal(account, workspace)
    vandal.tagger.put(key, {"team": "theirs"})
    assert workspace.plan().in_order, "they are nobody's drift"
    vandal.tagger.take_ours_off(key)
    workspace.apply()
    assert vandal.tagger.tags(key) == {"team": "theirs", **vandal.at.tags}


def test_the_log_groups_arn_is_without_the_star_that_tag_calls_refuse(workspace: Workspace) -> None:
    at, _store = workspace.open()
    assert log_group_arn(at).endswith(":log-group:/aws/lambda/saas-event-tracking-processor")
