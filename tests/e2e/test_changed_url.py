"""An API that somebody has deleted is made anew under another URL: nobody learns that too late."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.tools.local_deployment import LocalDeployment, deployed
from tests.tools.operator import at_terminal

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("changed url")]

REPLACED = "REST API saas-event-tracking-api must be replaced: the URL changes, clients have to be told"
HAS_CHANGED = "The URL has changed, tell the clients: "


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory)


def api_of(deployment: LocalDeployment) -> str:
    return str(deployment.state["records"]["api"]["facts"]["id"])


def test_setup_asks_before_it_changes_the_url_and_says_which_it_was(deployment: LocalDeployment) -> None:
    former_url, former = deployment.url, api_of(deployment)
    deployment.client("apigateway").delete_rest_api(restApiId=former)
    assert REPLACED in deployment.run("status", exit_code=3).stdout

    with at_terminal(deployment.folder, deployment.environment, "setup", rows=24) as terminal:
        terminal.see("The URL changes. Go ahead?")
        assert REPLACED in " ".join(terminal.text.split())
        terminal.type("\r")
        assert terminal.finish() == (0, "")
        assert "Nothing was changed." in terminal.text, "Enter alone must not change it"
    assert api_of(deployment) == former

    done = deployment.run("setup", "--yes")
    assert REPLACED in done.stderr
    url = former_url.replace(former, api_of(deployment))
    assert f"{HAS_CHANGED}{former_url} → {url}" in done.stdout
    assert HAS_CHANGED not in deployment.run("setup", "--yes").stdout


def test_a_run_that_was_killed_before_it_could_say_so_is_no_reason_to_keep_it_back(
    deployment: LocalDeployment,
) -> None:
    path = deployment.folder / "eventtrack-state.json"
    path.write_text(json.dumps({**deployment.state, "announced_api": "abc123"}))
    assert f"{HAS_CHANGED}http" in deployment.run("setup", "--yes").stdout
    assert HAS_CHANGED not in deployment.run("setup", "--yes").stdout
