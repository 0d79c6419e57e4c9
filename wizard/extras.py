"""What the optional extras bring, and how to add one to the installation that runs."""

from __future__ import annotations

import re
import shlex
import sys
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "eventtrack-wizard"
OF_EXTRA = re.compile(r"""(?P<requirement>[^;]+);.*extra == ['"](?P<extra>[a-z]+)['"]""")
# What each brings, for a program that runs from its sources and has no metadata.
EXTRAS = {"local": "ministack", "query": "duckdb"}
# By the file that a tool leaves in the environment that it made for the program.
# https://docs.astral.sh/uv/concepts/tools/ and https://pipx.pypa.io/stable/how-pipx-works/
TOOLS = {
    "uv-receipt.toml": "uv pip install --python {prefix}",
    "pipx_metadata.json": f"pipx inject {DISTRIBUTION}",
}
PIP = "{python} -m pip install"


def install_command(extra: str, prefix: str = sys.prefix, python: str = sys.executable) -> str:
    """The command that adds `extra`: with the tool that installed the program, wherever it came from.

    Args:
        prefix: the environment's folder.
        python: its interpreter.
    """
    made_by = (command for receipt, command in TOOLS.items() if (Path(prefix) / receipt).exists())
    command = next(made_by, PIP).format(prefix=shlex.quote(prefix), python=shlex.quote(python))
    return " ".join([command, *map(shlex.quote, requirements(extra))])


def requirements(extra: str) -> list[str]:
    """Of `extra`, by this distribution's own metadata."""
    try:
        all_of_them = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from its sources
        all_of_them = []
    matches = (OF_EXTRA.fullmatch(line) for line in all_of_them)
    found = [match["requirement"].strip() for match in matches if match and match["extra"] == extra]
    return found or [EXTRAS[extra]]
