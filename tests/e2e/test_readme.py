"""The README and its pages say what is so: help texts, the commands and flags that they name, links."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests import PROJECT
from tests.tools.readme import BLOCK, COMMANDS, PAGES, README, commands, help_of, words_of
from wizard.errors import ExitCode

WRITTEN = [README, PROJECT / "CHANGELOG.md", *sorted(PAGES.glob("*.md"))]
OF_OTHER_THINGS = ("CHANGELOG", "COMMANDS", "CONTRIBUTING", "AWS_BEHAVIOUR")  # the past, other programs
FOR_OPERATORS = [page for page in WRITTEN if page.stem not in OF_OTHER_THINGS]
DOCUMENTED = {found["command"]: found["help"] for found in BLOCK.finditer(COMMANDS.read_text("utf-8"))}


def pages(*paths: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", paths, ids=lambda page: page.name)


@pytest.mark.parametrize("command", commands())
def test_the_help_on_the_page_is_the_programs_own_because_nobody_keeps_a_copy_true_by_hand(
    command: str,
) -> None:
    assert words_of(DOCUMENTED[command]) == words_of(help_of(command)), "run `python -m tests.tools.readme`"


def test_the_page_shows_no_command_that_is_gone() -> None:
    assert list(DOCUMENTED) == commands(), "run `python -m tests.tools.readme`"


def test_the_readmes_table_of_commands_has_all_of_them() -> None:
    table = README.read_text("utf-8").split("\n| Command |")[1].split("\n\n")[0]
    named = set(re.findall(r"[a-z-]+", " ".join(row.split("|")[1] for row in table.splitlines()[2:])))
    assert {word for command in commands() for word in command.split()[1:]} <= named


def anchors(page: Path) -> set[str]:
    """The names that a page's headings have in links."""
    headings = re.findall(r"^#+ (.*)$", without_code_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


@pages(*WRITTEN)
def test_every_link_into_the_project_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", without_code_blocks(page)):
        leads_to = page.parent / target if target else page
        assert leads_to.exists(), target
        assert not anchor or anchor in anchors(leads_to), f"{target}#{anchor}"


def shown_commands(page: Path) -> list[str]:
    """Our commands in blocks of shell and in the text, beginning with the program's name."""
    blocks = "".join(re.findall(r"^```sh\n.*?^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE))
    first_words = "|".join({command.split()[1] for command in commands()[1:]})
    spans = spans_of(page)
    return [
        *re.findall(r"\beventtrack-wizard [^\n#&|>]+", "\n".join([blocks, *spans])),
        *(f"eventtrack-wizard {span}" for span in spans if re.match(rf"({first_words})( |$)", span)),
    ]


def spans_of(page: Path) -> list[str]:
    """What stands between backticks in the text."""
    return re.findall(r"`([^`]+)`", without_code_blocks(page))


def refused_words(line: str) -> set[str]:
    """What the program would refuse in a line: a command, or flags, that it does not have."""
    words = line.split()
    known = [words[:count] for count in range(len(words), 0, -1) if " ".join(words[:count]) in DOCUMENTED]
    command = " ".join(known[0])
    rest = words[len(known[0]) :]
    if rest and not rest[0].startswith("-") and any(other.startswith(f"{command} ") for other in DOCUMENTED):
        return {rest[0]}
    flags = {word.split("=")[0] for word in rest if word.startswith("--")}
    return flags - set(re.findall(r"--[a-z-]+", DOCUMENTED[command]))


@pages(*FOR_OPERATORS)
def test_every_command_that_is_shown_is_one_that_the_program_takes(page: Path) -> None:
    assert {line: words for line in shown_commands(page) if (words := refused_words(line))} == {}


@pages(*FOR_OPERATORS)
def test_every_flag_in_the_text_is_one_that_some_command_takes(page: Path) -> None:
    shown = {span.split()[0].split("=")[0] for span in spans_of(page) if span.startswith("--")}
    assert shown <= set(re.findall(r"--[a-z-]+", "".join(DOCUMENTED.values())))


def test_the_exit_codes_of_the_readme_are_those_of_the_program_because_scripts_are_written_by_them() -> None:
    section = README.read_text("utf-8").partition("### Exit codes")[2].partition("\n### ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == list(ExitCode)


def messages() -> list[str]:
    """Every text in the program's sources but docstrings; what is filled in when it runs is "…"."""
    sources = "\n".join(path.read_text("utf-8") for path in (PROJECT / "wizard").rglob("*.py"))
    nodes = list(ast.walk(ast.parse(re.sub(r"^from __future__ .*$", "", sources, flags=re.MULTILINE))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = [node for node in nodes if isinstance(node, (ast.Constant, ast.JoinedStr))]
    return [_text(node) for node in texts if id(node) not in docstrings]


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return str(node.value)


def test_every_message_in_the_table_of_troubles_is_one_that_the_program_has() -> None:
    page = (PAGES / "TROUBLESHOOTING.md").read_text("utf-8")
    quoted = re.findall(r"^\| `([^`]+)`[^|`]*\|", page, re.MULTILINE)
    assert len(quoted) > 10
    known = messages()
    assert [text for text in quoted if not any(text in message for message in known)] == []
