"""Phase 1: the bucket and its settings."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from botocore.exceptions import ClientError

from wizard.aws.bucket_contents import delete_all_objects
from wizard.aws.calls import code_of, none_if
from wizard.errors import ConflictError
from wizard.events.stored import foreign_objects
from wizard.resources.base import OWNER_TAG, Deployment, Observed, SubResource, TagsRefusedError
from wizard.resources.tagged import DesiredTags, TaggedResource, as_list, from_list, to_put, to_take_off
from wizard.state.model import Facts

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CreateBucketConfigurationTypeDef


PUBLIC_ACCESS_FLAGS = {
    "BlockPublicAcls": "block public ACLs",
    "IgnorePublicAcls": "ignore public ACLs",
    "BlockPublicPolicy": "block public policies",
    "RestrictPublicBuckets": "restrict public buckets",
}
KMS = "aws:kms"
AWS_OWN_KEY = "alias/aws/s3"
ALGORITHMS = {"SSE-S3": "AES256", "SSE-KMS": KMS}
DEFAULT = "ApplyServerSideEncryptionByDefault"
GONE = ("NoSuchBucket", "404")
# What S3 says to tags in CreateBucket where it does not know them there (partitions of their own, older
# look-alikes): https://github.com/hashicorp/terraform-provider-aws/pull/46122
TAGS_REFUSED = ("UnsupportedArgument", "MalformedXML")
# Checks that store a test event, and know where.
CHECKS_THAT_STORE = ("test.invoke", "deploy.endpoint")


class BucketFacts(TypedDict):
    """`owner` is the id of the deployment in its tag."""

    name: str
    owner: str | None
    tags: dict[str, str]


class EncryptionFacts(TypedDict):
    """`rule` is S3's whole rule, so that changing a part loses no other part of it.

    `bucket_key` saves a call to KMS, and its price, for every object:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """

    algorithm: str | None
    bucket_key: bool
    rule: dict[str, Any]


class VersioningFacts(TypedDict):
    """A bucket that never had versioning counts as off."""

    enabled: bool


class Bucket(TaggedResource[BucketFacts]):
    """The bucket itself."""

    key = "bucket"
    chain = "bucket"
    actions = {
        "bucket": (
            "s3:CreateBucket", "s3:DeleteBucket", "s3:GetBucketTagging", "s3:ListBucket",
            "s3:ListBucketVersions", "s3:PutBucketTagging", "s3:TagResource",
        ),
        "objects": (
            "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion",
            "s3:PutObject",
        ),
    }  # fmt: skip

    def title(self, at: Deployment) -> str:
        return f"S3 bucket {at.settings.bucket_name}"

    def desired(self, at: Deployment) -> Facts | None:
        """Nothing of a bucket itself can be changed but its tags."""
        return {"tags": at.desired_tags}

    def read(self, at: Deployment) -> BucketFacts | None:
        """In us-east-1 CreateBucket answers 200 for a bucket that one owns, so looking first is a must.

        One that we know is asked for its tags alone; one that we meet for the first time also for its
        region.
        """
        name = at.settings.bucket_name
        try:
            if at.fact("bucket", "name") != name:
                self._refuse_elsewhere(at, name)
            tags = self._tags(at)
            return {"name": name, "owner": tags.get(OWNER_TAG), "tags": tags}
        except ClientError as error:
            if code_of(error) in GONE:
                return None
            # A bucket that was ours when we last looked is more likely one that we may no longer see.
            is_ours = at.fact("bucket", "name") == name
            if code_of(error) == "301" or (code_of(error) == "403" and not is_ours):
                raise _taken(name) from error
            raise

    def _refuse_elsewhere(self, at: Deployment, name: str) -> None:
        answer = at.aws.s3.head_bucket(Bucket=name)
        region = answer.get("BucketRegion", at.identity.region)
        if region != at.identity.region:
            raise _elsewhere(name, region)

    def _tags(self, at: Deployment) -> dict[str, str]:
        name = at.settings.bucket_name
        answer = none_if(("NoSuchTagSet",), lambda: at.aws.s3.get_bucket_tagging(Bucket=name))
        return from_list(answer["TagSet"]) if answer else {}

    def create(self, at: Deployment, desired: Facts) -> BucketFacts | None:
        """The location must be absent in us-east-1 and present everywhere else."""
        try:
            self._create(at, {"Tags": as_list(at.tags)})
        except ClientError as error:
            if code_of(error) in TAGS_REFUSED:
                raise TagsRefusedError from error
            raise
        return {"name": at.settings.bucket_name, "owner": at.identity.id, "tags": at.tags}

    def create_untagged(self, at: Deployment, desired: Facts) -> BucketFacts | None:
        self._create(at, {})
        return {"name": at.settings.bucket_name, "owner": None, "tags": {}}

    @staticmethod
    def _create(at: Deployment, configuration: CreateBucketConfigurationTypeDef) -> None:
        name, place = at.settings.bucket_name, at.identity.region
        if place != "us-east-1":
            configuration = {**configuration, "LocationConstraint": place}  # type: ignore[typeddict-item]
        if configuration:
            at.aws.s3.create_bucket(Bucket=name, CreateBucketConfiguration=configuration)
        else:
            at.aws.s3.create_bucket(Bucket=name)

    def change_tags(self, at: Deployment, observed: BucketFacts, changes: DesiredTags) -> None:
        """S3 replaces all tags together, so those of other people are put again."""
        tags = {**observed["tags"], **to_put(changes)}
        for key in to_take_off(changes):
            tags.pop(key, None)
        at.aws.s3.put_bucket_tagging(Bucket=at.settings.bucket_name, Tagging={"TagSet": as_list(tags)})

    def keep_reason(self, at: Deployment, observed: BucketFacts) -> str | None:
        """Events are the operator's, not ours to delete."""
        probes = {at.fact(check, "key") for check in CHECKS_THAT_STORE}
        count, more = foreign_objects(at.aws, observed["name"], at.identity.id, probes)
        if not count:
            return None
        events = f"{count}{' or more' if more else ''} object{'s' if count > 1 or more else ''}"
        return f"holds {events} with events; --delete-events deletes them too"

    def delete(self, at: Deployment, observed: BucketFacts) -> None:
        """Empty it, all versions too, and delete it."""
        name = observed["name"]

        def empty_and_delete() -> None:
            delete_all_objects(at.aws, name)
            at.aws.s3.delete_bucket(Bucket=name)

        none_if(GONE, empty_and_delete)


