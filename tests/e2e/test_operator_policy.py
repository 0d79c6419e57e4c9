"""The printed policy is exactly what the wizard needs: with it everything works, without any one action
of it something fails, and the failure names that action.
"""

from __future__ import annotations

import copy
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests import PROJECT
from tests.aws.over_http.behaviours import ApisShowTheirTags, AthenaReadsTheCatalog, StreamsBuffer
from tests.tools import commands
from tests.tools.operator_lab import ACCOUNT, NAME, REGION, WITHOUT_CHECKS, OperatorLab, operator_lab
from wizard.aws import policies
from wizard.aws.athena import ask
from wizard.aws.caller import identify
from wizard.aws.log_reader import LogReader
from wizard.aws.objects import ObjectWriter, StoredObject
from wizard.aws.retry import OnWait
from wizard.deployment import operator_policy
from wizard.endpoint.checks import probe_event, prove_stored
from wizard.endpoint.client import Endpoint, url_of
from wizard.endpoint.traffic import last_day
from wizard.engine import fleet
from wizard.engine import recover as recovery
from wizard.errors import Interrupted, WizardError
from wizard.events.athena import question
from wizard.events.period import Period
from wizard.resources.alarm_topic import topic_arn
from wizard.resources.base import OWNER_TAG
from wizard.resources.delivery import delivery_role_name
from wizard.resources.logs import log_group_name
from wizard.resources.query_table import database_name
from wizard.resources.query_workgroup import workgroup_name
from wizard.tokens.apply import bring_into_force, write_ahead

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("operator-policy")]

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/edge"
EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
NOBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)

BUFFERED: dict[str, object] = {"ingest": "buffered", "event_format": "jsonl.gz", "streams": 2}
Work = Callable[[OperatorLab], object]
Action = tuple[str, str]
"""Sid of the statement, and the action."""


@pytest.fixture(scope="module")
def shared_lab(lenient_emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorLab]:
    more = ApisShowTheirTags(), StreamsBuffer(), AthenaReadsTheCatalog()
    with operator_lab(lenient_emulator_url, tmp_path_factory.mktemp("operator"), *more) as lab:
        yield lab


@pytest.fixture
def lab(shared_lab: OperatorLab) -> Iterator[OperatorLab]:
    """An account without a deployment, and an operator with the whole policy."""
    shared_lab.overrides = {
        "bucket_name": f"{NAME}-bucket",
        "versioning": True,
        "event_retention_days": 30,
        "alarm_email": "me@example.com",
        "alarm_no_events_hours": 6,
        "reserved_concurrency": 1,
        "tags": {"cost-centre": "1", "team": "web"},
    }
    shared_lab.grant(printed(shared_lab))
    yield shared_lab
    shared_lab.path.unlink(missing_ok=True)


def printed(lab: OperatorLab) -> policies.Document:
    """What `eventtrack-wizard policy` prints."""
    flags = [f"--bucket-name={NAME}-bucket"]
    if lab.overrides.get("ingest") == "buffered":
        flags += ["--ingest=buffered", "--event-format=jsonl.gz"]
    if lab.overrides.get("query_table"):
        flags += ["--query-table", "--event-format=jsonl.gz"]
    if boundary := lab.overrides.get("permissions_boundary"):
        flags.append(f"--permissions-boundary={boundary}")
    command = ["policy", "--account", ACCOUNT, "--region", REGION, "--name", NAME, *flags]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "HOME": str(lab.path.parent)}
    done = commands.run(command, lab.path.parent, environment, timeout=60)
    policy: policies.Document = json.loads(done.stdout)
    return policy


def actions_of(policy: policies.Document) -> set[Action]:
    return {(statement["Sid"], action) for statement in policy["Statement"] for action in statement["Action"]}


def without(policy: policies.Document, sid: str, dropped: str) -> policies.Document:
    """The policy less one action; a statement without actions is no statement."""
    poorer = copy.deepcopy(policy)
    for statement in poorer["Statement"]:
        if statement["Sid"] == sid:
            statement["Action"].remove(dropped)
    poorer["Statement"] = [statement for statement in poorer["Statement"] if statement["Action"]]
    return poorer


# The life cycle: each step is tried without every action that it is the first to need.

