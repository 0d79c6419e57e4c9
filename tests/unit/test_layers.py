"""The rooms of the house: which may use which, and who may speak to AWS."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests import PROJECT
from wizard.aws.client import Aws

WIZARD = PROJECT / "wizard"
MODULES = sorted(WIZARD.rglob("*.py"))

# Each uses only what stands above it, so that no change of a room is felt further up.
ROOMS = (
    "__init__", "errors", "phase_titles", "extras", "identity", "clock", "daemons", "options", "settings",
    "state", "package", "uploads", "snippets", "aws", "local", "events", "resources", "endpoint", "phases",
    "engine", "export", "tokens", "ui", "account", "deployment", "commands", "cli", "__main__",
)  # fmt: skip
SPEAK_TO_AWS = ("aws", "resources")
CLIENTS = {
    name
    for name, value in vars(Aws).items()
    if isinstance(value, property) and "Client" in str(value.fget and value.fget.__annotations__["return"])
}


def room_of(module: str) -> str:
    """The package or module just below `wizard`."""
    return [*module.split("."), "__init__"][1]


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules and names of the wizard that are loaded; what only types need is not."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (name.name for name in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (f"{child.module}.{name.name}" for name in child.names)
        yield from imported(child)


def operations(tree: ast.AST) -> Iterator[str]:
    """What is called on a client of boto3, whatever the account is named, as in `at.aws.s3.get_object`; and
    each client that is given a name, behind which its calls would not be seen."""
    for node in ast.walk(tree):
        client = getattr(node, "value", None)
        if not isinstance(client, ast.Attribute) or client.attr not in CLIENTS:
            continue
        if isinstance(node, ast.Attribute):
            yield f"{client.attr}.{node.attr}"
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.Return):
            yield f"{ast.unparse(client)} under another name"


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def place_of(path: Path) -> str:
    """The room that a file is in."""
    return path.relative_to(WIZARD).parts[0].removesuffix(".py")


def test_every_room_has_its_place_in_the_order() -> None:
    assert sorted({place_of(path) for path in MODULES}) == sorted(ROOMS)


def test_arrows_run_one_way_because_a_cycle_makes_one_room_of_two() -> None:
    wrong = {}
    for path in MODULES:
        room = place_of(path)
        names = {name for name in imported(tree_of(path)) if name.startswith("wizard.")}
        used = {room_of(name) if room_of(name) in ROOMS else "__init__" for name in names} - {room}
        if below := used - set(ROOMS[: ROOMS.index(room)]):
            wrong[str(path.relative_to(WIZARD))] = f"uses {', '.join(sorted(below))}"
    assert not wrong


def test_operations_of_aws_are_called_in_two_rooms_alone() -> None:
    outside = [path for path in MODULES if place_of(path) not in SPEAK_TO_AWS]
    called = {path.name: list(operations(tree_of(path))) for path in outside}
    assert {name: found for name, found in called.items() if found} == {}


def test_the_search_for_operations_finds_some_so_that_it_can_fail() -> None:
    inside = [path for path in MODULES if place_of(path) == "resources"]
    found = {operation for path in inside for operation in operations(tree_of(path))}
    assert {"s3.create_bucket", "iam.create_role", "functions.create_function"} <= found


def test_no_room_has_an_executor_because_the_way_out_would_wait_for_its_threads() -> None:
    outside = [path for path in MODULES if place_of(path) != "daemons"]
    names = {path.name: {name.rpartition(".")[2] for name in imported(tree_of(path))} for path in outside}
    assert [module for module, used in names.items() if "ThreadPoolExecutor" in used] == []
    assert "Future" in names["objects.py"], "the search finds what is imported"
