"""Erasing a person, killed anywhere: none of theirs is left in the end, and none of others is lost."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import filelock
import pytest

from wizard.aws.objects import StoredObject, Version
from wizard.errors import BusyError, WizardError
from wizard.events.cache import Cache
from wizard.events.erase import Sum, count_of, erase, erase_all, find, summed_up, without

USER = "u1"


class Killed(BaseException):
    """Stands for SIGKILL."""


class VersionedBucket:
    """A bucket with versions, or one that never had any. `dies_after` so many changes the process is gone."""

    def __init__(self, *, versioned: bool) -> None:
        self.versioned = versioned
        # By name, the newest first; None is a delete marker.
        self.objects: dict[str, list[tuple[str, StoredObject | None]]] = {}
        self.changes = 0
        self.dies_after: int | None = None
        self.garbles = False
        self._next = 0

    def versions(self, prefix: str) -> Iterator[Version]:
        for key in sorted(self.objects):
            if key.startswith(prefix):
                for place, (version, stored) in enumerate(list(self.objects[key])):
                    if stored is not None:
                        yield Version(key, version, _etag(stored), is_latest=place == 0)

    def contents(self, versions: Iterable[Version]) -> Iterator[tuple[Version, StoredObject]]:
        for version in versions:
            for known, stored in self.objects.get(version.key, []):
                if known == version.id and stored is not None:
                    yield version, stored

    def put(self, stored: StoredObject) -> None:
        self._add(stored.key, replace(stored, content=stored.content[:-1]) if self.garbles else stored)
        self._change()

    def delete(self, key: str, version: str | None = None) -> None:
        if version is None and self.versioned:
            self._add(key, None)
        else:
            self.objects[key] = [pair for pair in self.objects[key] if version not in (None, pair[0])]
            if version is None:
                self.objects[key] = []
        self._change()

    def _add(self, key: str, stored: StoredObject | None) -> None:
        self._next += 1
        former = self.objects.get(key, []) if self.versioned else []
        self.objects[key] = [(f"v{self._next}" if self.versioned else "null", stored), *former]

    def _change(self) -> None:
        self.changes += 1
        if self.dies_after is not None and self.changes > self.dies_after:
            self.dies_after = None
            raise Killed

    def seen(self) -> dict[str, list[object]]:
        """What a reader sees: by name, the events."""
        return {
            key: items(pairs[0][1].content)
            for key, pairs in self.objects.items()
            if pairs and pairs[0][1] is not None
        }

    def everything(self) -> bytes:
        """All that could be brought back."""
        pairs = [stored for pairs in self.objects.values() for _version, stored in pairs if stored]
        return b"".join(
            gzip.decompress(one.content) if one.content[:2] == b"\x1f\x8b" else one.content for one in pairs
        )


def _etag(stored: StoredObject) -> str:
    return hashlib.md5(stored.content, usedforsecurity=False).hexdigest()


def items(content: bytes) -> list[object]:
    text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    return list(json.loads(text)) if text[:1] == b"[" else [json.loads(line) for line in text.splitlines()]


def event(user: object, number: int) -> dict[str, object]:
    return {"user_id": user, "n": number}


MINE, OTHERS = event(USER, 1), event("u2", 2)
FORMATS: dict[str, Callable[..., bytes]] = {
    "json": lambda *events: json.dumps(events).encode(),
    "jsonl": lambda *events: b"".join(json.dumps(one).encode() + b"\n" for one in events),
    "jsonl.gz": lambda *events: gzip.compress(b"".join(json.dumps(one).encode() + b"\n" for one in events)),
}


def filled(*, versioned: bool) -> VersionedBucket:
    """Objects of all formats: mixed, of the user alone, of others alone; an old version; a deleted object."""
    bucket = VersionedBucket(versioned=versioned)
    for name, form in FORMATS.items():
        bucket.put(StoredObject(f"events/mixed.{name}", form(MINE, OTHERS, MINE), "web", "text/x"))
        bucket.put(StoredObject(f"events/mine.{name}", form(MINE)))
        bucket.put(StoredObject(f"events/others.{name}", form(OTHERS)))
    for events in ((MINE, MINE, OTHERS), (MINE, OTHERS), (OTHERS,)):
        bucket.put(StoredObject("events/old.json", FORMATS["json"](*events)))
    bucket.put(StoredObject("events/deleted.json", FORMATS["json"](MINE, OTHERS)))
    bucket.delete("events/deleted.json")
    bucket.put(StoredObject("reports/mine.json", FORMATS["json"](MINE)))
    bucket.changes = 0
    return bucket


def run(bucket: VersionedBucket) -> Sum:
    found = list(find(bucket, USER))
    for affected in found:
        erase(bucket, bucket, affected, USER)
    return summed_up(found)


@pytest.mark.parametrize("versioned", [False, True], ids=["unversioned", "versioned"])
def test_nothing_of_the_person_can_be_brought_back_and_nothing_of_others_is_gone(versioned: bool) -> None:
    bucket = filled(versioned=versioned)
    before = {key: [one for one in events if one != MINE] for key, events in bucket.seen().items()}

    done = run(bucket)

    mine = bucket.objects.pop("reports/mine.json")
    assert mine, "what is no event of ours is left alone"
    assert b'"u1"' not in bucket.everything()
    assert bucket.seen() == {key: events for key, events in before.items() if events}
    assert done == (Sum(11, 8, 9) if versioned else Sum(9, 6, 6))
    (latest, *_rest) = bucket.objects["events/mixed.json"]
    assert latest[1] is not None
    assert (latest[1].label, latest[1].content_type) == ("web", "text/x")
    assert run(bucket) == Sum(0, 0, 0)


@pytest.mark.parametrize("versioned", [False, True], ids=["unversioned", "versioned"])
def test_killed_after_any_change_the_next_run_ends_where_an_undisturbed_one_does(versioned: bool) -> None:
    undisturbed = filled(versioned=versioned)
    run(undisturbed)
    assert undisturbed.changes >= 6

    for changes in range(undisturbed.changes):
        bucket = filled(versioned=versioned)
        bucket.dies_after = changes
        with pytest.raises(Killed):
            run(bucket)
        assert [OTHERS in events for key, events in bucket.seen().items() if "mixed" in key] == [True] * 3

        run(bucket)

        assert bucket.seen() == undisturbed.seen(), f"killed after change {changes + 1}"
        del bucket.objects["reports/mine.json"]
        assert b'"u1"' not in bucket.everything()


def test_the_former_versions_stay_until_the_new_one_has_been_read_back() -> None:
    bucket = filled(versioned=True)
    bucket.garbles = True

    with pytest.raises(WizardError, match="could not be read back"):
        run(bucket)

    (_new, former) = bucket.objects["events/mixed.json"]
    assert former[1] is not None
    assert items(former[1].content) == [MINE, OTHERS, MINE]


def test_while_a_query_reads_the_copies_nothing_is_erased_or_nobody_could_tell_what_was(
    tmp_path: Path,
) -> None:
    bucket, cache = filled(versioned=True), Cache(tmp_path, timeout=0.05)
    found = list(find(bucket, USER))

    with filelock.FileLock(tmp_path / "cache.lock"), pytest.raises(BusyError, match="Another run"):
        erase_all(bucket, bucket, cache, found, USER)
    assert bucket.changes == 0

    erase_all(bucket, bucket, cache, found, USER)
    assert not list(find(bucket, USER))


def test_the_copies_go_although_nothing_of_the_person_is_left_in_s3(tmp_path: Path) -> None:
    (tmp_path / "2026-03-01-12-000001.parquet").write_text("of the person")

    erase_all(VersionedBucket(versioned=False), VersionedBucket(versioned=False), Cache(tmp_path), [], USER)

    assert not list(tmp_path.glob("*.parquet"))


def test_looking_changes_nothing() -> None:
    bucket = filled(versioned=True)

    list(find(bucket, USER))

    assert bucket.changes == 0


@pytest.mark.parametrize(
    ("user", "stored", "is_of"),
    [
        ("7", 7, True),
        ("7", "7", True),
        ("u1", "u11", False),
        ("u1", {"id": "u1"}, False),
        ("None", None, False),
        ('ü"\\', 'ü"\\', True),
    ],
)
def test_an_id_is_compared_whole_and_as_a_text(user: str, stored: object, is_of: bool) -> None:
    for form in FORMATS.values():
        assert count_of(form(event(stored, 1), OTHERS), user) == is_of


def test_lines_of_others_stay_as_they_are_also_bad_ones() -> None:
    content = b'{"user_id": "u2",  "n":1.50}\nno json\n{"user_id": "u1"}\n[{"user_id": "u1"}]\n\n'

    assert without(content, USER) == b'{"user_id": "u2",  "n":1.50}\nno json\n[{"user_id": "u1"}]\n\n'
