"""What the operator must be allowed to do: the policy that `eventtrack-wizard policy` prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from wizard.aws.policies import Document, document

# Kind of ARN, as resources name it in their `actions`, to the statement's id and the ARNs themselves.
#
# An API's id is AWS's to choose, so API Gateway is scoped to the region's REST APIs; an API is made with
# tags by leave to put them. Tags of a log group are read on its ARN without the `:*` that every other call
# needs; listing log groups, and the account's limits, know no single thing.
ARNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bucket": ("Bucket", ("arn:{partition}:s3:::{bucket}",)),
    "objects": ("Events", ("arn:{partition}:s3:::{bucket}/*",)),
    "role": ("ExecutionRole", ("arn:{partition}:iam::{account}:role/{role}",)),
    "role with a boundary": ("RoleBoundary", ("arn:{partition}:iam::{account}:role/{role}",)),
    "function": ("Function", ("arn:{partition}:lambda:{region}:{account}:function:{function}",)),
    "log group": (
        "Logs",
        (
            "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}",
            "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}:*",
        ),
    ),
    "every log group": ("ListLogGroups", ("*",)),
    "apis": (
        "Api",
        (
            "arn:{partition}:apigateway:{region}::/restapis",
            "arn:{partition}:apigateway:{region}::/restapis/*",
        ),
    ),
    "api tags": ("TagApi", ("arn:{partition}:apigateway:{region}::/tags/*",)),
    "account": ("NewAccountLimits", ("*",)),
}


@dataclass(frozen=True)
class Names:
    """The names that an operator's policy is scoped to."""

    partition: str
    account: str
    region: str
    bucket: str
    role: str
    function: str
    boundary: str | None = None


def operator_document(names: Names, needed: Iterable[Mapping[str, tuple[str, ...]]]) -> Document:
    """Everything that the wizard does with a deployment of these names, and nothing else.

    Args:
        needed: the actions of every resource and check, by kind of ARN; see `ARNS`.
    """
    actions: dict[str, set[str]] = {kind: set() for kind in ARNS}
    for one in needed:
        for kind, named in one.items():
            actions[kind] |= set(named)
    if not names.boundary:
        actions.pop("role with a boundary")
    values = asdict(names)
    return document(
        *(
            _allow(ARNS[kind][0], sorted(actions[kind]), *(arn.format(**values) for arn in ARNS[kind][1]))
            for kind in actions
            if actions[kind]
        )
    )


def _allow(statement_id: str, actions: Iterable[str], *resources: str) -> dict[str, Any]:
    return {"Sid": statement_id, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def for_local_aws(policy: Document) -> Document:
    """The operator's policy in the embedded local AWS, which knows no single function at CreateFunction."""
    return document(*policy["Statement"], _allow("LocalAwsOnly", ("lambda:CreateFunction",), "*"))
