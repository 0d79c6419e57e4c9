"""Writes the page of all help texts, `.github/COMMANDS.md`, from the program's own.

`python -m tests.tools.readme` rewrites it; `tests/e2e/test_readme.py` fails when it differs.
"""

from __future__ import annotations

import os
import re

from tests import PROJECT
from tests.tools.commands import run
from wizard.cli.app import app

README = PROJECT / "README.md"
PAGES = PROJECT / ".github"
COMMANDS = PAGES / "COMMANDS.md"
COLUMNS = 100
SECONDS_FOR_HELP = 60

HEAD = """\
# Commands

What `--help` says about each of them. This page is made by `python -m tests.tools.readme`.
What each is for stands in the [README](../README.md#day-to-day).
"""
BLOCK = re.compile(r"^## (?P<command>[^\n]+)\n\n```text\n(?P<help>.*?)```$", re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Every command of the program, and the program itself, as it is typed: "eventtrack-wizard token add"."""
    groups = {
        str(group.name): group.typer_instance for group in app.registered_groups if group.typer_instance
    }
    words = ["", *(f" {command.name}" for command in app.registered_commands)]
    for name, group in groups.items():
        words += [f" {name}", *(f" {name} {command.name}" for command in group.registered_commands)]
    return [f"eventtrack-wizard{word}" for word in words]


def help_of(command: str) -> str:
    """What `COMMAND --help` prints on a terminal of fixed width, without colours."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EVENTTRACK", "AWS_")) and name not in ("FORCE_COLOR", "CLICOLOR_FORCE")
    }
    environment |= {"COLUMNS": str(COLUMNS), "TERMINAL_WIDTH": str(COLUMNS), "NO_COLOR": "1"}
    done = run([*command.split()[1:], "--help"], PROJECT, environment, SECONDS_FOR_HELP)
    done.check_returncode()
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n") + "\n"


def words_of(help_text: str) -> str:
    """The text without frames and the names of value types, which differ between versions of Typer."""
    return " ".join(re.sub(r"[╭╮╰╯─│]|<\w+>|\b(TEXT|FILE|INTEGER|PATH)\b", " ", help_text).split())


def page() -> str:
    """The whole page: one heading a command, its help below it."""
    links = (f"\n* [{command}](#{command.replace(' ', '-')})" for command in commands())
    blocks = (f"\n## {command}\n\n```text\n{help_of(command)}```\n" for command in commands())
    return HEAD + "".join(links) + "\n" + "".join(blocks)


if __name__ == "__main__":
    COMMANDS.write_text(page(), encoding="utf-8")
