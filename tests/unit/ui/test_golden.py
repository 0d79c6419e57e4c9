"""The screens before "Go ahead?" are those that were looked at: `python -m tests.tools.golden` draws them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.aws.in_process import Account
from tests.aws.in_process.workspace import MEMORY
from tests.tools.golden import FOLDER, path_of, screens

FILES = sorted(FOLDER.glob("*.txt"))
# What follows: the command without questions and its heading, the question, its three answers.
ASKED_BELOW = 6


@pytest.fixture(scope="module")
def drawn(closed_account: Account) -> Mapping[Path, str]:
    with closed_account.opened(), tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        return {path_of(name): text for name, text in screens(closed_account, Path(folder))}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_screen_is_as_it_was_looked_at(drawn: Mapping[Path, str], path: Path) -> None:
    assert drawn[path] == path.read_text(encoding="utf-8"), "python -m tests.tools.golden, and look at it"


def test_every_screen_has_its_file(drawn: Mapping[Path, str]) -> None:
    assert sorted(drawn) == FILES


@pytest.mark.parametrize(
    "name", ["fresh 80", "fresh 80 ascii", "fresh far away 80", "repair 80", "replaced api 80"]
)
def test_everything_that_is_asked_fits_a_window_of_80_by_24(drawn: Mapping[Path, str], name: str) -> None:
    """Else the name of the account has scrolled away when the operator is asked."""
    lines = drawn[path_of(name)].splitlines()
    assert len(lines) + ASKED_BELOW <= 24
    assert max(map(len, lines)) <= 80


def test_a_log_has_everything_that_a_window_leaves_out(drawn: Mapping[Path, str]) -> None:
    assert "1 more" in drawn[path_of("fresh 80")]
    assert " more" not in drawn[path_of("fresh piped")]


def test_what_is_counted_in_a_window_is_what_is_made(drawn: Mapping[Path, str]) -> None:
    """One thing a comma or a plus sign in the log, where all of them are named."""
    lines = [line.partition(" + ")[2] for line in drawn[path_of("fresh piped")].splitlines() if " + " in line]
    named = [part for line in lines for part in line.split(", ") if part != "100 at once"]
    assert f"{len(named)} to create" in drawn[path_of("fresh 80")]
