"""`token …` on the local AWS: who is let in, what is written down, what a kill leaves."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tools.local_deployment import WITHOUT_LIMIT, LocalDeployment, deployed
from wizard.endpoint.client import Endpoint

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("tokens")]

LET_IN = 400  # an empty list from a client that is known
REFUSED = 401


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory, *WITHOUT_LIMIT)


def standing(deployment: LocalDeployment, token: str) -> int:
    """How the endpoint answers an empty list from this token."""
    return Endpoint(deployment.url, token).post([]).status


def labels(deployment: LocalDeployment) -> list[str]:
    return [
        token["label"] for token in json.loads(deployment.run("token", "list", "--offline", "--json").stdout)
    ]


def written_down(deployment: LocalDeployment) -> str:
    """Everything that is on disk beside the token file, the local AWS's own files included."""
    kept = (path for path in deployment.folder.rglob("*") if path.is_file() and path.suffix != ".token")
    return "\n".join(path.read_text(errors="replace") for path in kept)


def test_an_added_token_is_let_in_beside_the_first_and_its_label_is_with_its_objects(
    deployment: LocalDeployment,
) -> None:
    added = deployment.run("token", "add", "--label", "web").stdout.strip()

    answer = Endpoint(deployment.url, added).post({"event_name": "from the web"})

    assert answer.status == 200
    assert standing(deployment, deployment.token) == LET_IN
    (key,) = (key for key in deployment.object_names() if answer.request_id in key)
    metadata = deployment.client("s3").head_object(Bucket=deployment.bucket, Key=key)["Metadata"]
    assert metadata == {"client-label": "web"}
    known = json.loads(deployment.run("token", "list", "--json").stdout)
    [web] = [token for token in known if token["label"] == "web"]
    assert web["events"] == 1 and web["last_use"] > web["created_at"]


def test_an_added_token_is_nowhere_but_on_standard_output_because_only_its_client_shall_have_it(
    deployment: LocalDeployment,
) -> None:
    done = deployment.run("token", "add")
    added = done.stdout.strip()

    assert done.stdout == f"{added}\n" and len(added) >= 43
    assert done.stderr.splitlines() == [
        "The token of client, shown this once:",
        "Telling the function of the new token …",
        "It is in force. Take it back with `eventtrack-wizard token revoke client`.",
    ]
    assert added not in done.stderr + written_down(deployment)
    assert hashlib.sha256(added.encode()).hexdigest() in json.dumps(deployment.state)
    assert added not in deployment.run("token", "list").stdout


@pytest.mark.parametrize("output", ["> /dev/full", "2> /dev/full", "| false"])
def test_a_token_that_nobody_could_see_is_none_and_that_is_a_failure(
    deployment: LocalDeployment, output: str
) -> None:
    before = deployment.state["tokens"]
    line = f"set -o pipefail; {sys.executable} -m wizard token add --label lost {output}"
    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"], cwd=deployment.folder, env=deployment.environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert deployment.state["tokens"] == before
    deployment.run("status")


def test_a_revoked_token_is_refused_and_the_others_are_not(deployment: LocalDeployment) -> None:
    gone = deployment.run("token", "add", "--label", "gone").stdout.strip()
    stays = deployment.run("token", "add", "--label", "stays").stdout.strip()

    revoked = deployment.run("token", "revoke", "gone", "--yes")

    assert revoked.stderr.splitlines() == [
        "Telling the function to refuse the token of gone …",
        "The token of gone is revoked.",
    ]
    assert standing(deployment, gone) == REFUSED
    assert standing(deployment, stays) == standing(deployment, deployment.token) == LET_IN
    assert "gone" not in labels(deployment)