SETUP = """
    s3:ListBucket iam:GetRole logs:DescribeLogGroups lambda:GetFunction Apis/apigateway:GET
    lambda:GetAccountSettings
    s3:CreateBucket s3:TagResource s3:GetBucketPolicy s3:PutBucketPolicy
    s3:GetBucketPublicAccessBlock s3:GetBucketTagging
    s3:GetEncryptionConfiguration s3:GetBucketVersioning s3:PutBucketVersioning
    s3:GetLifecycleConfiguration s3:PutLifecycleConfiguration
    iam:CreateRole iam:TagRole iam:PutRolePolicy iam:GetRolePolicy
    logs:CreateLogGroup logs:TagResource logs:PutRetentionPolicy logs:ListTagsForResource
    lambda:CreateFunction lambda:TagResource iam:PassRole
    lambda:ListTags lambda:GetPolicy lambda:PutFunctionConcurrency lambda:InvokeFunction
    s3:GetObject NewApi/apigateway:POST TagOwnApi/apigateway:PUT OwnApi/apigateway:POST
    OwnApi/apigateway:PUT lambda:AddPermission Api/apigateway:GET TagApi/apigateway:GET
    OwnApi/apigateway:PATCH
    sns:GetTopicAttributes cloudwatch:DescribeAlarms
    sns:CreateTopic sns:TagResource sns:Subscribe cloudwatch:PutMetricAlarm cloudwatch:TagResource
    sns:ListTagsForResource sns:ListSubscriptionsByTopic cloudwatch:ListTagsForResource
"""
REPAIR = """
    s3:PutBucketTagging s3:PutBucketPublicAccessBlock s3:PutEncryptionConfiguration
    iam:UntagRole iam:UpdateAssumeRolePolicy logs:UntagResource lambda:UntagResource
    lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration lambda:DeleteFunctionConcurrency
    TagApi/apigateway:DELETE lambda:RemovePermission
    sns:UntagResource sns:SetTopicAttributes sns:Unsubscribe cloudwatch:UntagResource
"""
ROLLBACK_PLAN = "s3:ListBucketVersions s3:GetObjectVersion"

# Actions that AWS misses silently: how their lack shows.
SAID_OTHERWISE = {
    "s3:ListBucket": "your credentials may not see it",
}


class Proof:
    """Tries pieces of the life cycle without an action, and keeps a table of what failed."""

    def __init__(self, lab: OperatorLab) -> None:
        self.lab = lab
        self.policy = printed(lab)
        self.rows: dict[Action, str] = {}

    def needs(self, action: str, title: str, work: Work) -> None:
        """The work fails without the action and says so; afterwards the policy is whole again."""
        sid, action = self._found(action)
        self.lab.grant(without(self.policy, sid, action))
        with pytest.raises(WizardError) as caught:
            work(self.lab)
        assert SAID_OTHERWISE.get(action, f"perform: {action} on") in caught.value.why, f"without {action}"
        self.rows[sid, action] = f"{title}: {caught.value.what}"
        self.lab.grant(self.policy)

    def _found(self, text: str) -> Action:
        """An action by its name, where several statements have it with the Sid before."""
        sid, _, action = text.rpartition("/")
        every = [key for key in actions_of(self.policy) if key[1] == action]
        return next(key for key in sorted(every) if not sid or key[0] == sid)

    @property
    def table(self) -> list[str]:
        """One line an action."""
        shape = "{:<17} {:<34} without it, {}"
        return [shape.format(*action, failure[:120]) for action, failure in self.rows.items()]


def other_code() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lambda_function.py", "def lambda_handler(event, context): pass\n")
    return buffer.getvalue()


def disturb(lab: OperatorLab) -> None:
    """Drift of several kinds, made by root."""
    root, settings = lab.root, lab.deployment().settings
    facts = lab.open()[1].state.records
    root.s3.delete_public_access_block(Bucket=settings.bucket_name)
    root.s3.put_bucket_encryption(
        Bucket=settings.bucket_name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )
    root.iam.update_assume_role_policy(RoleName=settings.role_name, PolicyDocument=NOBODY)
    root.functions.update_function_code(FunctionName=settings.function_name, ZipFile=other_code())
    root.functions.update_function_configuration(FunctionName=settings.function_name, MemorySize=256)
    lab.overrides |= {"reserved_concurrency": None, "tags": {"cost-centre": "2", "team": None}}
    api_id = facts["api"].facts["id"]
    statement = f"eventtrack-wizard-{api_id}"
    root.functions.remove_permission(FunctionName=settings.function_name, StatementId=statement)
    root.functions.add_permission(
        FunctionName=settings.function_name,
        StatementId=statement,
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*/GET/elsewhere",
    )
    lab.overrides["alarm_email"] = "another@example.com"
    root.sns.set_topic_attributes(
        TopicArn=topic_arn(lab.deployment()), AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
    )
    root.apigateway.update_stage(
        restApiId=api_id,
        stageName=settings.stage_name,
        patchOperations=[{"op": "replace", "path": "/description", "value": "changed by hand"}],
    )


