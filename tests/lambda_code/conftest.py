"""The function's modules import each other flat, as in Lambda's task folder; so do the tests."""

from __future__ import annotations

import sys

import pytest

from tests import PROJECT

sys.path.insert(0, str(PROJECT / "lambda_code"))


@pytest.fixture
def ministack(empty_emulator: str) -> str:
    """The URL of a MiniStack that checks signatures."""
    return empty_emulator
