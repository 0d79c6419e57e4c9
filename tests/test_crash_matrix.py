"""Killed anywhere: at every call and at every write of the state file, in this process.

The real SIGKILL of a real process is in `test_real_kills`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.matrix.copies import in_a_copy
from tests.matrix.crashes import CrashTour
from tests.matrix.inventory import Inventory, differences, inventory
from tests.matrix.scenes import SCENES, Scene
from tests.matrix.universe import Universe
from tests.support import Account, Killed

CASES = [(scene.name, follow_up) for scene in SCENES.values() for follow_up in scene.follow_ups]


@pytest.mark.parametrize(
    ("scene", "follow_up"), CASES, ids=["-then-".join(case).replace(" ", "_") for case in CASES]
)
def test_a_kill_at_any_moment_is_made_good_by_the_next_command(
    scene: str,
    follow_up: str,
    warm_account: Account,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    universe = Universe(warm_account, tmp_path)
    SCENES[scene].prepare(universe)

    tally = CrashTour(universe, SCENES[scene], follow_up).travel()

    record_property("crash matrix", tally.as_row())
    assert tally.problems == []
    assert tally.state_writes > 3, "the state file is replaced, never written over"
    assert tally.crash_points == 2 * tally.calls + 2 * tally.state_writes, "before and after each"


@pytest.mark.parametrize("scene", ["repair", "repair of a deleted API", "repair of a doubled API"])
def test_a_repair_ends_exactly_where_a_first_setup_ends(
    scene: str, warm_account: Account, tmp_path: Path
) -> None:
    universe = Universe(warm_account, tmp_path)
    fresh = in_a_copy(lambda: _end_of(universe, SCENES["setup"]))
    repaired = in_a_copy(lambda: _end_of(universe, SCENES[scene]))

    assert _without_events(repaired) == fresh


@pytest.mark.parametrize("scene", ["setup", "repair", "adopting setup"])
def test_a_rollback_ends_exactly_where_the_first_setup_began(
    scene: str, warm_account: Account, tmp_path: Path
) -> None:
    prepare = SCENES[scene].prepare if scene != "repair" else SCENES["setup"].prepare
    universe = Universe(warm_account, tmp_path)

    before = in_a_copy(lambda: _end_of(universe, Scene("nothing", prepare, lambda universe: None)))
    after = in_a_copy(lambda: _end_of(universe, SCENES[scene], then_roll_back=True))

    assert differences(before, after) == []


def test_a_repair_that_was_killed_after_its_change_still_proves_that_events_are_stored(
    warm_account: Account, tmp_path: Path
) -> None:
    universe, account = Universe(warm_account, tmp_path), warm_account
    SCENES["repair"].prepare(universe)
    last_change = len(in_a_copy(lambda: _changes_of(universe)))
    account.calls.clear()
    account.calls.kill_after(last_change)
    with pytest.raises(Killed):
        universe.setup()
    account.calls.clear()
    runs = account.function.runs

    universe.setup()

    assert account.calls.changing() == [], "all changes had been made"
    assert account.function.runs == runs + 2, "a wrong token is refused, an event is stored"


def test_events_of_clients_outlive_a_rollback(warm_account: Account, tmp_path: Path) -> None:
    universe = Universe(warm_account, tmp_path)
    left = in_a_copy(lambda: _end_of(universe, SCENES["rollback that keeps events"]))

    events = [name for name in left if name.startswith("events: saas-event-tracking")]
    ours = sorted(name for name, facts in left.items() if "<this deployment>" in f"{name}{facts}")
    assert len(events) == 1
    assert [name.partition(":")[0] for name in ours] == ["buckets"], "only what holds them stays"


def _changes_of(universe: Universe) -> list[str]:
    """All calls of a setup up to its last change."""
    universe.move_into_this_process()
    universe.account.calls.clear()
    universe.setup()
    calls = universe.account.calls.made
    while not calls[-1].changing:
        calls.pop()
    return [call.name for call in calls]


def _end_of(universe: Universe, scene: Scene, *, then_roll_back: bool = False) -> Inventory:
    universe.move_into_this_process()
    scene.prepare(universe)
    scene.run(universe)
    if then_roll_back:
        universe.rollback()
    return inventory(universe.account)


def _without_events(found: Inventory) -> Inventory:
    return {
        name: facts for name, facts in found.items() if not name.startswith("events: saas-event-tracking")
    }
