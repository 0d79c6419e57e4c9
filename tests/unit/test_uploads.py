"""What was uploaded before is kept, so that an upgrade can be taken back."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path, PosixPath
from typing import Any, Self

import pytest

from wizard import package
from wizard.errors import StateError
from wizard.package import Package, packed
from wizard.uploads import KEPT, Uploads


def code(number: int) -> Package:
    return packed(b"code %d" % number)


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads.beside(tmp_path / "state.json")


def kept(folder: Path) -> list[bytes]:
    """The oldest first."""
    files = sorted((folder / "state.code").iterdir(), key=lambda path: int(path.stem))
    return [path.read_bytes() for path in files]


class FirstIsGone(PosixPath):
    """A folder of which the newest file is removed as soon as it was listed."""

    def glob(self, pattern: str, **options: Any) -> Generator[Self, None, None]:
        found = sorted(super().glob(pattern, **options))
        found[-1].unlink()
        yield from found


class AllIsGone(PosixPath):
    """A folder that is removed between a look for it and a look into it."""

    def glob(self, pattern: str, **_options: Any) -> Generator[Self, None, None]:
        raise FileNotFoundError(pattern)
        yield self


def test_who_looks_when_a_rollback_has_just_removed_the_code_sees_none(tmp_path: Path) -> None:
    assert Uploads(AllIsGone(tmp_path / "code")).former() is None


def test_who_looks_while_a_rollback_removes_the_code_sees_what_is_left(tmp_path: Path) -> None:
    Uploads(tmp_path / "code").keep(code(1))
    Uploads(tmp_path / "code").keep(code(2))

    assert Uploads(FirstIsGone(tmp_path / "code")).former() == code(1)


def test_the_former_code_is_the_newest_that_is_not_of_this_version(uploads: Uploads) -> None:
    assert uploads.former() is None
    uploads.keep(code(1))
    uploads.keep(code(2))
    uploads.keep(package.build())

    assert uploads.former() == code(2)
    uploads.keep(code(1))
    assert uploads.former() == code(1), "it was uploaded last"


def test_only_the_newest_few_stay_each_once(uploads: Uploads, tmp_path: Path) -> None:
    for number in (1, 2, 3, 3, 1, 4, 1):
        uploads.keep(code(number))

    assert kept(tmp_path) == [code(number).content for number in (3, 4, 1)]
    assert len(kept(tmp_path)) == KEPT


def test_a_tenth_upload_is_newer_than_the_ninth(uploads: Uploads) -> None:
    for number in range(12_000, 12_012):
        uploads.keep(code(number))

    assert uploads.former() == code(12_011)


def test_what_is_not_of_ours_in_the_folder_is_no_code(uploads: Uploads, tmp_path: Path) -> None:
    uploads.keep(code(1))
    (tmp_path / "state.code" / "notes.zip").write_bytes(b"mine")

    assert uploads.former() == code(1)


def test_it_is_kept_by_its_owner_alone_and_goes_with_the_deployment(uploads: Uploads, tmp_path: Path) -> None:
    uploads.remove()
    uploads.keep(code(1))
    folder = tmp_path / "state.code"
    assert [oct(path.stat().st_mode)[-3:] for path in (folder, *folder.iterdir())] == ["700", "600"]

    uploads.remove()
    assert not folder.exists()


def test_a_full_disk_stops_the_upload_because_there_would_be_no_way_back(tmp_path: Path) -> None:
    (tmp_path / "state.code").write_text("in the way")

    with pytest.raises(StateError, match=r"state\.code"):
        Uploads.beside(tmp_path / "state.json").keep(code(1))


def test_without_a_folder_nothing_is_kept() -> None:
    uploads = Uploads()
    uploads.keep(code(1))
    uploads.remove()

    assert uploads.former() is None
