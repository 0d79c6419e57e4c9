"""A bucket of our name in somebody else's account is neither read nor written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.backends import get_backend

from tests.aws.in_process import ACCOUNT_ID, Account, Call, FakeClock, Workspace
from wizard.aws.caller import identify
from wizard.commands.load import stored_since
from wizard.endpoint.checks import prove_stored
from wizard.errors import ConflictError, WizardError

STRANGER = "999999999999"
EVERYBODY_MAY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}],
}
NOT_OURS = "another account has taken its name"


def bucket_of_a_stranger(name: str, tags: dict[str, str]) -> Any:
    """Everybody may use it, it even has our tags: only its account is another one."""
    backend = get_backend("s3")[STRANGER]["aws"]
    bucket = backend.create_bucket(name, "us-east-1")
    backend.put_bucket_policy(name, json.dumps(EVERYBODY_MAY).encode())
    backend.put_bucket_tagging(name, tags)
    return bucket


def without_our_bucket(account: Account, name: str) -> None:
    """Somebody deletes it, and its name is free."""
    for item in account.look.s3.list_objects_v2(Bucket=name).get("Contents", []):
        account.look.s3.delete_object(Bucket=name, Key=item["Key"])
    account.look.s3.delete_bucket(Bucket=name)


@pytest.fixture
def taken(account: Account, workspace: Workspace) -> Any:
    """Our bucket was deleted, and a stranger has made one of its name; the settings that S3 has of that."""
    workspace.apply()
    name = workspace.settings.bucket_name
    without_our_bucket(account, name)
    bucket = bucket_of_a_stranger(name, workspace.open()[0].tags)
    account.calls.clear()
    yield bucket
    assert dict(bucket.keys) == {}
    assert (bucket.encryption, bucket.public_access_block, bucket.versioning_status) == (None, None, None)
    assert json.loads(bucket.policy) == EVERYBODY_MAY


def test_status_and_setup_say_that_the_name_may_have_been_taken(workspace: Workspace, taken: Any) -> None:
    plan = workspace.plan()
    assert plan.phases[0].status == "unknown"
    assert NOT_OURS in plan.phases[0].sentences[0]
    with pytest.raises(WizardError, match=NOT_OURS):
        workspace.apply()


def test_no_events_are_looked_for_there(workspace: Workspace, taken: Any) -> None:
    at = workspace.open()[0]
    with pytest.raises(WizardError, match=NOT_OURS):
        at.aws.retry(lambda: prove_stored(at, "request", datetime.now(UTC)), "find the stored event")
    with pytest.raises(WizardError, match=NOT_OURS):
        stored_since(at, datetime.now(UTC))


def test_a_rollback_takes_back_the_rest(account: Account, workspace: Workspace, taken: Any) -> None:
    with pytest.raises(WizardError, match=NOT_OURS):
        workspace.rollback(delete_events=True)
    assert all(key.startswith("bucket") for key in workspace.state.records)
    assert account.look.iam.list_roles()["Roles"] == []


def test_a_bucket_of_another_account_cannot_be_adopted_though_it_may_be_used(
    account: Account, workspace: Workspace
) -> None:
    bucket_of_a_stranger(workspace.settings.bucket_name, {})
    with pytest.raises(ConflictError, match="is taken"):
        workspace.apply(adopt=True)


def test_every_call_to_the_bucket_names_the_account_that_it_should_be_of(
    account: Account, workspace: Workspace
) -> None:
    unnamed = []

    def note(call: Call) -> None:
        if call.service == "s3" and "x-amz-expected-bucket-owner" not in call.parameters["headers"]:
            unnamed.append(call.operation)

    account.calls.before.append(note)
    workspace.overrides["versioning"] = True
    workspace.apply()
    workspace.rollback(delete_events=True)
    assert unnamed == ["CreateBucket"]


def test_before_the_first_setup_the_account_is_the_one_that_sts_names(account: Account) -> None:
    aws = account.aws(FakeClock())
    aws.account = None
    identify(aws)
    assert aws.account == ACCOUNT_ID
