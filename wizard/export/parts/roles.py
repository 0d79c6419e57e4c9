"""Roles in a template, and what they may do."""

from __future__ import annotations

from typing import Any

from wizard.export.parts.base import Export, Part, tags_of
from wizard.phases import RESOURCES
from wizard.resources.base import Deployment
from wizard.state.model import Facts


def role_of(at: Deployment, facts: Facts) -> list[Part]:
    """Without a name of its own, so that a stack needs no more than CAPABILITY_IAM."""
    boundary = facts.get("permissions_boundary")
    properties = {
        "AssumeRolePolicyDocument": facts["trust"],
        **({"PermissionsBoundary": boundary} if boundary else {}),
        **tags_of(facts),
    }
    return [Part("Role", "AWS::IAM::Role", properties)]


def inline_policy(key: str) -> Export:
    """A policy on the role: part of it, so that the function never runs without."""

    def export(at: Deployment, facts: Facts) -> list[Part]:
        policy: Any = RESOURCES[key]
        document = {"PolicyName": policy.name(at), "PolicyDocument": facts["document"]}
        return [Part("Role", "", {"Policies": [document]})]

    return export
