"""Phase 1: the bucket's policy, of which one statement is ours."""

from __future__ import annotations

import json
from typing import Any, TypedDict

from wizard.aws import policies
from wizard.aws.calls import none_if
from wizard.errors import ConflictError
from wizard.resources.base import Deployment, Resource
from wizard.resources.bucket import GONE
from wizard.state.model import Facts


class StatementFacts(TypedDict):
    """Our statement, in the form that `policies.canonical` gives it."""

    statement: Any


class TlsOnly(Resource[StatementFacts]):
    """The statement of the bucket's policy that denies everything but TLS.

    A bucket has one policy, and in that of an adopted bucket stand statements of others. S3 knows no change
    of a single statement and no condition on a change, so the policy is read just before it is written: what
    others write between these two calls is lost.
    """

    key = "bucket.policy"
    needs = ("bucket",)
    parent = "bucket"
    chain = "bucket"
    actions = {"bucket": ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy")}
    labels = {"statement": "the bucket policy's statement that demands TLS"}

    def title(self, at: Deployment) -> str:
        return "bucket policy that demands TLS"

    def absence_reason(self, at: Deployment) -> str | None:
        """An emulator on plain HTTP could not be used any more."""
        return None if at.aws.speaks_tls else "this endpoint speaks plain HTTP"

    def desired(self, at: Deployment) -> Facts | None:
        if self.absence_reason(at):
            return None
        statement = policies.tls_only(at.identity.partition, at.settings.bucket_name)
        return {"statement": policies.canonical(statement)}

    def read(self, at: Deployment) -> StatementFacts | None:
        statements = _statements(at, _policy(at))
        ours = next((statement for statement in statements if _is_ours(statement)), None)
        return {"statement": policies.canonical(ours)} if ours else None

    def create(self, at: Deployment, desired: Facts) -> StatementFacts | None:
        """Beside the statements of others."""
        policy = _policy(at) or policies.document()
        others = [statement for statement in _statements(at, policy) if not _is_ours(statement)]
        _put(at, policy, [*others, desired["statement"]])
        return {"statement": desired["statement"]}

    def update(
        self, at: Deployment, desired: Facts, observed: StatementFacts, difference: frozenset[str]
    ) -> bool:
        self.create(at, desired)
        return True

    def delete(self, at: Deployment, observed: StatementFacts) -> None:
        """Ours alone; a policy has at least one statement."""
        none_if(GONE, lambda: self._delete(at))

    def _delete(self, at: Deployment) -> None:
        policy = _policy(at)
        statements = _statements(at, policy)
        others = [statement for statement in statements if not _is_ours(statement)]
        if policy is not None and others:
            if others != statements:
                _put(at, policy, others)
        elif policy is not None:
            at.aws.s3.delete_bucket_policy(Bucket=at.settings.bucket_name)


def _is_ours(statement: dict[str, Any]) -> bool:
    return statement.get("Sid") == policies.TLS_ONLY


def _policy(at: Deployment) -> Any:
    """The whole document; None when the bucket has none."""
    name = at.settings.bucket_name
    answer = none_if(("NoSuchBucketPolicy", *GONE), lambda: at.aws.s3.get_bucket_policy(Bucket=name))
    if answer is None:
        return None
    try:
        return json.loads(answer["Policy"])
    except ValueError:
        raise _unreadable(at) from None


def _statements(at: Deployment, policy: Any) -> list[dict[str, Any]]:
    """A single one may stand without a list."""
    if policy is None:
        return []
    found = policy.get("Statement") if isinstance(policy, dict) else None
    statements = [found] if isinstance(found, dict) else found
    if not isinstance(statements, list) or not all(isinstance(item, dict) for item in statements):
        raise _unreadable(at)
    return statements


def _put(at: Deployment, policy: dict[str, Any], statements: list[dict[str, Any]]) -> None:
    document = json.dumps({**policy, "Statement": statements})
    at.aws.s3.put_bucket_policy(Bucket=at.settings.bucket_name, Policy=document)


def _unreadable(at: Deployment) -> ConflictError:
    return ConflictError(
        what=f"The policy of the bucket {at.settings.bucket_name} cannot be read.",
        why="It is not a policy document with a list of statements, so ours cannot be put beside them.",
        next_step="Mend or delete it (S3 console: Permissions, Bucket policy), then run again.",
    )
