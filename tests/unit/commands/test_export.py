"""`export`: what is refused before anything is asked or written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.in_process.workspace import make_identity
from wizard.commands.export import cloudformation, refuse_nothing, refuse_without_bucket, terraform
from wizard.errors import StateError, UsageError
from wizard.export.terraform import Import
from wizard.options import Options
from wizard.state.model import Record, State


def refusal(file: Path, code: Path | None) -> str:
    with pytest.raises(UsageError) as refused:
        cloudformation(Options(), file, code, with_bucket=False, overwrite=False)
    return refused.value.what


def test_no_file_is_written_over_and_neither_of_the_two_over_the_other(tmp_path: Path) -> None:
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_text("mine")

    assert "exists already" in refusal(there, None)
    assert "exists already" in refusal(new, there)
    assert "both this and the function's code" in refusal(new, tmp_path / "x" / ".." / "new")
    with pytest.raises(UsageError, match="exists already"):
        terraform(Options(), there, None, overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_without_a_bucket_there_is_nothing_that_a_stack_could_store_into() -> None:
    state = State(make_identity())
    with pytest.raises(StateError, match="nothing to export"):
        refuse_without_bucket(state)
    state.records["bucket"] = Record("present", "created")
    refuse_without_bucket(state)


def test_where_nothing_stands_there_is_nothing_to_import() -> None:
    with pytest.raises(StateError, match="nothing to export"):
        refuse_nothing([])
    refuse_nothing([Import("aws_s3_bucket", "events", "b")])
