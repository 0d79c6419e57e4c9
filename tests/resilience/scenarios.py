"""What stands before a run, and what the run is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.aws.in_process import ACCOUNT_ID, Account, make_deployment
from tests.aws.tagger import THINGS, Tagger
from tests.resilience.environment import Command, Environment
from wizard.aws import policies
from wizard.aws.client import Aws
from wizard.resources.api import RestApi
from wizard.resources.base import Deployment
from wizard.resources.methods import paths_of

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


@dataclass(frozen=True)
class Scenario:
    """A run to be disturbed: what is prepared, the command, and the commands that may follow a kill."""

    name: str
    prepare: Callable[[Environment], None]
    run: Command
    follow_ups: tuple[str, ...] = ("run again", "roll back")


def put_foreign_things(account: Account) -> None:
    """Things of somebody else, one of each kind; an API even has the name that ours will have."""
    look = account.look
    look.s3.create_bucket(Bucket="bucket-of-somebody-else")
    look.s3.put_object(Bucket="bucket-of-somebody-else", Key="events/theirs.json", Body=b'[{"id": 1}]')
    look.logs.create_log_group(logGroupName="/aws/lambda/function-of-somebody-else", tags={"team": "theirs"})
    _foreign_role_and_function(look)
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


def where_buckets_take_no_tags(code: str) -> Command:
    """CreateBucket refuses tags with this code."""

    def prepare(environment: Environment) -> None:
        foreign_things_only(environment)
        environment.account.bucket_tags.refused_with = code

    return prepare


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


AGAIN = ("run again",)


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
        Scenario("setup without bucket tags", where_buckets_take_no_tags("UnsupportedArgument"), setup),
        Scenario("setup on a look-alike of S3", where_buckets_take_no_tags("MalformedXML"), setup, AGAIN),
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
    )
}
