"""What IAM would say to our calls, asked beforehand where the operator may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wizard.aws.client import Aws
from wizard.aws.retry import reaction_to

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ContextEntryTypeDef

from wizard.aws.error_rules import Explain, Wait
from wizard.aws.policies import Document
from wizard.errors import CredentialsError

# The example that stands for a star: an object of the bucket, an API that does not exist yet.
EXAMPLE = "example"
PASSED_TO_LAMBDA: ContextEntryTypeDef = {
    "ContextKeyName": "iam:PassedToService",
    "ContextKeyType": "string",
    "ContextKeyValues": ["lambda.amazonaws.com"],
}


class NotCheckedError(Exception):
    """IAM cannot be asked about this operator; that says nothing about what the operator may do."""


def missing_permissions(aws: Aws, caller_arn: str, policy: Document) -> list[str]:
    """The actions of `policy` that the caller lacks, as "action on ARN".

    An action counts as missing when it is refused on every ARN that its statement grants it on, and when
    that does not hang on a condition that only the real call can fulfil (MFA, tags, an address).

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

    Raises:
        NotCheckedError: the caller may not ask, or is nobody whose policies can be simulated.
        ClientError: the credentials are dead, or AWS asks to wait.
    """
    try:
        principal = principal_arn(aws, caller_arn)
        return [
            f"{action} on {statement['Resource'][0]}"
            for statement in policy["Statement"]
            for action in _refused(aws, principal, statement)
        ]
    except ClientError as error:
        reaction = reaction_to(error)
        if isinstance(reaction, Explain) and issubclass(reaction.error, CredentialsError):
            raise
        if isinstance(reaction, Wait) and error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        raise NotCheckedError(f"IAM answered {error.operation_name} with {_code(error)}") from error


def principal_arn(aws: Aws, caller_arn: str) -> str:
    """The user or role behind the ARN that STS gives; a session's ARN lacks the path of its role.

    Raises:
        NotCheckedError: it is the account's root or a federated user.
    """
    _, partition, _, _, account, name = caller_arn.split(":", 5)
    kind, _, rest = name.partition("/")
    if kind == "user":
        return caller_arn
    if kind != "assumed-role":
        raise NotCheckedError(f"IAM cannot simulate {caller_arn}")
    role = rest.partition("/")[0]
    try:
        return aws.iam.get_role(RoleName=role)["Role"]["Arn"]
    except ClientError:
        return f"arn:{partition}:iam::{account}:role/{role}"


def _refused(aws: Aws, principal: str, statement: dict[str, Any]) -> list[str]:
    pages = aws.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=principal,
        ActionNames=statement["Action"],
        ResourceArns=[arn if arn == "*" else arn.replace("*", EXAMPLE) for arn in statement["Resource"]],
        ContextEntries=[PASSED_TO_LAMBDA],
    )
    possible = {
        result["EvalActionName"].casefold()
        for page in pages
        for result in page["EvaluationResults"]
        if _may_be_allowed(result)
    }
    return [action for action in statement["Action"] if action.casefold() not in possible]


def _may_be_allowed(result: Any) -> bool:
    """Results for several ARNs come one by one or within one another; either may say yes."""
    parts = result.get("ResourceSpecificResults", [])
    decisions = [result["EvalDecision"], *(part["EvalResourceDecision"] for part in parts)]
    unknown = [
        *result.get("MissingContextValues", []),
        *(key for part in parts for key in part.get("MissingContextValues", [])),
    ]
    return "allowed" in decisions or (bool(unknown) and "explicitDeny" not in decisions)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "an error"))
