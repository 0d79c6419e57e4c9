"""Phases 2 and 3: the execution role, the right to write logs, the documented S3 policy."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from botocore.exceptions import ClientError

from wizard.aws import policies
from wizard.aws.calls import code_of, none_if
from wizard.resources.base import OWNER_TAG, Actions, Deployment, Resource
from wizard.resources.logs import log_group_arn
from wizard.resources.tagged import DesiredTags, TaggedResource, as_list, from_list, to_put, to_take_off
from wizard.state.model import Facts

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import CreateRoleRequestTypeDef, RoleTypeDef

GONE = ("NoSuchEntity",)


class RoleFacts(TypedDict):
    """`trust` is the decoded trust policy."""

    name: str
    arn: str
    trust: Any
    permissions_boundary: str | None
    owner: str | None
    tags: dict[str, str]


class AttachedPolicyFacts(TypedDict):
    """An attached managed policy has nothing but its ARN."""

    arn: str


class InlinePolicyFacts(TypedDict):
    """The decoded policy document."""

    document: Any


def role_arn(at: Deployment) -> str:
    """The execution role's ARN, known before the role stands."""
    return arn_of_role(at, at.settings.role_name)


def arn_of_role(at: Deployment, name: str) -> str:
    """The ARN of a role of this account, known before the role stands."""
    return f"arn:{at.identity.partition}:iam::{at.identity.account}:role/{name}"


# Not iam:DeleteRolePermissionsBoundary: a boundary that the operator may lift is none. Nor
# iam:DetachRolePolicy: who has attached a policy decides about it.
ROLE_ACTIONS = (
    "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole",
    "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:PutRolePermissionsBoundary",
    "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
)  # fmt: skip
POLICY_ACTIONS = ("iam:DeleteRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy")


class ServiceRole(TaggedResource[RoleFacts]):
    """A role that one service of AWS takes on, for this account alone."""

    labels = {"trust": "the role's trust policy", "permissions_boundary": "the role's permissions boundary"}

    @abstractmethod
    def name(self, at: Deployment) -> str:
        """Its name, unique in the account."""

    @abstractmethod
    def trust(self, at: Deployment) -> policies.Document:
        """Who may take it on."""

    @abstractmethod
    def purpose(self, at: Deployment) -> str:
        """A sentence for whoever finds it in the console."""

    def as_desired(self, at: Deployment) -> Facts:
        """A boundary that nobody asked for is not ours to lift."""
        boundary = at.settings.permissions_boundary
        return {
            "trust": self.trust(at),
            "tags": at.desired_tags,
            **({"permissions_boundary": boundary} if boundary else {}),
        }

    def read(self, at: Deployment) -> RoleFacts | None:
        answer = none_if(GONE, lambda: at.aws.iam.get_role(RoleName=self.name(at)))
        return _role_facts(answer["Role"]) if answer else None

    def not_ready(self, observed: RoleFacts) -> str | None:
        """For some seconds after its creation, a role's ARN can be its internal id (AROA…)."""
        return None if observed["arn"].startswith("arn:") else "IAM is still naming the new role"

    def create(self, at: Deployment, desired: Facts) -> RoleFacts | None:
        request: CreateRoleRequestTypeDef = {
            "RoleName": self.name(at),
            "AssumeRolePolicyDocument": json.dumps(desired["trust"]),
            "Description": self.purpose(at),
            "Tags": as_list(at.tags),
        }
        if boundary := desired.get("permissions_boundary"):
            request["PermissionsBoundary"] = boundary
        answer = at.aws.iam.create_role(**request)
        # The answer need not repeat the boundary, and not every emulator repeats the tags.
        facts = _role_facts(answer["Role"])
        return {**facts, "permissions_boundary": boundary, "owner": at.identity.id, "tags": at.tags}

    def change(self, at: Deployment, desired: Facts, observed: RoleFacts, difference: frozenset[str]) -> bool:
        """Trust policy and boundary are set apart. Who lifts one must be allowed more than we print."""
        iam, name = at.aws.iam, self.name(at)
        if "trust" in difference:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(desired["trust"]))
        if "permissions_boundary" not in difference:
            return True
        if boundary := desired["permissions_boundary"]:
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(RoleName=name)
        return True

    def change_tags(self, at: Deployment, observed: RoleFacts, changes: DesiredTags) -> None:
        name = self.name(at)
        if tags := to_put(changes):
            at.aws.iam.tag_role(RoleName=name, Tags=as_list(tags))
        if keys := to_take_off(changes):
            at.aws.iam.untag_role(RoleName=name, TagKeys=keys)

    def delete(self, at: Deployment, observed: RoleFacts) -> None:
        """A role can only be deleted without its policies, those that others added included."""
        none_if(GONE, lambda: self._delete(at, observed["name"]))

    def _delete(self, at: Deployment, name: str) -> None:
        try:
            at.aws.iam.delete_role(RoleName=name)
        except ClientError as error:
            if code_of(error) != "DeleteConflict":
                raise
            self._strip(at, name)
            at.aws.iam.delete_role(RoleName=name)

    def _strip(self, at: Deployment, name: str) -> None:
        iam = at.aws.iam
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy_name in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy_name)


