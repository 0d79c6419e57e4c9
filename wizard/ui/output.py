"""Where commands write (results to standard output, everything else to standard error), and who is there."""

from __future__ import annotations

import json
import os
import sys
from errno import EBADF, EIO, ENOSPC

from rich.console import Console, RenderableType


def results() -> Console:
    """Standard output: results only, never wrapped, so that they can be piped."""
    return Console(soft_wrap=True, highlight=False)


def show(content: RenderableType) -> None:
    """A result for reading on standard output: in a window folded at words, elsewhere as long as it is.

    Square brackets mean nothing in a plain text. What must stay whole, to be copied, says so (`text.whole`).
    """
    console = results()
    console.print(content, markup=False, soft_wrap=not console.is_terminal, crop=False)


def whole_screen() -> Console:
    """Standard output where it is drawn over: lines are folded at the edge of the window."""
    return Console(highlight=False)


def messages() -> Console:
    """Standard error: progress, tables, questions, errors. Lines in a log are never wrapped."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(document: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    sys.stdout.flush()


def print_json_line(document: object) -> None:
    """One on a line, of which more may follow. What the output has no characters for is escaped."""
    line = json.dumps(document, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(document)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def can_redraw(console: Console) -> bool:
    """Whether a picture can be drawn over the last one.

    FORCE_COLOR makes rich call a pipe a terminal; colours do no harm there, moving the cursor does.
    """
    return console.is_terminal and console.is_interactive and console.file.isatty() and not on_ci()


def on_ci() -> bool:
    """Whether this runs in a pipeline, where a terminal may be there but nobody looks at it."""
    return os.environ.get("CI", "").casefold() not in ("", "0", "false", "no")


def on_github() -> bool:
    """Whether this runs in GitHub Actions, which folds groups of lines and shows errors beside the run."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def is_read_by_a_person() -> bool:
    """Whether standard output is a screen and no file, pipe or log of a pipeline: it may show a new token."""
    return sys.stdout.isatty() and not on_ci()


def shows_web_pages() -> bool:
    """Whether a browser that is opened here is seen: standard output is a terminal on a desktop. Without a
    display Python would find a browser of text, which takes the terminal for itself."""
    if not is_read_by_a_person() or "SSH_CONNECTION" in os.environ:
        return False
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return has_display or sys.platform in ("darwin", "win32")


def is_interactive() -> bool:
    """Whether somebody is there to answer."""
    return not missing_for_questions()


def missing_for_questions() -> str:
    """Why nobody can be asked here, in a sentence; empty where somebody can."""
    for name, stream in (("input", sys.stdin), ("error", sys.stderr)):
        if stream is None or stream.closed or not stream.isatty():
            return f"Standard {name} is not a terminal."
    if on_ci():
        return "CI is set: this is a pipeline, where nobody looks at the terminal."
    terminal = os.environ.get("TERM", "")
    if terminal.casefold() in ("dumb", "unknown"):
        return f"TERM is {terminal}: questions need a terminal that can move the cursor."
    return ""


def discard_output() -> None:
    """Whoever read our results has gone: what is left goes nowhere, or Python would complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_of_output(error: BaseException) -> bool:
    """Whether a standard stream could not be written: only then does the system name no file."""
    return isinstance(error, OSError) and error.filename is None and error.errno in (ENOSPC, EIO, EBADF)
