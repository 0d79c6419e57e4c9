"""What the commands on events print with `--json` is what the page says."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.tools.golden_events import events, log_lines
from tests.unit.ui.test_ndjson import CODE, DOCUMENTS, rows
from wizard.events.log_lines import documents, entries_of, grouped
from wizard.events.overview import charted, summed_up

OVERVIEW = summed_up(events()).as_dict()
CHART = charted(events(), "hour").as_dict()


def table(head: str) -> dict[str, str]:
    """Key to what it is, of the table below the line that begins so."""
    text = DOCUMENTS.partition(f"\n{head}")[2].split("\n\n")[1]
    return {key.strip("`"): value for key, value in rows(text)}


@pytest.mark.parametrize(
    ("head", "document"),
    [
        ("A line of `events list` and `events tail`:", events()[0].as_dict()),
        ("What `events overview` prints:", OVERVIEW),
        ("What `events chart` prints:", CHART),
        ("What `events refused` prints is a list", documents(grouped(entries_of(log_lines())))[0]),
        ("A line of `logs`:", next(entries_of(log_lines())).as_dict()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_page_documents_every_key_in_its_order(head: str, document: Mapping[str, object]) -> None:
    assert list(table(head)) == list(document)


def test_the_page_documents_what_is_inside_of_lists() -> None:
    names, counts = (
        table("What `events overview` prints:")["names"],
        table("What `events chart` prints:")["counts"],
    )
    summary = OVERVIEW["names"][0]
    (example, *_others) = summary["properties"].values()

    assert re.findall(CODE, names) == [*summary, *example]
    assert re.findall(CODE, counts) == list(CHART["counts"][0])
