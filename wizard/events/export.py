"""Stored events as a file for other programs, a line an event."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from wizard.events.browse import Found
from wizard.events.cache import lines_about
from wizard.events.decode import as_text
from wizard.events.filters import ABSENT, value_at
from wizard.events.tables import COLUMNS


def write_lines(found: Iterable[Found], file: IO[str]) -> None:
    """JSON, one event a line, as it was stored."""
    file.writelines(json.dumps(one.event, ensure_ascii=False) + "\n" for one in found)


def write_csv(found: Iterable[Found], file: IO[str]) -> None:
    """CSV with a head (RFC 4180); what is no text is written as JSON, nothing as nothing."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(found))


def write_for_parquet(found: Iterable[Found], file: IO[str]) -> None:
    """The lines of which `query.Converter` makes a Parquet file."""
    for one in found:
        event = json.dumps(one.event, ensure_ascii=False)
        for line in lines_about(one.label, one.stored_at, [f"[{event}]".encode()]):
            file.write(line.decode())


def _rows(found: Iterable[Found]) -> Iterator[list[str]]:
    for one in found:
        known = {
            "stored_at": one.stored_at and one.stored_at.isoformat(),
            "client": one.label,
            "event": one.event,
        }
        yield [_cell(known[name] if name in known else value_at(one.event, name)) for name in COLUMNS]


def _cell(value: Any) -> str:
    return "" if value is None or value is ABSENT else as_text(value)
