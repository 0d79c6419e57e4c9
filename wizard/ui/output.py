"""Where commands write (results to standard output, everything else to standard error), and who is there."""

from __future__ import annotations

import json
import os
import sys
from errno import EBADF, EIO, ENOSPC

from rich.console import Console


def results() -> Console:
    """Standard output: results only, never wrapped, so that they can be piped."""
    return Console(soft_wrap=True, highlight=False)


def messages() -> Console:
    """Standard error: progress, tables, questions, errors. Lines in a log are never wrapped."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(document: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    sys.stdout.flush()


def can_redraw(console: Console) -> bool:
    """Whether a picture can be drawn over the last one.

    FORCE_COLOR makes rich call a pipe a terminal; colours do no harm there, moving the cursor does.
    """
    return console.is_terminal and console.is_interactive and console.file.isatty() and not on_ci()


def on_ci() -> bool:
    """Whether this runs in a pipeline, where a terminal may be there but nobody looks at it."""
    return os.environ.get("CI", "").casefold() not in ("", "0", "false", "no")


def is_read_by_a_person() -> bool:
    """Whether standard output is a screen and no file, pipe or log of a pipeline: it may show a new token."""
    return sys.stdout.isatty() and not on_ci()


def is_interactive() -> bool:
    """Whether somebody is there to answer: standard input and error are terminals, and no pipeline."""
    return (
        all(
            stream is not None and not stream.closed and stream.isatty() for stream in (sys.stdin, sys.stderr)
        )
        and os.environ.get("TERM", "").casefold() not in ("dumb", "unknown")
        and not on_ci()
    )


def is_of_output(error: BaseException) -> bool:
    """Whether a standard stream could not be written: only then does the system name no file."""
    return isinstance(error, OSError) and error.filename is None and error.errno in (ENOSPC, EIO, EBADF)
