"""What a resource and a check are, and what they may know.

A resource says what is `desired`, how to `read` what is there, and how to get from one to the other.
Whether anything is done is not its business: `wizard.engine.decide` compares and decides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from wizard.identity import DeploymentId
from wizard.state.model import Facts, Record, TokenDigest
from wizard.uploads import Uploads

if TYPE_CHECKING:
    from wizard.aws.client import Aws
    from wizard.aws.rule import Wait
    from wizard.settings.table import Settings

OWNER_TAG = "eventtrack-wizard:deployment"
NAME_TAG = "eventtrack-wizard:name"

Observed = TypeVar("Observed", bound=Mapping[str, Any])
Answer = TypeVar("Answer")
# IAM actions by the kind of ARN they are needed on; `wizard.aws.operator_policy.ARNS` knows them.
Actions = Mapping[str, tuple[str, ...]]


class TagsRefusedError(Exception):
    """AWS knows no tags in this create call here; nothing was created."""


class Answers:
    """Answers of AWS that several resources take their facts from, asked once.

    Whoever needs the answer of another resource is read after it (`Resource.answer_of`), so two threads
    never ask for the same one at a time; if they did, both answers would be as good.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def once(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """The kept answer of that name, or that of `ask`, which is then kept."""
        if name not in self._kept:
            self._kept[name] = ask()
        return cast("Answer", self._kept[name])


@dataclass(frozen=True)
class Deployment:
    """What a run works with, built once: the account, the settings, the tokens.

    Attributes:
        token: the token that checks send; None when it is not at hand.
        known: the last facts of every resource, kept up to date by the engine; the only part that grows.
        answers: what AWS has answered in the present look.
        verify: raises `CredentialsError` when the credentials are of another account; asked with every plan.
        uploads: the function's code, and what was uploaded before it.
    """

    aws: Aws
    identity: DeploymentId
    settings: Settings
    tokens: tuple[TokenDigest, ...] = ()
    token: str | None = field(default=None, repr=False)
    known: dict[str, Facts] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers, compare=False, repr=False)
    verify: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    uploads: Uploads = field(default_factory=Uploads, compare=False, repr=False)

    @property
    def tags(self) -> dict[str, str]:
        """The tags that everything we create carries from its first moment: the owner's, the operator's."""
        return {key: value for key, value in self.desired_tags.items() if value is not None}

    @property
    def desired_tags(self) -> dict[str, str | None]:
        """The tags of everything that we made, as facts; None stands for one that should not be there."""
        return {OWNER_TAG: self.identity.id, NAME_TAG: self.identity.name, **self.settings.tags}

    def fact(self, resource: str, name: str) -> Any:
        """A fact of another resource; None while that does not stand."""
        return self.known.get(resource, {}).get(name)

    def looking_anew(self) -> Deployment:
        """The same deployment for one more look at AWS: no earlier answer counts."""
        return replace(self, answers=Answers())