def send_test(lab: OperatorLab) -> None:
    at, store = lab.open()
    at.known.update(store.known())
    sent_at = datetime.now(UTC)
    answer = Endpoint(str(url_of(at)), at.token).post([probe_event(at)])
    prove_stored(at, answer.request_id, sent_at)


def change_token(lab: OperatorLab) -> None:
    """`token add`, then `token revoke`: the function's environment, proved at the endpoint."""
    at, store = lab.open()
    own = list(at.tokens)
    for tokens in ([*own, replace(own[0], label="web", sha256="0" * 64)], own):
        bring_into_force(write_ahead(at, store, tokens), store, lambda _event: None)
        assert store.state.tokens == tokens


def read_logs(lab: OperatorLab) -> None:
    at = lab.deployment()
    list(LogReader(at.aws, log_group_name(at)).lines(datetime.now(UTC) - timedelta(hours=1)))


def count_traffic(lab: OperatorLab) -> None:
    """Which `status` does; there the failure is said, and no more."""
    if problem := last_day(lab.deployment()).problem:
        raise problem


def list_all(lab: OperatorLab) -> None:
    """Nothing of its own deployment is hidden from an operator with this policy."""
    region = fleet.in_region(lab.operator, identify(lab.operator))
    if region.by_api_only is not None:
        raise region.by_api_only
    assert [one.health for one in region.found] == ["complete"]


def erase_somebody(lab: OperatorLab) -> None:
    at = lab.deployment()
    stored = StoredObject("events/x.json", b'[{"user_id": "u2"}]')
    ObjectWriter(at.aws, at.settings.bucket_name).put(stored)
    lab.root.s3.delete_object(Bucket=at.settings.bucket_name, Key=stored.key)


def recover(lab: OperatorLab) -> None:
    at = lab.deployment()
    found = recovery.recover(at, {"bucket_name": at.settings.bucket_name})
    assert found.left_out == ()
    assert set(found.state.records) == set(lab.open()[1].state.records)


def build(*keys: str, adopt: bool = False) -> Work:
    """These phases alone, without their checks."""
    return lambda lab: lab.build([phase for phase in WITHOUT_CHECKS if phase.key in keys], adopt=adopt)


def build_bucket_with_event(lab: OperatorLab) -> None:
    build("bucket")(lab)
    lab.root.s3.put_object(Bucket=lab.deployment().settings.bucket_name, Key="events/one.json", Body=b"[1]")


def add_policy_of_somebody(lab: OperatorLab, role: str) -> None:
    """Whose policy it is the wizard has to ask for, because AWS deletes no role that has one."""
    document = json.dumps(policies.bucket_access("aws", "elsewhere"))
    lab.root.iam.put_role_policy(RoleName=role, PolicyName="of-somebody", PolicyDocument=document)


def build_role_with_a_policy_of_somebody(lab: OperatorLab) -> None:
    build("lambda")(lab)
    add_policy_of_somebody(lab, lab.deployment().settings.role_name)
    arn = policies.basic_execution_arn("aws")
    lab.root.iam.attach_role_policy(RoleName=lab.deployment().settings.role_name, PolicyArn=arn)


def stand_before(lab: OperatorLab) -> None:
    """A role and a log group that somebody else made; the role is to get a boundary."""
    settings = lab.deployment().settings
    lab.root.iam.create_role(RoleName=settings.role_name, AssumeRolePolicyDocument=NOBODY)
    lab.root.logs.create_log_group(logGroupName=f"/aws/lambda/{settings.function_name}")


def adopt_role_and_log_group(lab: OperatorLab) -> None:
    build("lambda", adopt=True)(lab)


# Step, the action that it needs, and how the world is made in which it is tried.
REMOVALS: tuple[tuple[str, Work], ...] = (
    ("apigateway:DELETE", build("lambda", "api")),
    ("lambda:DeleteFunction", build("lambda")),
    ("logs:DeleteLogGroup", build("lambda")),
    ("iam:ListRolePolicies", build_role_with_a_policy_of_somebody),
    ("iam:ListAttachedRolePolicies", build_role_with_a_policy_of_somebody),
    ("iam:DetachRolePolicy", build_role_with_a_policy_of_somebody),
    ("iam:DeleteRolePolicy", build("bucket", "lambda", "iam")),
    ("iam:DeleteRole", build("lambda")),
    ("cloudwatch:DeleteAlarms", build("alarms")),
    ("sns:DeleteTopic", build("alarms")),
    ("s3:DeleteObject", build_bucket_with_event),
    ("s3:DeleteObjectVersion", build_bucket_with_event),
    ("s3:DeleteBucket", build("bucket")),
)


