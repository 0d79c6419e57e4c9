"""The wizard looks where the handler writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from batch import FILLED_MEMBERS

from tests.aws.in_process import Account, Workspace
from wizard.events import layout
from wizard.events.stored import probe_event_id


def test_the_handler_s_names_are_those_that_are_looked_for(account: Account, workspace: Workspace) -> None:
    """The two cannot share code: the handler is uploaded alone."""
    before = datetime.now(UTC)
    workspace.apply()
    checks = workspace.state.checks
    for check in checks.values():
        key, hour = check["key"], before.replace(minute=0, second=0, microsecond=0)
        hours = list(layout.hours(before, datetime.now(UTC)))
        assert any(key.startswith(layout.hour_prefix(hour)) for hour in hours)
        assert key > layout.first_key(hour, before) or len(hours) > 1
        assert layout.request_id_of(key) in key
    assert probe_event_id(workspace.state.identity.id)


def test_what_the_handler_fills_in_is_known_because_our_own_events_are_told_by_the_rest() -> None:
    assert layout.FILLED_IN == FILLED_MEMBERS


@pytest.mark.parametrize("end", ["json", "jsonl", "jsonl.gz"])
def test_a_name_tells_the_request_in_every_format(end: str) -> None:
    key = f"events/year=2026/month=01/day=02/hour=03/events_1767322800000000000_8f3e-42.{end}"
    assert layout.request_id_of(key) == "8f3e-42"
    assert key.startswith(layout.hour_prefix(datetime(2026, 1, 2, 3, 59, tzinfo=UTC)))


def test_hours_reach_over_midnight_so_that_nothing_is_missed() -> None:
    first = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
    found = [hour.hour for hour in layout.hours(first, first + timedelta(minutes=2))]
    assert found == [23, 0]


def test_a_name_says_whether_the_handler_or_a_stream_has_stored_the_object_and_when() -> None:
    hour = "events/year=2026/month=01/day=02/hour=03/"
    of_stream = f"{hour}events_my-stream-12-2026-01-02-03-04-05-8f3e42aa-0000-4000-8000-00000000beef.jsonl.gz"
    of_handler = f"{hour}events_1767322800000000000_8f3e-42.json"

    assert layout.begun_at(of_stream) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert layout.begun_at(of_handler) == layout.stored_at(of_handler) == datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert layout.begun_at(f"{hour}by-hand.json") is None
    assert layout.stored_at(of_stream) is None, "that is the moment of its first event alone"
    assert [layout.is_of_stream(key) for key in (of_stream, of_handler)] == [True, False]
