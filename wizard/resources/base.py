"""What a resource and a check are, and what they may know.

A resource says what it wants to be (`desired`), how to see what it is (`read`), and how to get from one
to the other. Drift is the difference, computed here, in one place and without asking AWS.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wizard.aws.client import Aws
from wizard.settings.table import Settings
from wizard.state.model import DeploymentId, Facts, TokenDigest

OWNER_TAG = "eventtrack-wizard:deployment"
NAME_TAG = "eventtrack-wizard:name"


@dataclass
class Context:
    """What resources may know: the account, the settings, and the last facts of the other resources.

    `known` is kept by the engine. `token` is the one that checks send. `delete_events` is the operator's
    word that events may be deleted.
    """

    aws: Aws
    identity: DeploymentId
    settings: Settings
    tokens: Sequence[TokenDigest] = ()
    token: str | None = field(default=None, repr=False)
    known: dict[str, Facts] = field(default_factory=dict)
    delete_events: bool = False

    @property
    def tags(self) -> dict[str, str]:
        """The ownership tags that everything we create carries from its first moment."""
        return {OWNER_TAG: self.identity.id, NAME_TAG: self.identity.name}

    def remember(self, facts: Mapping[str, Facts]) -> None:
        """Take over former facts of resources that have not been read yet."""
        self.known = {**facts, **self.known}

    def fact(self, resource: str, name: str) -> Any:
        """A fact of another resource; None while that does not stand."""
        return self.known.get(resource, {}).get(name)


class Resource(ABC):
    """One thing in AWS, or one setting of such a thing.

    Attributes:
        key: its key in the state file.
        needs: keys of the resources that must stand first.
        parent: key of the resource that takes it along when it is deleted.
        labels: fact to words, for the sentences of drift.
        adoptable: whether one that stood there before may be used with the operator's consent.
        auto_created: AWS may make it by itself, without our tags, under a name that is ours.
    """

    key: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    parent: ClassVar[str | None] = None
    labels: ClassVar[Mapping[str, str]] = {}
    adoptable: ClassVar[bool] = True
    auto_created: ClassVar[bool] = False

    @abstractmethod
    def title(self, context: Context) -> str:
        """What it is, for the operator: "S3 bucket x"."""

    @abstractmethod
    def desired(self, context: Context) -> Facts:
        """The facts that it should have. Pure."""

    @abstractmethod
    def read(self, context: Context) -> Facts | None:
        """The facts that it has, None when it is absent. Changes nothing."""

    def not_ready(self, facts: Facts) -> str | None:
        """Why it cannot be changed or used this moment, in words; None when it can."""
        return None

    def create(self, context: Context) -> None:
        """Make it. Returns nothing on purpose: facts come from `read`."""
        raise NotImplementedError(f"{self.key} always exists with what it is part of")

    @abstractmethod
    def update(self, context: Context, desired: Facts, facts: Facts) -> None:
        """Change it from `facts` to `desired`. Also restores what an adopted one was before."""

    @abstractmethod
    def delete(self, context: Context, facts: Facts) -> None:
        """Remove it; already gone is success."""

    def keep_reason(self, context: Context, facts: Facts) -> str | None:
        """Why a rollback should leave it; None when it may go."""
        return None

    def drift(self, desired: Facts, facts: Facts) -> tuple[str, ...]:
        """The differences, one sentence each. Pure."""
        return tuple(
            self._sentence(name, value, facts.get(name))
            for name, value in desired.items()
            if facts.get(name) != value
        )

    def _sentence(self, name: str, desired: object, found: object) -> str:
        label = self.labels.get(name, name.replace("_", " "))
        if isinstance(desired, (dict, list)) or isinstance(found, (dict, list)) or name.endswith("sha256"):
            return f"{label}: not as set up"
        return f"{label} is {_shown(found)}, should be {_shown(desired)}"


class SubResource(Resource):
    """A setting of a resource: it exists as long as that does, and is never made or deleted itself."""

    def delete(self, context: Context, facts: Facts) -> None:
        """Goes with what it is part of."""


class Check(ABC):
    """A proof that the deployment works. It is due again after a change in its phase or one before."""

    key: ClassVar[str]

    @abstractmethod
    def title(self, context: Context) -> str:
        """What is proved, for the operator."""

    def closed(self, context: Context) -> str | None:
        """Why there is nothing to prove, by the operator's own wish; None when there is."""
        return None

    @abstractmethod
    def run(self, context: Context) -> Facts:
        """Prove it.

        Raises:
            NotYet: AWS is not ready; the check is run again.
            VerificationError: the proof failed.
        """


def _shown(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
