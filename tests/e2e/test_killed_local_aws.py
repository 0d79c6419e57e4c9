"""The local AWS is killed under a deployment: it saves when it is stopped, so nearly everything is gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from wizard import local
from wizard.cli.app import app
from wizard.local.folder import DataFolder
from wizard.local.process import wait_until_gone

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("killed local AWS")]

KILLED = "killed, or the machine went down, before it had saved what it held."


class Operator:
    """Somebody with a local AWS of their own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "aws"
        self.environment = {
            "EVENTTRACK_LOCAL_HOME": str(self.home),
            "EVENTTRACK_STATE": str(folder / "state.json"),
        }

    def run(self, line: str, exit_code: int = 0) -> Result:
        """Type `eventtrack-wizard …`; it must exit as expected."""
        done = CliRunner(env=self.environment).invoke(app, line.split())
        assert done.exit_code == exit_code, f"{line}: {done.exit_code}\n{done.output}"
        assert "somebody else" not in done.output
        return done

    def kill(self) -> None:
        """MiniStack, as the kernel does when memory is short."""
        running = local.find(self.home)
        assert running is not None
        os.kill(running.process_id, signal.SIGKILL)
        assert wait_until_gone(DataFolder.at(self.home), 5.0)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    operator = Operator(tmp_path_factory.mktemp("an operator's folder"))
    try:
        operator.run("setup --local --yes")
        yield operator
    finally:
        local.stop(operator.home)


def test_every_command_says_that_it_was_killed_and_setup_makes_the_deployment_again(
    operator: Operator,
) -> None:
    operator.kill()
    assert local.status(operator.home).killed

    looked = operator.run("status", exit_code=3)
    refused = operator.run("send-test", exit_code=1)
    token = operator.run("token add", exit_code=1)
    repaired = operator.run("setup --yes")

    for done in (looked, refused, token, repaired):
        assert f"The local AWS was {KILLED}" in " ".join(done.stderr.split())
    assert "eventtrack-wizard setup" in refused.stderr and "eventtrack-wizard rollback" in refused.stderr
    assert not token.stdout, "no token was made that nothing accepts"
    operator.run("send-test")
    assert KILLED not in operator.run("status").stderr, "it was said, and repaired"


def test_it_can_be_rolled_back_with_its_events_because_nobody_else_is_in_there(operator: Operator) -> None:
    operator.kill()
    assert f"It was {KILLED}" in operator.run("local start").stderr
    done = operator.run("rollback --yes --delete-events")
    assert f"The local AWS was {KILLED}" in " ".join(done.stderr.split())
    assert "Nothing of this deployment is left." in done.stdout
