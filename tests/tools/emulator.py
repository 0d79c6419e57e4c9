"""Fixtures: one MiniStack a test process for all tests that put the double of real AWS before it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from tests.tools.ministack_server import MiniStackProcess


def empty(url: str) -> None:
    """Delete everything that stands in a MiniStack."""
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_ministack/reset", method="POST")):
        pass


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """Its URL. It checks signatures; pending states are the double's to add. Whoever comes next finds
    what the last test left: take `empty_emulator`, or empty it at the beginning of a module.
    """
    pytest.importorskip("ministack", reason="the extra `local` is not installed")
    process = MiniStackProcess()
    try:
        yield process.start(extra_env={"LAMBDA_STATE_TRANSITION_SECONDS": "0"})
    finally:
        process.stop()


@pytest.fixture(scope="session")
def lenient_emulator_url() -> Iterator[str]:
    """The URL of one that enforces nothing, so that the double alone judges; empty it before use."""
    process = MiniStackProcess()
    try:
        yield process.start(auth=False, extra_env={"LAMBDA_STATE_TRANSITION_SECONDS": "0"})
    finally:
        process.stop()


@pytest.fixture
def empty_emulator(emulator_url: str) -> str:
    """Its URL; nothing stands there."""
    empty(emulator_url)
    return emulator_url
