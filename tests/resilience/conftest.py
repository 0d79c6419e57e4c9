"""What the tests of kills and faults share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.in_process import Account
from tests.resilience.environment import warm_up


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
