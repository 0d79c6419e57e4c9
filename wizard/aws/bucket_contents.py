"""What one bucket holds, looked at and emptied; errors of AWS are raised as they come, for `retry` to judge.

Reading many objects fast, and replacing some: `objects`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wizard.aws.calls import none_if
from wizard.aws.error_rules import look_up
from wizard.aws.retry import NotYet
from wizard.aws.rule import Wait
from wizard.errors import WizardError

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef, ObjectIdentifierTypeDef

    from wizard.aws.client import Aws

# Counting a bucket takes one call for a thousand versions; beyond this "more than" says enough.
MOST_VERSIONS_TO_COUNT = 100_000


@dataclass(frozen=True)
class Contents:
    """What a bucket holds, old versions among it.

    Attributes:
        objects: how many versions of objects; those that only mark a deletion do not count.
        size: bytes of all of them.
        oldest, newest: when they were stored, UTC; None in an empty bucket.
        is_all: False where counting stopped at `MOST_VERSIONS_TO_COUNT`.
    """

    objects: int = 0
    size: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    is_all: bool = True


def keys_of(aws: Aws, bucket: str, prefix: str, start_after: str = "") -> Iterator[str]:
    """The names that begin with `prefix` and come after `start_after`, in their order."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, StartAfter=start_after
    )
    for page in pages:
        for found in page.get("Contents", []):
            yield found["Key"]


def content_of(aws: Aws, bucket: str, key: str, version_id: str | None = None) -> bytes | None:
    """The bytes of an object, or of one version of it; None when it is gone."""
    request: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
    if version_id:
        request["VersionId"] = version_id
    answer = none_if(("NoSuchKey", "NoSuchVersion", "404"), lambda: aws.s3.get_object(**request))
    return None if answer is None else answer["Body"].read()


def first_versions(aws: Aws, bucket: str) -> tuple[list[tuple[str, str]], bool]:
    """Name and id of up to a thousand versions, and whether there are more; none where the bucket is gone."""
    answer = none_if(("NoSuchBucket",), lambda: aws.s3.list_object_versions(Bucket=bucket))
    if answer is None:
        return [], False
    versions = [(found["Key"], found["VersionId"]) for found in answer.get("Versions", [])]
    return versions, bool(answer.get("IsTruncated"))


def contents_of(aws: Aws, bucket: str, most: int = MOST_VERSIONS_TO_COUNT) -> Contents:
    """How much the bucket holds; one that is gone holds nothing.

    Args:
        most: versions after which counting stops, at the end of a page of a thousand.
    """
    found = Contents()
    pages = iter(aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket))
    while page := none_if(("NoSuchBucket",), lambda: next(pages, None)):
        versions = page.get("Versions", [])
        moments = [version["LastModified"] for version in versions]
        found = Contents(
            found.objects + len(versions),
            found.size + sum(version["Size"] for version in versions),
            min((moment for moment in (found.oldest, *moments) if moment), default=None),
            max((moment for moment in (found.newest, *moments) if moment), default=None),
        )
        if found.objects >= most and page.get("IsTruncated"):
            return replace(found, is_all=False)
    return found


def delete_all_objects(aws: Aws, bucket: str) -> None:
    """Delete every version and delete marker; a bucket that was never versioned has one of each object.

    Raises:
        NotYet, WizardError: S3 did not delete some of them.
    """
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed: list[ObjectIdentifierTypeDef] = [
            {"Key": version["Key"], "VersionId": version["VersionId"]} for version in found
        ]
        if doomed:
            answer = aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
            raise_on_refusals(bucket, answer.get("Errors", []))


def raise_on_refusals(bucket: str, refusals: Sequence[Any]) -> None:
    """What to do about the objects that S3 did not delete although it answered 200.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html

    Args:
        refusals: `Errors` of the answer.

    Raises:
        NotYet: S3 asks to try some of them again.
        WizardError: it refuses.
    """
    if not refusals:
        return
    reactions = [look_up(one.get("Code", ""), one.get("Message", ""), "DeleteObjects") for one in refusals]
    for reaction in reactions:
        if isinstance(reaction, Wait):
            raise NotYet(reaction)
    first = refusals[0]
    raise WizardError(
        what=f"S3 did not delete {len(refusals)} of the objects of {bucket}.",
        why=f"The first is {first.get('Key')}: {first.get('Code')}.",
        next_step="Look for a bucket policy or object lock, then run the same command again.",
    )