def test_the_life_cycle_needs_every_action_of_the_printed_policy_and_no_other(
    lab: OperatorLab, record_property: Callable[[str, object], None]
) -> None:
    proof = Proof(lab)
    for action in SETUP.split():
        proof.needs(action, "setup", OperatorLab.set_up)
    lab.set_up()
    disturb(lab)
    for action in REPAIR.split():
        proof.needs(action, "repair", OperatorLab.set_up)
    lab.set_up()
    assert lab.status().in_order
    proof.needs("logs:FilterLogEvents", "logs", read_logs)
    proof.needs("cloudwatch:GetMetricData", "status", count_traffic)
    proof.needs("tag:GetResources", "list", list_all)
    proof.needs("s3:PutObject", "erase", erase_somebody)
    count_traffic(lab)
    list_all(lab)
    send_test(lab)
    change_token(lab)
    recover(lab)
    for action in ROLLBACK_PLAN.split():
        proof.needs(action, "rollback", OperatorLab.plan_roll_back)
    lab.roll_back()
    assert left_over(lab) == []
    for action, prepare in REMOVALS:
        prepare(lab)
        proof.needs(action, "rollback", OperatorLab.roll_back)
        lab.roll_back()
        assert left_over(lab) == [], f"after the rollback without and then with {action}"
    prove_adopted_bucket(lab, proof)
    unbounded = actions_of(proof.policy)
    prove_adopted(lab, proof)
    record_property("operator policy", proof.table)
    assert set(proof.rows) == unbounded | actions_of(proof.policy)


def prove_adopted_bucket(lab: OperatorLab, proof: Proof) -> None:
    """A bucket that stays loses its policy, which goes with one that does not."""
    name = lab.deployment().settings.bucket_name
    lab.root.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    build("bucket", adopt=True)(lab)
    proof.needs("s3:DeleteBucketPolicy", "rollback of adopted", OperatorLab.roll_back)
    lab.roll_back()
    assert left_over(lab) == [name]
    lab.root.s3.delete_bucket(Bucket=name)


def prove_adopted(lab: OperatorLab, proof: Proof) -> None:
    """What stood there before gets its former settings back; the boundary when an administrator lifts it."""
    lab.overrides["permissions_boundary"] = BOUNDARY
    lab.root.iam.create_policy(PolicyName="edge", PolicyDocument=EVERYTHING)
    proof.policy = printed(lab)
    proof.needs("iam:CreateRole", "setup with a boundary", build("lambda"))
    stand_before(lab)
    for action in ("iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"):
        proof.needs(action, "adopt, with a boundary", adopt_role_and_log_group)
    adopt_role_and_log_group(lab)
    proof.needs("logs:DeleteRetentionPolicy", "rollback of adopted", OperatorLab.roll_back)
    with pytest.raises(WizardError) as caught:
        lab.roll_back()
    assert "iam:DeleteRolePermissionsBoundary" in caught.value.why
    assert "`aws iam delete-role-permissions-boundary --role-name " in caught.value.next_step
    lab.root.iam.delete_role_permissions_boundary(RoleName=lab.deployment().settings.role_name)
    lab.roll_back()
    assert lab.root.functions.list_functions()["Functions"] == []
    settings = lab.deployment().settings
    role = lab.root.iam.get_role(RoleName=settings.role_name)["Role"]
    assert "PermissionsBoundary" not in role
    assert role["AssumeRolePolicyDocument"] == json.loads(NOBODY)
    (group,) = lab.root.logs.describe_log_groups()["logGroups"]
    assert "retentionInDays" not in group
    lab.root.iam.delete_role(RoleName=settings.role_name)
    lab.root.logs.delete_log_group(logGroupName=group["logGroupName"])


