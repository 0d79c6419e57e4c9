"""The map of AWS's behaviour says what is so: every test, answer and class that it names is there."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator

from tests import PROJECT
from tests.aws.coverage import SECTIONS
from tests.aws.over_http import behaviours
from tests.aws.over_http.behaviours import Behaviour
from tests.tools.aws_behaviour import MAP, ROWS_OF_ANSWERS, document

ROWS = [row for rows in SECTIONS.values() for row in rows]
HOW = (
    "Add a row to tests/aws/coverage.py, or its name to one, then run `python -m tests.tools.aws_behaviour`."
)


def names_in(path: str) -> set[str]:
    tree = ast.parse((PROJECT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def answers() -> set[str]:
    module = importlib.import_module(f"tests.{ROWS_OF_ANSWERS.removesuffix('.py').replace('/', '.')}")
    return {f"{answer.operation} {answer.code}" for answer in module.ANSWERS}


def kinds_of(kind: type[Behaviour]) -> Iterator[str]:
    for narrower in kind.__subclasses__():
        yield from [narrower.__name__] if narrower.__module__.startswith(behaviours.__name__) else []
        yield from kinds_of(narrower)


def test_the_printed_map_is_current() -> None:
    assert MAP.read_text(encoding="utf-8") == document(), "run `python -m tests.tools.aws_behaviour`"


def test_every_row_names_what_provokes_it_or_says_why_nothing_can() -> None:
    assert [row.what for row in ROWS if bool(row.tests or row.answers) == bool(row.reason)] == []
    assert len({row.what for row in ROWS}) == len(ROWS)


def test_every_test_and_answer_that_the_map_names_is_there() -> None:
    named = [test.split("::") for row in ROWS for test in row.tests]
    known = {path: names_in(path) for path, _name in named}
    assert ["::".join((path, name)) for path, name in named if name not in known[path]] == []
    assert {answer for row in ROWS for answer in row.answers} - answers() == set()


def test_every_behaviour_of_the_double_has_its_row_because_the_map_shall_be_whole() -> None:
    for module in pkgutil.iter_modules(behaviours.__path__, behaviours.__name__ + "."):
        importlib.import_module(module.name)
    declared, named = set(kinds_of(Behaviour)), {name for row in ROWS for name in row.doubles}
    assert declared - named == set(), HOW
    assert named - declared == set(), "no such class in tests/aws/over_http/behaviours"
