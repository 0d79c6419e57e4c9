"""Under more load than streams take: what was acknowledged is stored, by a stream or by the handler."""

from __future__ import annotations

from tests.benchmarks.load_model import Case, run


def test_a_spike_above_the_streams_quota_loses_nothing_and_refuses_nobody() -> None:
    outcome = run(Case(rate=10_000, arrival="spike", streams=2), batch=10, seconds=12, most_requests=200)

    assert outcome.accepted > 1_000_000
    assert outcome.spilled > outcome.accepted / 2, "the streams took less than half of it"
    assert (outcome.lost, outcome.refused) == (0, 0)
    assert outcome.twice < outcome.accepted / 100, "only what a stream took without an answer"
