"""Only the command that is called is built: building all of them takes longer than most take to run."""

from __future__ import annotations

import pytest
import typer

from wizard.cli.options import leave_out_others


def made() -> typer.Typer:
    app, group = typer.Typer(), typer.Typer()
    for name in ("one", "two"):
        app.command(name)(lambda: None)
        group.command(name)(lambda: None)
    app.add_typer(group, name="more")
    return app


def left(*words: str) -> list[str | None]:
    app = made()
    leave_out_others(app, words)
    return [*(one.name for one in app.registered_commands), *(str(one.name) for one in app.registered_groups)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("one", "--help"), ["one"]),
        (("more", "two"), ["more"]),
        ((), ["one", "two", "more"]),
        (("--state", "one"), ["one", "two", "more"]),
        (("onne",), ["one", "two", "more"]),
    ],
    ids=["a command", "a group", "nothing", "options first", "misspelled, to be told what is like it"],
)
def test_what_the_first_word_names_is_left_and_all_where_it_names_nothing(
    words: tuple[str, ...], expected: list[str]
) -> None:
    assert left(*words) == expected
