"""Phases 2 and 3: the execution role, the right to write logs, the documented S3 policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wizard.aws import policies
from wizard.aws.calls import none_if
from wizard.resources.base import OWNER_TAG, Context, Resource
from wizard.state.model import Facts

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import CreateRoleRequestTypeDef

GONE = ("NoSuchEntity",)


class Role(Resource):
    """The role that the function runs as."""

    key = "role"
    labels = {"trust": "the role's trust policy", "permissions_boundary": "the role's permissions boundary"}

    def title(self, context: Context) -> str:
        """With its name."""
        return f"execution role {context.settings.role_name}"

    def desired(self, context: Context) -> Facts:
        """Lambda, and nobody else, may take it on. A boundary that nobody asked for is not ours to lift."""
        boundary = context.settings.permissions_boundary
        return {
            "trust": policies.lambda_trust(),
            **({"permissions_boundary": boundary} if boundary else {}),
        }

    def read(self, context: Context) -> Facts | None:
        """boto3 has decoded the trust policy already."""
        answer = none_if(GONE, lambda: context.aws.iam.get_role(RoleName=context.settings.role_name))
        if answer is None:
            return None
        role = answer["Role"]
        tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}
        return {
            "name": role["RoleName"],
            "arn": role["Arn"],
            "trust": role["AssumeRolePolicyDocument"],
            "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "owner": tags.get(OWNER_TAG),
        }

    def not_ready(self, facts: Facts) -> str | None:
        """For some seconds after its creation, a role's ARN can be its internal id (AROA…)."""
        return None if facts["arn"].startswith("arn:") else "IAM is still naming the new role"

    def create(self, context: Context) -> None:
        """With its tags from the first moment."""
        request: CreateRoleRequestTypeDef = {
            "RoleName": context.settings.role_name,
            "AssumeRolePolicyDocument": json.dumps(policies.lambda_trust()),
            "Description": f"Runs the event function of {context.identity.name}.",
            "Tags": [{"Key": key, "Value": value} for key, value in context.tags.items()],
        }
        if context.settings.permissions_boundary:
            request["PermissionsBoundary"] = context.settings.permissions_boundary
        context.aws.iam.create_role(**request)

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Trust policy and boundary are set apart."""
        iam, name = context.aws.iam, context.settings.role_name
        if desired["trust"] != facts["trust"]:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(desired["trust"]))
        boundary = desired.get("permissions_boundary", facts["permissions_boundary"])
        if boundary == facts["permissions_boundary"]:
            return
        if boundary:
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(RoleName=name)

    def delete(self, context: Context, facts: Facts) -> None:
        """A role can only be deleted without its policies, those that others added included."""
        none_if(GONE, lambda: self._strip_and_delete(context, facts["name"]))

    def _strip_and_delete(self, context: Context, name: str) -> None:
        iam = context.aws.iam
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy_name in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
        iam.delete_role(RoleName=name)


class BasicExecution(Resource):
    """AWS's managed policy for writing logs, attached to the role."""

    key = "role.basic_execution"
    needs = ("role",)
    parent = "role"

    def title(self, context: Context) -> str:
        """The console's words."""
        return "basic execution permissions (logs)"

    def desired(self, context: Context) -> Facts:
        """It is attached or not."""
        return {}

    def read(self, context: Context) -> Facts | None:
        """Absent when the role is."""
        arn = policies.basic_execution_arn(context.identity.partition)
        answer = none_if(
            GONE,
            lambda: context.aws.iam.list_attached_role_policies(RoleName=context.settings.role_name),
        )
        attached = {policy["PolicyArn"] for policy in answer["AttachedPolicies"]} if answer else set()
        return {"arn": arn} if arn in attached else None

    def create(self, context: Context) -> None:
        """Attaching twice is harmless."""
        context.aws.iam.attach_role_policy(
            RoleName=context.settings.role_name,
            PolicyArn=policies.basic_execution_arn(context.identity.partition),
        )

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Nothing of it can change."""

    def delete(self, context: Context, facts: Facts) -> None:
        """Detached."""
        none_if(
            GONE,
            lambda: context.aws.iam.detach_role_policy(
                RoleName=context.settings.role_name, PolicyArn=facts["arn"]
            ),
        )


class BucketAccessPolicy(Resource):
    """The documented inline policy on the role."""

    key = "policy"
    needs = ("role", "bucket")
    parent = "role"
    labels = {"document": "the inline policy for S3"}

    def title(self, context: Context) -> str:
        """With its name."""
        return f"inline policy {context.settings.policy_name}"

    def desired(self, context: Context) -> Facts:
        """Exactly the documented actions on exactly this bucket."""
        return {
            "document": policies.bucket_access(context.identity.partition, context.settings.bucket_name),
        }

    def read(self, context: Context) -> Facts | None:
        """boto3 has decoded the document already."""
        settings = context.settings
        answer = none_if(
            GONE,
            lambda: context.aws.iam.get_role_policy(
                RoleName=settings.role_name, PolicyName=settings.policy_name
            ),
        )
        return {"document": answer["PolicyDocument"]} if answer else None

    def create(self, context: Context) -> None:
        """Putting it makes or replaces it."""
        self.update(context, self.desired(context), {})

    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Putting it makes or replaces it."""
        context.aws.iam.put_role_policy(
            RoleName=context.settings.role_name,
            PolicyName=context.settings.policy_name,
            PolicyDocument=json.dumps(desired["document"]),
        )

    def delete(self, context: Context, facts: Facts) -> None:
        """Before the role."""
        none_if(
            GONE,
            lambda: context.aws.iam.delete_role_policy(
                RoleName=context.settings.role_name, PolicyName=context.settings.policy_name
            ),
        )
