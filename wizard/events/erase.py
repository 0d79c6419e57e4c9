"""Erasing a person: all events with a user's id, from every object and every version of it.

Whatever moment a run is killed at, the next one finds what is left: the present content is deleted only after
what else was in it has been written and read back. Old versions go whole, with what else was in them: what
they held of others stands in the present content, or was deleted by whoever deleted the object.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from wizard.aws.objects import StoredObject, Version
from wizard.errors import WizardError
from wizard.events import layout
from wizard.events.decode import GZIP, is_array, item_of, items_of, text_of


class Reader(Protocol):
    """Who lists and fetches versions: an `ObjectReader`."""

    def versions(self, prefix: str) -> Iterator[Version]:
        """All versions, by name, the newest of each first."""

    def contents(self, versions: Iterable[Version]) -> Iterator[tuple[Version, StoredObject]]:
        """What they hold, in the same order."""


class Writer(Protocol):
    """Who replaces and deletes: an `ObjectWriter`."""

    def put(self, stored: StoredObject) -> None:
        """Replace an object."""

    def delete(self, key: str, version: str | None = None) -> None:
        """Delete a version for ever, or hide the object."""


class Copies(Protocol):
    """The copies of events on this machine: a `Cache`."""

    def cleared(self) -> AbstractContextManager[None]:
        """Delete them, and keep others from making new ones for as long as the context lasts."""


@dataclass(frozen=True)
class Affected:
    """The versions of one object that hold events of the user.

    Attributes:
        present: what the object holds now, if that is one of them.
        events: how many events of the user the newest of the versions holds.
    """

    key: str
    versions: tuple[Version, ...]
    present: StoredObject | None
    events: int


@dataclass(frozen=True)
class Sum:
    """How much of a user there is."""

    events: int
    objects: int
    versions: int


def find(reader: Reader, user: str) -> Iterator[Affected]:
    """The objects with events of the user, in the order of their names.

    Raises:
        WizardError: S3 refuses or is unreachable.
    """
    found = reader.contents(reader.versions(layout.ROOT))
    for key, versions in groupby(found, key=lambda pair: pair[0].key):
        counted = [(version, stored, count_of(stored.content, user)) for version, stored in versions]
        hits = [hit for hit in counted if hit[2]]
        if hits:
            newest, stored, count = hits[0]
            present = stored if newest.is_latest else None
            yield Affected(key, tuple(version for version, _stored, _count in hits), present, count)


def summed_up(found: Sequence[Affected]) -> Sum:
    """Of all these objects."""
    return Sum(sum(one.events for one in found), len(found), sum(len(one.versions) for one in found))


def erase_all(reader: Reader, writer: Writer, copies: Copies, found: Sequence[Affected], user: str) -> None:
    """Take the user's events out of all these objects, and out of this machine's copies, which go whole.

    Raises:
        BusyError: another run works with the copies; nothing was changed.
        WizardError: as `erase`.
    """
    # First of all, and held: to learn only afterwards that somebody reads the copies would be too late.
    with copies.cleared():
        for affected in found:
            erase(reader, writer, affected, user)


def erase(reader: Reader, writer: Writer, affected: Affected, user: str) -> None:
    """Take the user's events out of an object.

    Raises:
        WizardError: S3 refuses or is unreachable, or what was written is not what was read back.
    """
    key = affected.key
    if affected.present is not None:
        kept = without(affected.present.content, user)
        if kept is None:
            writer.delete(key)
        else:
            writer.put(replace(affected.present, content=kept))
            _read_back(reader, key, kept)
    # In a bucket without versions what was just written has the id, but not the ETag, of the former content.
    still_there = {(version.id, version.etag) for version in _versions_of(reader, key)}
    for version in affected.versions:
        if (version.id, version.etag) in still_there:
            writer.delete(key, version.id)


def _read_back(reader: Reader, key: str, expected: bytes) -> None:
    latest = [version for version in _versions_of(reader, key) if version.is_latest]
    if [stored.content for _version, stored in reader.contents(latest)] != [expected]:
        raise WizardError(
            what=f"What was written to {key} could not be read back.",
            why="S3 holds something else there; the former versions were not touched.",
            next_step="Run the same command again; it continues where it stopped.",
        )


def _versions_of(reader: Reader, key: str) -> list[Version]:
    return [version for version in reader.versions(key) if version.key == key]


def count_of(content: bytes, user: str) -> int:
    """How many events of the user an object holds."""
    text = text_of(content)
    # Most objects hold none: to look for the id takes a tenth of reading JSON, in which it may be escaped.
    if text is None or (user not in text and "\\" not in text):
        return 0
    return sum(_is_of(item, user) for item in items_of(text))


def without(content: bytes, user: str) -> bytes | None:
    """The content without the user's events, in the same format; None when nothing is left. Lines of others
    stay as they are.
    """
    text = text_of(content)
    if text is None:
        return content
    if is_array(text):
        kept: list[Any] = [item for item in items_of(text) if not _is_of(item, user)]
        changed = json.dumps(kept) if kept else ""
    else:
        changed = "\n".join(line for line in text.split("\n") if not _is_of(item_of(line), user))
    if not changed.strip():
        return None
    return gzip.compress(changed.encode(), mtime=0) if content.startswith(GZIP) else changed.encode()


def _is_of(item: Any, user: str) -> bool:
    """Ids are compared as texts: 7 and "7" are the same person."""
    found = item.get("user_id") if isinstance(item, dict) else None
    return found is not None and not isinstance(found, (dict, list)) and str(found) == user
