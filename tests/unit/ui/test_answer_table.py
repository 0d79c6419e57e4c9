"""Answers to SQL: what does not fit stands elsewhere, and is not left out."""

from __future__ import annotations

import pytest

from tests.unit.ui.screens import shown
from wizard.ui.answer_table import answer_table


@pytest.mark.parametrize("width", [40, 60, 200])
@pytest.mark.parametrize("columns", [1, 5, 40])
def test_every_value_can_be_read_however_many_columns_there_are(columns: int, width: int) -> None:
    names = [f"column_{number}" for number in range(columns)]
    rows = [[f"value_{row}_{number}" for number in range(columns)] for row in range(3)]
    lines = shown(answer_table(names, rows), width).splitlines()

    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    assert set(names) <= set(words)
    assert {value for row in rows for value in row} <= set(words)


def test_a_long_value_is_cut_with_a_sign() -> None:
    assert shown(answer_table(["x"], [["y" * 5000]]), 6000).splitlines()[-1] == "y" * 500 + "…"


def test_an_answer_without_rows_has_its_columns() -> None:
    assert shown(answer_table(["a", "b"], []), 60).splitlines()[0].split() == ["a", "b"]
