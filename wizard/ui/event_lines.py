"""Stored events for reading: a line each, in a narrow window two."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from wizard.events.decode import as_text, content_of, name_of
from wizard.ui.styles import ACTIVE, QUIET
from wizard.ui.text import Printable, plain

if TYPE_CHECKING:
    from wizard.events.browse import Found

# Columns of a window in which name, user and client leave no room for what an event says.
NARROW = 100
NAME_WIDTH = 20
MOMENT_WIDTH = 16


def event_line(found: Found) -> Printable:
    """When, what, who, and all that it says; on a terminal cut, with a sign, where the window ends."""
    return Printable(partial(_lines, found))


def _lines(found: Found, width: int) -> Group:
    is_narrow = width < NARROW
    head, content = _head(found, name_width=0 if is_narrow else NAME_WIDTH), plain(content_of(found.event))
    if is_narrow and content and head.cell_len + cell_len(content) > width:
        return Group(head, _cut(" " * MOMENT_WIDTH + content))
    return Group(head.append(content))


def _head(found: Found, name_width: int) -> Text:
    line, moment = _cut(), found.stored_at
    line.append(f"{moment:%m-%d %H:%M:%S}  " if moment else " " * MOMENT_WIDTH, QUIET)
    name = plain(name_of(found.event))
    line.append(f"{name}{' ' * (name_width - cell_len(name))}  ", "bold")
    if (user := found.event.get("user_id")) is not None:
        line.append(f"{plain(as_text(user))}  ")
    if found.label:
        line.append(f"[{plain(found.label)}]  ", ACTIVE)
    return line


def _cut(text: str = "") -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")
