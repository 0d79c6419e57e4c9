"""What is done by moto's models alone comes to the same as what goes through all of moto."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.in_process import Account

BUCKET = "bucket-of-objects"
KEYS = ("a/1.json", "a/2 ä+%.json", "b/3.json")
# Which make a call one that moto itself is asked.
PUT_BY_MOTO: dict[str, Any] = {"StorageClass": "STANDARD"}
GET_BY_MOTO: dict[str, Any] = {"ResponseExpires": "0"}
LIST_BY_MOTO: dict[str, Any] = {"FetchOwner": True}
OF_THE_WIRE = {"ResponseMetadata", "Owner", "AcceptRanges", "EncodingType", "Expires", "ExpiresString"}


@pytest.fixture
def s3(account: Account) -> Any:
    """A client, and the bucket with versions."""
    s3 = account.look.s3
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return s3


def put(s3: Any, key: str, **further: Any) -> dict[str, Any]:
    body, told = f'["{key}"]'.encode(), {"events": "1"}
    answer: dict[str, Any] = s3.put_object(
        Bucket=BUCKET, Key=key, Body=body, ContentType="application/json", Metadata=told, **further
    )
    return answer


def is_of_moto(answer: dict[str, Any]) -> bool:
    return "RequestId" in answer["ResponseMetadata"]


def told(answer: Any) -> Any:
    """What is said of the objects."""
    if not isinstance(answer, dict):
        return answer
    found = {name: value for name, value in answer.items() if name not in OF_THE_WIRE}
    found = {name: value for name, value in found.items() if not name.startswith("Checksum")}
    if "Contents" in found:
        found["Contents"] = [told(entry) for entry in found["Contents"]]
    if "Body" in found:
        found["Body"] = found["Body"].read()
    return found


@pytest.mark.parametrize("by_moto", [{}, PUT_BY_MOTO], ids=["put by its models", "put by moto"])
def test_an_object_is_the_same_whichever_way_it_came_and_goes(s3: Any, by_moto: dict[str, Any]) -> None:
    for key in KEYS:
        assert is_of_moto(put(s3, key, **by_moto)) == bool(by_moto)
        found, expected = (s3.get_object(Bucket=BUCKET, Key=key, **way) for way in ({}, GET_BY_MOTO))
        assert (is_of_moto(found), is_of_moto(expected)) == (False, True)
        assert told(found) == told(expected)
        assert expected["Metadata"] == {"events": "1"}


@pytest.mark.parametrize("asked", [{}, {"Prefix": "a/"}, {"StartAfter": KEYS[0]}, {"Prefix": "c"}], ids=str)
def test_a_list_names_the_same_objects(s3: Any, asked: dict[str, Any]) -> None:
    for key in (*KEYS, "a/deleted.json"):
        put(s3, key)
    s3.delete_object(Bucket=BUCKET, Key="a/deleted.json")

    found, expected = (s3.list_objects_v2(Bucket=BUCKET, **asked, **way) for way in ({}, LIST_BY_MOTO))

    assert (is_of_moto(found), is_of_moto(expected)) == (False, True)
    assert told(found) | {"StartAfter": ""} == told(expected) | {"StartAfter": ""}


def test_errors_are_those_of_moto(s3: Any) -> None:
    for asked in ({"Bucket": BUCKET, "Key": "none"}, {"Bucket": "no-bucket-at-all", "Key": "none"}):
        with pytest.raises(ClientError, match=r"NoSuchKey|NoSuchBucket"):
            s3.get_object(**asked)


def test_a_bucket_policy_holds_for_both_ways(s3: Any) -> None:
    put(s3, "kept.json")
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    for way in ({}, GET_BY_MOTO):
        with pytest.raises(ClientError, match=r"403|AccessDenied"):
            s3.get_object(Bucket=BUCKET, Key="kept.json", **way)
