"""Credentials and region, as boto3 finds them."""

from __future__ import annotations

from dataclasses import dataclass

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError, UnknownRegionError

from wizard.aws.models import use_models
from wizard.aws.retry import explained
from wizard.aws.timestamps import use_timestamps


@dataclass(frozen=True)
class Keys:
    """An access key pair given by hand, for the embedded local AWS."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Keys({self.access_key_id})"


def open_session(profile: str | None, region: str | None, keys: Keys | None = None) -> boto3.Session:
    """A boto3 session.

    Raises:
        CredentialsError: no such profile, or no region is known.
    """
    try:
        below = botocore.session.get_session()
        use_models(below)
        use_timestamps(below)
        session = boto3.Session(
            botocore_session=below,
            profile_name=profile,
            region_name=region,
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
        )
    except BotoCoreError as error:
        raise explained(error, "use these AWS credentials") from error
    return session


def partition_of(session: boto3.Session, region: str) -> str:
    """The partition that a region should be in; STS says it for certain. Regions younger than botocore
    are taken for the commercial partition's."""
    try:
        return session.get_partition_for_region(region)
    except UnknownRegionError:
        return "aws"
