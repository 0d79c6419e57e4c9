"""The bucket in a template."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.export.parts.base import BUCKET, Export, Part, tags_of
from wizard.export.references import reference
from wizard.resources.base import Deployment
from wizard.state.model import Facts

ABOUT_BUCKET = "It outlives the stack, as its events do."
# Without the first, CloudFormation does not import anything.
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def _bucket(at: Deployment, facts: Facts) -> list[Part]:
    return [Part("Bucket", "AWS::S3::Bucket", {"BucketName": BUCKET, **tags_of(facts)}, KEPT, ABOUT_BUCKET)]


def _bucket_policy(at: Deployment, facts: Facts) -> list[Part]:
    document = {"Version": "2012-10-17", "Statement": [facts["statement"]]}
    properties = {"Bucket": reference("Bucket"), "PolicyDocument": document}
    return [Part("BucketPolicy", "AWS::S3::BucketPolicy", properties, KEPT)]


def _public_access_block(at: Deployment, facts: Facts) -> list[Part]:
    return [Part("Bucket", "", {"PublicAccessBlockConfiguration": facts})]


def _encryption(at: Deployment, facts: Facts) -> list[Part]:
    rule = {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": facts["algorithm"]},
        **({"BucketKeyEnabled": True} if facts.get("bucket_key") else {}),
    }
    return [Part("Bucket", "", {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}})]


def _versioning(at: Deployment, facts: Facts) -> list[Part]:
    return [
        Part("Bucket", "", {"VersioningConfiguration": {"Status": "Enabled"}} if facts["enabled"] else {})
    ]


def _event_retention(at: Deployment, facts: Facts) -> list[Part]:
    """The same rule as S3 has it, under CloudFormation's names."""
    ours = facts["rule"]
    rule = {
        "Id": ours["ID"],
        "Status": ours["Status"],
        "Prefix": ours["Filter"]["Prefix"],
        "ExpirationInDays": ours["Expiration"]["Days"],
        "NoncurrentVersionExpiration": ours["NoncurrentVersionExpiration"],
        "AbortIncompleteMultipartUpload": ours["AbortIncompleteMultipartUpload"],
    }
    return [Part("Bucket", "", {"LifecycleConfiguration": {"Rules": [rule]}})]


PARTS: Mapping[str, Export] = {
    "bucket": _bucket,
    "bucket.policy": _bucket_policy,
    "bucket.public_access_block": _public_access_block,
    "bucket.encryption": _encryption,
    "bucket.versioning": _versioning,
    "bucket.event_retention": _event_retention,
}
