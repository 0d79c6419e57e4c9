"""The local AWS is killed under a deployment: it saves when it is stopped, so nearly everything is gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.tools.local_deployment import LocalDeployment, deployed
from wizard import local
from wizard.local.folder import DataFolder
from wizard.local.process import wait_until_gone

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("killed local AWS")]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory)


def kill(deployment: LocalDeployment) -> None:
    running = local.find(deployment.home)
    assert running is not None
    os.kill(running.process_id, signal.SIGKILL)
    assert wait_until_gone(DataFolder.at(deployment.home), 5.0)


def test_every_command_says_that_it_was_killed_and_setup_makes_the_deployment_again(
    deployment: LocalDeployment,
) -> None:
    kill(deployment)
    assert local.status(deployment.home).killed

    looked = deployment.run("status", exit_code=3)
    refused = deployment.run("send-test", exit_code=1)
    repaired = deployment.run("setup", "--yes")

    for done in (looked, refused, repaired):
        said = " ".join(done.stderr.split())
        assert "The local AWS was killed, or the machine went down, before it had saved" in said
        assert "somebody else" not in done.stdout + said
    assert "eventtrack-wizard setup" in refused.stderr and "eventtrack-wizard rollback" in refused.stderr
    deployment.run("send-test")
    assert "killed" not in deployment.run("status").stderr, "it was said, and repaired"


def test_it_can_be_rolled_back_with_its_events_because_nobody_else_is_in_there(
    deployment: LocalDeployment,
) -> None:
    kill(deployment)
    assert "It was killed, or the machine went down" in deployment.run("local", "start").stderr
    done = deployment.run("rollback", "--yes", "--delete-events")
    assert "The local AWS was killed" in " ".join(done.stderr.split())
    assert "somebody else" not in done.stdout + done.stderr
    assert "Nothing of this deployment is left." in done.stdout
    assert not deployment.client("s3").list_buckets()["Buckets"]
