"""What the tests of the screens share."""

from __future__ import annotations

import io

import pytest


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()
