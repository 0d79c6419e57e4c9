"""What the commands that answer at once load: nothing beyond Typer, rich and ourselves.

A module that is needed only by some commands is imported where it is used.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.aws.in_process.workspace import make_identity, make_settings
from wizard.state.model import State

# What a program pays that prints its help and one table with these libraries.
TYPER_AND_RICH = """
import typer.main, typer.rich_utils, typer.completion
from rich.console import Console
from rich.table import Table
Console(stderr=True).print(Table("Column"))
"""
WIZARD = """
import sys
from wizard.__main__ import main
sys.argv = ["eventtrack-wizard", *{arguments!r}]
try:
    main()
except SystemExit:
    pass
"""
REPORT = """
import sys
print("\\n".join(sys.modules), file=open("modules.txt", "w"))
"""
USED = {
    "wizard": "ourselves",
    "json": "the state file",
    "_json": "a part of json",
    "termios": "wizard.ui.picture hides what is typed while it draws",
    "shlex": "Typer takes apart what is to be completed",
}


def loaded(program: str, folder: Path, **environment: str) -> set[str]:
    """The top-level names of the modules that a new process has loaded when `program` ends."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program + REPORT],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout or "wizard" not in program, f"nothing was printed: {done.stderr}"
    names = (folder / "modules.txt").read_text().split()
    return {name.partition(".")[0] for name in names} - set(sys.builtin_module_names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a deployment's state file."""
    folder = tmp_path_factory.mktemp("folder")
    state = State(make_identity(), settings=make_settings().as_json(), lifecycle="deployed")
    (folder / "eventtrack-state.json").write_text(json.dumps(state.as_json()))
    return folder


COMPLETION = {
    "_EVENTTRACK_WIZARD_COMPLETE": "complete_bash",
    "COMP_CWORD": "1",
    "COMP_WORDS": "eventtrack-wizard s",
}


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--help"], {}),
        (["status", "--help"], {}),
        (["setup", "--help"], {}),
        (["status", "--offline"], {}),
        (["status", "--offline", "--state", "eventtrack-state.json"], {}),
        (["status", "--offline", "--json"], {}),
        ([], COMPLETION),
        ([], {**COMPLETION, "COMP_CWORD": "2", "COMP_WORDS": "eventtrack-wizard setup --cors"}),
    ],
    ids=lambda value: " ".join(value) or "-",
)
def test_what_answers_at_once_loads_nothing_that_it_does_not_use(
    arguments: list[str], environment: dict[str, str], folder: Path
) -> None:
    ours = loaded(WIZARD.format(arguments=arguments), folder, **environment)
    assert ours - loaded(TYPER_AND_RICH, folder) - set(USED) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["setup", "--help"]], ids=" ".join)
def test_a_help_page_loads_no_parser_of_markdown_because_that_takes_a_fifth_of_its_time(
    arguments: list[str], folder: Path
) -> None:
    assert {"markdown_it", "pygments"} <= loaded(TYPER_AND_RICH, folder), "Typer still loads them"
    assert not {"markdown_it", "pygments"} & loaded(WIZARD.format(arguments=arguments), folder)


def test_who_needs_what_a_help_page_did_without_gets_it(folder: Path) -> None:
    later = """
from rich.console import Console
from rich.markdown import Markdown
Console(stderr=True).print(Markdown("*later*"))
try:
    1 / 0
except ZeroDivisionError:
    Console(stderr=True).print_exception()
"""
    ours = loaded(WIZARD.format(arguments=["--help"]) + later, folder)
    assert {"markdown_it", "pygments"} <= ours


def test_the_version_needs_no_library_because_scripts_ask_for_it_again_and_again(folder: Path) -> None:
    ours = loaded(WIZARD.format(arguments=["--version"]), folder)
    assert ours - loaded("", folder) == {"wizard"}
