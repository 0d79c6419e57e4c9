"""Which events somebody wants to see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wizard.events.decode import Event

ABSENT = object()


@dataclass(frozen=True)
class Filter:
    """What an event must be; an empty part lets all through.

    Attributes:
        names: its `event_name` is one of these.
        where: what stands at each path must read as given: ("properties.plan", "free").
        clients: it was sent with the token of one of these labels.
    """

    names: Sequence[str] = ()
    where: Sequence[tuple[str, str]] = ()
    clients: Sequence[str] = ()

    def takes_client(self, label: str) -> bool:
        """Whether any event of this client may pass."""
        return not self.clients or label in self.clients

    def takes(self, event: Event) -> bool:
        """Whether an event of such a client passes."""
        if self.names and event.get("event_name") not in self.names:
            return False
        return not self.where or all(reads_as(value_at(event, path), wanted) for path, wanted in self.where)


def condition(text: str) -> tuple[str, str]:
    """`PATH=VALUE` as the operator types it.

    Raises:
        ValueError: it is none.
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ValueError("PATH=VALUE, for example properties.plan=free")
    return path.strip(), value


def value_at(event: Event, path: str) -> Any:
    """What stands at `properties.plan`; `ABSENT` where nothing does. A member whose name has dots in it is
    found by its whole name, too."""
    found: Any = event
    rest = path
    while rest:
        if not isinstance(found, dict):
            return ABSENT
        if rest in found:
            return found[rest]
        head, _dot, rest = rest.partition(".")
        if head not in found:
            return ABSENT
        found = found[head]
    return found


def reads_as(value: Any, text: str) -> bool:
    """Whether a value is what the text says: texts as they are, all else as JSON writes it."""
    if value is ABSENT:
        return False
    return value == text if isinstance(value, str) else json.dumps(value) == text
