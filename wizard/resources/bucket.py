"""Phase 1: the bucket and its settings."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wizard.aws.calls import code_of, none_if
from wizard.errors import ConflictError
from wizard.events.stored import delete_all_objects, foreign_objects
from wizard.resources.base import OWNER_TAG, Context, Resource, SubResource
from wizard.state.model import Facts

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CreateBucketConfigurationTypeDef


PUBLIC_ACCESS_FLAGS = {
    "BlockPublicAcls": "block public ACLs",
    "IgnorePublicAcls": "ignore public ACLs",
    "BlockPublicPolicy": "block public policies",
    "RestrictPublicBuckets": "restrict public buckets",
}
ALGORITHMS = {"SSE-S3": "AES256", "SSE-KMS": "aws:kms"}


class Bucket(Resource):
    """The bucket itself."""

    key = "bucket"

    def title(self, context: Context) -> str:
        """Named with the bucket."""
        return f"S3 bucket {context.settings.bucket_name}"

    def desired(self, context: Context) -> Facts:
        """A bucket cannot be changed, only its settings."""
        return {}

    def read(self, context: Context) -> Facts | None:
        """In us-east-1 CreateBucket answers 200 for a bucket that one owns, so looking first is a must."""
        name = context.settings.bucket_name
        try:
            answer = context.aws.s3.head_bucket(Bucket=name)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchBucket"):
                return None
            # A bucket that was ours when we last looked is more likely one that we may no longer see.
            is_ours = context.fact("bucket", "name") == name
            if code_of(error) == "301" or (code_of(error) == "403" and not is_ours):
                raise _taken(name) from error
            raise
        region = answer.get("BucketRegion", context.identity.region)
        if region != context.identity.region:
            raise _elsewhere(name, region)
        return {"name": name, "owner": self._tags(context).get(OWNER_TAG)}

    def _tags(self, context: Context) -> dict[str, str]:
        name = context.settings.bucket_name
        answer = none_if(("NoSuchTagSet",), lambda: context.aws.s3.get_bucket_tagging(Bucket=name))
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]} if answer else {}

    def create(self, context: Context) -> None:
        """The location must be absent in us-east-1 and present everywhere else."""
        configuration: CreateBucketConfigurationTypeDef = {
            "Tags": [{"Key": key, "Value": value} for key, value in context.tags.items()]
        }
        if context.identity.region != "us-east-1":
            configuration["LocationConstraint"] = context.identity.region  # type: ignore[typeddict-item]
        context.aws.s3.create_bucket(
            Bucket=context.settings.bucket_name, CreateBucketConfiguration=configuration
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Nothing of it can change."""

    def keep_reason(self, context: Context, facts: Facts) -> str | None:
        """Events are the operator's, not ours to delete."""
        if context.delete_events:
            return None
        count, more = foreign_objects(context, facts["name"])
        if not count:
            return None
        events = f"{count}{' or more' if more else ''} object{'s' if count > 1 or more else ''}"
        return f"holds {events} with events; --delete-events deletes them too"

    def delete(self, context: Context, facts: Facts) -> None:
        """Empty it, all versions too, and delete it."""
        name = facts["name"]

        def empty_and_delete() -> None:
            delete_all_objects(context, name)
            context.aws.s3.delete_bucket(Bucket=name)

        none_if(("NoSuchBucket", "404"), empty_and_delete)


class BucketSetting(SubResource):
    """A setting of the bucket, absent with it."""

    needs = ("bucket",)
    parent = "bucket"

    def read(self, context: Context) -> Facts | None:
        """See `Resource.read`."""
        return none_if(("NoSuchBucket",), lambda: self.read_setting(context))

    @abstractmethod
    def read_setting(self, context: Context) -> Facts:
        """The facts, given that the bucket stands."""


class PublicAccessBlock(BucketSetting):
    """The four switches against public access."""

    key = "bucket.public_access_block"
    labels = PUBLIC_ACCESS_FLAGS

    def title(self, context: Context) -> str:
        """The console's name for it."""
        return "public access block"

    def desired(self, context: Context) -> Facts:
        """All four alike."""
        return dict.fromkeys(PUBLIC_ACCESS_FLAGS, context.settings.block_public_access)

    def read_setting(self, context: Context) -> Facts:
        """A bucket without the configuration blocks nothing."""
        name = context.settings.bucket_name
        answer = none_if(
            ("NoSuchPublicAccessBlockConfiguration",),
            lambda: context.aws.s3.get_public_access_block(Bucket=name),
        )
        flags: dict[str, Any] = dict(answer["PublicAccessBlockConfiguration"]) if answer else {}
        return {flag: bool(flags.get(flag)) for flag in PUBLIC_ACCESS_FLAGS}

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """One call sets all four."""
        flags: Any = {flag: desired[flag] for flag in PUBLIC_ACCESS_FLAGS}
        context.aws.s3.put_public_access_block(
            Bucket=context.settings.bucket_name,
            PublicAccessBlockConfiguration=flags,
        )


class BucketEncryption(BucketSetting):
    """The default encryption of new objects."""

    key = "bucket.encryption"
    labels = {"algorithm": "default encryption"}

    def title(self, context: Context) -> str:
        """With the kind of keys."""
        return f"default encryption {context.settings.encryption}"

    def desired(self, context: Context) -> Facts:
        """S3's word for the chosen encryption."""
        return {"algorithm": ALGORITHMS[context.settings.encryption]}

    def read_setting(self, context: Context) -> Facts:
        """The whole rule is kept, so that changing the algorithm loses no other part of it."""
        answer = none_if(
            ("ServerSideEncryptionConfigurationNotFoundError",),
            lambda: context.aws.s3.get_bucket_encryption(Bucket=context.settings.bucket_name),
        )
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else []
        rule: dict[str, Any] = dict(rules[0]) if rules else {}
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        return {"algorithm": default.get("SSEAlgorithm"), "rule": rule}

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """A whole former rule comes back as it was, its key included; where there was none, AWS's default."""
        if not desired["algorithm"]:
            context.aws.s3.delete_bucket_encryption(Bucket=context.settings.bucket_name)
            return
        rule: Any = desired.get("rule") or {
            **facts["rule"],
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": desired["algorithm"]},
        }
        context.aws.s3.put_bucket_encryption(
            Bucket=context.settings.bucket_name, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )


class BucketVersioning(BucketSetting):
    """Whether old versions of objects are kept."""

    key = "bucket.versioning"
    labels = {"enabled": "versioning"}

    def title(self, context: Context) -> str:
        """On or off."""
        return f"versioning {'on' if context.settings.versioning else 'off'}"

    def desired(self, context: Context) -> Facts:
        """On or off; a bucket that never had it counts as off."""
        return {"enabled": context.settings.versioning}

    def read_setting(self, context: Context) -> Facts:
        """No status at all means that it was never on."""
        answer = context.aws.s3.get_bucket_versioning(Bucket=context.settings.bucket_name)
        return {"enabled": answer.get("Status") == "Enabled"}

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Once on, it can only be suspended."""
        context.aws.s3.put_bucket_versioning(
            Bucket=context.settings.bucket_name,
            VersioningConfiguration={"Status": "Enabled" if desired["enabled"] else "Suspended"},
        )


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