class Resource(ABC, Generic[Observed]):
    """One thing in AWS, or one setting of such a thing.

    Attributes:
        key: its key in the state file; never renamed.
        needs: keys of the resources that must stand first: the edges of the graph.
        parent: key of the resource that it is part of.
        chain: resources of one chain are changed one after the other, because AWS refuses two changes at
            a time of one bucket, one function, one REST API.
        goes_with_parent: deleting the parent deletes it, so it needs no call of its own.
        answer_of: key of the resource whose answer tells its facts, too, so that it is read after it.
        ids_of: keys of the resources whose ids it is read with.
        actions: IAM actions that it calls, by kind of ARN: the operator's policy is their sum.
        labels: fact to words, for the sentences about differences.
        adoptable: whether one that stood there before may be used with the operator's consent.
        instead: what the operator can do about one that is in the way and may not be used.
        auto_created: AWS may create it by itself, without our tags, under a name that is ours.
        plural: its title is several things: "environment variables are missing".
        in_url: the fact `id` is part of the endpoint's URL, so that another one is another URL.
    """

    key: str
    needs: ClassVar[tuple[str, ...]] = ()
    parent: ClassVar[str | None] = None
    chain: ClassVar[str | None] = None
    goes_with_parent: ClassVar[bool] = True
    answer_of: ClassVar[str | None] = None
    ids_of: ClassVar[tuple[str, ...]] = ()
    actions: ClassVar[Actions] = {}
    labels: ClassVar[Mapping[str, str]] = {}
    adoptable: ClassVar[bool] = True
    instead: ClassVar[str] = "Choose another --name, which derives all names anew."
    auto_created: ClassVar[bool] = False
    plural: ClassVar[bool] = False
    in_url: ClassVar[bool] = False

    @abstractmethod
    def title(self, at: Deployment) -> str:
        """What it is, for the operator: "S3 bucket x"."""

    @abstractmethod
    def desired(self, at: Deployment) -> Facts | None:
        """The facts that it should have; None: it should not be there. Asks nobody."""

    def is_unset(self, at: Deployment) -> bool:
        """Whether the operator wants none of it, as everything new has none: then it is not worth naming."""
        return False

    def absence_reason(self, at: Deployment) -> str | None:
        """Why the operator cannot have it here; None when it is desired, or simply switched off."""
        return None

    @abstractmethod
    def read(self, at: Deployment) -> Observed | None:
        """The facts that it has, None when it is absent. Changes nothing.

        Raises:
            ConflictError: something that can never be ours is in its place.
        """

    def find(self, at: Deployment) -> Observed | None:
        """Like `read`, for a recovery: also where its name in the settings is only a guess."""
        return self.read(at)

    def not_ready(self, observed: Observed) -> str | None:
        """Why it cannot be changed or used this moment, in words; None when it can."""
        return None

    def remark(self, at: Deployment, observed: Observed) -> str | None:
        """What the operator should know, or do, about it although nothing differs."""
        return None

    def failure(self, observed: Observed) -> str | None:
        """Why AWS could not make it, in AWS's own words; None when it could."""
        return None

    def with_new_parent(self, at: Deployment) -> Observed | None:
        """Its facts when its parent has just been created, where AWS documents them; None: read it."""
        return None

    def create(self, at: Deployment, desired: Facts) -> Observed | None:
        """Create it. Returns its facts where AWS's answer tells all of them; None: they must be read."""
        raise NotImplementedError(f"{self.key} always exists with its parent")

    def create_untagged(self, at: Deployment, desired: Facts) -> Observed | None:
        """`create` without tags, which are put next: where that has raised `TagsRefusedError`."""
        raise NotImplementedError(f"{self.key} is always created with its tags")

    @abstractmethod
    def update(self, at: Deployment, desired: Facts, observed: Observed, difference: frozenset[str]) -> bool:
        """Change the facts named in `difference`; also restores what an adopted one was before.

        Returns:
            Whether all of them were changed, so that they need not be read again.
        """

    def must_recreate(self, desired: Facts, observed: Observed) -> bool:
        """Whether it can only be changed by deleting it and creating it anew."""
        return False

    @abstractmethod
    def delete(self, at: Deployment, observed: Observed) -> None:
        """Delete it; already gone is success."""

    def delivers_first(self, at: Deployment, observed: Observed) -> Wait | None:
        """For how long it must stay when nobody uses it any more, because it still holds events; None: it may
        be deleted at once. The reason is the same for all that may wait side by side."""
        return None

    def keep_reason(self, at: Deployment, observed: Observed) -> str | None:
        """Why it should stay although everything else is deleted; None when it may go."""
        return None

    def takes_along(self, at: Deployment, observed: Observed) -> str | None:
        """What of others is deleted with it, in words; None: nothing. Asked where it is to be deleted."""
        return None

    def as_read_today(self, facts: Facts) -> Facts:
        """Facts that an earlier version wrote down, with those that only today's reading has."""
        return facts

    def may_come_back(self, records: Mapping[str, Record]) -> bool:
        """Whether AWS can make it anew for some time after its deletion, by what the state file knew of the
        deployment when the rollback began."""
        return False

    def settings_from(self, observed: Observed) -> dict[str, object]:
        """The settings that its facts tell, by key: what a recovery learns from it."""
        return {}

    def tokens_from(self, observed: Observed) -> tuple[TokenDigest, ...]:
        """The accepted tokens that its facts tell."""
        return ()

    def owners(self, at: Deployment) -> list[str]:
        """The ids of the deployments that own what stands in its place."""
        found = self.find(at)
        return [found["owner"]] if found and found.get("owner") else []

    def difference(self, desired: Facts, observed: Facts) -> frozenset[str]:
        """The names of the facts that differ."""
        return frozenset(name for name, value in desired.items() if observed.get(name) != value)

    def sentences(self, desired: Facts, observed: Facts) -> tuple[str, ...]:
        """The differences in words."""
        found = self.difference(desired, observed)
        return tuple(
            self.sentence(name, desired[name], observed.get(name)) for name in desired if name in found
        )

    def sentence(self, name: str, desired: object, found: object) -> str:
        """One difference in words."""
        label = self.labels.get(name, name.replace("_", " "))
        if isinstance(desired, (dict, list)) or isinstance(found, (dict, list)) or name.endswith("sha256"):
            return f"{label}: not as set up"
        return f"{label} is {_shown(found)}, should be {_shown(desired)}"


class SubResource(Resource[Observed]):
    """A setting of a resource: it exists as long as that does, and is never created or deleted itself."""

    def expected_with_new_parent(self, at: Deployment) -> Mapping[str, Any] | None:
        """What a plan expects of it when its parent will be created: what the create call carries, or AWS's
        documented default. None: no telling. A run reads what `with_new_parent` does not tell."""
        return self.with_new_parent(at)

    def delete(self, at: Deployment, observed: Observed) -> None:
        """Goes with its parent."""


AnyResource = Resource[Any]


class Check(ABC):
    """A proof that the deployment works. It is due again after a change of anything that it needs."""

    key: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    actions: ClassVar[Actions] = {}

    @abstractmethod
    def title(self, at: Deployment) -> str:
        """What is proved, for the operator."""

    def skip_reason(self, at: Deployment) -> str | None:
        """Why there is nothing to prove, by the operator's own wish; None when there is."""
        return None

    @abstractmethod
    def run(self, at: Deployment) -> Facts:
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
