"""Colours that can be read on a white screen and on a black one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from rich.color import ANSI_COLOR_NAMES
from rich.style import Style

from tests import PROJECT
from tests.tools.terminal import Terminal
from wizard.ui import styles

QUESTIONS = """
from rich.console import Console
from wizard.ui.prompts import Prompts
prompts = Prompts(Console(stderr=True))
prompts.confirm("Is it so?", default=True)
prompts.ask_name("a-name")
prompts.choose("Which?", (("y", "yes it is"), ("n", "no it is not")))
"""
ENOUGH = 3.8
NAMED = {
    name: value
    for name, value in vars(styles).items()
    if name.isupper() and isinstance(value, str)
} | styles.HELP  # fmt: skip
SCREENS = sorted((PROJECT / "wizard").rglob("*.py"))
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def luminance(colour: tuple[int, int, int]) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio"""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("ground", [WHITE, BLACK], ids=["on white", "on black"])
def test_every_colour_stands_out(name: str, ground: tuple[int, int, int]) -> None:
    style = Style.parse(NAMED[name])
    if style.color is not None:
        assert (style.color.number or 0) >= 16, "of the first sixteen every terminal has its own idea"
        assert contrast(style.color.get_truecolor(), ground) >= ENOUGH


def test_the_measure_tells_what_cannot_be_read() -> None:
    """An ordinary yellow, and questionary's orange."""
    assert contrast((0xCD, 0xCD, 0x00), WHITE) < 2
    assert contrast((0xFF, 0x9D, 0x00), WHITE) < ENOUGH


def is_a_colour(text: str) -> bool:
    words = text.split()
    return 0 < len(words) <= 2 and any(word in ANSI_COLOR_NAMES for word in words)


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: path.stem)
def test_no_screen_has_a_colour_of_its_own(path: Path) -> None:
    if path.name == "styles.py":
        return
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and is_a_colour(text)] == []


def colours(terminal: Terminal) -> set[str]:
    """What stands on the screen in another colour than that of the terminal's own text."""
    cells = [terminal.screen.buffer[row][column] for row in range(24) for column in range(80)]
    return {cell.fg for cell in cells if cell.data.strip()} - {"default"}


def test_questions_and_answers_have_the_colour_of_the_terminal() -> None:
    with Terminal(QUESTIONS, columns=80, rows=24) as terminal:
        terminal.see("Is it so?")
        terminal.type("\r")
        terminal.see("Name of the deployment")
        terminal.type("shop\r")
        terminal.see("yes it is")
        assert colours(terminal) == set()
        terminal.type("\r")
        terminal.finish()
        assert colours(terminal) == set()


def test_help_is_drawn_in_colours_that_can_be_read() -> None:
    program = "from wizard.cli.app import app; app(['setup', '--help'])"
    with Terminal(program, columns=80, rows=24, FORCE_COLOR="1", COLUMNS="100") as terminal:
        _code, text = terminal.finish()
    drawn = set(re.findall(r"\x1b\[([0-9;]*)m", text))
    known = {value for name in styles.HELP for value in re.findall(r"\d+", styles.HELP[name])}
    assert {value for look in drawn for value in re.findall(r"38;5;(\d+)", look)} <= known
    assert not {look for look in drawn if "38;5" not in look} & {"33", "2;33", "1;33", "1;36", "36"}
    assert "1;38;5;30" in drawn