def test_with_a_boundary_the_printed_policy_carries_the_whole_life_cycle_buffered_ingest_too(
    lab: OperatorLab,
) -> None:
    lab.overrides["permissions_boundary"] = f"{BOUNDARY}-of-all"
    lab.root.iam.create_policy(PolicyName="edge-of-all", PolicyDocument=EVERYTHING)
    lab.grant(printed(lab))
    lab.set_up()
    role = lab.root.iam.get_role(RoleName=lab.deployment().settings.role_name)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == f"{BOUNDARY}-of-all"
    assert lab.status().in_order
    send_test(lab)
    change_token(lab)
    lab.overrides |= BUFFERED
    lab.grant(printed(lab))
    lab.set_up()
    assert lab.status().in_order
    recover(lab)
    lab.roll_back()
    assert left_over(lab) == []


# Bucket, function and what buffers: whatever else stands needs no right to streams.
STREAMS_ALONE = build("bucket", "lambda", "buffer")
STREAMS = """
    DeliveryRole/iam:GetRole BoundedDeliveryRole/iam:CreateRole DeliveryRole/iam:TagRole
    DeliveryLogs/logs:CreateLogGroup DeliveryLogs/logs:TagResource DeliveryLogs/logs:PutRetentionPolicy
    DeliveryLogs/logs:DescribeLogStreams DeliveryLogs/logs:CreateLogStream
    DeliveryLogs/logs:ListTagsForResource
    BoundedDeliveryRole/iam:PutRolePolicy DeliveryRole/iam:GetRolePolicy
    firehose:DescribeDeliveryStream firehose:CreateDeliveryStream firehose:TagDeliveryStream
    firehose:ListTagsForDeliveryStream PassRoleToFirehose/iam:PassRole
"""
STREAMS_REPAIR = """
    DeliveryRole/iam:UntagRole DeliveryRole/iam:UpdateAssumeRolePolicy
    BoundedDeliveryRole/iam:PutRolePermissionsBoundary DeliveryLogs/logs:UntagResource
    firehose:UntagDeliveryStream firehose:UpdateDestination
"""
STREAMS_REMOVAL = """
    firehose:DeleteDeliveryStream DeliveryLogs/logs:DeleteLogGroup
    DeliveryRole/iam:DeleteRolePolicy DeliveryRole/iam:DeleteRole
    DeliveryRole/iam:ListAttachedRolePolicies DeliveryRole/iam:ListRolePolicies
"""


def test_buffered_ingest_needs_every_action_that_the_printed_policy_has_for_it(lab: OperatorLab) -> None:
    """With a boundary: without one there are the same actions, but for that which puts it on the role."""
    lab.overrides["permissions_boundary"] = f"{BOUNDARY}-of-streams"
    lab.root.iam.create_policy(PolicyName="edge-of-streams", PolicyDocument=EVERYTHING)
    direct = actions_of(printed(lab))
    lab.overrides |= BUFFERED
    proof = Proof(lab)
    lab.grant(proof.policy)
    build("bucket", "lambda")(lab)
    for action in STREAMS.split():
        proof.needs(action, "buffered ingest", STREAMS_ALONE)
    STREAMS_ALONE(lab)
    proof.needs("firehose:ListDeliveryStreams", "recover", recover_alone)
    disturb_delivery(lab)
    for action in STREAMS_REPAIR.split():
        proof.needs(action, "repair", STREAMS_ALONE)
    STREAMS_ALONE(lab)
    add_policy_of_somebody(lab, delivery_role_name(lab.deployment()))
    for action in STREAMS_REMOVAL.split():
        proof.needs(action, "rollback", OperatorLab.roll_back)
    lab.roll_back()
    assert left_over(lab) == []
    assert set(proof.rows) == actions_of(proof.policy) - direct


def disturb_delivery(lab: OperatorLab) -> None:
    """Drift of what buffers, made by root, and other settings."""
    role = delivery_role_name(lab.deployment())
    lab.root.iam.update_assume_role_policy(RoleName=role, PolicyDocument=NOBODY)
    lab.root.iam.delete_role_permissions_boundary(RoleName=role)
    lab.overrides |= {"buffer_seconds": 60, "tags": {"cost-centre": "1", "team": None}}


def recover_alone(lab: OperatorLab) -> None:
    at = lab.deployment()
    recovery.recover(at, {"bucket_name": at.settings.bucket_name})


# Whatever else stands needs no right to it.
TABLE_ALONE = build("query")
TABLE = """
    glue:GetDatabase glue:CreateDatabase Catalog/glue:TagResource glue:CreateTable
    athena:GetWorkGroup athena:CreateWorkGroup Workgroup/athena:TagResource
"""
TABLE_AGAIN = "glue:GetTags glue:GetTables athena:ListTagsForResource"
TABLE_CHANGES: dict[str, dict[str, object]] = {
    "glue:UpdateTable": {"query_from": "2026-11-01"},
    "athena:UpdateWorkGroup": {"query_scan_limit_mb": 10},
    "glue:UntagResource": {"tags": {"a": None, "b": "1"}},
    "athena:UntagResource": {"tags": {"a": None, "b": None}},
}


