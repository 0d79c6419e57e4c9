"""Keeps the README's help texts those of the program.

`python -m tests.tools.readme` rewrites them; `tests/e2e/test_readme.py` fails when they differ.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests import PROJECT

README = PROJECT / "README.md"
BLOCK = re.compile(r"(<!-- help: (?P<command>.*?) -->\n```text\n)(?P<help>.*?)(```\n)", re.DOTALL)
COLUMNS = 100


def help_of(command: str) -> str:
    """What `eventtrack-wizard <command> --help` prints on a terminal of fixed width, without colours."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EVENTTRACK", "AWS_")) and name not in ("FORCE_COLOR", "CLICOLOR_FORCE")
    }
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *command.split(), "--help"],
        env={**environment, "COLUMNS": str(COLUMNS), "TERMINAL_WIDTH": str(COLUMNS), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    text = done.stdout.replace("python -m wizard", "eventtrack-wizard")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


def words_of(help_text: str) -> str:
    """The text without frames and the names of value types, which differ between versions of Typer."""
    return " ".join(re.sub(r"[╭╮╰╯─│]|<\w+>|\b(TEXT|FILE|INTEGER|PATH)\b", " ", help_text).split())


def rewritten(text: str) -> str:
    """The README with every help text made anew."""
    return BLOCK.sub(lambda found: found[1] + help_of(found["command"]) + found[4], text)


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
