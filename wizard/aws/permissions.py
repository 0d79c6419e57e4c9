"""What IAM would say to our calls, asked beforehand where the operator may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from wizard.aws.client import Aws
from wizard.aws.retry import explained

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ContextEntryTypeDef

from wizard.aws.policies import Document
from wizard.errors import CredentialsError

# The examples that stand for a star, an object of the bucket or an API that does not exist yet, and for a
# question mark, a digit of an id.
EXAMPLE, DIGIT = "example", "0"
SETS = ("ForAllValues:", "ForAnyValue:")


class NotCheckedError(Exception):
    """IAM cannot be asked about this operator; that says nothing about what the operator may do."""


def missing_permissions(aws: Aws, caller_arn: str, policy: Document) -> list[str]:
    """The actions of `policy` that the caller lacks, as "action on ARN".

    An action counts as missing when it is refused on every ARN that its statement grants it on, and when
    that does not hang on a condition that only the real call can fulfil (MFA, tags, an address).

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

    The question is not worth waiting for: whatever IAM answers but an answer, the real calls will tell.

    Raises:
        NotCheckedError: IAM does not say: the caller may not ask or is nobody who can be simulated, IAM
            is throttled or broken, an emulator does not know the question.
        CredentialsError: the credentials are dead.
    """
    try:
        principal = principal_arn(aws, caller_arn)
        return [
            f"{action} on {statement['Resource'][0]}"
            for statement in policy["Statement"]
            for action in _refused(aws, principal, statement)
        ]
    except (ClientError, BotoCoreError) as error:
        problem = explained(error, "look up your permissions")
        if isinstance(problem, CredentialsError):
            raise problem from error
        raise NotCheckedError(_answered(error)) from error
    except ResponseParserError as error:
        raise NotCheckedError("what IAM answered cannot be read") from error


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
        ResourceArns=[arn if arn == "*" else _example(arn) for arn in statement["Resource"]],
        ContextEntries=_context(statement.get("Condition", {})),
    )
    possible = {
        result["EvalActionName"].casefold()
        for page in pages
        for result in page["EvaluationResults"]
        if _may_be_allowed(result)
    }
    return [action for action in statement["Action"] if action.casefold() not in possible]


def _context(condition: Mapping[str, Mapping[str, str]]) -> list[ContextEntryTypeDef]:
    """What the real calls will bring along: of each key a value that fulfils the condition. What operators
    for sets compare has several: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html"""
    return [
        {
            "ContextKeyName": key,
            "ContextKeyType": "stringList" if operator.startswith(SETS) else "string",
            "ContextKeyValues": [_example(value)],
        }
        for operator, tests in condition.items()
        for key, value in tests.items()
    ]


def _example(pattern: str) -> str:
    return pattern.replace("*", EXAMPLE).replace("?", DIGIT)


def _may_be_allowed(result: Any) -> bool:
    """Results for several ARNs come one by one or within one another; either may say yes."""
    parts = result.get("ResourceSpecificResults", [])
    decisions = [result["EvalDecision"], *(part["EvalResourceDecision"] for part in parts)]
    unknown = [
        *result.get("MissingContextValues", []),
        *(key for part in parts for key in part.get("MissingContextValues", [])),
    ]
    return "allowed" in decisions or (bool(unknown) and "explicitDeny" not in decisions)


def _answered(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return "IAM cannot be reached"
    return (
        f"IAM answered {error.operation_name} with {error.response.get('Error', {}).get('Code', 'an error')}"
    )
