"""What a principal's IAM policies allow: action, resource and conditions, read from the emulator as root.

The emulator's own simulation looks at one resource only and at no condition key, so that a policy allowing
iam:PassRole for Lambda alone seems to allow nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

from .world import World

Statement = dict[str, Any]
Context = dict[str, list[str]]
"""Condition keys in lower case, and the values of the request."""

ALLOWED, IMPLICIT_DENY, EXPLICIT_DENY = "allowed", "implicitDeny", "explicitDeny"


@dataclass
class Decision:
    """What the policies say about one action on one resource."""

    outcome: str = IMPLICIT_DENY
    missing_context: list[str] = field(default_factory=list)


def decide(
    world: World, principal: str, action: str, resource: str, context: Context | None = None
) -> Decision:
    """Whether a user or a role may do something; its permissions boundary counts too."""
    statements, boundary = policies_of(world, principal)
    decision = evaluate(statements, action, resource, context or {})
    if decision.outcome == ALLOWED and boundary is not None:
        decision.outcome = evaluate(boundary, action, resource, context or {}).outcome
    return decision


def evaluate(statements: list[Statement], action: str, resource: str, context: Context) -> Decision:
    """A deny wins over an allow; no statement at all is an implicit deny."""
    decision = Decision()
    for statement in statements:
        if not (
            _concerns(statement, "Action", action, lower=True) and _concerns(statement, "Resource", resource)
        ):
            continue
        unknown = [key for key in _condition_keys(statement) if key.lower() not in context]
        decision.missing_context += [key for key in unknown if key not in decision.missing_context]
        if not _conditions_hold(statement, context):
            continue
        if statement["Effect"] == "Deny":
            decision.outcome = EXPLICIT_DENY
        elif decision.outcome == IMPLICIT_DENY:
            decision.outcome = ALLOWED
    return decision


def policies_of(world: World, principal: str) -> tuple[list[Statement], list[Statement] | None]:
    """The statements of a principal's policies, and those of its permissions boundary if it has one."""
    kind, _, name = principal.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    readers: dict[str, Callable[[World, str], Iterator[Any]]] = {"user": _user, "role": _role}
    try:
        documents = list(readers[kind](world, name)) if kind in readers else []
        boundary = _boundary(world, kind, name) if kind in readers else None
    except ClientError:
        return [], None
    statements = [statement for document in documents for statement in _statements(document)]
    return statements, None if boundary is None else _statements(boundary)


def _user(world: World, name: str) -> Iterator[Any]:
    iam = world.iam()
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        yield iam.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"]
    for attached in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        yield _managed(world, attached["PolicyArn"])
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        yield from _group(world, group["GroupName"])


def _group(world: World, name: str) -> Iterator[Any]:
    iam = world.iam()
    for policy in iam.list_group_policies(GroupName=name)["PolicyNames"]:
        yield iam.get_group_policy(GroupName=name, PolicyName=policy)["PolicyDocument"]
    for attached in iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
        yield _managed(world, attached["PolicyArn"])


def _role(world: World, name: str) -> Iterator[Any]:
    iam = world.iam()
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        yield _managed(world, attached["PolicyArn"])


def _managed(world: World, arn: str) -> Any:
    version = world.iam().get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return world.iam().get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _boundary(world: World, kind: str, name: str) -> Any:
    if kind == "user":
        described = world.iam().get_user(UserName=name)["User"].get("PermissionsBoundary", {})
    else:
        described = world.iam().get_role(RoleName=name)["Role"].get("PermissionsBoundary", {})
    arn = described.get("PermissionsBoundaryArn", "")
    return _managed(world, arn) if arn else None


def _statements(document: Any) -> list[Statement]:
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def _concerns(statement: Statement, element: str, value: str, *, lower: bool = False) -> bool:
    patterns = as_list(statement.get(element, statement.get(f"Not{element}", [])))
    if lower:
        value, patterns = value.lower(), [pattern.lower() for pattern in patterns]
    return any(matches(pattern, value) for pattern in patterns) is (element in statement)


def _condition_keys(statement: Statement) -> list[str]:
    return [key for tests in statement.get("Condition", {}).values() for key in tests]


def _conditions_hold(statement: Statement, context: Context) -> bool:
    return all(
        condition_holds(operator, as_list(expected), context.get(key.lower()))
        for operator, tests in statement.get("Condition", {}).items()
        for key, expected in tests.items()
    )


def condition_holds(operator: str, expected: list[str], actual: list[str] | None) -> bool:
    """One condition on one key; `actual` is None where the request has no such key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

    Raises:
        NotImplementedError: the operator is not known here; a double must not guess.
    """
    quantity, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    if base == "Null":
        return (actual is None) is (expected[0].lower() == "true")
    matching = OPERATORS.get(base)
    if matching is None or quantity not in {"", "ForAnyValue", "ForAllValues"}:
        raise NotImplementedError(f"the double does not know the condition operator {operator}")
    compare, negated = matching
    if actual is None:
        return name.endswith("IfExists") or quantity == "ForAllValues" or (negated and not quantity)
    hits = [any(compare(value, one) for value in expected) is not negated for one in actual]
    return any(hits) if quantity == "ForAnyValue" else all(hits)


def as_list(value: Any) -> list[str]:
    """One or several, always as a list."""
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def matches(pattern: str, value: str) -> bool:
    """IAM wildcards: a star for anything, a question mark for one character."""
    return _expression(pattern).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _same(pattern: str, value: str) -> bool:
    return pattern == value


def _arns_match(pattern: str, value: str) -> bool:
    """Part by part: a star in one of an ARN's six parts does not reach into the next."""
    parts, found = pattern.split(":", 5), value.split(":", 5)
    return len(parts) == len(found) and all(map(matches, parts, found))


OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_same, False),
    "StringNotEquals": (_same, True),
    "StringLike": (matches, False),
    "StringNotLike": (matches, True),
    "ArnEquals": (_arns_match, False),
    "ArnLike": (_arns_match, False),
    "ArnNotEquals": (_arns_match, True),
    "ArnNotLike": (_arns_match, True),
    "Bool": (_same, False),
}
"""How a condition operator compares, and whether it holds where nothing matches."""
