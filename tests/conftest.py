"""What tests of the wizard share: one AWS account in this process, empty for every test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.in_process import Account, Deployment, Standing, World, world
from tests.resilience import table
from tests.resilience.environment import MEMORY, warm_up


def pytest_addoption(parser: pytest.Parser) -> None:
    """The long way round."""
    parser.addoption(
        "--every-crash-point",
        action="store_true",
        help="really kill the wizard at every AWS call, not only at a spread of them (an hour)",
    )


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


@pytest.fixture(scope="session")
def closed_account() -> Iterator[Account]:
    """Clients and web server, made once."""
    account = Account()
    yield account
    account.close()


@pytest.fixture
def account(closed_account: Account) -> Iterator[Account]:
    """An empty account."""
    with closed_account.opened() as opened:
        yield opened


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, in memory where there is one: the state file is written to disk at every step."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as path:
        yield Path(path)


@pytest.fixture
def deployment(account: Account, folder: Path) -> Deployment:
    """A deployment with the documented settings that has not been set up yet."""
    return Deployment(account, folder)


@pytest.fixture(scope="session")
def standing_place() -> Iterator[Standing]:
    """Where the deployment is that tests share."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as path:
        yield Standing(Path(path))


@pytest.fixture
def standing(closed_account: Account, standing_place: Standing) -> Iterator[Standing]:
    """A deployment that is set up, from an earlier test where that left it in order, which saves most of
    the time; a test that changes something says at its end that it is `in_order` again.
    """
    with closed_account.opened(as_it_was=standing_place.stands_in(closed_account)):
        standing_place.set_up(closed_account)
        yield standing_place


@pytest.fixture(scope="session")
def undisturbed(closed_account: Account) -> World:
    """The world after a setup with the documented settings that nothing disturbed."""
    with closed_account.opened(), tempfile.TemporaryDirectory(dir=MEMORY) as path:
        Deployment(closed_account, Path(path)).apply()
        return world(closed_account)


@pytest.fixture(scope="session")
def warmed_account(closed_account: Account) -> Account:
    """For tests that fork: everything that is made on first use has been made."""
    warm_up(closed_account)
    return closed_account


@pytest.fixture
def warm_account(warmed_account: Account) -> Iterator[Account]:
    """An empty account whose clients have all been used before."""
    with warmed_account.opened() as opened:
        yield opened
