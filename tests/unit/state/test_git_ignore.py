"""What git would commit unnoticed. The real git is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from wizard.state.git_ignore import exposed, ignore

ALL = ("/eventtrack-state.token", "/eventtrack-state.rotation", "/eventtrack-state.json*")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state file with its token in a work tree."""
    git(tmp_path, "init", "-q")
    path = tmp_path / "eventtrack-state.json"
    for name in (path.name, f"{path.name}.backup", "eventtrack-state.token"):
        (tmp_path / name).write_text("")
    return path


def test_a_token_in_a_work_tree_is_told_because_the_next_commit_would_publish_it(state: Path) -> None:
    assert exposed(state) == ALL


def test_the_lines_on_offer_hide_everything_of_the_deployment_and_nothing_else(state: Path) -> None:
    (state.parent / ".gitignore").write_text("build")  # without a newline at its end
    (state.parent / "page.json").write_text("")
    ignore(state.parent, exposed(state))
    assert exposed(state) == ()
    shown = git(state.parent, "status", "--porcelain", "--untracked-files=all")
    assert shown.split() == ["??", ".gitignore", "??", "page.json"]


def test_only_what_is_missing_is_told(state: Path) -> None:
    (state.parent / ".gitignore").write_text("*.token\n*.rotation\n")
    assert exposed(state) == ("/eventtrack-state.json*",)


def test_a_name_that_git_would_read_as_a_pattern_hides_that_name(state: Path) -> None:
    strange = state.with_name("a[b]*.json")
    strange.write_text("")
    ignore(strange.parent, exposed(strange))
    assert exposed(strange) == ()


def test_a_token_that_git_tracks_already_is_told_although_a_pattern_names_it(state: Path) -> None:
    git(state.parent, "add", "eventtrack-state.token")
    ignore(state.parent, ALL)
    assert exposed(state) == ("/eventtrack-state.token",)


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_without_a_work_tree_or_without_git_there_is_nothing_to_tell(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path:
        monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert exposed(tmp_path / "eventtrack-state.json") == ()