def test_after_a_change_of_tokens_the_deployment_is_in_order_and_proved_again(
    deployment: LocalDeployment,
) -> None:
    proved = deployment.state["checks"]["deploy.endpoint"]["key"]

    deployment.run("token", "add", "--label", "proof")

    assert deployment.state["checks"]["deploy.endpoint"]["key"] != proved
    assert json.loads(deployment.run("status", "--json").stdout)["healthy"] is True


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("add", "--label", "default"), "already"),
        (("add", "--label", "two words"), "letters, digits"),
        (("revoke", "default", "--yes"), "token rotate"),
        (("revoke", "nobody", "--yes"), "no token with the label"),
        (("revoke", "default"), "itself sends"),
        (("rotate",), "nobody to confirm"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(
    deployment: LocalDeployment, arguments: tuple[str, ...], reason: str
) -> None:
    before = deployment.state["tokens"]

    refused = deployment.run("token", *arguments, exit_code=2)

    assert reason in " ".join(refused.stderr.split())
    assert deployment.state["tokens"] == before


def test_a_label_that_nobody_has_is_said_before_anything_is_brought_into_force(
    deployment: LocalDeployment,
) -> None:
    assert "[4/9]" not in deployment.run("token", "revoke", "nobody", "--yes", exit_code=2).stderr


def test_a_revoke_that_was_killed_before_aws_heard_of_it_is_finished_by_the_same_command(
    deployment: LocalDeployment,
) -> None:
    doomed = deployment.run("token", "add", "--label", "doomed").stdout.strip()
    path = deployment.folder / "eventtrack-state.json"
    state = deployment.state
    state["tokens"] = [token for token in state["tokens"] if token["label"] != "doomed"]
    path.write_text(json.dumps(state))  # what the kill left: written down, not done
    assert standing(deployment, doomed) == LET_IN

    deployment.run("token", "revoke", "doomed", "--yes")

    assert standing(deployment, doomed) == REFUSED


def test_more_tokens_than_the_functions_environment_holds_are_refused_before_anything_is_written(
    deployment: LocalDeployment,
) -> None:
    path = deployment.folder / "eventtrack-state.json"
    original = path.read_text()
    state = deployment.state
    state["tokens"] += [
        {"label": f"{number:032}", "sha256": f"{number:064x}", "created_at": ""} for number in range(38)
    ]
    path.write_text(json.dumps(state))
    try:
        refused = deployment.run("token", "add", exit_code=2)

        assert "Revoke tokens" in refused.stderr
        assert refused.stdout == ""
        assert deployment.state["tokens"] == state["tokens"]
    finally:
        path.write_text(original)


def test_a_rotation_replaces_the_token_in_its_file_and_never_shows_it(deployment: LocalDeployment) -> None:
    old = deployment.token

    done = deployment.run("token", "rotate", "--yes", "--grace", "0")

    assert deployment.token != old
    assert deployment.token not in done.stdout + done.stderr + written_down(deployment)
    assert (standing(deployment, old), standing(deployment, deployment.token)) == (REFUSED, LET_IN)
    assert "default" in labels(deployment)


def test_a_kept_old_token_stays_valid_until_it_is_revoked_under_its_new_name(
    deployment: LocalDeployment,
) -> None:
    old = deployment.token

    done = deployment.run("token", "rotate", "--keep-old")

    assert "token revoke default.old" in done.stderr
    assert standing(deployment, old) == standing(deployment, deployment.token) == LET_IN
    deployment.run("token", "revoke", "default.old", "--yes")
    assert standing(deployment, old) == REFUSED


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.6, 0.9, 1.3, 1.9])
def test_a_rotation_that_is_killed_anywhere_locks_nobody_out_and_is_finished_by_the_same_command(
    deployment: LocalDeployment, seconds: float
) -> None:
    old = deployment.token
    process = deployment.start("token", "rotate", "--yes", "--grace", "0.5")
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    finished = not (deployment.folder / "eventtrack-state.rotation").exists()

    assert standing(deployment, deployment.token) == LET_IN, "the token in the file must always be good"
    if not finished or deployment.token == old:
        deployment.run("token", "rotate", "--yes", "--grace", "0")

    assert deployment.token != old
    assert (standing(deployment, old), standing(deployment, deployment.token)) == (REFUSED, LET_IN)
    assert labels(deployment).count("default") == 1
    assert not any(label.startswith("default.old") for label in labels(deployment))
    assert not (deployment.folder / "eventtrack-state.rotation").exists()


@contextmanager
def clients_posting(
    deployment: LocalDeployment, name: str, number: int
) -> Iterator[tuple[Counter[int], list[str]]]:
    """Clients that post without pause, each reading the token file anew; gives statuses and accepted ids."""
    statuses: Counter[int] = Counter()
    accepted: list[str] = []
    stop = threading.Event()
    endpoint = deployment.endpoint(connections=number)

    def client() -> None:
        while not stop.is_set():
            answer = endpoint.post({"event_name": name}, token=deployment.token)
            statuses[answer.status] += 1
            if answer.status == 200:
                accepted.append(answer.request_id)

    threads = [threading.Thread(target=client) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield statuses, accepted
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_no_request_is_refused_while_the_token_is_rotated_under_load(deployment: LocalDeployment) -> None:
    old = deployment.token
    with clients_posting(deployment, "during rotation", 8) as (statuses, accepted):
        time.sleep(1)
        deployment.run("token", "rotate", "--yes", "--grace", "2")
        time.sleep(1)

    assert deployment.token != old
    assert statuses[200] > 100
    # The local AWS ends what is under way when a function changes, with a 502; AWS lets it finish.
    assert set(statuses) <= {200, 502}, f"refused: {statuses}"
    ids = Counter(Path(key).stem.rpartition("_")[2] for key in deployment.object_names())
    assert all(ids[request_id] == 1 for request_id in accepted), "accepted, but not stored exactly once"
