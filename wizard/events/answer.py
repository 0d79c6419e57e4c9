"""The answer to an SQL query, whoever has worked it out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

# What a value of this type is in JSON is what its text says there.
JSON = "JSON"


@dataclass(frozen=True)
class Answer:
    """Names and types of the columns, and the rows as they come."""

    columns: list[str]
    types: list[str]
    rows: Iterator[tuple[Any, ...]]

    def documents(self) -> Iterator[dict[str, Any]]:
        """The rows for JSON, by the names of the columns."""
        for row in self.rows:
            values = zip(self.columns, row, self.types, strict=True)
            yield {name: _plain(value, kind) for name, value, kind in values}


def _plain(value: Any, kind: str) -> Any:
    """For JSON: what was JSON is JSON again, moments are ISO 8601, all else that JSON lacks is text."""
    if isinstance(value, str) and kind == JSON:
        with suppress(ValueError):  # somebody has given a text the name of a column
            return json.loads(value)
    if value is None or isinstance(value, (str, int, float, bool, list, dict)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
