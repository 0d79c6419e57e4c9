"""A rollback leaves nothing of ours, keeps what is the operator's, and does not touch what is foreign."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.aws.in_process import Account, Killed, Snapshot, Workspace, leftovers, snapshot
from tests.aws.tagger import THINGS, Tagger
from wizard.aws.invoke import invoke
from wizard.aws.policies import basic_execution_arn
from wizard.engine.decide import Action
from wizard.engine.plan import Plan
from wizard.engine.progress import Kept, Noticed
from wizard.errors import ConflictError, CredentialsError, WizardError
from wizard.events.stored import marked
from wizard.phases import PHASES
from wizard.resources.base import OWNER_TAG
from wizard.resources.logs import log_group_name

FOREIGN_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}

OWN_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


def build_foreign_things(account: Account) -> Snapshot:
    """A bucket with an object, a role with a policy, a function and an API of somebody else."""
    look = account.look
    look.s3.create_bucket(Bucket="foreign-bucket")
    look.s3.put_object(Bucket="foreign-bucket", Key="a", Body=b"theirs")
    role = look.iam.create_role(RoleName="foreign", AssumeRolePolicyDocument=json.dumps(FOREIGN_TRUST))
    look.iam.put_role_policy(RoleName="foreign", PolicyName="p", PolicyDocument=json.dumps(OWN_POLICY))
    look.functions.create_function(
        FunctionName="foreign",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="a.b",
        Code={"ZipFile": b"x"},
    )
    look.apigateway.create_rest_api(name="saas-event-tracking-api")
    look.logs.create_log_group(logGroupName="/aws/lambda/foreign")
    return snapshot(account)


def actions(plan: Plan) -> dict[str, Action]:
    """What is to be done, by the key of the resource."""
    return {step.key: step.action for step in plan.steps}


A_CLIENTS: Mapping[str, object] = {"event_name": "a client's"}


def send_event(workspace: Workspace, event: Mapping[str, object] = A_CLIENTS) -> None:
    """An event of a client, not one of the wizard's own."""
    at, _store = workspace.open()
    payload = {"headers": {"X-Auth-Token": at.token}, "body": [event]}
    answer = invoke(at.aws, at.settings.function_name, payload)
    assert answer.status == 200, answer


def test_nothing_of_ours_is_left_and_everything_foreign_stands_as_it_was(
    account: Account, workspace: Workspace
) -> None:
    foreign = build_foreign_things(account)
    workspace.apply()
    workspace.rollback()
    assert snapshot(account) == foreign
    assert account.look.s3.get_object(Bucket="foreign-bucket", Key="a")["Body"].read() == b"theirs"
    assert workspace.state.lifecycle == "rolled back"
    assert workspace.state.records == {}


def test_two_deployments_side_by_side_do_not_touch_each_other(account: Account, folder: Path) -> None:
    one, two = Workspace(account, folder), Workspace(account, folder, name="second")
    one.apply()
    only_one = snapshot(account)
    two.apply()
    two.rollback()
    assert snapshot(account) == only_one
    assert one.plan().in_order


