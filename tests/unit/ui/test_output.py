"""Who is there: whether somebody can be asked, and what is missing where nobody can; odd outputs."""

from __future__ import annotations

import io
import json
import sys

import pytest
from rich.console import Group, RenderableType
from rich.text import Text

from tests.tools.terminal import Terminal
from wizard.ui.output import print_json_line, show, shows_web_pages
from wizard.ui.text import whole

SOURCE = """
import sys
from wizard.ui.output import can_redraw, messages, missing_for_questions
print(can_redraw(messages()), missing_for_questions())
"""


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "True \n"),
        ({"TERM": "dumb"}, "False TERM is dumb: questions need a terminal that can move the cursor.\n"),
        ({"CI": "true"}, "False CI is set: this is a pipeline, where nobody looks at the terminal.\n"),
    ],
    ids=["a terminal", "dumb", "pipeline"],
)
def test_a_terminal_that_cannot_be_asked_on_is_not_called_none_because_the_operator_sits_before_it(
    environment: dict[str, str], said: str
) -> None:
    with Terminal(SOURCE, columns=80, rows=24, **environment) as terminal:
        assert terminal.finish() == (0, said)


def test_off_a_terminal_the_stream_that_is_none_is_named() -> None:
    with Terminal(f"import os\nos.dup2(os.open('/dev/null', 0), 0)\n{SOURCE}", columns=80, rows=24) as run:
        assert run.finish() == (0, "True Standard input is not a terminal.\n")


@pytest.mark.parametrize(
    ("forced", "content", "lines"),
    [
        ("1", Text("one two three"), ["one two", "three"]),
        ("", Text("one two three"), ["one two three"]),
        ("1", Group(whole("https://of.the.endpoint")), ["https://of.the.endpoint"]),
        ("1", "[one] two", ["[one] two"]),
    ],
    ids=["window", "pipe", "what is copied stays whole", "brackets are no markup"],
)
def test_what_is_read_is_folded_at_words_in_a_window_and_not_at_all_in_a_pipe(
    forced: str,
    content: RenderableType,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A terminal would fold it anywhere."""
    monkeypatch.setenv("FORCE_COLOR", forced)  # which makes it a terminal for rich
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "10")

    show(content)

    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == lines


DESKTOPS = """
import os
from wizard.ui.output import shows_web_pages
answers = os.dup(1)
os.dup2(2, 1)  # the terminal
for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
    os.environ.pop(name, None)
os.write(answers, f"{shows_web_pages()}\\n".encode())
for name in ("WAYLAND_DISPLAY", "DISPLAY", "SSH_CONNECTION"):
    os.environ[name] = "x"
    os.write(answers, f"{shows_web_pages()}\\n".encode())
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="its desktop needs no variable")
def test_a_browser_is_opened_on_a_desktop_alone_because_elsewhere_it_would_take_the_terminal() -> None:
    with Terminal(DESKTOPS, columns=80, rows=24) as terminal:
        assert terminal.finish() == (0, "False\nTrue\nTrue\nFalse\n")
    assert not shows_web_pages(), "standard output of a test is no terminal"


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("utf-8", "登録", "登録"),
        ("latin-1", "é", "é"),
        ("latin-1", "€", r"\u20ac"),
        ("utf-8", "\ud800", r"\ud800"),
    ],
)
def test_a_line_of_json_is_read_by_everybody_whatever_the_output_can_write(
    monkeypatch: pytest.MonkeyPatch, encoding: str, text: str, written: str
) -> None:
    content = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(content, encoding=encoding))
    print_json_line({"text": text})
    line = content.getvalue().decode(encoding)
    assert written in line
    assert json.loads(line) == {"text": text}
