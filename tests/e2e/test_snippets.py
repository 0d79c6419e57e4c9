"""The clients that `snippet` prints, run as they are printed. The JavaScript one is in `test_browser`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.local_deployment import LocalDeployment, deployed
from wizard import snippets
from wizard.identity import DeploymentId
from wizard.settings.resolve import Said, defaults, resolve

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("snippets")]

PROGRAMS = {
    "curl": (["sh"], "send.sh"),
    "python": ([sys.executable, "-W", "error"], "track.py"),
    "node": (["node"], "track.mjs"),
}
IDENTITY = DeploymentId("id", "example", "123456789012", "aws", "eu-central-1")
SETTINGS = defaults(IDENTITY)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory)


def run_as_printed(
    deployment: LocalDeployment, folder: Path, language: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Save what is printed and run it from another folder, as a client would be."""
    command, name = PROGRAMS[language]
    needed = "curl" if language == "curl" else command[0]
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed here")
    program = folder / name
    program.write_text(deployment.run("snippet", language).stdout)
    return subprocess.run(
        [*command, str(program)],
        cwd=folder,
        env=deployment.environment | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_as_printed_stores_its_event_with_the_token_of_the_file(
    deployment: LocalDeployment, tmp_path: Path, language: str
) -> None:
    before = set(deployment.object_names())

    done = run_as_printed(deployment, tmp_path, language)

    assert done.returncode == 0, done.stderr
    assert "Successfully processed 1 event(s)" in done.stdout
    (new,) = set(deployment.object_names()) - before
    (event,) = deployment.stored()[new]
    assert (event["event_name"], event["user_id"]) == ("hello", "me")


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_as_printed_prefers_the_token_of_the_environment_and_fails_loudly_with_a_wrong_one(
    deployment: LocalDeployment, tmp_path: Path, language: str
) -> None:
    before = set(deployment.object_names())

    done = run_as_printed(deployment, tmp_path, language, EVENTTRACK_TOKEN="not-the-right-token")

    assert done.returncode != 0
    assert "401" in done.stdout + done.stderr
    assert set(deployment.object_names()) == before


@pytest.mark.parametrize("language", snippets.TEMPLATES)
def test_no_printed_client_holds_the_token_because_they_are_pasted_and_committed(
    deployment: LocalDeployment, language: str
) -> None:
    printed = deployment.run("snippet", language)

    assert deployment.token not in printed.stdout + printed.stderr
    assert deployment.url in printed.stdout


def test_curl_gets_the_token_on_its_standard_input_because_arguments_are_seen_by_every_user(
    deployment: LocalDeployment,
) -> None:
    printed = deployment.run("snippet", "curl").stdout

    assert "--header @-" in printed
    assert "$token" not in printed.partition("curl")[2], "the token is among curl's arguments"


def test_beacons_are_refused_where_the_endpoint_would_not_take_them(deployment: LocalDeployment) -> None:
    refused = deployment.run("snippet", "javascript", "--beacon", exit_code=2)

    assert refused.stdout == ""
    assert "setup --allow-beacon" in refused.stderr


def test_beacons_are_refused_for_languages_that_have_none(deployment: LocalDeployment) -> None:
    refused = deployment.run("snippet", "python", "--beacon", exit_code=2)

    assert "snippet javascript --beacon" in refused.stderr


@pytest.mark.parametrize("language", snippets.TEMPLATES)
def test_everything_is_filled_in(language: str) -> None:
    for beacon in (False, True):
        text = snippets.render(language, "https://a.example/x", Path("/a b/t"), SETTINGS, beacon=beacon)

        assert "@URL@" not in text and "@TOKEN_FILE@" not in text and "@BATCH" not in text
        assert "@LEAVE@" not in text
        assert text.endswith("\n")


def test_batches_stay_below_the_limits_of_the_deployment_because_the_endpoint_refuses_larger_ones() -> None:
    small = resolve(IDENTITY, Said(flags={"max_events": "7", "max_request_bytes": "2048"})).settings

    text = snippets.render("javascript", "https://a.example/x", Path("t"), small, beacon=True)

    assert "BATCH_EVENTS = 7;" in text
    assert "BATCH_BYTES = 1848;" in text