def test_the_wizards_own_test_events_do_not_keep_the_bucket(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    stored = account.look.s3.list_objects_v2(Bucket=workspace.settings.bucket_name)["KeyCount"]
    assert stored == 2
    workspace.rollback()
    assert leftovers(account) == []


def sample(workspace: Workspace, **changes: object) -> dict[str, object]:
    """What `send-test` sends, and what somebody made of it."""
    event = {"event_name": "test_event", "user_id": "u", "properties": {"number": 1, "price": 9.5}}
    return {**marked(event, workspace.state.identity.id), **changes}


def test_sample_events_that_send_test_has_sent_do_not_keep_the_bucket(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    send_event(workspace, sample(workspace))
    workspace.rollback()
    assert leftovers(account) == []


def test_a_copy_of_a_sample_with_other_content_keeps_the_bucket_because_somebody_made_it(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    send_event(workspace, sample(workspace, user_id="me"))
    assert "holds 1 object with events" in actions(workspace.rollback())["bucket"].reasons[0]


def test_a_sample_of_another_deployment_keeps_the_bucket(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    send_event(workspace, marked({"event_name": "test_event"}, "other.us-east-1.00000000"))
    assert actions(workspace.rollback())["bucket"].kind == "keep"


def test_a_bucket_with_events_stays_and_the_reason_is_said(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    send_event(workspace)
    rolled_back = actions(workspace.rollback())
    bucket = workspace.settings.bucket_name
    assert leftovers(account) == [f"buckets: {bucket}"]
    assert rolled_back["bucket"].kind == "keep"
    assert "holds 1 object with events" in rolled_back["bucket"].reasons[0]
    assert [(event.resource, event.title) for event in workspace.events if isinstance(event, Kept)] == [
        ("bucket", f"S3 bucket {bucket}")
    ]
    assert not any(isinstance(event, Noticed) for event in workspace.events), "the report says it once"
    assert set(workspace.state.records) == {
        "bucket",
        "bucket.policy",
        "bucket.public_access_block",
        "bucket.encryption",
        "bucket.versioning",
    }


def test_a_kept_bucket_is_used_again_by_the_next_setup_and_its_events_are_still_there(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    send_event(workspace)
    before = snapshot(account)
    workspace.rollback()
    workspace.apply()
    assert snapshot(account) == before
    keys = account.look.s3.list_objects_v2(Bucket=workspace.settings.bucket_name)["KeyCount"]
    assert keys == 5  # two tests of each setup and the client's


def test_with_delete_events_the_bucket_goes_too(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    send_event(workspace)
    workspace.rollback(delete_events=True)
    assert leftovers(account) == []


def test_the_bucket_kept_by_one_rollback_goes_with_a_second_one_that_may_delete_events(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    send_event(workspace)
    workspace.rollback()
    workspace.rollback(delete_events=True)
    assert leftovers(account) == []
    assert workspace.state.records == {}


def test_a_versioned_bucket_is_emptied_of_old_versions_and_delete_markers(
    account: Account, folder: Path
) -> None:
    workspace = Workspace(account, folder, versioning=True)
    workspace.apply()
    bucket = workspace.settings.bucket_name
    for content in (b"[1]", b"[2]"):
        account.look.s3.put_object(Bucket=bucket, Key="events/x.json", Body=content)
    account.look.s3.delete_object(Bucket=bucket, Key="events/x.json")
    kept = actions(workspace.rollback())["bucket"]
    assert "holds 2 objects" in kept.reasons[0], "an event deleted in a versioned bucket can be brought back"
    workspace.rollback(delete_events=True)
    assert leftovers(account) == []


def test_a_second_rollback_changes_nothing(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    workspace.rollback()
    account.calls.clear()
    assert workspace.rollback() is not None
    assert account.calls.made == []


def test_what_is_already_gone_is_done(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    look, settings = account.look, workspace.settings
    look.functions.delete_function(FunctionName=settings.function_name)
    look.apigateway.delete_rest_api(restApiId=workspace.state.records["api"].facts["id"])
    rolled_back = actions(workspace.rollback())
    assert rolled_back["function"].kind == "forget"
    assert rolled_back["api"].kind == "forget"
    assert leftovers(account) == []


@pytest.mark.parametrize("phases", range(len(PHASES)))
def test_a_setup_that_came_only_so_far_is_taken_back(
    account: Account, workspace: Workspace, phases: int
) -> None:
    workspace.apply(phases=PHASES[:phases])
    workspace.rollback()
    assert leftovers(account) == []


@pytest.mark.parametrize("number", range(3, 48, 4))
def test_a_setup_killed_after_any_call_is_taken_back(
    account: Account, workspace: Workspace, number: int
) -> None:
    account.calls.kill_after(number)
    with pytest.raises(Killed):
        workspace.apply()
    account.calls.clear()
    workspace.rollback()
    assert leftovers(account) == []


@pytest.mark.parametrize("number", range(2, 24, 3))
def test_a_rollback_killed_after_any_call_is_finished_by_the_next_one(
    account: Account, workspace: Workspace, number: int
) -> None:
    workspace.apply()
    account.calls.clear()
    account.calls.kill_after(number)
    with pytest.raises(Killed):
        workspace.rollback()
    account.calls.clear()
    workspace.rollback()
    assert leftovers(account) == []
    assert workspace.state.records == {}


def test_a_setup_after_a_half_done_rollback_brings_everything_back(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    as_set_up = snapshot(account)
    account.calls.clear()
    account.calls.kill_after(13)
    with pytest.raises(Killed):
        workspace.rollback()
    account.calls.clear()
    workspace.apply()
    assert snapshot(account) == as_set_up


def test_a_duplicate_api_that_a_lost_answer_left_goes_too(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    at, _store = workspace.open()
    account.look.apigateway.create_rest_api(name="saas-event-tracking-api", tags=at.tags)
    workspace.rollback()
    assert leftovers(account) == []


def test_a_bucket_that_somebody_else_has_tagged_as_theirs_stays(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    theirs: Any = [{"Key": OWNER_TAG, "Value": "another.us-east-1.12345678"}]
    account.look.s3.put_bucket_tagging(Bucket=workspace.settings.bucket_name, Tagging={"TagSet": theirs})
    action = actions(workspace.rollback())["bucket"]
    assert action.kind == "keep"
    assert "does not carry this deployment's tag" in action.reasons[0]
    assert leftovers(account) == [f"buckets: {workspace.settings.bucket_name}"]


def test_what_lost_its_tags_is_removed_because_the_state_file_knows_that_we_made_it(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    at, store = workspace.open()
    tagger = Tagger(account.look, at, store.known()["api"]["id"])
    for key in THINGS:
        tagger.take_ours_off(key)
    workspace.rollback()
    assert leftovers(account) == []


def test_a_log_group_that_late_lines_brought_back_is_deleted_once_more(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    at, _store = workspace.open()
    account.calls.clear()

    def late_lines(call: Any) -> None:
        if call.name == "iam.DeleteRole":
            account.look.logs.create_log_group(logGroupName=log_group_name(at))

    account.calls.after.append(late_lines)
    workspace.rollback()
    assert leftovers(account) == []


def _late_lines(account: Account, workspace: Workspace) -> None:
    """Half a minute after its deletion the log group is there again, once."""
    name = f"/aws/lambda/{workspace.settings.function_name}"
    made: list[float] = []

    def bring_it_back(_seconds: float) -> None:
        standing = account.look.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if not standing and not made:
            account.look.logs.create_log_group(logGroupName=name)
            made.append(workspace.clock.now)

    workspace.clock.on_sleep = bring_it_back


def test_late_lines_are_waited_for_where_the_role_could_make_log_groups_and_it_is_said(
    account: Account, workspace: Workspace
) -> None:
    """As a deployment of 0.1.0 has it that is removed without another setup."""
    workspace.apply()
    arn = basic_execution_arn("aws")
    account.look.iam.attach_role_policy(RoleName=workspace.settings.role_name, PolicyArn=arn)
    document = json.loads(workspace.path.read_text())
    record = {**document["records"]["policy"], "facts": {"arn": arn}}
    document["records"]["role.basic_execution"] = record
    workspace.path.write_text(json.dumps(document))
    begun = workspace.clock.now
    _late_lines(account, workspace)
    workspace.rollback()
    assert workspace.clock.now - begun >= 60
    assert leftovers(account) == []
    said = [event.message for event in workspace.events if isinstance(event, Noticed)]
    assert any("last log lines may still make it anew" in message for message in said)


def test_a_role_of_ours_cannot_make_log_groups_so_nothing_is_waited_for(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    begun = workspace.clock.now
    workspace.rollback()
    assert workspace.clock.now - begun < 1
    assert leftovers(account) == []


def test_a_log_group_that_came_back_and_may_not_be_deleted_is_a_message_not_a_traceback(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    at, _store = workspace.open()
    account.calls.clear()

    def late_lines(call: Any) -> None:
        if call.name == "iam.DeleteRole":
            account.look.logs.create_log_group(logGroupName=log_group_name(at))
            account.calls.refuse("logs.DeleteLogGroup", "AccessDeniedException", "no", status=403)

    account.calls.after.append(late_lines)
    with pytest.raises(WizardError, match="lack a permission"):
        workspace.rollback()


def test_dead_credentials_stop_a_rollback_at_once_and_the_next_one_finishes(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    account.calls.clear()
    account.calls.refuse(
        "lambda.DeleteFunction", "ExpiredTokenException", "The security token is expired", status=403
    )
    with pytest.raises(CredentialsError):
        workspace.rollback()
    assert account.calls.names()[-1] == "lambda.DeleteFunction"
    account.calls.clear()
    workspace.rollback()
    assert leftovers(account) == []


def test_a_refused_deletion_does_not_hold_up_the_rest_and_keeps_what_the_refused_thing_needs(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    account.calls.refuse("lambda.DeleteFunction", "AccessDeniedException", "no", status=403)
    with pytest.raises(WizardError, match="lack a permission"):
        workspace.rollback()
    left = leftovers(account)
    assert "functions: saas-event-tracking-processor" in left
    assert "roles: saas-event-tracking-us-east-1-role" in left
    assert not any(name.startswith("apis") for name in left)
    assert workspace.state.lifecycle == "rolling back"
    account.calls.clear()
    workspace.rollback()
    assert leftovers(account) == []


def test_what_cannot_be_looked_at_does_not_hold_up_the_plan_or_the_rest(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    account.calls.refuse("lambda.GetFunction", "AccessDeniedException", "no", status=403)
    planned = actions(workspace.plan(remove=True))
    assert planned["function"].kind == "unknown"
    assert "lack a permission" in planned["function"].reasons[0]
    assert planned["api"].kind == "delete"
    with pytest.raises(WizardError, match="lack a permission"):
        workspace.rollback()
    assert not any(name.startswith("apis") for name in leftovers(account))


def test_a_bucket_that_we_may_no_longer_see_is_a_missing_permission_not_somebody_elses(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    account.calls.refuse("s3.HeadBucket", "403", "Forbidden", status=403)
    account.calls.refuse("s3.GetBucketTagging", "AccessDenied", "no", status=403)
    with pytest.raises(WizardError, match="lack a permission"):
        workspace.rollback()
    assert workspace.state.lifecycle == "rolling back"


def test_a_function_whose_last_update_failed_is_named_and_does_not_wedge_the_rollback(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()

    def failed(answer: Any) -> None:
        if "Configuration" in answer:
            answer["Configuration"]["LastUpdateStatus"] = "Failed"
            answer["Configuration"]["LastUpdateStatusReason"] = "no room"

    account.calls.alter("lambda.GetFunction", failed)
    plan = workspace.plan()
    assert any("no room" in sentence for item in plan.steps for sentence in item.sentences)
    workspace.rollback()
    assert leftovers(account) == []


def test_the_plan_says_what_goes_and_reads_only(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    send_event(workspace)
    account.calls.clear()
    plan = actions(workspace.plan(remove=True))
    assert account.calls.changing() == []
    assert plan["bucket"].kind == "keep"
    assert (plan["bucket.encryption"].kind, plan["bucket.encryption"].with_parent) == ("keep", True)
    assert plan["function"].kind == "delete"
    assert plan["function"].reasons[0] == "was made by this deployment"


# Adoption


def existing_bucket(account: Account, name: str, rule: Any = None) -> None:
    """A bucket as somebody set it up: nothing blocked, versioned, perhaps with a key of their own."""
    account.look.s3.create_bucket(Bucket=name)
    versioning: Any = {"Status": "Enabled"}
    account.look.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    account.look.s3.put_object(Bucket=name, Key="old", Body=b"theirs")
    if rule:
        account.look.s3.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )


def existing_role(account: Account, name: str) -> None:
    """A role that another service may take on, with a policy of its own."""
    account.look.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(FOREIGN_TRUST))
    account.look.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(OWN_POLICY))


@pytest.mark.parametrize("kind", ["bucket", "role"])
def test_something_of_our_name_that_is_not_ours_stops_the_setup_before_it_is_changed(
    account: Account, workspace: Workspace, kind: str
) -> None:
    if kind == "bucket":
        existing_bucket(account, workspace.settings.bucket_name)
    else:
        existing_role(account, workspace.settings.role_name)
    with pytest.raises(ConflictError, match="not this deployment's") as caught:
        workspace.apply()
    assert "--adopt" in caught.value.next_step
    service = {"bucket": "s3.", "role": "iam."}[kind]
    assert not [name for name in account.calls.changing() if name.startswith(service)]


def test_a_role_without_a_tag_is_adopted_changed_and_restored(account: Account, workspace: Workspace) -> None:
    existing_role(account, workspace.settings.role_name)
    before = snapshot(account)
    workspace.apply(adopt=True)
    record = workspace.state.records["role"]
    assert record.origin == "adopted"
    assert record.before is not None
    assert record.before["trust"] == FOREIGN_TRUST
    assert workspace.plan().in_order
    rolled_back = actions(workspace.rollback())
    assert rolled_back["role"].kind == "restore"
    assert rolled_back["policy"].kind == "delete"
    assert rolled_back["role.own_logs"].kind == "delete"
    assert snapshot(account) == before


KEY_RULE = {
    "ApplyServerSideEncryptionByDefault": {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/theirs",
    },
    "BucketKeyEnabled": True,
}


@pytest.mark.parametrize("rule", [None, KEY_RULE], ids=["no rule", "a key of their own"])
def test_a_bucket_without_a_tag_is_adopted_changed_and_restored_with_everything_in_it(
    account: Account, workspace: Workspace, rule: Any
) -> None:
    bucket = workspace.settings.bucket_name
    existing_bucket(account, bucket, rule)
    before = snapshot(account)
    workspace.apply(adopt=True)
    assert snapshot(account) != before
    assert workspace.state.records["bucket"].origin == "adopted"
    workspace.rollback(delete_events=True)
    assert snapshot(account) == before
    assert account.look.s3.get_object(Bucket=bucket, Key="old")["Body"].read() == b"theirs"
    assert workspace.state.records == {}


def test_an_adoption_that_was_killed_still_knows_what_was_there_before(
    account: Account, workspace: Workspace
) -> None:
    bucket = workspace.settings.bucket_name
    existing_bucket(account, bucket, KEY_RULE)
    before = snapshot(account)
    workspace.account.calls.after.append(_dies_after("s3.PutBucketEncryption"))
    with pytest.raises(Killed):
        workspace.apply(adopt=True)
    account.calls.clear()
    workspace.apply()
    workspace.rollback()
    assert snapshot(account) == before


def _dies_after(name: str) -> Any:
    def die(call: Any) -> None:
        if call.name == name:
            raise Killed(name)

    return die


def test_a_log_group_that_lambda_made_earlier_is_adopted_without_asking_and_stays(
    account: Account, workspace: Workspace
) -> None:
    at, _store = workspace.open()
    account.look.logs.create_log_group(logGroupName=log_group_name(at))
    before = snapshot(account)
    workspace.apply()
    assert workspace.plan().in_order
    workspace.rollback()
    assert snapshot(account) == before


def test_a_function_that_is_not_ours_is_never_adopted_because_its_code_would_be_lost(
    account: Account, workspace: Workspace
) -> None:
    role = account.look.iam.create_role(RoleName="x", AssumeRolePolicyDocument=json.dumps(FOREIGN_TRUST))
    account.look.functions.create_function(
        FunctionName=workspace.settings.function_name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="a.b",
        Code={"ZipFile": b"x"},
    )
    with pytest.raises(ConflictError, match="overwrite what it does now"):
        workspace.apply(adopt=True)


def test_things_of_a_deployment_of_the_same_name_are_recovered_not_adopted(
    account: Account, workspace: Workspace
) -> None:
    bucket = workspace.settings.bucket_name
    account.look.s3.create_bucket(Bucket=bucket)
    tags: Any = [{"Key": "eventtrack-wizard:deployment", "Value": "saas-event-tracking.us-east-1.99999999"}]
    account.look.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    with pytest.raises(ConflictError) as caught:
        workspace.apply(adopt=True)
    assert "recover" in caught.value.next_step


def test_an_api_of_the_same_name_is_left_alone_because_names_are_not_unique(
    account: Account, workspace: Workspace
) -> None:
    theirs = account.look.apigateway.create_rest_api(name=workspace.settings.api_name)["id"]
    workspace.apply()
    assert workspace.state.records["api"].facts["id"] != theirs
    workspace.rollback()
    assert leftovers(account) == ["apis: saas-event-tracking-api"]
