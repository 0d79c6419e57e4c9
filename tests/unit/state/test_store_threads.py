"""Many threads, one state file: every intent is on disk before its change, in no more writes than needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wizard.engine.graph import Threads, walk
from wizard.errors import StateError
from wizard.identity import DeploymentId
from wizard.state.model import State, load
from wizard.state.store import Store

SECONDS = 30.0
MANY = 24


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "eventtrack-state.json"


@pytest.fixture
def store(path: Path) -> Store:
    path.parent.mkdir()
    return new_store(path)


def new_store(path: Path) -> Store:
    return Store(path, State(DeploymentId("x-1", "x", "123456789012", "aws", "us-east-1")))


def intend(store: Store, key: str) -> None:
    store.intend(key, "creating", origin="created", before=None)


def settle(store: Store, key: str) -> None:
    store.settle(key, {"name": key}, origin="created", before=None)


def all_at_once(number: int, work: Callable[[str], None]) -> list[BaseException]:
    """Run it in so many threads that begin at the same moment; what they raised."""
    together, failures = threading.Barrier(number), []

    def run(key: str) -> None:
        together.wait(SECONDS)
        try:
            work(key)
        except BaseException as error:  # noqa: BLE001  for the test to judge
            failures.append(error)

    threads = [threading.Thread(target=run, args=(f"r{count}",)) for count in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads), "the store holds itself up"
    return failures


def on_disk(path: Path) -> State:
    state = load(path)
    assert state is not None
    return state


def test_an_intent_is_on_disk_when_intend_returns_whoever_writes_it(store: Store, path: Path) -> None:
    def work(key: str) -> None:
        for turn in range(5):
            intend(store, f"{key}.{turn}")
            assert on_disk(path).records[f"{key}.{turn}"].status == "creating"
            settle(store, f"{key}.{turn}")

    assert all_at_once(8, work) == []
    store.flush()
    records = on_disk(path).records
    assert len(records) == 40
    assert {record.status for record in records.values()} == {"present"}


def test_the_file_is_whole_at_every_moment_although_many_write(store: Store, path: Path) -> None:
    """Whoever reads it, another command or the one after a kill, finds a state."""
    store.save()
    over, serials, broken = threading.Event(), [], []

    def read() -> None:
        while not over.is_set():
            try:
                serials.append(json.loads(path.read_text())["serial"])
            except (OSError, ValueError) as error:
                broken.append(error)

    reader = threading.Thread(target=read)
    reader.start()

    def work(key: str) -> None:
        for turn in range(5):
            intend(store, f"{key}.{turn}")
            settle(store, f"{key}.{turn}")
            store.forget([f"{key}.{turn - 1}"])

    failures = all_at_once(8, work)
    over.set()
    reader.join(SECONDS)
    assert (failures, broken) == ([], [])
    assert serials == sorted(serials), "an older state was put over a newer one"


def test_intents_that_come_together_are_written_together(store: Store, path: Path) -> None:
    """Group commit: while one write is under way, all who come meanwhile share the next one."""
    release_at = store.state.serial
    with store._writing:
        threads = [threading.Thread(target=intend, args=(store, f"r{count}")) for count in range(MANY)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(store.known()) == MANY)
        assert not path.exists()
    for thread in threads:
        thread.join(SECONDS)
    assert set(on_disk(path).records) == {f"r{count}" for count in range(MANY)}
    assert on_disk(path).serial - release_at == 1


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(3000):
        if is_so():
            return
        deadline.wait(0.01)
    raise AssertionError("it did not happen in time")


def test_under_contention_there_are_never_more_writes_than_intents(store: Store, path: Path) -> None:
    assert all_at_once(MANY, lambda key: intend(store, key)) == []
    assert 1 <= on_disk(path).serial <= MANY
    assert len(on_disk(path).records) == MANY


def test_an_outcome_waits_for_no_disk_and_comes_with_the_next_intent(store: Store, path: Path) -> None:
    intend(store, "a")
    before = path.read_bytes()
    settle(store, "a")
    assert path.read_bytes() == before
    intend(store, "b")
    assert on_disk(path).records["a"].status == "present"


def test_at_the_end_everything_that_was_said_is_on_disk_with_one_more_write(store: Store, path: Path) -> None:
    def work(key: str) -> None:
        intend(store, key)
        settle(store, key)
        store.pass_check(f"check of {key}", {})
        store.finish_phase(f"phase of {key}", 1.0)

    assert all_at_once(MANY, work) == []
    before = store.state.serial
    store.flush()
    store.flush()
    assert store.state.serial - before <= 1
    state = on_disk(path)
    assert (len(state.records), len(state.checks), len(state.phases)) == (MANY, MANY, MANY)
    assert {record.status for record in state.records.values()} == {"present"}


def test_the_proofs_that_an_intent_ends_are_off_the_disk_before_the_change(store: Store, path: Path) -> None:
    for count in range(8):
        store.pass_check(f"r{count}", {})
    store.flush()

    def work(key: str) -> None:
        store.intend(key, "updating", origin="created", before=None, outdates=[key])
        assert key not in on_disk(path).checks

    assert all_at_once(8, work) == []


# A disk that takes no more.


@pytest.fixture
def full_disk(path: Path, store: Store) -> Iterator[Store]:
    """The folder vanishes behind the store's back, as a share or a stick does."""
    intend(store, "before")
    away = path.parent.with_name("away")
    path.parent.rename(away)
    yield store
    away.rename(path.parent)


def test_a_change_whose_intent_cannot_be_written_is_not_made(full_disk: Store) -> None:
    changed: list[str] = []

    def work(key: str) -> None:
        intend(full_disk, key)
        changed.append(key)

    failures = all_at_once(8, work)
    assert changed == []
    assert [type(failure) for failure in failures] == [StateError] * 8
    assert "cannot be written" in str(failures[0])


def test_a_run_whose_disk_is_full_begins_nothing_more(full_disk: Store) -> None:
    changed: list[str] = []

    def work(key: str) -> None:
        if key != "looks only":
            intend(full_disk, key)
            changed.append(key)

    needs = {"looks only": (), "a": ("looks only",), "b": ("a",), "c": ("b",)}
    found = walk(needs, work, Threads(3))
    assert changed == []
    assert set(found.failed) == {"a"}
    with pytest.raises(StateError):
        found.raise_failure_of_everything()


def test_after_a_failed_write_the_next_one_has_everything(store: Store, path: Path) -> None:
    """Nothing counts as written that was not: an operator who has made room goes on with the whole state."""
    away = path.parent.with_name("away")
    intend(store, "a")
    path.parent.rename(away)
    settle(store, "a")
    with pytest.raises(StateError):
        intend(store, "b")
    with pytest.raises(StateError):
        store.flush()
    away.rename(path.parent)
    store.flush()
    assert {key: record.status for key, record in on_disk(path).records.items()} == {
        "a": "present",
        "b": "creating",
    }


def test_after_a_failed_write_the_old_file_is_whole_and_nothing_lies_beside_it(
    store: Store, path: Path
) -> None:
    """A name longer than any file system takes is refused like a full disk, also for root."""
    intend(store, "a")
    before = path.read_bytes()
    store.path = path.with_name("x" * 300)
    assert [type(failure) for failure in all_at_once(4, lambda key: intend(store, key))] == [StateError] * 4
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
