"""Refused, throttled, cut off: every kind of fault at every call of a setup and of a rollback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aws.in_process import Account
from tests.resilience.environment import Environment
from tests.resilience.fault_kinds import KINDS
from tests.resilience.faults import FaultRun
from tests.resilience.scenarios import SCENARIOS

# In one process, which has most of moto's answers from the tests before; so have those of the crash matrix.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fault matrix")]

OF_ALARMS = ("alarms switched on", "repair of alarms", "alarms switched off")
OF_STREAMS = ("buffering switched on", "repair of streams", "buffering switched off")
OF_QUERIES = ("query table switched on", "repair of the query table", "query table switched off")
# What other kinds come to is the same for all services.
CODES_OF_THEIR_OWN = ("refused for ever", "throttled 3 times", "lost answer")
CASES = [(scenario, kind) for scenario in ("setup", "rollback") for kind in KINDS]
CASES += [
    (scenario, kind) for scenario in (*OF_ALARMS, *OF_STREAMS, *OF_QUERIES) for kind in CODES_OF_THEIR_OWN
]


@pytest.mark.parametrize("seed", [None, 1], ids=["one_worker", "seed_1"])
@pytest.mark.parametrize(
    ("scenario", "kind"), CASES, ids=["-".join(case).replace(" ", "_") for case in CASES]
)
def test_a_fault_at_any_call_is_outlasted_or_explained_and_the_next_run_completes(
    scenario: str,
    kind: str,
    seed: int | None,
    account: Account,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    environment = Environment(account, tmp_path, seed)
    SCENARIOS[scenario].prepare(environment)

    tally = FaultRun(environment, SCENARIOS[scenario], KINDS[kind]).run_all()

    record_property("fault matrix", tally.as_row())
    assert tally.problems == []
    least = (1, 3) if SCENARIOS[scenario].about else (6, 21)
    assert tally.cases >= least[not KINDS[kind].executed]
    if KINDS[kind].times is not None and "refused" not in kind:
        assert set(tally.endings) == {"done"}, "what AWS mends by itself is waited for"
