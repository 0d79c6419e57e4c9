"""The zip is the same, byte for byte, wherever and whenever it is made."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from wizard import package


@pytest.fixture
def copied_code(tmp_path: Path) -> Path:
    """The handler's modules with other times and modes."""
    folder = tmp_path / "lambda_code"
    folder.mkdir()
    for source in package.CODE_FOLDER.glob("*.py"):
        copy = shutil.copy(source, folder)
        os.utime(copy, (10**9, 10**9))
        Path(copy).chmod(0o600)
    return folder


def entries(content: bytes) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.infolist()


def test_a_copy_with_other_times_and_modes_packs_to_the_same_bytes(copied_code: Path) -> None:
    assert package.build(copied_code).content == package.build().content
    assert package.build(copied_code).sha256 == package.build().sha256


def test_a_changed_line_changes_the_hash(copied_code: Path) -> None:
    (copied_code / "lambda_function.py").write_text("# changed")
    assert package.build(copied_code).sha256 != package.build().sha256


def test_every_file_may_be_read_by_everybody_or_lambda_cannot_import_it() -> None:
    for entry in entries(package.build().content):
        assert entry.external_attr >> 16 == 0o100644
        assert entry.create_system == 3, "modes count only in archives that say they are of Unix"


def test_the_handler_lies_at_the_top_with_everything_that_it_imports() -> None:
    names = [entry.filename for entry in entries(package.build().content)]
    assert "lambda_function.py" in names
    assert names == sorted(path.name for path in package.CODE_FOLDER.glob("*.py"))
    assert not any("/" in name for name in names)


def test_the_hash_is_what_lambda_reports() -> None:
    import base64
    import hashlib

    built = package.build()
    assert built.sha256 == base64.b64encode(hashlib.sha256(built.content).digest()).decode()
    assert len(built.content) < 50 * 1024 * 1024


def test_leftovers_of_python_are_not_packed(copied_code: Path) -> None:
    (copied_code / "__pycache__").mkdir()
    (copied_code / "__pycache__" / "x.pyc").write_bytes(b"x")
    (copied_code / "notes.txt").write_text("x")
    assert package.build(copied_code).sha256 == package.build().sha256
