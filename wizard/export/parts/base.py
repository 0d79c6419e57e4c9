"""A part of a template, and what several of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wizard.export.references import reference
from wizard.resources.base import Deployment
from wizard.resources.tagged import NOT_GIVEN
from wizard.state.model import Facts

STACK = reference("AWS::StackName")
BUCKET = reference("EventBucket")
API = reference("RestApi")


@dataclass(frozen=True)
class Part:
    """A resource of the template, or a part of its properties.

    Attributes:
        id: its name in the template.
        type: empty for a part of a resource that another row begins.
        attributes: what stands beside its properties: Condition, DependsOn, ….
        comment: what its heir has to know.
    """

    id: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""

    def joined_by(self, part: Part) -> Part:
        """With the properties of `part`; lists are put together."""
        both = dict(self.properties)
        for name, value in part.properties.items():
            both[name] = [*both[name], *value] if name in both else value
        return replace(self, properties=both)


Export = Callable[[Deployment, Facts], list[Part]]


def nothing(at: Deployment, facts: Facts) -> list[Part]:
    """For what is no longer made: no deployment should have it."""
    return []


def tags_of(facts: Facts) -> dict[str, Any]:
    """The operator's. By the wizard's own it would take the stack's things for the deployment's."""
    tags = {key: value for key, value in facts["tags"].items() if not key.startswith(NOT_GIVEN)}
    told = [{"Key": key, "Value": value} for key, value in tags.items() if value is not None]
    return {"Tags": told} if told else {}
