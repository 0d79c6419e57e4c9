"""Buckets: names that are taken, busy, reserved, or not visible yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.lab import (
    REGION,
    Lab,
    create_bucket,
    error_of,
)
from tests.aws.names import EMULATOR_ACCOUNT_ID
from tests.aws.over_http import ManualClock
from tests.aws.over_http.behaviours import (
    BucketNameBusyAfterDelete,
    BucketNamesTaken,
    BucketNotYetVisible,
    BucketOwnerIsChecked,
    BucketTagsRefused,
    ReservedBucketNames,
    VersionsKeepTheBucket,
)

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]


def test_the_name_of_a_deleted_bucket_is_busy_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(BucketNameBusyAfterDelete(30), clock=clock)
    create_bucket(clients)
    clients.s3.delete_bucket(Bucket="bucket-of-ours")
    status, code, message = error_of(lambda: create_bucket(clients))
    assert (status, code) == (409, "OperationAborted")
    assert message.startswith("A conflicting conditional operation is currently in progress")
    clock.advance(30)
    create_bucket(clients)


def test_a_bucket_of_somebody_else_is_taken_and_forbidden(lab: Lab) -> None:
    clients = lab.through(BucketNamesTaken({"bucket-of-ours"}))
    assert error_of(lambda: create_bucket(clients))[:2] == (409, "BucketAlreadyExists")
    assert error_of(lambda: clients.s3.head_bucket(Bucket="bucket-of-ours")) == (403, "403", "Forbidden")
    refused = error_of(lambda: clients.s3.list_objects_v2(Bucket="bucket-of-ours"))
    assert refused == (403, "AccessDenied", "Access Denied")
    create_bucket(lab.through())


def test_a_bucket_of_another_account_than_expected_is_forbidden(lab: Lab) -> None:
    clients = lab.through(BucketOwnerIsChecked())
    create_bucket(clients)
    put: Any = {"Bucket": "bucket-of-ours", "Key": "key", "Body": b""}
    clients.s3.put_object(**put, ExpectedBucketOwner=EMULATOR_ACCOUNT_ID)
    refused = error_of(lambda: clients.s3.put_object(**put, ExpectedBucketOwner="999999999999"))
    assert refused[:2] == (403, "AccessDenied")


@pytest.mark.parametrize(
    "name", ["sthree-x", "amzn-s3-demo-x", "x-s3alias", "x--ol-s3", "x--table-s3", "x-an"]
)
def test_reserved_bucket_names_are_refused(lab: Lab, name: str) -> None:
    refused = error_of(lambda: create_bucket(lab.through(ReservedBucketNames()), name))
    assert refused == (400, "InvalidBucketName", "The specified bucket is not valid.")
    create_bucket(lab.through(), name)


def test_versions_and_delete_markers_keep_a_bucket_from_being_deleted(lab: Lab) -> None:
    clients = lab.through(VersionsKeepTheBucket())
    create_bucket(clients)
    clients.s3.put_bucket_versioning(Bucket="bucket-of-ours", VersioningConfiguration={"Status": "Enabled"})
    clients.s3.put_object(Bucket="bucket-of-ours", Key="k", Body=b"x")
    clients.s3.delete_object(Bucket="bucket-of-ours", Key="k")
    assert clients.s3.list_objects_v2(Bucket="bucket-of-ours")["KeyCount"] == 0
    status, code, message = error_of(lambda: clients.s3.delete_bucket(Bucket="bucket-of-ours"))
    assert (status, code) == (409, "BucketNotEmpty")
    assert message.endswith("You must delete all versions in the bucket.")
    left = clients.s3.list_object_versions(Bucket="bucket-of-ours")
    for entry in [*left["Versions"], *left["DeleteMarkers"]]:
        clients.s3.delete_object(Bucket="bucket-of-ours", Key="k", VersionId=entry["VersionId"])
    clients.s3.delete_bucket(Bucket="bucket-of-ours")


def test_a_new_bucket_is_not_found_for_some_seconds(lab: Lab, clock: ManualClock) -> None:
    clients = lab.through(BucketNotYetVisible(2), clock=clock)
    create_bucket(clients)

    def configure() -> Any:
        return clients.s3.put_bucket_versioning(
            Bucket="bucket-of-ours", VersioningConfiguration={"Status": "Enabled"}
        )

    assert error_of(configure) == (404, "NoSuchBucket", "The specified bucket does not exist")
    clock.advance(2)
    configure()


@pytest.mark.parametrize("code", ["UnsupportedArgument", "MalformedXML"])
def test_tags_of_a_new_bucket_are_refused_where_s3_knows_none_there(lab: Lab, code: str) -> None:
    clients = lab.through(BucketTagsRefused(code))
    tags: Any = {"LocationConstraint": REGION, "Tags": [{"Key": "a", "Value": "b"}]}

    def create() -> Any:
        return clients.s3.create_bucket(Bucket="bucket-of-ours", CreateBucketConfiguration=tags)

    assert error_of(create)[:2] == (400, code)
    create_bucket(clients)
    clients.s3.put_bucket_tagging(Bucket="bucket-of-ours", Tagging={"TagSet": tags["Tags"]})
