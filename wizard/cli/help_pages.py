"""Typer's help pages without what only other programs use, in colours for light and dark terminals."""

from __future__ import annotations

import sys
from types import ModuleType

# Typer loads them for help in Markdown and for framed exceptions, of which we have none. They bring a parser
# of Markdown and Pygments along, which takes a fifth of the time of a help page.
UNUSED = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}


def prepare() -> None:
    """To be called before Typer shows the first help page of this process."""
    from wizard.ui.styles import HELP

    pages = _load()
    for name, style in HELP.items():
        if hasattr(pages, name):
            setattr(pages, name, style)


def _load() -> ModuleType:
    """Typer's module; whoever asks for those that it did without gets the real ones afterwards."""
    is_loaded = "typer.rich_utils" in sys.modules
    missing = {} if is_loaded else {name: UNUSED[name] for name in UNUSED.keys() - sys.modules.keys()}
    for name, member in missing.items():
        stand_in = sys.modules[name] = ModuleType(name)
        setattr(stand_in, member, type(member, (), {}))
    try:
        from typer import rich_utils
    finally:
        for name in missing:
            del sys.modules[name]
    return rich_utils
