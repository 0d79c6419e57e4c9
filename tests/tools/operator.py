"""Somebody who sits before a terminal and answers what setup asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests import IMPORT_PATH
from tests.tools.terminal import Terminal
from wizard.settings.table import SETTINGS

ENTER, DOWN, ESCAPE, SHIFT_TAB, CTRL_C = "\r", "\x1b[B", "\x1b", "\x1b[Z", "\x03"


def at_terminal(
    folder: Path, environment: Mapping[str, str], *arguments: str, columns: int = 100, rows: int = 200
) -> Terminal:
    """`eventtrack-wizard ARGUMENTS` in a folder; so many rows that nothing scrolls away."""
    source = (
        f"import os, sys; os.chdir({str(folder)!r}); sys.argv = {['eventtrack-wizard', *arguments]!r}\n"
        "from wizard.__main__ import main; main()\n"
    )
    seen = {**environment, "PYTHONPATH": IMPORT_PATH, "CI": ""}
    return Terminal(source, columns=columns, rows=rows, **seen)


def answer(terminal: Terminal, question: str, keys: str = "") -> None:
    """Wait for the question and answer it; Enter alone where no keys are given."""
    terminal.see(f"? {question}")
    terminal.type(keys + ENTER)


def answer_settings(
    terminal: Terminal, keys: Mapping[str, str], *, since: str | None = None, until: str | None = None
) -> None:
    """Answer the questions of all settings in their order.

    Args:
        keys: what is typed before Enter, by key of the setting.
        since, until: keys of the first one, and of the one before which to stop.
    """
    order = [setting.key for setting in SETTINGS]
    for setting in SETTINGS[order.index(since) if since else 0 : order.index(until) if until else None]:
        if setting.is_flag_only:
            continue
        if setting.asked_if:
            answer(terminal, setting.asked_if[:60], "y" if setting.key in keys else "")
            if setting.key not in keys:
                continue
        answer(terminal, setting.question[:60], keys.get(setting.key, ""))
