"""What the tests of the double share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.aws.lab import Lab
from tests.aws.over_http import ManualClock


@pytest.fixture
def lab(emulator_url: str) -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(emulator_url, stack)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