ASKING = """
    athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryResults athena:StopQueryExecution
    glue:GetTable glue:GetPartition glue:GetPartitions
"""


def ask_athena(lab: OperatorLab, on_wait: OnWait = lambda *_: None) -> None:
    at = lab.deployment()
    at.aws.on_wait = on_wait
    sql = "SELECT count(*) AS n FROM events"
    asked = question(sql, Period(), workgroup_name(at), database_name(at))
    assert list(ask(at.aws, asked).rows) == [("0",)]


def ask_and_change_ones_mind(lab: OperatorLab) -> None:
    """Ctrl-C while Athena works on it."""
    stop = lab.clock.stop
    try:
        with pytest.raises(Interrupted):
            ask_athena(lab, on_wait=lambda *_: stop.set())
    finally:
        stop.clear()


def test_the_query_table_needs_every_action_that_the_printed_policy_has_for_it(lab: OperatorLab) -> None:
    lab.overrides |= {"event_format": "jsonl.gz", "tags": {"a": "1", "b": "1"}}
    without_table = actions_of(printed(lab))
    lab.overrides["query_table"] = True
    proof = Proof(lab)
    lab.grant(proof.policy)
    for action in TABLE.split():
        proof.needs(action, "the query table", TABLE_ALONE)
    TABLE_ALONE(lab)
    for action in TABLE_AGAIN.split():
        proof.needs(action, "another look", TABLE_ALONE)
    build("bucket")(lab)
    for action in ASKING.split():
        changes_mind = action == "athena:StopQueryExecution"
        proof.needs(action, "query", ask_and_change_ones_mind if changes_mind else ask_athena)
    ask_athena(lab)
    for action, change in TABLE_CHANGES.items():
        lab.overrides |= change
        proof.needs(action, "a change", TABLE_ALONE)
    for action in ("glue:DeleteDatabase", "athena:DeleteWorkGroup"):
        TABLE_ALONE(lab)
        proof.needs(action, "rollback", OperatorLab.roll_back)
    lab.roll_back()
    assert left_over(lab) == []
    assert set(proof.rows) == actions_of(proof.policy) - without_table


def test_an_api_that_lost_its_tag_is_out_of_reach_until_a_wide_policy_puts_it_back(lab: OperatorLab) -> None:
    api_and_function = build("lambda", "api")
    api_and_function(lab)
    (api,) = lab.root.apigateway.get_rest_apis()["items"]
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{api['id']}"
    lab.root.apigateway.untag_resource(resourceArn=arn, tagKeys=[OWNER_TAG])
    with pytest.raises(WizardError) as caught:
        api_and_function(lab)
    assert f"perform: apigateway:PATCH on resource: {arn} " in caught.value.why
    assert OWNER_TAG in caught.value.why
    assert "`eventtrack-wizard policy --wide`" in caught.value.next_step
    at = lab.deployment()
    lab.grant(operator_policy(at.identity, at.settings, wide=True))
    api_and_function(lab)
    lab.grant(printed(lab))
    lab.roll_back()
    assert left_over(lab) == []


def left_over(lab: OperatorLab) -> list[str]:
    """The names of what stands in the account."""
    root = lab.root
    return [
        *(bucket["Name"] for bucket in root.s3.list_buckets()["Buckets"]),
        *(role["RoleName"] for role in root.iam.list_roles()["Roles"]),
        *(function["FunctionName"] for function in root.functions.list_functions()["Functions"]),
        *(group["logGroupName"] for group in root.logs.describe_log_groups()["logGroups"]),
        *(api["name"] for api in root.apigateway.get_rest_apis()["items"]),
        *(database["Name"] for database in root.glue.get_databases()["DatabaseList"]),
        *(
            group["Name"]
            for group in root.athena.list_work_groups()["WorkGroups"]
            if group["Name"] != "primary"
        ),
        *root.firehose.list_delivery_streams()["DeliveryStreamNames"],
        *(topic["TopicArn"] for topic in root.sns.list_topics()["Topics"]),
        *(alarm["AlarmName"] for alarm in root.cloudwatch.describe_alarms()["MetricAlarms"]),
    ]
