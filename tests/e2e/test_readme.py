"""The README says what is so: its help texts, its two lines, its links."""

from __future__ import annotations

import re

import pytest

from tests.tools.readme import BLOCK, README, help_of, words_of
from wizard.cli.app import app

TEXT = README.read_text(encoding="utf-8")
DOCUMENTED = {found["command"]: found["help"] for found in BLOCK.finditer(TEXT)}


def commands() -> list[str]:
    """Every command of the program, and the program itself."""
    groups = {
        str(group.name): group.typer_instance for group in app.registered_groups if group.typer_instance
    }
    return [
        "",
        *(str(command.name) for command in app.registered_commands),
        *groups,
        *(
            f"{name} {command.name}"
            for name, group in groups.items()
            for command in group.registered_commands
        ),
    ]


@pytest.mark.parametrize("command", commands())
def test_the_help_in_the_readme_is_the_programs_own_because_nobody_keeps_a_copy_true_by_hand(
    command: str,
) -> None:
    assert words_of(DOCUMENTED[command]) == words_of(help_of(command)), "run `python -m tests.tools.readme`"


def test_every_link_of_the_readme_into_the_project_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXT):
        assert (README.parent / target).exists(), target


def test_every_link_of_the_readme_to_a_heading_leads_to_one() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings
