"""One deployment, said in four ways: by questions, by flags, by an answers file, by the saved state.

Whatever the way, the same stands in AWS: that is what "one interview with several faces" means.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import boto3
import pytest

from tests.aws.in_process import FakeClock
from tests.aws.inventory import Inventory, differences, inventory
from tests.tools import commands
from tests.tools.emulator import empty
from tests.tools.operator import DOWN, answer, answer_settings, at_terminal
from wizard.aws.client import Aws

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("four ways")]

REGION, TOKEN = "eu-west-1", "a-token-that-is-long-enough-to-be-one"
# What is typed at the questions, by key of the setting, and the same as flags.
KEYS = {
    "tags": "team=web,cost-centre=4711",
    "versioning": "y",
    "architecture": DOWN,
    "log_retention_days": "14",
    "event_format": DOWN,
    "allow_beacon": "y",
    "memory_mb": "256",
    "reserved_concurrency": "2",
    "resource_path": "track",
    "cors_origins": "https://shop.example,https://m.shop.example",
    "stage_description": "With 'quotes' and blanks",
    "throttle_rate": "20",
}
FLAGS = (
    "--name shop --region eu-west-1 --tag team=web --tag cost-centre=4711 --versioning --architecture arm64"
    " --log-retention-days 14 --event-format jsonl --allow-beacon --memory-mb 256 --reserved-concurrency 2"
    " --resource-path track --cors-origins https://shop.example,https://m.shop.example"
    " --stage-description \"With 'quotes' and blanks\" --throttle-rate 20"
)


class World:
    """An AWS that is empty before every way, and the folder in which the way is gone."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.look = Aws(boto3.Session("test", "test", region_name=REGION), url, FakeClock())

    @property
    def environment(self) -> dict[str, str]:
        """The same token every time, because the function knows its digest."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVENTTRACK_"))
        }
        return kept | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "EVENTTRACK_TOKEN": TOKEN,
            "HOME": str(self.folder),
        }

    def begin_anew(self, name: str) -> None:
        """An empty AWS, an empty folder."""
        empty(self.url)
        self.folder = self.folder.parent / name
        self.folder.mkdir()

    def run(self, *arguments: str) -> str:
        """It must end well; what it printed."""
        typed = ["--endpoint-url", self.url, *arguments]
        done = commands.run(typed, self.folder, self.environment, 120)
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def found(self) -> Inventory:
        """Everything that stands."""
        state = json.loads((self.folder / "eventtrack-state.json").read_text())
        return inventory(self, state["pins"]["id"])


def by_questions(world: World) -> str:
    """Answer them all on a terminal; returns the one command line that is shown before the change."""
    typed = ("--endpoint-url", world.url, "setup")
    # So wide that no line is folded.
    with at_terminal(world.folder, world.environment, *typed, columns=800) as terminal:
        answer(terminal, "Region", REGION)
        answer(terminal, "Name of the deployment", "shop")
        answer(terminal, "Use the defaults?", "n")
        answer_settings(terminal, KEYS)
        terminal.see("Go ahead?")
        shown = terminal.lines[terminal.lines.index("The same without questions:") + 1]
        terminal.type("\r")
        code, _output = terminal.finish()
        assert code == 0, terminal.text
    return shown


@pytest.fixture(scope="module")
def world(emulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(emulator_url, tmp_path_factory.mktemp("four ways") / "none")


def test_the_same_deployment_said_in_four_ways_is_the_same_world(world: World) -> None:
    world.begin_anew("questions")
    shown = by_questions(world)
    expected = world.found()
    assert sum(name.startswith(("buckets", "functions", "roles", "apis")) for name in expected) == 4

    world.begin_anew("flags")
    world.run("setup", "--yes", *shlex.split(FLAGS), "--save-answers", "shop.toml")
    saved_answers = (world.folder / "shop.toml").read_text()
    assert differences(expected, world.found()) == []

    world.begin_anew("answers file")
    (world.folder / "shop.toml").write_text(saved_answers)
    assert "answers file" in world.run("setup", "--yes", "--answers", "shop.toml")
    assert differences(expected, world.found()) == []
    assert TOKEN not in saved_answers

    # The state file alone is left of it.
    world.run("rollback", "--yes", "--delete-events")
    world.run("setup", "--yes")
    assert differences(expected, world.found()) == []

    world.begin_anew("equivalent command")
    program, *typed = shlex.split(shown)
    assert program == "eventtrack-wizard"
    world.run(*typed)
    assert differences(expected, world.found()) == []
