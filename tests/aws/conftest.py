"""What the tests of the double share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.aws.lab import Lab
from tests.aws.over_http import ManualClock
from tests.tools.ministack_server import MiniStackProcess


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """A MiniStack of this module's own, without pending states of its own."""
    process = MiniStackProcess()
    try:
        yield process.start(extra_env={"LAMBDA_STATE_TRANSITION_SECONDS": "0"})
    finally:
        process.stop()


@pytest.fixture
def lab(emulator: str) -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(emulator, stack)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
