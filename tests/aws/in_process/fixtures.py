"""Fixtures: one AWS account in this process, empty for every test, and workspaces on it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.in_process import Account, Snapshot, Standing, Workspace, snapshot
from tests.aws.in_process.workspace import MEMORY


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
def workspace(account: Account, folder: Path) -> Workspace:
    """A deployment with the documented settings that has not been set up yet."""
    return Workspace(account, folder)


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
def undisturbed(closed_account: Account) -> Snapshot:
    """The world after a setup with the documented settings that nothing disturbed."""
    with closed_account.opened(), tempfile.TemporaryDirectory(dir=MEMORY) as path:
        Workspace(closed_account, Path(path)).apply()
        return snapshot(closed_account)
