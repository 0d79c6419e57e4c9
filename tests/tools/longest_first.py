"""The longest work first, so that the processes of pytest-xdist end together.

pytest-xdist hands out whole groups, by default those with the most tests first; a few tests of ours take as
long as a hundred others. So `--no-loadscope-reorder` stands in pyproject.toml, and the order is made here.
"""

from __future__ import annotations

import pytest

# Seconds, about, kept by hand: what takes less than five need not stand here. A wrong figure costs some
# seconds of an idle processor, nothing else. `pytest --durations=30` shows where to look.
SECONDS_OF_GROUPS = {
    "fault matrix": 120,
    "crash matrix": 110,
    "operator-policy": 50,
    "real faults": 47,
    "end-to-end": 44,
    "browser": 42,
    "tokens": 41,
    "interview": 35,
    "aws_double": 34,
    "signals": 29,
    "buffered load": 28,
    "waiting": 26,
    "catalogue": 26,
    "preflight": 25,
    "events": 19,
    "load-command": 18,
    "four ways": 18,
    "load": 16,
    "retired settings": 15,
    "upgrade": 12,
    "kill rollback": 11,
    "kill repair": 10,
    "query": 10,
    "kill setup": 9,
    "closed": 8,
    "alarms": 8,
    "kill setup, one by one": 7,
    "credentials": 7,
    "killed local AWS": 6,
    "report page": 6,
    "records of a later version": 5,
    "snippets": 5,
    "installed": 5,
    "changed url": 5,
    "kill rollback, one by one": 5,
    "recovery": 5,
}
# By the beginning of the test's name after its file, for tests that stand in no group: each alone.
SECONDS_OF_TESTS = {
    "test_memory.py::": 5,
    "test_properties.py::test_a_hundred_thousand_bad_inputs": 17,
    "test_properties.py::test_what_is_stored": 6,
    "test_live.py::TestOnATerminal": 3,
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
