"""What the whole suite shares: fixtures of several folders, an option, and what is printed at the end."""

from __future__ import annotations

import gc
import os
import sys

import pytest

from tests.resilience import table

pytest_plugins = [
    "tests.aws.in_process.fixtures",
    "tests.tools.compiled_once",
    "tests.tools.emulator",
    "tests.tools.longest_first",
    "tests.tools.progress_line",
    "tests.tools.worked_out_once",
]

# The suite may run there; what is printed there is tested with the variable set.
os.environ.pop("GITHUB_ACTIONS", None)
# Hundreds of processes are started, each of which would compile the sources anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """The long way round."""
    parser.addoption(
        "--every-crash-point",
        action="store_true",
        help="really kill the wizard at every AWS call, not only at a spread of them (an hour)",
    )


def pytest_collection_finish() -> None:
    """What has been imported by now stays: no garbage collection needs to look through it again. Of what the
    doubles keep most stays as well, so that looking seldom is enough: a tenth of the matrices' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of the matrices."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if getattr(report, "when", "") == "call"
    ]
    found = table.lines(item for report in reports for item in report.user_properties)
    if found:
        terminalreporter.section("killed anywhere, refused anything")
        terminalreporter.write_line("\n".join(found))
    proved = [
        value for report in reports for name, value in report.user_properties if name == "operator policy"
    ]
    for rows in proved:
        terminalreporter.section(f"the operator's policy: {len(rows)} actions, each of them needed")
        terminalreporter.write_line("\n".join(rows))
