"""`send-test --load`: the operator's own load run."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.tools.local_deployment import WITHOUT_LIMIT, LocalDeployment, deployed
from wizard.endpoint.client import Answer
from wizard.endpoint.load import LoadReport, percentile


def answers(status: int, *request_ids: str, seconds: float = 0.1) -> list[Answer]:
    return [Answer(status, {"x-request-id": name}, {}, "", seconds) for name in request_ids]


def report(given: list[Answer], stored: dict[str, int]) -> LoadReport:
    return LoadReport("http://example", 1, 1.0, given, 0, Counter(stored))


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 50.0), (95, 95.0), (99, 99.0), (100, 100.0)], ids=lambda value: str(value)
)
def test_percentiles_are_measured_values_by_nearest_rank(percent: int, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], percent) == value
    assert percentile([7.0], percent) == 7.0


def test_everything_accepted_and_found_is_good_also_beside_refusals_because_those_lose_nothing() -> None:
    good = report([*answers(200, "a", "b"), *answers(429, "c")], {"a": 1, "b": 1, "foreign": 1})

    assert good.is_good and good.found == 2
    assert good.refused == {"429": 1}


@pytest.mark.parametrize(
    ("given", "stored", "why"),
    [
        (answers(200, "a", "b"), {"a": 1}, "one that was accepted is missing"),
        (answers(200, "a"), {"a": 2}, "it was stored twice"),
        (answers(401, "a"), {}, "nothing was accepted"),
        ([], {}, "nobody answered"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_a_run_that_proves_nothing_or_a_loss_is_not_good(
    given: list[Answer], stored: dict[str, int], why: str
) -> None:
    assert not report(given, stored).is_good, why


def test_without_answers_there_is_no_latency() -> None:
    assert report([], {}).latency_ms(50) is None


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory, *WITHOUT_LIMIT)


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("load-command")
def test_everything_that_was_accepted_is_found_again(deployment: LocalDeployment) -> None:
    before = len(deployment.object_names())

    done = deployment.run("send-test", "--load", "200", "--clients", "20", "--json")

    document = json.loads(done.stdout)
    assert (document["accepted"], document["stored_and_found"], document["missing"]) == (200, 200, 0)
    assert document["latency_ms"]["p50"] <= document["latency_ms"]["p95"] <= document["latency_ms"]["p99"]
    assert len(deployment.object_names()) == before + 200


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("load-command")
def test_what_the_deployments_own_limit_refuses_is_said_with_the_command_that_raises_it(
    deployment: LocalDeployment,
) -> None:
    deployment.run("setup", "--yes", "--throttle-rate", "1", "--throttle-burst", "1")
    time.sleep(1.5)  # the proof has taken the one request of this second
    try:
        done = deployment.run("send-test", "--load", "30", "--clients", "10", "--json")
    finally:
        deployment.run("setup", "--yes", *WITHOUT_LIMIT)

    document = json.loads(done.stdout)
    assert set(document["refused"]) == {"429"} and document["accepted"] == document["stored_and_found"] > 0
    said = " ".join(done.stderr.split())
    assert "own limit: 1 requests a second, 1 at once" in said
    assert "--throttle-rate 2 --throttle-burst 2" in said


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("load-command")
def test_off_a_terminal_there_is_a_table_and_no_bar_because_logs_keep_every_line(
    deployment: LocalDeployment,
) -> None:
    done = deployment.run("send-test", "--load", "5", "--clients", "2")

    assert "Stored and found again" in done.stdout and "5 of 5" in done.stdout
    assert "Latency p99, ms" in done.stdout
    assert "%" not in done.stderr and "\x1b" not in done.stdout + done.stderr


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("load-command")
def test_several_requests_are_summed_up_because_nobody_reads_a_thousand_answers(
    deployment: LocalDeployment,
) -> None:
    done = deployment.run("send-test", "--count", "3")

    sent, latency = done.stdout.splitlines()
    assert sent == "Sent 3 requests: 3 stored and found again."
    assert re.fullmatch(r"Latency: p50 \d+ ms, p95 \d+ ms, longest \d+ ms\.", latency)
    assert done.stderr == ""


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("load-command")
@pytest.mark.parametrize("count", ["1", "2"])
def test_the_event_that_the_endpoint_refuses_is_named_with_its_reason(
    deployment: LocalDeployment, count: str
) -> None:
    (deployment.folder / "bad.json").write_text('[{"a": 1}, {"b": NaN}]')

    done = deployment.run("send-test", "--file", "bad.json", "--count", count, exit_code=1)

    assert "Item 2 (index 1) was refused: holds NaN" in done.stderr
    assert "Nothing of the request was stored." in done.stderr


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("load-command")
def test_a_token_that_is_refused_ends_in_failure(deployment: LocalDeployment) -> None:
    path = deployment.folder / "eventtrack-state.token"
    good = path.read_text()
    path.write_text("some-token-that-is-unknown\n")
    try:
        failed = deployment.run("send-test", "--load", "5", "--json", exit_code=1)
    finally:
        path.write_text(good)

    document = json.loads(failed.stdout)
    assert (document["accepted"], document["refused"]) == (0, {"401": 5})


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("load-command")
def test_load_and_a_file_of_events_contradict_each_other(deployment: LocalDeployment) -> None:
    refused = deployment.run("send-test", "--load", "5", "--file", "events.json", exit_code=2)

    assert "--load makes its own events" in " ".join(refused.stderr.split())
