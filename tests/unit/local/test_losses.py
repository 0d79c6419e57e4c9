"""What a killed local AWS has lost, read from the files that it leaves; its process is in test_local."""

from __future__ import annotations

import os
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path, PosixPath
from typing import Any, Self

import pytest

from wizard.local.folder import DataFolder, Record
from wizard.local.losses import Loss, ended_unsaved, loss_after, note_loss

SAVED, LATER = 1_000_000.0, 1_000_500.0


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """As a process leaves it that held a bucket and was killed before it ever saved."""
    folder = DataFolder.at(tmp_path / "aws")
    folder.prepare()
    folder.objects_path.mkdir()
    folder.write_record(Record(4566, "x", started_at=0.0))
    return folder


def save(folder: DataFolder, moment: float) -> None:
    """What MiniStack does when it is stopped."""
    folder.state_path.mkdir(exist_ok=True)
    path = folder.state_path / "iam.json"
    path.touch()
    os.utime(path, (moment, moment))


def start(folder: DataFolder) -> None:
    """What a start does before there is a process."""
    note_loss(folder)
    folder.write_record(Record(4566, "y", started_at=0.0, saved_before=folder.saved_at()))


def at(moment: float) -> str:
    """As the state file has it."""
    return datetime.fromtimestamp(moment, UTC).replace(microsecond=0).isoformat()


def test_one_that_never_saved_has_lost_everything(folder: DataFolder) -> None:
    assert ended_unsaved(folder)
    start(folder)
    assert loss_after([at(LATER), at(SAVED)], folder.path) is not None


def test_one_that_saved_when_it_ended_has_lost_nothing_whoever_stopped_it(folder: DataFolder) -> None:
    save(folder, SAVED)
    assert not ended_unsaved(folder)
    start(folder)
    assert loss_after([at(LATER)], folder.path) is None


class ResetMeanwhile(PosixPath):
    """A folder in which a reset deletes everything as soon as it was listed."""

    def glob(self, pattern: str, **options: Any) -> Generator[Self, None, None]:
        found = list(super().glob(pattern, **options))
        for path in found:
            path.unlink()
        yield from found


def test_a_reset_at_the_same_time_is_as_if_nothing_was_ever_saved(folder: DataFolder) -> None:
    save(folder, SAVED)
    assert DataFolder(ResetMeanwhile(folder.path)).saved_at() is None


def test_what_was_made_before_the_last_save_is_not_lost(folder: DataFolder) -> None:
    save(folder, SAVED)
    start(folder)
    start(folder)
    assert loss_after([at(SAVED - 1)], folder.path) is None
    loss = loss_after([at(SAVED - 1), at(LATER)], folder.path)
    assert str(loss).startswith("What was made since its last stop, 1970-01-12 13:46 UTC, is gone")


def test_a_deployment_that_was_repaired_has_heard_of_it(folder: DataFolder) -> None:
    start(folder)
    repaired = at(datetime.now(UTC).timestamp() + 1)
    assert loss_after([at(LATER), repaired], folder.path) is None
    assert loss_after([at(LATER)], folder.path) is not None, "another deployment has not"


def test_a_second_kill_is_a_loss_of_its_own_for_who_was_only_hit_by_the_first(folder: DataFolder) -> None:
    start(folder)
    save(folder, datetime.now(UTC).timestamp() + 10)
    start(folder)
    start(folder)
    assert loss_after([at(LATER)], folder.path) == Loss(0.0, loss_until(folder))


def loss_until(folder: DataFolder) -> float:
    loss = loss_after([at(1.0)], folder.path)
    assert loss is not None
    return loss.until


def test_what_was_wiped_on_purpose_was_not_lost(folder: DataFolder) -> None:
    start(folder)
    folder.wipe()
    assert not ended_unsaved(folder)
    start(folder)
    assert loss_after([at(LATER)], folder.path) is None


@pytest.mark.parametrize("damage", ["", "{", "[1]", '[["x", 1]]'])
def test_a_damaged_list_of_losses_is_an_empty_one(folder: DataFolder, damage: str) -> None:
    folder.losses_path.write_text(damage)
    assert loss_after([at(LATER)], folder.path) is None


def test_the_record_of_an_earlier_version_is_read_and_taken_for_saved(folder: DataFolder) -> None:
    folder.record_path.write_text(
        '{"port": 4567, "instance": "x", "started_at": 1.5, "process_started": "7"}'
    )
    save(folder, SAVED)
    record = folder.read_record()
    assert record is not None and record.port == 4567
    assert not ended_unsaved(folder)
