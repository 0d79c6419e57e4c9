"""Things that carry tags: ours are put and kept, those of other people are left alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from wizard.resources.base import OWNER_TAG, Deployment, Observed, Resource
from wizard.state.model import Facts

Tags = Mapping[str, str]
# What tags of AWS and of the wizard begin with.
NOT_GIVEN = ("aws:", "eventtrack-wizard:")
# Tags as they should be; None stands for a tag that should not be there.
DesiredTags = Mapping[str, str | None]


def differing(desired: DesiredTags, found: Tags) -> dict[str, str | None]:
    """What has to be done: the tags to put, and None for those to take off."""
    return {key: value for key, value in desired.items() if found.get(key) != value}


def to_put(changes: DesiredTags) -> dict[str, str]:
    """The tags among `changes` that something is to carry."""
    return {key: value for key, value in changes.items() if value is not None}


def to_take_off(changes: DesiredTags) -> list[str]:
    """The keys of the tags among `changes` that should not be there."""
    return [key for key, value in changes.items() if value is None]


def as_list(tags: Tags) -> list[Any]:
    """Tags as most services take them: a list of `Key` and `Value`."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def from_list(tags: list[Any]) -> dict[str, str]:
    """What `as_list` makes, as AWS tells it."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def on_everything(tagged: Iterable[Tags]) -> dict[str, str]:
    """The operator's tags as far as what carries them can tell: those that everything has alike."""
    every = [{key: value for key, value in tags.items() if not key.startswith(NOT_GIVEN)} for tags in tagged]
    first = every[0] if every else {}
    return {key: value for key, value in first.items() if all(tags.get(key) == value for tags in every)}


class TaggedResource(Resource[Observed]):
    """A thing that carries tags: the fact `tags` holds all of them, other people's too."""

    def difference(self, desired: Facts, observed: Facts) -> frozenset[str]:
        """Tags differ when one of ours does."""
        found = super().difference(desired, observed) - {"tags"}
        return found | {"tags"} if _changes(desired, observed) else found

    def sentences(self, desired: Facts, observed: Facts) -> tuple[str, ...]:
        """One a tag. Without its owner tag a thing is found by the state file alone."""
        others = super().sentences({key: desired[key] for key in desired if key != "tags"}, observed)
        return (*others, *_sentences(_changes(desired, observed), observed.get("tags", {})))

    def update(self, at: Deployment, desired: Facts, observed: Observed, difference: frozenset[str]) -> bool:
        """Tags are read again: other people's are not known beforehand."""
        if "tags" in difference:
            self.change_tags(at, observed, _changes(desired, observed))
        rest = difference - {"tags"}
        complete = self.change(at, desired, observed, rest) if rest else True
        return complete and "tags" not in difference

    def change(self, at: Deployment, desired: Facts, observed: Observed, difference: frozenset[str]) -> bool:
        """`Resource.update` for all but the tags."""
        raise NotImplementedError(f"nothing but the tags of {self.key} can change")

    @abstractmethod
    def change_tags(self, at: Deployment, observed: Observed, changes: DesiredTags) -> None:
        """Put and take off tags, and leave all others alone."""


def _changes(desired: Facts, observed: Mapping[str, Any]) -> dict[str, str | None]:
    return differing(desired.get("tags", {}), observed.get("tags", {}))


def _sentences(changes: DesiredTags, found: Tags) -> list[str]:
    said = []
    if OWNER_TAG in changes and OWNER_TAG not in found:
        said.append(f"the owner tag {OWNER_TAG} is missing; setup puts it back")
    said += [
        f"tag {key} is {found.get(key, 'unset')}, should be {'unset' if value is None else value}"
        for key, value in changes.items()
        if key != OWNER_TAG
    ]
    return said
