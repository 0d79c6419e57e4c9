"""Rows of an answer to SQL as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wizard.events.overview import shortened
from wizard.ui.text import Printable, text

NUMBERS = (int, float)
MOST_CHARACTERS = 500
# A column is at least as wide as this, or as its widest value; what separates two columns.
LEAST_WIDTH = 10
BETWEEN = 3


def answer_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> RenderableType:
    """Numbers to the right; long values are folded, and cut with a sign after `MOST_CHARACTERS`. Where the
    columns do not stand side by side, each row is a list of its values.
    """
    heads = [text(name) for name in columns]
    cells = [[text(_shown(value)) for value in row] for row in rows]

    def fitting(width: int) -> RenderableType:
        widths = [max(cell.cell_len for cell in column) for column in zip(heads, *cells, strict=True)]
        least = sum(min(widest, LEAST_WIDTH) + BETWEEN for widest in widths) - BETWEEN
        if rows and least > width:
            return Group(*(_record(heads, row, number) for number, row in enumerate(cells, 1)))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
        for number, head in enumerate(heads):
            values = [row[number] for row in rows if row[number] is not None]
            are_numbers = bool(values) and all(isinstance(value, NUMBERS) for value in values)
            table.add_column(head, justify="right" if are_numbers else "left", overflow="fold")
        for cell in cells:
            table.add_row(*cell)
        return table

    return Printable(fitting)


def _record(heads: Sequence[Text], cells: Sequence[Text], number: int) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", overflow="fold")
    table.add_column(overflow="fold")
    for head, cell in zip(heads, cells, strict=True):
        table.add_row(head, cell)
    return Group(*([Text()] if number > 1 else []), Text(f"Row {number}", "dim"), table)


def _shown(value: Any) -> str:
    return shortened("" if value is None else str(value), MOST_CHARACTERS)
