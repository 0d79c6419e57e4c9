"""S3: one world-wide space of names, eventual consistency, and versions.

The emulator itself checks location constraints, creating one's own bucket again and public policies.
"""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from ..calls import Call
from ..messages import Answer
from ..world import World
from .base import Behaviour, refusal

CONFLICTING_OPERATION = (
    "A conflicting conditional operation is currently in progress against this resource. Please try again."
)
NAME_TAKEN = (
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
    "Select a different name and try again."
)
VERSIONS_LEFT = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
REGIONAL_SUFFIX = "-an"
NAME_RULES = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _bucket(call: Call) -> str:
    return str(call.parameters.get("Bucket", "")) if call.service == "s3" else ""


class BucketNameBusyAfterDelete(Behaviour):
    """The name of a deleted bucket cannot be used for some time; on AWS seconds, at times up to an hour."""

    def __init__(self, seconds: float = 30.0) -> None:
        self.seconds = seconds
        self._deleted: dict[str, float] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        deleted = self._deleted.get(_bucket(call))
        if call.name != "s3.CreateBucket" or deleted is None or world.clock.now() - deleted >= self.seconds:
            return None
        return refusal(call, 409, "OperationAborted", CONFLICTING_OPERATION)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name == "s3.DeleteBucket" and answer.succeeded:
            self._deleted[_bucket(call)] = world.clock.now()
        return answer


class BucketNamesTaken(Behaviour):
    """Buckets of other people: the name cannot be used, and everything about them is forbidden."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def before(self, call: Call, world: World) -> Answer | None:
        if _bucket(call) not in self.names:
            return None
        if call.operation == "CreateBucket":
            return refusal(call, 409, "BucketAlreadyExists", NAME_TAKEN)
        return refusal(call, 403, "AccessDenied", "Access Denied")


class BucketOwnerIsChecked(Behaviour):
    """A call that expects a bucket of another account than its own is refused."""

    def before(self, call: Call, world: World) -> Answer | None:
        expected = call.request.header("x-amz-expected-bucket-owner") if call.service == "s3" else ""
        if expected in ("", world.account):
            return None
        return refusal(call, 403, "AccessDenied", "Access Denied")


class ReservedBucketNames(Behaviour):
    """Names that S3 keeps for itself, or that break its naming rules."""

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != "s3.CreateBucket":
            return None
        name = _bucket(call)
        regional = call.request.header("x-amz-bucket-namespace") == "account-regional"
        reserved = name.startswith(RESERVED_PREFIXES) or name.endswith(RESERVED_SUFFIXES)
        outside_its_namespace = name.endswith(REGIONAL_SUFFIX) and not regional
        if NAME_RULES.fullmatch(name) and not reserved and not outside_its_namespace:
            return None
        return refusal(call, 400, "InvalidBucketName", "The specified bucket is not valid.")


class VersionsKeepTheBucket(Behaviour):
    """A bucket with versions or delete markers left cannot be deleted, though a listing shows it empty."""

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != "s3.DeleteBucket":
            return None
        storage = world.s3(call.scope.region)
        try:
            versioned = storage.get_bucket_versioning(Bucket=_bucket(call)).get("Status")
            left = storage.list_object_versions(Bucket=_bucket(call), MaxKeys=1)
        except ClientError:
            return None
        if versioned and (left.get("Versions") or left.get("DeleteMarkers")):
            return refusal(call, 409, "BucketNotEmpty", VERSIONS_LEFT)
        return None


class BucketTagsRefused(Behaviour):
    """CreateBucket knows no tags, as in the newest partitions and in older look-alikes of S3.

    `code` is UnsupportedArgument (aws-eusc) or MalformedXML (LocalStack 4.9).
    """

    def __init__(self, code: str = "UnsupportedArgument") -> None:
        self.code = code

    def before(self, call: Call, world: World) -> Answer | None:
        if call.name != "s3.CreateBucket" or b"<Tag>" not in call.request.body:
            return None
        return refusal(call, 400, self.code, TAGS_REFUSED[self.code])


TAGS_REFUSED = {
    "UnsupportedArgument": "The request contained an unsupported argument.",
    "MalformedXML": "The XML you provided was not well-formed or did not validate against our published "
    "schema",
}


class BucketNotYetVisible(Behaviour):
    """For some seconds after CreateBucket, everything else about the bucket answers 404 NoSuchBucket."""

    def __init__(self, seconds: float = 2.0) -> None:
        self.seconds = seconds
        self._created: dict[str, float] = {}

    def before(self, call: Call, world: World) -> Answer | None:
        created = self._created.get(_bucket(call))
        if created is None or call.operation == "CreateBucket" or world.clock.now() - created >= self.seconds:
            return None
        return refusal(call, 404, "NoSuchBucket", "The specified bucket does not exist")

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name == "s3.CreateBucket" and answer.succeeded:
            self._created.setdefault(_bucket(call), world.clock.now())
        if call.name == "s3.DeleteBucket" and answer.succeeded:
            self._created.pop(_bucket(call), None)
        return answer