class BucketSetting(SubResource[Observed]):
    """A setting of the bucket, absent with it."""

    needs: ClassVar[tuple[str, ...]] = ("bucket",)
    parent = "bucket"
    chain = "bucket"

    def read(self, at: Deployment) -> Observed | None:
        return none_if(GONE, lambda: self.read_setting(at))

    @abstractmethod
    def read_setting(self, at: Deployment) -> Observed:
        """The facts, given that the bucket stands."""


class PublicAccessBlock(BucketSetting[dict[str, bool]]):
    """The four switches against public access, by S3's names."""

    key = "bucket.public_access_block"
    # Where public policies are blocked, S3 takes no change of one, not even one that only denies more.
    needs = ("bucket", "bucket.policy")
    labels = PUBLIC_ACCESS_FLAGS
    actions = {"bucket": ("s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock")}

    def title(self, at: Deployment) -> str:
        return "public access block"

    def desired(self, at: Deployment) -> Facts | None:
        return dict.fromkeys(PUBLIC_ACCESS_FLAGS, at.settings.block_public_access)

    def expected_with_new_parent(self, at: Deployment) -> Facts | None:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html: all four are on since
        April 2023."""
        return dict.fromkeys(PUBLIC_ACCESS_FLAGS, True)

    def read_setting(self, at: Deployment) -> dict[str, bool]:
        """A bucket without the configuration blocks nothing."""
        name = at.settings.bucket_name
        answer = none_if(
            ("NoSuchPublicAccessBlockConfiguration",), lambda: at.aws.s3.get_public_access_block(Bucket=name)
        )
        flags: dict[str, Any] = dict(answer["PublicAccessBlockConfiguration"]) if answer else {}
        return {flag: bool(flags.get(flag)) for flag in PUBLIC_ACCESS_FLAGS}

    def update(
        self, at: Deployment, desired: Facts, observed: dict[str, bool], difference: frozenset[str]
    ) -> bool:
        """One call sets all four."""
        flags: Any = {flag: desired[flag] for flag in PUBLIC_ACCESS_FLAGS}
        at.aws.s3.put_public_access_block(
            Bucket=at.settings.bucket_name, PublicAccessBlockConfiguration=flags
        )
        return True

    def settings_from(self, observed: dict[str, bool]) -> dict[str, object]:
        return {"block_public_access": all(observed.values())}


class BucketEncryption(BucketSetting[EncryptionFacts]):
    """The default encryption of new objects."""

    key = "bucket.encryption"
    labels = {"algorithm": "default encryption", "bucket_key": "S3 Bucket Key"}
    actions = {"bucket": ("s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration")}

    def title(self, at: Deployment) -> str:
        return f"default encryption {at.settings.encryption}"

    def desired(self, at: Deployment) -> Facts | None:
        """Without KMS a Bucket Key is of no use, but does no harm either."""
        algorithm = ALGORITHMS[at.settings.encryption]
        return {"algorithm": algorithm, **({"bucket_key": True} if algorithm == KMS else {})}

    def expected_with_new_parent(self, at: Deployment) -> Facts | None:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html: SSE-S3 since
        January 2023."""
        return {"algorithm": ALGORITHMS["SSE-S3"]}

    def read_setting(self, at: Deployment) -> EncryptionFacts:
        answer = none_if(
            ("ServerSideEncryptionConfigurationNotFoundError",),
            lambda: at.aws.s3.get_bucket_encryption(Bucket=at.settings.bucket_name),
        )
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else []
        rule: dict[str, Any] = dict(rules[0]) if rules else {}
        return {
            "algorithm": rule.get(DEFAULT, {}).get("SSEAlgorithm"),
            "bucket_key": _has_bucket_key(rule),
            "rule": rule,
        }

    def remark(self, at: Deployment, observed: EncryptionFacts) -> str | None:
        """A key of somebody's own, which an adopted bucket may have, lets in whom its owner allows alone.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
        """
        stays = observed["algorithm"] == ALGORITHMS[at.settings.encryption]
        key = str(observed["rule"].get(DEFAULT, {}).get("KMSMasterKeyID", ""))
        if not stays or not key or key.endswith(AWS_OWN_KEY):
            return None
        return (
            f"The bucket's key {key} is not AWS's own: unless the role {at.settings.role_name}, and you, may"
            " use kms:GenerateDataKey and kms:Decrypt on it, no event is stored or read."
        )

    def as_read_today(self, facts: Facts) -> Facts:
        """Version 0.1.0 wrote down no `bucket_key`, but the whole rule."""
        return {"bucket_key": _has_bucket_key(facts.get("rule", {})), **facts}

    def update(
        self, at: Deployment, desired: Facts, observed: EncryptionFacts, difference: frozenset[str]
    ) -> bool:
        """A whole former rule comes back as it was, its key included; where there was none, AWS's default.

        S3 may add to the rule what it was not told (a bucket key), so it is read again.
        """
        if not desired["algorithm"]:
            at.aws.s3.delete_bucket_encryption(Bucket=at.settings.bucket_name)
            return False
        rule: Any = desired.get("rule") or _changed(observed["rule"], desired)
        at.aws.s3.put_bucket_encryption(
            Bucket=at.settings.bucket_name, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
        return False

    def settings_from(self, observed: EncryptionFacts) -> dict[str, object]:
        return {"encryption": "SSE-KMS"} if observed["algorithm"] == KMS else {}


def _has_bucket_key(rule: dict[str, Any]) -> bool:
    return bool(rule.get("BucketKeyEnabled"))


def _changed(rule: dict[str, Any], desired: Facts) -> dict[str, Any]:
    """The rule with what is desired; a key of somebody's choice stays where the algorithm does."""
    default = rule.get(DEFAULT, {})
    if default.get("SSEAlgorithm") != desired["algorithm"]:
        default = {"SSEAlgorithm": desired["algorithm"]}
    bucket_key = {"BucketKeyEnabled": True} if desired.get("bucket_key") else {}
    return {**rule, DEFAULT: default, **bucket_key}


class BucketVersioning(BucketSetting[VersioningFacts]):
    """Whether old versions of objects are kept."""

    key = "bucket.versioning"
    labels = {"enabled": "versioning"}
    actions = {"bucket": ("s3:GetBucketVersioning", "s3:PutBucketVersioning")}

    def title(self, at: Deployment) -> str:
        return f"versioning {'on' if at.settings.versioning else 'off'}"

    def desired(self, at: Deployment) -> Facts | None:
        return {"enabled": at.settings.versioning}

    def is_unset(self, at: Deployment) -> bool:
        return not at.settings.versioning

    def with_new_parent(self, at: Deployment) -> VersioningFacts | None:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html: off until it is put."""
        return {"enabled": False}

    def read_setting(self, at: Deployment) -> VersioningFacts:
        answer = at.aws.s3.get_bucket_versioning(Bucket=at.settings.bucket_name)
        return {"enabled": answer.get("Status") == "Enabled"}

    def update(
        self, at: Deployment, desired: Facts, observed: VersioningFacts, difference: frozenset[str]
    ) -> bool:
        """Once on, it can only be suspended."""
        at.aws.s3.put_bucket_versioning(
            Bucket=at.settings.bucket_name,
            VersioningConfiguration={"Status": "Enabled" if desired["enabled"] else "Suspended"},
        )
        return True

    def settings_from(self, observed: VersioningFacts) -> dict[str, object]:
        return {"versioning": observed["enabled"]}


def _elsewhere(name: str, region: str) -> ConflictError:
    """botocore follows S3's redirection to another region without a word."""
    return ConflictError(
        what=f"The bucket {name} is in the region {region}.",
        why="Function and API can only work with a bucket of their own region.",
        next_step="Choose another one with --bucket-name, or another --region.",
    )


def _taken(name: str) -> ConflictError:
    return ConflictError(
        what=f"The bucket name {name} is taken.",
        why="A bucket of that name exists in another account or region, or your credentials may not see it.",
        next_step="Choose another one with --bucket-name.",
    )
