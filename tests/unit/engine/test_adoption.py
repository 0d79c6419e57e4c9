"""What stood there before is used only on request, is not tagged, and is afterwards what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.aws.in_process import Account, Workspace, snapshot
from wizard.errors import ConflictError

SOMEBODY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
FORMER_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
}
TAG: Any = {"Key": "team", "Value": "web"}


@pytest.fixture
def before(account: Account, workspace: Workspace) -> dict[str, Any]:
    """A bucket, a role and a log group of somebody else, under our names; the world as it stands then."""
    look, settings = account.look, workspace.settings
    look.s3.create_bucket(Bucket=settings.bucket_name)
    look.s3.put_bucket_tagging(Bucket=settings.bucket_name, Tagging={"TagSet": [TAG]})
    look.s3.put_public_access_block(
        Bucket=settings.bucket_name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        },
    )
    look.s3.put_bucket_versioning(Bucket=settings.bucket_name, VersioningConfiguration={"Status": "Enabled"})
    look.s3.put_bucket_encryption(
        Bucket=settings.bucket_name,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": "alias/theirs",
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    look.s3.put_object(Bucket=settings.bucket_name, Key="theirs.txt", Body=b"theirs")
    look.iam.create_role(
        RoleName=settings.role_name, AssumeRolePolicyDocument=json.dumps(SOMEBODY), Tags=[TAG]
    )
    look.iam.put_role_policy(
        RoleName=settings.role_name,
        PolicyName=settings.policy_name,
        PolicyDocument=json.dumps(FORMER_POLICY),
    )
    group = f"/aws/lambda/{settings.function_name}"
    look.logs.create_log_group(logGroupName=group, tags={"team": "web"})
    look.logs.put_retention_policy(logGroupName=group, retentionInDays=400)
    return snapshot(account)


def test_without_consent_everything_foreign_is_named_at_once_and_left(
    account: Account, workspace: Workspace, before: dict[str, Any]
) -> None:
    conflicts = [conflict.what for conflict in workspace.plan().conflicts]
    assert any("S3 bucket" in what for what in conflicts)
    assert any("execution role" in what for what in conflicts)
    with pytest.raises(ConflictError) as caught:
        workspace.apply()
    assert all(what in caught.value.what for what in conflicts), "one run names them all"
    assert "--adopt" in caught.value.next_step
    after = snapshot(account)
    assert (after["buckets"], after["roles"]) == (before["buckets"], before["roles"])
    workspace.rollback()
    assert snapshot(account) == before, "what did not hang on them had been set up"


@pytest.mark.parametrize("encryption", ["SSE-KMS", "SSE-S3"])
def test_a_key_of_somebodys_own_is_named_where_it_stays_because_our_role_needs_its_owners_leave(
    workspace: Workspace, before: dict[str, Any], encryption: str
) -> None:
    assert before["buckets"]
    workspace.overrides["encryption"] = encryption
    remarks = [
        step.remark for phase in workspace.plan(adopt=True).phases for step in phase.steps if step.remark
    ]
    named = [remark for remark in remarks if "alias/theirs" in remark]
    assert len(named) == (encryption == "SSE-KMS")
    assert all(workspace.settings.role_name in remark and "kms:GenerateDataKey" in remark for remark in named)


def test_an_adopted_world_works_and_a_rollback_restores_it_to_the_last_setting(
    account: Account, workspace: Workspace, before: dict[str, Any]
) -> None:
    workspace.apply(adopt=True)
    records = workspace.state.records
    assert {key for key, record in records.items() if record.origin == "adopted"} == {
        "bucket", "bucket.public_access_block", "bucket.encryption", "bucket.versioning",
        "role", "policy", "log_group", "log_group.retention",
    }  # fmt: skip
    assert records["role"].before is not None
    assert records["role"].before["trust"] == SOMEBODY
    during = snapshot(account)
    assert during != before
    bucket, role = workspace.settings.bucket_name, workspace.settings.role_name
    assert during["buckets"][bucket]["tags"] == before["buckets"][bucket]["tags"], (
        "adopted is not ours to tag"
    )
    assert during["roles"][role]["tags"] == before["roles"][role]["tags"]
    workspace.rollback(delete_events=True)
    assert snapshot(account) == before
    assert account.look.s3.get_object(Bucket=bucket, Key="theirs.txt")["Body"].read() == b"theirs"


def test_a_second_setup_keeps_what_the_things_were_before_the_first(
    account: Account, workspace: Workspace, before: dict[str, Any]
) -> None:
    workspace.apply(adopt=True)
    workspace.overrides["memory_mb"] = 256
    account.look.iam.update_assume_role_policy(
        RoleName=workspace.settings.role_name, PolicyDocument=json.dumps(FORMER_POLICY | SOMEBODY)
    )
    workspace.apply()
    workspace.rollback()
    assert snapshot(account) == before


def test_a_boundary_that_somebody_put_on_an_adopted_role_is_left(
    account: Account, workspace: Workspace, before: dict[str, Any]
) -> None:
    look = account.look
    arn = look.iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(FORMER_POLICY))["Policy"]["Arn"]
    look.iam.put_role_permissions_boundary(RoleName=workspace.settings.role_name, PermissionsBoundary=arn)
    workspace.apply(adopt=True)
    role = look.iam.get_role(RoleName=workspace.settings.role_name)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
