"""Whose credentials these are, and whether they are the right ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from wizard.aws.error_rules import ENABLE_REGION, UNKNOWN_KEY
from wizard.aws.errors import AWS_ERRORS
from wizard.aws.retry import explained
from wizard.errors import CredentialsError

if TYPE_CHECKING:
    from wizard.aws.client import Aws


@dataclass(frozen=True)
class Caller:
    """Who we are, as STS says it."""

    account: str
    partition: str
    arn: str


def identify(aws: Aws) -> Caller:
    """Ask STS who we are; from then on only buckets of that account are touched, if none was named.

    Raises:
        CredentialsError: no, dead or wrong credentials, or a region that is not enabled.
        WizardError: AWS cannot be reached.
    """
    doing = "find out whose AWS credentials these are"
    try:
        answer = aws.sts.get_caller_identity()
    except AWS_ERRORS as error:
        if isinstance(error, ClientError) and _is_known_elsewhere(aws, error):
            raise _region_is_off(aws.region) from error
        raise explained(error, doing) from error
    except KeyError as error:
        # A sign-in page in XHTML is XML, too: botocore's parser only misses the answer in it.
        raise explained(ResponseParserError(f"there is no {error} in the answer"), doing) from error
    aws.account = aws.account or answer["Account"]
    partition = answer["Arn"].split(":")[1]
    return Caller(answer["Account"], partition, answer["Arn"])


def _is_known_elsewhere(aws: Aws, error: ClientError) -> bool:
    """Whether the keys that this region does not know are good where no region can be switched off."""
    elsewhere = aws.sts_elsewhere() if error.response.get("Error", {}).get("Code") in UNKNOWN_KEY else None
    try:
        return elsewhere is not None and bool(elsewhere.get_caller_identity())
    except AWS_ERRORS:
        return False


def _region_is_off(region: str) -> CredentialsError:
    return CredentialsError(
        what=f"The region {region} is not enabled for this account.",
        why="AWS knows the credentials elsewhere, but not there: the account has to opt in to that region.",
        next_step=f"Run `aws account enable-region --region-name {region}` and wait some minutes, or choose"
        " another region with --region.",
        link=ENABLE_REGION,
    )


def refuse_other_account(caller: Caller, account: str, partition: str) -> None:
    """Stop before anything is touched when the credentials are of another account.

    Raises:
        CredentialsError: they are.
    """
    if (caller.account, caller.partition) != (account, partition):
        raise CredentialsError(
            what="These credentials are of another AWS account.",
            why=f"The deployment is in account {account} ({partition}), the credentials are of"
            f" {caller.account} ({caller.partition}).",
            next_step="Use credentials of the first account (--profile NAME), or another --state.",
        )
