"""What makes the tests quick must not make them say anything else."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import botocore.hooks
import pytest

from tests import IMPORT_PATH, PROJECT
from tests.tools import worked_out_once
from tests.tools.compiled_once import beginning_elsewhere, modules_of_tests
from wizard.aws.models import PlainFiles


class Listener:
    def method(self, model: str, **_: Any) -> None: ...

    def plain(self, model: str) -> None: ...

    def __call__(self, **_: Any) -> None: ...


@pytest.mark.parametrize(
    "function",
    [
        Listener().method,
        Listener().plain,
        Listener(),
        lambda **_: None,
        lambda model: None,
        functools.partial(Listener().method, model="m"),
        functools.partial(Listener().plain, model="m"),
        print,
    ],
)
def test_who_takes_any_keyword_is_known_as_botocore_works_it_out(function: Callable[..., Any]) -> None:
    """botocore refuses a handler of which that is not so."""
    said = worked_out_once._signature_says(function)  # the name of the parameter, or None

    assert bool(worked_out_once._takes_any_keyword(function)) == bool(said)


def test_every_client_of_a_process_asks_what_was_worked_out_once() -> None:
    hooks: Any = botocore.hooks

    assert hooks.accepts_kwargs is worked_out_once._takes_any_keyword


def test_what_botocore_writes_into_a_model_is_not_in_the_next_clients() -> None:
    path = f"{worked_out_once.MODELS}/s3/2006-03-01/service-2"
    first = PlainFiles().load_file(path)
    uri = first["operations"]["PutObject"]["http"]["requestUri"]
    first["operations"]["PutObject"]["http"]["requestUri"] = "/{Key+}"
    first["operations"].pop("GetObject")

    second = PlainFiles().load_file(path)

    assert second["operations"]["PutObject"]["http"]["requestUri"] == uri
    assert "GetObject" in second["operations"]


def test_each_process_imports_all_tests_and_begins_where_no_other_does() -> None:
    names = modules_of_tests()
    orders = [beginning_elsewhere(names, process, 4) for process in range(4)]

    assert __name__ in names
    assert all(sorted(order) == sorted(names) for order in orders)
    assert len({order[0] for order in orders}) == 4


@pytest.mark.parametrize("name", ["AWS_LAMBDA_FUNCTION_NAME", "SOMETHING_ELSE"])
def test_botocore_is_away_in_functions_alone(name: str) -> None:
    environment = {**os.environ, "PYTHONPATH": IMPORT_PATH, name: "tracker"}
    command = [sys.executable, "-c", "import botocore"]

    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, timeout=60, check=False)

    assert (done.returncode == 0) is (name == "SOMETHING_ELSE"), done.stderr