class Role(ServiceRole):
    """The role that the function runs as: Lambda, and nobody else, may take it on."""

    key = "role"
    actions = {"role": ROLE_ACTIONS}

    def title(self, at: Deployment) -> str:
        return f"execution role {at.settings.role_name}"

    def name(self, at: Deployment) -> str:
        return at.settings.role_name

    def trust(self, at: Deployment) -> policies.Document:
        return policies.lambda_trust(at.identity.account)

    def purpose(self, at: Deployment) -> str:
        return f"Runs the event function of {at.identity.name}."

    def desired(self, at: Deployment) -> Facts | None:
        return self.as_desired(at)

    def settings_from(self, observed: RoleFacts) -> dict[str, object]:
        boundary = observed["permissions_boundary"]
        return {"permissions_boundary": boundary} if boundary else {}


def _role_facts(role: RoleTypeDef) -> RoleFacts:
    """boto3 has decoded the trust policy already."""
    tags = from_list(role.get("Tags", []))
    return {
        "name": role["RoleName"],
        "arn": role["Arn"],
        "trust": role["AssumeRolePolicyDocument"],
        "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "owner": tags.get(OWNER_TAG),
        "tags": tags,
    }


class ManagedBasicExecution(Resource[AttachedPolicyFacts]):
    """AWS's managed policy for writing logs, which version 0.1.0 attached: retired.

    It covers all log groups of the account and lets a deleted one come back. It goes once `BasicExecution`
    and the group stand, so that the function can write its logs at every moment.
    """

    key = "role.basic_execution"
    needs = ("role", "role.own_logs", "log_group")
    parent = "role"
    goes_with_parent = False
    actions = {"role": ("iam:DetachRolePolicy", "iam:ListAttachedRolePolicies")}

    def title(self, at: Deployment) -> str:
        return "attachment of the managed policy AWSLambdaBasicExecutionRole"

    def desired(self, at: Deployment) -> Facts | None:
        return None

    def read(self, at: Deployment) -> AttachedPolicyFacts | None:
        arn = policies.basic_execution_arn(at.identity.partition)
        answer = none_if(GONE, lambda: at.aws.iam.list_attached_role_policies(RoleName=at.settings.role_name))
        attached = {policy["PolicyArn"] for policy in answer["AttachedPolicies"]} if answer else set()
        return {"arn": arn} if arn in attached else None

    def update(
        self, at: Deployment, desired: Facts, observed: AttachedPolicyFacts, difference: frozenset[str]
    ) -> bool:
        """Nothing of it can change."""
        return True

    def delete(self, at: Deployment, observed: AttachedPolicyFacts) -> None:
        arn = observed["arn"]
        none_if(GONE, lambda: at.aws.iam.detach_role_policy(RoleName=at.settings.role_name, PolicyArn=arn))


class InlinePolicy(Resource[InlinePolicyFacts]):
    """An inline policy on a role, the execution role where nothing else is said."""

    needs: ClassVar[tuple[str, ...]] = ("role",)
    parent: ClassVar[str | None] = "role"
    goes_with_parent = False
    actions: ClassVar[Actions] = {"role": POLICY_ACTIONS}

    @abstractmethod
    def name(self, at: Deployment) -> str:
        """Its name, unique on the role."""

    def role(self, at: Deployment) -> str:
        """The role's name."""
        return at.settings.role_name

    def read(self, at: Deployment) -> InlinePolicyFacts | None:
        """boto3 has decoded the document already."""
        role, name = self.role(at), self.name(at)
        answer = none_if(GONE, lambda: at.aws.iam.get_role_policy(RoleName=role, PolicyName=name))
        return {"document": answer["PolicyDocument"]} if answer else None

    def create(self, at: Deployment, desired: Facts) -> InlinePolicyFacts | None:
        """Putting it makes or replaces it."""
        at.aws.iam.put_role_policy(
            RoleName=self.role(at),
            PolicyName=self.name(at),
            PolicyDocument=json.dumps(desired["document"]),
        )
        return {"document": desired["document"]}

    def update(
        self, at: Deployment, desired: Facts, observed: InlinePolicyFacts, difference: frozenset[str]
    ) -> bool:
        self.create(at, desired)
        return True

    def delete(self, at: Deployment, observed: InlinePolicyFacts) -> None:
        role, name = self.role(at), self.name(at)
        none_if(GONE, lambda: at.aws.iam.delete_role_policy(RoleName=role, PolicyName=name))


class BasicExecution(InlinePolicy):
    """The right to write to the function's own log group, and to no other account's bucket."""

    key = "role.own_logs"
    plural = True
    labels = {"document": "the inline policy for logs"}

    def name(self, at: Deployment) -> str:
        return "LambdaBasicExecution"

    def title(self, at: Deployment) -> str:
        return "basic execution permissions (its own logs)"

    def desired(self, at: Deployment) -> Facts | None:
        return {"document": policies.basic_execution(log_group_arn(at), at.identity.account)}


class BucketAccessPolicy(InlinePolicy):
    """The documented inline policy on the role."""

    key = "policy"
    labels = {"document": "the inline policy for S3"}

    def name(self, at: Deployment) -> str:
        return at.settings.policy_name

    def title(self, at: Deployment) -> str:
        return f"inline policy {at.settings.policy_name}"

    def desired(self, at: Deployment) -> Facts | None:
        """Exactly the documented actions on exactly this bucket."""
        return {"document": policies.bucket_access(at.identity.partition, at.settings.bucket_name)}
