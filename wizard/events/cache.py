"""A copy of the stored events on this machine, so that a second question reads nothing twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Protocol

import filelock

from wizard.aws.objects import Listed, StoredObject
from wizard.daemons import Daemons
from wizard.errors import BusyError
from wizard.events import layout
from wizard.events.browse import Lister, hours_of
from wizard.events.decode import arrays_of
from wizard.events.period import Period
from wizard.state.files import write_private_file

# Bytes of all files; the hours that were asked for longest ago go first.
LIMIT = 2_000_000_000
# Where a query puts what does not fit into memory.
SPILLED = "spilled"
SECONDS_FOR_ANOTHER_RUN = 60.0
# Every look at the current hour adds a part; more than this are made one.
MOST_PARTS = 8


class Reader(Lister, Protocol):
    """Who lists and fetches: an `ObjectReader`."""

    def objects(self, keys: Iterable[str]) -> Iterator[StoredObject]:
        """Their contents, in the same order."""


class Converter(Protocol):
    """Who makes the files that queries read."""

    def from_lines(self, lines: Path, part: Path) -> int:
        """Make a part of a file of lines, `{"client": label, "stored_at": …, "events": […]}`; returns how
        many of them, and of the events in them, are none.
        """

    def merge(self, parts: Sequence[Path], into: Path) -> None:
        """Make one part of several."""


class Hour:
    """The events of an hour: some parts, and a list of the objects that are in them.

    The list is replaced after a part has been written: what it does not name is of a run that was killed,
    and is deleted.
    """

    def __init__(self, folder: Path, prefix: str, converter: Converter) -> None:
        self._folder = folder
        self._name = "-".join(part.partition("=")[2] for part in prefix.strip("/").split("/")[1:])
        self._list = folder / f"{self._name}.json"
        self._lines = folder / f"{self._name}-lines.ndjson"
        self._converter = converter
        self._there: dict[str, str] = {}
        self._etags: dict[str, str] = {}
        self.parts: list[Path] = []
        self.bad = 0

    def missing(self, there: Iterable[Listed]) -> list[str]:
        """The names of what is to be fetched, for `write`.

        An hour of which an object is gone, or another than it was, begins anew: somebody's events may have
        been erased.
        """
        self._there = {one.key: one.etag for one in there}
        self._load()
        if any(self._there.get(key) != etag for key, etag in self._etags.items()):
            self._etags, self.parts, self.bad = {}, [], 0
            self._save()
        for file in self._folder.glob(f"{self._name}-*"):
            if file not in self.parts:
                file.unlink()
        return [key for key in self._there if key not in self._etags]

    def write(self, found: Iterable[StoredObject]) -> None:
        """Write the events of some of the missing objects into a file of lines, for `convert`."""
        with self._lines.open("wb") as file:
            for one in found:
                found_there = arrays_of(one.content)
                file.writelines(lines_about(one.label, layout.stored_at(one.key), found_there))
                self._etags[one.key] = self._there[one.key]

    def convert(self) -> None:
        """Make a part of what was written."""
        part = self._next_part()
        self.bad += self._converter.from_lines(self._lines, part)
        self._lines.unlink()
        self.parts.append(part)
        if len(self.parts) > MOST_PARTS:
            merged = self._next_part()
            self._converter.merge(self.parts, merged)
            self.parts = [merged]
        self._save()

    def touch(self) -> None:
        """It was asked for now."""
        if self._list.exists():
            self._list.touch()

    def _next_part(self) -> Path:
        """A name that no part has, also none that is still to be deleted."""
        number = max((int(part.stem.rpartition("-")[2]) for part in self.parts), default=0) + 1
        return self._folder / f"{self._name}-{number:06}.parquet"

    def _save(self) -> None:
        document = {"objects": self._etags, "parts": [part.name for part in self.parts], "bad": self.bad}
        write_private_file(self._list, json.dumps(document))

    def _load(self) -> None:
        try:
            known = json.loads(self._list.read_text())
            parts = [self._folder / str(name) for name in known["parts"]]
            if all(part.is_file() for part in parts):
                self._etags, self.parts, self.bad = dict(known["objects"]), parts, int(known["bad"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # nothing is known then


@dataclass(frozen=True)
class Filled:
    """The files that hold the events of a period, and how many lines of their objects are no events."""

    parts: list[Path]
    bad: int


class Cache:
    """The events of one bucket.

    Args:
        folder: made when it is needed, readable by its owner alone: events tell of persons.
        limit: bytes.
        timeout: seconds for which another run may hold it.
    """

    def __init__(self, folder: Path, limit: int = LIMIT, timeout: float = SECONDS_FOR_ANOTHER_RUN) -> None:
        self.folder = folder
        self._limit = limit
        self._timeout = timeout

    @contextmanager
    def filled(self, reader: Reader, period: Period, converter: Converter) -> Iterator[Filled]:
        """The hours of the period, with all that is stored now; they stay for as long as the context lasts.

        Raises:
            BusyError: another run works with the cache.
            WizardError: S3 refuses or is unreachable; the hours that were complete are kept.
            OSError: the disk is full, …
        """
        with self._locked():
            # A query that was killed has left it; it may be large, and tells of persons.
            shutil.rmtree(self.folder / SPILLED, ignore_errors=True)
            hours: list[Hour] = []
            missing: dict[str, Hour] = {}
            for prefix, there in _listings(reader, period):
                hour = Hour(self.folder, prefix, converter)
                hours.append(hour)
                missing |= dict.fromkeys(hour.missing(there), hour)
            _fill(reader, missing)
            for hour in hours:
                hour.touch()
            found = Filled([part for hour in hours for part in hour.parts], sum(hour.bad for hour in hours))
            self._make_room(frozenset(found.parts))
            yield found

    def clear(self) -> int:
        """Delete all of it; returns the bytes that it took.

        Raises:
            BusyError: another run works with it.
        """
        if not self.folder.is_dir():
            return 0
        with self._locked():
            return self._delete_all()

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """Delete all of it, and keep others from filling it anew for as long as the context lasts.

        Raises:
            BusyError: another run works with it; nothing was deleted.
        """
        if not self.folder.is_dir():  # nor need there be room for one
            yield
            return
        with self._locked():
            self._delete_all()
            yield

    def _delete_all(self) -> int:
        size = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        for file in self.folder.iterdir():
            if file.is_dir():
                shutil.rmtree(file)
            elif file.suffix != ".lock":
                file.unlink()
        return size

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self.folder / "cache.lock"
        try:
            with filelock.FileLock(lock, timeout=self._timeout):
                yield
        except filelock.Timeout:
            raise BusyError(
                what="Another run works with the copies of the events on this machine.",
                why=f"It holds {lock}.",
                next_step="Wait until it has ended, then run the same command again.",
            ) from None

    def _make_room(self, kept: frozenset[Path]) -> None:
        lists = sorted(self.folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        sizes = {file: file.stat().st_size for file in self.folder.glob("*.parquet")}
        for old in lists:
            if sum(sizes.values()) <= self._limit:
                return
            parts = [part for part in sizes if part.name.startswith(f"{old.stem}-")]
            if kept.isdisjoint(parts):
                old.unlink()
                for part in parts:
                    part.unlink()
                    del sizes[part]


def lines_about(label: str, stored_at: datetime | None, arrays: Sequence[bytes]) -> Iterator[bytes]:
    """Lines for `Converter.from_lines`; the events' own texts need not be parsed for that."""
    moment = f"{stored_at:%Y-%m-%d %H:%M:%S.%f}" if stored_at else None
    known = json.dumps({"client": label, "stored_at": moment})
    before = known[:-1].encode() + b', "events": '
    return (b"%s%s}\n" % (before, array) for array in arrays)


def _listings(reader: Reader, period: Period) -> Iterator[tuple[str, list[Listed]]]:
    """The hours of the period, and what is in each; one from just before it only where a stream has filed
    something under it."""
    for prefix, listed in hours_of(reader, period):
        there, moments = list(listed), layout.moments_of(prefix)
        if (moments and period.overlaps(*moments)) or any(layout.is_of_stream(one.key) for one in there):
            yield prefix, there


def _fill(reader: Reader, missing: Mapping[str, Hour]) -> None:
    # One stream over all hours, so that no connection idles at the end of an hour; DuckDB works on an hour
    # while the next one is fetched.
    before: Future[None] | None = None
    with Daemons(1) as converting:
        try:
            for hour, found in groupby(reader.objects(missing), key=lambda one: missing[one.key]):
                hour.write(found)
                if before:
                    before.result()
                before = converting.submit(hour.convert)
        finally:
            if before:
                wait([before])  # who comes next finds no file that still grows
    if before:
        before.result()
