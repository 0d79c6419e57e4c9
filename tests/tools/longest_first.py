"""The longest work first, so that the processes of pytest-xdist end together.

pytest-xdist hands out whole groups, by default those with the most tests first; a few tests of ours take as
long as a hundred others. So `--no-loadscope-reorder` stands in pyproject.toml, and the order is made here.
"""

from __future__ import annotations

import pytest

# Seconds, about, kept by hand: what takes less than five need not stand here. A wrong figure costs some
# seconds of an idle processor, nothing else. `pytest --durations=30` shows where to look.
SECONDS_OF_GROUPS = {
    "real faults": 90,
    "aws_double": 55,
    "operator-policy": 45,
    "end-to-end": 45,
    "browser": 40,
    "signals": 40,
    "tokens": 35,
    "kill setup": 21,
    "kill rollback": 30,
    "kill repair": 21,
    "load": 16,
    "load-command": 20,
    "catalogue": 36,
    "waiting": 20,
    "recovery": 25,
    "preflight": 15,
    "credentials": 15,
    "snippets": 15,
    "killed local AWS": 12,
}
# By the beginning of the test's name after its file, for tests that stand in no group: each alone.
SECONDS_OF_TESTS = {
    "test_fault_matrix.py::test_a_fault_at_any_call": 25,
    "test_crash_matrix.py::test_a_kill_at_any_moment": 20,
    "test_properties.py::test_what_is_stored": 15,
    "test_properties.py::test_a_hundred_thousand_bad_inputs": 15,
    "test_memory.py::": 5,
}


def unit_of(item: pytest.Item) -> str:
    """What runs in one process: a group, or a test alone."""
    marker = item.get_closest_marker("xdist_group")
    return str(marker.args[0] if marker.args else marker.kwargs["name"]) if marker else item.nodeid


def seconds_of(unit: str) -> float:
    """How long a group, or a test alone by its node id, is known to take."""
    known = (seconds for part, seconds in SECONDS_OF_TESTS.items() if part in unit)
    return SECONDS_OF_GROUPS.get(unit) or max(known, default=0.0)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests, where several processes share them; the others stay as they stand in their files."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: -seconds_of(unit_of(item)))
