"""When the state file is about to be replaced, and when it has been: as the operating system sees it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Listener = Callable[[str], None]


class _Watch:
    """One file that is watched. Python's audit hooks cannot be taken away, so there is a single one."""

    def __init__(self) -> None:
        self.installed = False
        self.path = ""
        self.replaced = False
        self.report: Listener = lambda moment: None

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """An audit hook: called before every call to the operating system."""
        if not self.path or event not in ("os.rename", "open"):
            return
        if event == "os.rename" and _is(arguments[1], self.path):
            self.report("before the state file is replaced")
            self.replaced = True
        elif event == "open" and self.replaced:
            # The folder is opened to be synced, so the rename is done.
            self.replaced = False
            self.report("after the state file was replaced")


_WATCH = _Watch()


def _is(path: object, desired: str) -> bool:
    return isinstance(path, (str, os.PathLike)) and os.fspath(path) == desired


@contextmanager
def watched(path: Path, report: Listener) -> Iterator[None]:
    """Report both moments of every write of `path`."""
    if not _WATCH.installed:
        sys.addaudithook(_WATCH.hear)
        _WATCH.installed = True
    _WATCH.path, _WATCH.report, _WATCH.replaced = str(path), report, False
    try:
        yield
    finally:
        _WATCH.path = ""
