"""The one statement of the bucket's policy that is ours, beside those of others."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws.in_process import Account, Call, FakeClock, Workspace
from tests.aws.in_process.workspace import make_deployment
from wizard.aws import policies
from wizard.aws.client import Aws
from wizard.engine.removal_order import removal_order
from wizard.errors import ConflictError
from wizard.resources.bucket_policy import TlsOnly

THEIRS = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": "*"}
THEIRS_TOO = {**THEIRS, "Sid": "TheirsToo", "Action": "s3:DeleteBucket"}
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


def policy_of(account: Account, bucket: str) -> Any:
    """The bucket's policy; None when it has none."""
    try:
        return json.loads(account.look.s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError:
        return None


def put(account: Account, bucket: str, policy: Any) -> None:
    account.look.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def statements_of(account: Account, bucket: str) -> list[Any]:
    found: list[Any] = policy_of(account, bucket)["Statement"]
    return found


def test_a_new_bucket_takes_nothing_but_tls(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    bucket = workspace.settings.bucket_name
    assert policy_of(account, bucket) == policies.document(
        policies.canonical(policies.tls_only("aws", bucket))
    )


@pytest.mark.parametrize("theirs", [[THEIRS, THEIRS_TOO], THEIRS], ids=["a list", "a single one"])
def test_the_statements_of_an_adopted_bucket_stay_and_only_ours_goes(
    account: Account, workspace: Workspace, theirs: Any
) -> None:
    bucket = workspace.settings.bucket_name
    before = {"Version": "2008-10-17", "Id": "of theirs", "Statement": theirs}
    account.look.s3.create_bucket(Bucket=bucket)
    put(account, bucket, before)
    workspace.apply(adopt=True)
    sids = [statement["Sid"] for statement in statements_of(account, bucket)]
    assert sids == [*(["Theirs", "TheirsToo"] if theirs != THEIRS else ["Theirs"]), policies.TLS_ONLY]
    put(account, bucket, {**before, "Statement": [*statements_of(account, bucket), {**THEIRS, "Sid": "New"}]})
    assert workspace.plan().in_order
    workspace.rollback()
    kept = theirs if isinstance(theirs, list) else [theirs]
    assert policy_of(account, bucket) == {**before, "Statement": [*kept, {**THEIRS, "Sid": "New"}]}


def test_an_adopted_bucket_without_a_policy_has_none_afterwards(
    account: Account, workspace: Workspace
) -> None:
    bucket = workspace.settings.bucket_name
    account.look.s3.create_bucket(Bucket=bucket)
    workspace.apply(adopt=True)
    assert policy_of(account, bucket) is not None
    workspace.rollback()
    assert policy_of(account, bucket) is None


def test_a_statement_of_our_id_that_stood_there_before_comes_back(
    account: Account, workspace: Workspace
) -> None:
    bucket = workspace.settings.bucket_name
    former = {**THEIRS, "Sid": policies.TLS_ONLY}
    account.look.s3.create_bucket(Bucket=bucket)
    put(account, bucket, policies.document(former))
    workspace.apply(adopt=True)
    assert statements_of(account, bucket) != [former]
    workspace.rollback()
    assert statements_of(account, bucket) == [former]


def test_statements_that_others_add_after_the_plan_was_made_are_not_lost(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    at, resource, bucket = workspace.open()[0], TlsOnly(), workspace.settings.bucket_name
    account.look.s3.delete_bucket_policy(Bucket=bucket)
    assert resource.read(at) is None
    put(account, bucket, policies.document(THEIRS))
    desired = resource.desired(at)
    assert desired is not None
    resource.create(at, desired)
    assert statements_of(account, bucket) == [THEIRS, desired["statement"]]
    observed = resource.read(at)
    assert observed is not None
    put(account, bucket, policies.document(THEIRS, desired["statement"], THEIRS_TOO))
    resource.delete(at, observed)
    assert statements_of(account, bucket) == [THEIRS, THEIRS_TOO]


def test_what_s3_answers_in_another_form_is_no_drift(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    bucket = workspace.settings.bucket_name
    [ours] = statements_of(account, bucket)
    other_form = {
        **ours,
        "Action": ["s3:*"],
        "Resource": list(reversed(ours["Resource"])),
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    assert other_form != ours
    put(account, bucket, policies.document(other_form))
    assert workspace.plan().in_order


def test_at_an_endpoint_without_tls_it_is_left_out_and_the_plan_says_so(workspace: Workspace) -> None:
    session = boto3.Session("a", "b", region_name="us-east-1")
    at = make_deployment(Aws(session, "http://127.0.0.1:9", FakeClock()))
    resource = TlsOnly()
    assert resource.desired(at) is None
    assert resource.absence_reason(at) == "this endpoint speaks plain HTTP"
    over_tls = make_deployment(Aws(session, "https://127.0.0.1:9", FakeClock()))
    assert resource.desired(over_tls) is not None
    assert workspace.plan().phases[0].notes == ()


@pytest.mark.parametrize("policy", ['"no policy"', '{"Statement": ["no statement"]}', '{"Version": "x"}'])
def test_a_policy_that_cannot_be_read_is_in_the_way_and_stays(
    account: Account, workspace: Workspace, policy: str
) -> None:
    workspace.apply()
    bucket = workspace.settings.bucket_name
    account.look.s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    with pytest.raises(ConflictError, match=r"policy of the bucket .* cannot be read"):
        workspace.apply()
    at = workspace.open()[0]
    with pytest.raises(ConflictError, match=r"policy of the bucket .* cannot be read"):
        TlsOnly().delete(at, {"statement": {}})
    assert account.look.s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy


def test_a_public_bucket_can_be_adopted_and_given_back_though_s3_then_takes_no_public_policy(
    account: Account, workspace: Workspace
) -> None:
    """Our statement joins theirs before public policies are blocked, and leaves when they no longer are."""
    bucket, s3 = workspace.settings.bucket_name, account.look.s3
    account.look.s3.create_bucket(Bucket=bucket)
    put(account, bucket, policies.document(PUBLIC))

    def refuse_public_policies(call: Call) -> None:
        if call.name != "s3.PutBucketPolicy" or b'"Allow"' not in call.parameters["body"]:
            return
        try:
            flags = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        except ClientError:
            return
        if flags["BlockPublicPolicy"]:
            message = "because public policies are prevented by the BlockPublicPolicy setting"
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, call.operation)

    account.calls.before.append(refuse_public_policies)
    workspace.apply(adopt=True)
    assert len(statements_of(account, bucket)) == 2
    order = removal_order(workspace.plan(remove=True))
    assert "bucket.public_access_block" in order["bucket.policy"], "side by side, too"
    workspace.rollback()
    assert statements_of(account, bucket) == [PUBLIC]
