"""Commands that messages suggest: they do what this run was asked to, in the same place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import wizard
from wizard.cli.app import app
from wizard.commands.common import complete
from wizard.commands.setup_request import Request
from wizard.errors import StateError
from wizard.options import Options, program_called

SOURCES = Path(wizard.__file__).parent
TYPED = Options(
    state=Path("my shop.json"), profile="work", region="eu-west-1", local=True, name="shop", token="t0ken"
)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("status", "status --state 'my shop.json' --profile work --region eu-west-1"),
        (
            "setup --yes",
            "setup --yes --local --state 'my shop.json' --profile work --region eu-west-1 --name shop",
        ),
        ("recover --id i", ("recover --id i --local --state 'my shop.json' --profile work --region eu-west-1"
                            " --name shop")),
        ("policy --name a", "policy --name a --state 'my shop.json' --profile work --region eu-west-1"),
        ("local stop", "local stop"),
    ],
)  # fmt: skip
def test_a_suggested_command_says_what_was_typed_or_it_would_go_to_another_account(
    words: str, line: str
) -> None:
    assert TYPED.command(words) == f"eventtrack-wizard {line}"


@pytest.mark.parametrize("found", [None, "another"])
def test_a_program_that_no_shell_finds_by_its_name_is_suggested_as_it_was_called(
    found: str | None, tmp_path: Path
) -> None:
    """In a fresh `.venv`, or beside another version that the shell would find instead."""
    called, another = tmp_path / "my venv" / "eventtrack-wizard", tmp_path / "another"
    called.parent.mkdir()
    called.touch()
    another.touch()
    program = program_called(str(called), found and str(another))
    assert Options(program=program).command("status") == f"'{called}' status"
    assert Options(program=program).complete("`eventtrack-wizard local stop`") == f"`'{called}' local stop`"


def test_a_program_that_the_shell_finds_is_suggested_by_its_name(tmp_path: Path) -> None:
    called, found = tmp_path / "eventtrack-wizard", tmp_path / "link"
    called.touch()
    found.symlink_to(called)
    assert program_called(str(called), str(found)) == "eventtrack-wizard"


def test_another_way_of_calling_is_not_repeated_because_it_may_need_its_folder() -> None:
    """`python -m wizard`, or a process of the tests."""
    assert program_called("/src/wizard/__main__.py", None) == "eventtrack-wizard"
    assert program_called("eventtrack-wizard", None) == "eventtrack-wizard"


def test_a_suggested_command_is_bare_when_nothing_was_typed() -> None:
    assert Options().command("setup") == "eventtrack-wizard setup"


def test_text_is_completed_once_however_often_it_is_shown() -> None:
    text = TYPED.complete("Run `eventtrack-wizard status`, then `eventtrack-wizard rollback`; see `aws`.")
    assert text.count("--profile work") == 2
    assert TYPED.complete(text) == text


def test_an_error_that_knows_nothing_of_the_run_is_shown_with_its_options() -> None:
    error = StateError(what="", why="", next_step="Run `eventtrack-wizard setup` first.")
    complete(error, Options(state=Path("s.json")))
    assert error.next_step == "Run `eventtrack-wizard setup --state s.json` first."


def test_setup_again_has_every_flag_because_nothing_of_them_is_saved_yet() -> None:
    request = Request(
        Options(name="shop"), {"memory_mb": "256", "versioning": "no", "cors_origins": "https://a b"}, jobs=2
    )
    assert request.command("--yes") == (
        "eventtrack-wizard setup --yes --no-versioning --memory-mb 256 --cors-origins 'https://a b' --jobs 2"
        " --name shop"
    )


def test_without_a_terminal_setup_names_a_command_that_stays_where_it_was_meant(tmp_path: Path) -> None:
    state = tmp_path / "s.json"
    typed = ["setup", "--local", "--name", "shop", "--memory-mb", "256", "--state", str(state)]
    done = CliRunner().invoke(app, typed)
    assert done.exit_code == 2
    assert f"`eventtrack-wizard setup --yes --memory-mb 256 --local --state {state} --name shop`" in " ".join(
        done.output.split()
    )


def test_every_message_that_quotes_a_command_is_completed_where_it_is_printed() -> None:
    """Errors are completed where they are caught; what commands print themselves goes through `say`,
    `complete` or `command`. A quoted command anywhere else would drop the options."""
    forgotten = [
        f"{path.relative_to(SOURCES)}:{node.lineno}"
        for path in sorted(SOURCES.glob("commands/*.py")) + sorted(SOURCES.glob("ui/*.py"))
        for node in _strings_outside(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not forgotten


COMPLETED = ("say", "complete")


def _strings_outside(node: ast.AST) -> Iterator[ast.expr]:
    """Strings that quote a command, except in errors, in what is completed, and in named texts that are."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in COMPLETED or name.endswith("Error"):
            return
    if isinstance(node, (ast.Assign, ast.AugAssign)):  # a text with a name, or an error's next step
        return
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if isinstance(node, ast.Constant) and "`eventtrack-wizard " in text:
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _strings_outside(child)
