"""The function's modules import each other flat, as in Lambda's task folder; so do the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lambda_code"))


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The URL of a MiniStack that checks signatures."""
    pytest.importorskip("ministack", reason="the extra `local` is not installed")
    from tests.tools.ministack_server import MiniStackProcess

    process = MiniStackProcess()
    yield process.start(auth=True)
    process.stop()
