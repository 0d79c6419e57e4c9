"""Makes the README's picture: a real `setup --local --yes` in a real terminal, drawn by rich as SVG.

python -m tests.tools.picture .github/setup.svg
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 110, 31
COMMAND = "eventtrack-wizard setup --local --yes"


def run_in_terminal() -> pyte.Screen:
    """The terminal's screen after the run."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "EVENTTRACK_LOCAL_HOME": str(Path(folder) / "local-aws"),
            "TERM": "xterm-256color",
        }
        environment.pop("CI", None)
        # The token is a secret even when the deployment lives for seconds only.
        environment["EVENTTRACK_TOKEN"] = "a-token-of-your-own-choice"
        wizard = [sys.executable, "-m", "wizard"]
        arguments = [*wizard[1:], "setup", "--local", "--yes"]
        child = pexpect.spawn(
            wizard[0],
            arguments,
            cwd=folder,
            env=environment,
            dimensions=(LINES, COLUMNS),
            timeout=60,
            encoding="utf-8",
        )
        try:
            while True:
                stream.feed(child.read_nonblocking(65536))
        except pexpect.EOF:
            pass
        finally:
            pexpect.run(" ".join([*wizard, "local", "stop"]), cwd=folder, env=environment)
    return screen


def as_text(screen: pyte.Screen) -> Text:
    """The screen's characters with their colours."""
    text = Text(f"$ {COMMAND}\n", style="bold")
    rows = [screen.buffer[number] for number in range(screen.lines)]
    for row in rows:
        line = Text()
        for column in range(screen.columns):
            cell = row[column]
            colour = None if cell.fg == "default" else _colour(cell.fg)
            line.append(cell.data, Style(color=colour, bold=cell.bold, italic=cell.italics))
        line.rstrip()
        text.append_text(line).append("\n")
    text.rstrip()
    return text


def _colour(name: str) -> str:
    if len(name) == 6 and all(digit in "0123456789abcdef" for digit in name):
        return f"#{name}"
    return {"brown": "yellow"}.get(name, name.replace("bright", "bright_"))


def main() -> None:
    """Write the picture to the file that is named."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(as_text(run_in_terminal()))
    svg = console.export_svg(title="eventtrack-wizard", unique_id="eventtrack")
    Path(sys.argv[1]).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
