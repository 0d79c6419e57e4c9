"""Where commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys

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
