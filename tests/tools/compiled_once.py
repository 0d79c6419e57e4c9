"""In a fresh clone each test file is compiled by one process of pytest-xdist, not by all at the same time.

Every process begins to import them at another place, and finds the files of the others compiled by then.
"""

from __future__ import annotations

import importlib
from contextlib import suppress

import pytest

from tests import PROJECT


def beginning_elsewhere(names: list[str], process: int, processes: int) -> list[str]:
    """All names, in their order from one that hangs on the number of the process, and around."""
    first = len(names) * process // processes
    return names[first:] + names[:first]


def modules_of_tests() -> list[str]:
    """Their full names; the order of files is that of pytest."""
    files = sorted((PROJECT / "tests").rglob("test_*.py"))
    return [".".join(file.relative_to(PROJECT).with_suffix("").parts) for file in files]


def pytest_collection(session: pytest.Session) -> None:
    """Import the tests before they are collected, where several processes collect them all."""
    config = session.config
    if not hasattr(config, "workerinput") or config.args_source != pytest.Config.ArgsSource.TESTPATHS:
        return
    process = int(config.workerinput["workerid"].removeprefix("gw"))
    for name in beginning_elsewhere(modules_of_tests(), process, config.workerinput["workercount"]):
        # What is wrong with a file, or why it is skipped, comes out when it is collected; it is compiled now.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)
