"""API Gateway's quotas are kept by waiting beforehand."""

from __future__ import annotations

import pytest

from tests.aws.clock import ManualClock
from tests.aws.in_process import FakeClock
from wizard.aws.pacer import Pacer


def paced(pacer: Pacer, clock: FakeClock, operation: str) -> float:
    """Wait until the pacer lets `operation` go; the moment at which it did."""
    while wait := pacer.wait_for(operation):
        clock.sleep(wait)
    return clock.now


@pytest.mark.parametrize(
    ("operation", "seconds"), [("CreateRestApi", 3), ("CreateDeployment", 5), ("DeleteRestApi", 30)]
)
def test_calls_with_a_quota_of_their_own_are_kept_apart(operation: str, seconds: int) -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    moments = [paced(pacer, clock, operation) for _ in range(3)]
    assert moments[0] == 0, "the first call does not wait"
    assert moments == pytest.approx([0, seconds, 2 * seconds], abs=0.01)


def test_the_pause_is_counted_from_the_answer_because_nobody_knows_how_long_the_call_was_on_its_way() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    paced(pacer, clock, "CreateRestApi")
    clock.sleep(2.5)
    pacer.answered("CreateRestApi")
    assert paced(pacer, clock, "CreateRestApi") == pytest.approx(5.5, abs=0.01)


def test_all_calls_together_keep_to_a_burst_of_40_and_10_a_second() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    moments = [paced(pacer, clock, "GetResources") for _ in range(100)]
    assert moments[39] == 0
    assert moments[40] > 0
    assert moments[99] == pytest.approx(6.0, abs=0.1)


def test_a_rounding_error_does_not_hold_a_call_back_for_ever() -> None:
    clock = FakeClock(aws=ManualClock(1e9))
    pacer = Pacer(clock)
    for _ in range(300):
        paced(pacer, clock, "GetResources")
    assert len(clock.naps) < 600
