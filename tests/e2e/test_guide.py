"""The page beside AWS's guide: its commands give the answers beside them, a setup calls its operations."""

from __future__ import annotations

import json
import re
import shlex
from string import Template
from typing import Any, NamedTuple

import jmespath  # type: ignore[import-untyped]
import pytest
from botocore import xform_name

from tests.aws.in_process import Account, Workspace
from tests.tools.readme import PAGES

TEXT = (PAGES / "GUIDE.md").read_text(encoding="utf-8")
CLIENTS = {"s3api": "s3", "lambda": "functions"}  # those that have another name than on the command line


class Row(NamedTuple):
    """One row: a command, what it answers, and whether that is the whole answer or a part of it."""

    command: str
    answer: str
    whole: bool


def rows() -> list[Row]:
    cells = re.findall(r"^\|.*\| `(aws [^`]+)` \| `([^`]+)`(.*) \|$", TEXT, re.MULTILINE)
    return [Row(command, answer, rest != " in it") for command, answer, rest in cells]


@pytest.fixture
def look(account: Account, workspace: Workspace) -> Account:
    workspace.apply()
    return account


def asked(account: Account, command: str, variables: dict[str, str]) -> Any:
    """What an `aws` command with `--query` would find, by the same models of the services."""
    _aws, service, operation, *options = shlex.split(Template(command).substitute(variables))
    client = getattr(account.look, CLIENTS.get(service, service))
    name = client.meta.method_to_api_mapping[operation.replace("-", "_")]
    members = client.meta.service_model.operation_model(name).input_shape.members
    by_option = {f"--{xform_name(member, '-')}": member for member in members}
    given = dict(zip(options[::2], options[1::2], strict=True))
    query, _output = given.pop("--query"), given.pop("--output", "json")
    answer = getattr(client, operation.replace("-", "_"))(**{by_option[key]: given[key] for key in given})
    return jmespath.search(query, answer)


def shell_variables(account: Account) -> dict[str, str]:
    """What the block at the beginning of the page puts into variables."""
    found: dict[str, str] = {}
    for name, command, value in re.findall(r"^([A-Z]+)=(?:\$\((.*)\)|(.*))$", TEXT, re.MULTILINE):
        answer = asked(account, command, found) if command else value
        found[name] = "".join(answer)  # a list of one: `--output text` prints it bare
    return found


def test_every_command_gives_the_answer_that_stands_beside_it_or_a_reader_would_doubt_his_own_eyes(
    look: Account,
) -> None:
    variables = shell_variables(look)
    assert len(rows()) > 20
    for row in rows():
        answer = asked(look, row.command, variables)
        if row.whole:
            assert answer == json.loads(row.answer), row.command
        else:
            assert row.answer in json.dumps(answer), row.command


def test_the_operations_on_the_page_are_those_that_a_setup_calls(look: Account) -> None:
    named = set(re.findall(r"`((?:[A-Z][a-z]+){2,}|Invoke)`", TEXT.split("## Where")[0]))
    assert {name.split(".")[1] for name in look.calls.changing()} == named
