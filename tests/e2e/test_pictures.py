"""The README's pictures are small, need nothing from elsewhere, and are all shown."""

from __future__ import annotations

import re

import pytest

from tests.tools.picture import PICTURES, REPORT
from tests.tools.readme import PAGES, README

LARGEST = 200_000


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_and_asks_no_other_server_for_anything(name: str) -> None:
    svg = (PAGES / f"{name}.svg").read_text("utf-8")
    assert len(svg.encode()) < LARGEST
    assert re.findall(r"(?:href|src)=|@import|url\((?!#)", svg) == []


def test_the_picture_of_a_page_is_small() -> None:
    png = (PAGES / f"{REPORT}.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert len(png) < LARGEST


def test_the_readme_shows_every_picture_that_there_is() -> None:
    shown = re.findall(r"!\[[^]]+\]\(\.github/([a-z]+\.(?:svg|png))\)", README.read_text("utf-8"))
    made = [*(f"{name}.svg" for name in PICTURES), f"{REPORT}.png"]
    there = [path.name for kind in ("svg", "png") for path in PAGES.glob(f"*.{kind}")]
    assert sorted(shown) == sorted(made) == sorted(there)
