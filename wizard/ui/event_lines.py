"""Stored events for reading, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from wizard.events.decode import as_text, content_of, name_of
from wizard.ui.styles import ACTIVE, QUIET
from wizard.ui.text import Printable, plain

if TYPE_CHECKING:
    from wizard.events.browse import Found

NAME_WIDTH = 20


def event_line(found: Found) -> Printable:
    """When, what, who, and all that it says; on a terminal cut, with a sign, where the window ends."""
    event = found.event
    line = Text(no_wrap=True, overflow="ellipsis")
    moment = found.stored_at
    line.append(f"{moment:%m-%d %H:%M:%S}  " if moment else " " * 16, QUIET)
    name = plain(name_of(event))
    line.append(f"{name}{' ' * (NAME_WIDTH - cell_len(name))}  ", "bold")
    if (user := event.get("user_id")) is not None:
        line.append(f"{plain(as_text(user))}  ")
    if found.label:
        line.append(f"[{plain(found.label)}]  ", ACTIVE)
    line.append(plain(content_of(event)))
    return Printable(line)
