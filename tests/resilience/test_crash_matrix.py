"""Killed anywhere: at every call and at every write of the state file, in this process.

The real SIGKILL of a real process is in `test_real_kills`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aws.in_process import Account, Killed
from tests.aws.inventory import Inventory, differences
from tests.resilience.crashes import CrashRun
from tests.resilience.environment import Environment
from tests.resilience.scenarios import SCENARIOS, Scenario
from wizard.endpoint.checks import GOOD_IN_A_ROW

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash matrix")]

CASES = [(scenario.name, follow_up) for scenario in SCENARIOS.values() for follow_up in scenario.follow_ups]


@pytest.mark.parametrize("seed", [None, 1], ids=["one_worker", "seed_1"])
@pytest.mark.parametrize(
    ("scenario", "follow_up"), CASES, ids=["-then-".join(case).replace(" ", "_") for case in CASES]
)
def test_a_kill_at_any_moment_is_made_good_by_the_next_command(
    scenario: str,
    follow_up: str,
    seed: int | None,
    account: Account,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    environment = Environment(account, tmp_path, seed)
    SCENARIOS[scenario].prepare(environment)

    tally = CrashRun(environment, SCENARIOS[scenario], follow_up).run_all()

    record_property("crash matrix", tally.as_row())
    assert tally.problems == []
    assert tally.state_writes > 3, "the state file is replaced, never written over"
    assert tally.crash_points == 2 * tally.calls + 2 * tally.state_writes, "before and after each"


@pytest.mark.parametrize(
    "scenario",
    ["repair", "repair of a deleted API", "repair of a doubled API", "setup over the role of 0.1.0"],
)
def test_a_repair_ends_exactly_where_a_first_setup_ends(
    scenario: str, account: Account, tmp_path: Path
) -> None:
    environment = Environment(account, tmp_path)
    fresh = _end_of(environment, SCENARIOS["setup"])
    repaired = _end_of(environment, SCENARIOS[scenario])

    assert _without_events(repaired) == fresh


@pytest.mark.parametrize("scenario", ["setup", "repair", "adopting setup"])
def test_a_rollback_ends_exactly_where_the_first_setup_began(
    scenario: str, account: Account, tmp_path: Path
) -> None:
    prepare = SCENARIOS[scenario].prepare if scenario != "repair" else SCENARIOS["setup"].prepare
    environment = Environment(account, tmp_path)

    before = _end_of(environment, Scenario("nothing", prepare, lambda environment: None))
    after = _end_of(environment, SCENARIOS[scenario], then_roll_back=True)

    assert differences(before, after) == []


def test_a_repair_that_was_killed_after_its_change_still_proves_that_events_are_stored(
    account: Account, tmp_path: Path
) -> None:
    environment = Environment(account, tmp_path)
    SCENARIOS["repair"].prepare(environment)
    last_change = len(_changes_of(environment))
    account.calls.clear()
    account.calls.kill_after(last_change)
    with pytest.raises(Killed):
        environment.setup()
    account.calls.clear()
    runs = account.function.runs

    environment.setup()

    assert account.calls.changing() == [], "all changes had been made"
    assert account.function.runs == runs + GOOD_IN_A_ROW + 1, "wrong tokens are refused, an event is stored"


def test_events_of_clients_outlive_a_rollback(account: Account, tmp_path: Path) -> None:
    environment = Environment(account, tmp_path)
    left = _end_of(environment, SCENARIOS["rollback that keeps events"])

    events = [name for name in left if name.startswith("events: saas-event-tracking")]
    ours = sorted(name for name, facts in left.items() if "<this deployment>" in f"{name}{facts}")
    assert len(events) == 1
    assert [name.partition(":")[0] for name in ours] == ["buckets"], "only what holds them stays"


def _changes_of(environment: Environment) -> list[str]:
    """All calls of a setup up to its last change."""
    with environment.aside() as aside:
        aside.setup()
        calls = list(aside.account.calls.made)
    while not calls[-1].changing:
        calls.pop()
    return [call.name for call in calls]


def _end_of(environment: Environment, scenario: Scenario, *, then_roll_back: bool = False) -> Inventory:
    with environment.aside() as aside:
        scenario.prepare(aside)
        scenario.run(aside)
        if then_roll_back:
            aside.rollback()
        return aside.inventory()


def _without_events(found: Inventory) -> Inventory:
    return {
        name: facts for name, facts in found.items() if not name.startswith("events: saas-event-tracking")
    }
