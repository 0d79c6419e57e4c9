"""Makes the README's pictures: real runs in a real terminal on a local AWS of their own, as SVG, and a page.

`python -m tests.tools.picture` makes all of them anew in `.github/`; a name behind it, one of them.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.tools import page_picture
from tests.tools.local_deployment import LocalDeployment
from tests.tools.readme import PAGES
from tests.tools.terminal import Terminal, WholeTerminal

COLUMNS = 100
# A secret even when the deployment lives for seconds only.
TOKEN = "a-token-of-your-own-choice"
RUN = "import os, sys; os.chdir({folder!r}); sys.argv = {argv!r}; from wizard.__main__ import main; main()"
ENTER = "\r"
MOST_QUESTIONS = 20


@dataclass(frozen=True)
class Picture:
    """How one is made.

    Attributes:
        command: what is typed, without the program's name.
        rows: of the terminal.
        wait: returns in the moment that the picture shows.
        before: what is done to the folder first.
        begins: the picture leaves out what stands above the line with this text.
    """

    command: str
    rows: int
    wait: Callable[[Terminal], None]
    before: Callable[[LocalDeployment], None] = lambda deployment: None
    begins: str = ""


def at_the_end(terminal: Terminal) -> None:
    """When the command has ended."""
    terminal.finish()


def amid_the_work(terminal: Terminal) -> None:
    """When some phases are done, and others at work."""
    while terminal.text.count("✓ done") < 3 or "working" not in terminal.text:
        terminal.settle(0.02)
        if "9 of 9" in terminal.text or terminal.process.poll() is not None:
            raise LookupError(f"too late:\n{terminal.text}")


def amid_the_questions(terminal: Terminal) -> None:
    """When the first questions are answered, and one offers its choices."""
    terminal.see("Name of the deployment")
    terminal.type("shop" + ENTER)
    terminal.see("defaults?")
    terminal.type("n" + ENTER)
    for _question in range(MOST_QUESTIONS):
        terminal.settle()
        if "Runtime" in terminal.text:
            return
        terminal.type(ENTER)
    raise LookupError(f"never asked for the runtime:\n{terminal.text}")


def before_the_first_change(terminal: Terminal) -> None:
    """When the defaults were taken, and all is said that is asked about."""
    terminal.see("Name of the deployment")
    terminal.type("shop" + ENTER)
    terminal.see("defaults?")
    terminal.type(ENTER)
    terminal.see("Go ahead?")
    terminal.settle()


def at_the_last_question(terminal: Terminal) -> None:
    """When all is counted, and only the consent is missing."""
    terminal.see("Type shop")
    terminal.settle()


def set_up(deployment: LocalDeployment) -> None:
    """A deployment with events in it."""
    deployment.run("setup", "--local", "--yes", "--name", "shop")
    events = '{"event_name": "signup", "user_id": "u1"}\n' * 120
    (deployment.folder / "events.jsonl").write_text(events)
    deployment.run("send-test", "--file", "events.jsonl", "--count", "3")


def set_up_and_drift(deployment: LocalDeployment) -> None:
    """The same, and somebody has changed three things in the console."""
    set_up(deployment)
    settings = deployment.state["settings"]
    deployment.client("lambda").update_function_configuration(
        FunctionName=settings["function_name"], MemorySize=512, Timeout=3
    )
    deployment.client("s3").delete_public_access_block(Bucket=settings["bucket_name"])
    deployment.client("apigateway").delete_gateway_response(
        restApiId=deployment.state["records"]["api"]["facts"]["id"], responseType="DEFAULT_4XX"
    )


PICTURES = {
    "setup": Picture("setup --local --yes", 50, at_the_end, begins="of 9 done"),
    "live": Picture("setup --local --yes", 30, amid_the_work, begins="of 9 done"),
    "interview": Picture("setup --local", 30, amid_the_questions),
    "plan": Picture("setup --local", 30, before_the_first_change, begins="Deployment  "),
    "drift": Picture("status", 48, at_the_end, set_up_and_drift),
    "rollback": Picture("rollback --delete-events", 40, at_the_last_question, set_up),
}
# The one that is no terminal's.
REPORT = "report"


@contextmanager
def deployment() -> Iterator[LocalDeployment]:
    """A folder with a local AWS of its own."""
    with tempfile.TemporaryDirectory() as folder:
        found = LocalDeployment(Path(folder))
        try:
            yield found
        finally:
            found.run("local", "stop")


def screen_of(picture: Picture) -> pyte.Screen:
    """The terminal's screen in the moment of the picture."""
    with deployment() as place:
        picture.before(place)
        argv = ["eventtrack-wizard", *picture.command.split()]
        terminal = WholeTerminal(
            RUN.format(folder=str(place.folder), argv=argv),
            columns=COLUMNS,
            rows=picture.rows,
            EVENTTRACK_LOCAL_HOME=str(place.home),
            EVENTTRACK_TOKEN=TOKEN,
        )
        with terminal:
            picture.wait(terminal)
            return terminal.screen


def as_text(picture: Picture, screen: pyte.Screen) -> Text:
    """The screen's characters with their colours, below the command that was typed."""
    text = Text(f"$ eventtrack-wizard {picture.command}\n", style="bold")
    first = next(row for row, line in enumerate(screen.display) if picture.begins in line)
    if first:
        text.append("…\n")
    for row in range(first, screen.lines):
        cells = [screen.buffer[row][column] for column in range(screen.columns)]
        line = Text()
        # In runs of one style, or the picture would hold every letter alone.
        for style, group in groupby(cells, key=_style):
            line.append("".join(cell.data for cell in group), style)
        line.rstrip()
        text.append_text(line).append("\n")
    text.rstrip()
    return text


def _style(cell: pyte.screens.Char) -> Style:
    front, back = (None if colour == "default" else _colour(colour) for colour in (cell.fg, cell.bg))
    return Style(color=front, bgcolor=back, bold=cell.bold, italic=cell.italics, reverse=cell.reverse)


def _colour(name: str) -> str:
    if len(name) == 6 and all(digit in "0123456789abcdef" for digit in name):
        return f"#{name}"
    return {"brown": "yellow"}.get(name, name.replace("bright", "bright_"))


def draw(name: str) -> None:
    """Make one picture and write it down."""
    if name == REPORT:
        with deployment() as place:
            page_picture.set_up_with_a_day(place)
            page_picture.draw(place, PAGES / f"{REPORT}.png")
        return
    picture = PICTURES[name]
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(as_text(picture, screen_of(picture)))
    svg = console.export_svg(title="eventtrack-wizard", unique_id=f"eventtrack-{name}")
    (PAGES / f"{name}.svg").write_text(without_foreign_fonts(svg), encoding="utf-8")


def without_foreign_fonts(svg: str) -> str:
    """Let a font of the reader's machine do: rich asks the Internet for one."""
    return re.sub(r" *@font-face \{.*?\}\n", "", svg, flags=re.DOTALL).replace(
        "Fira Code, monospace", "Fira Code, Menlo, Consolas, DejaVu Sans Mono, monospace"
    )


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [*PICTURES, REPORT]:
        draw(chosen)
