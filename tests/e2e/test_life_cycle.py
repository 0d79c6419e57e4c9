"""One life of a deployment, from setup to rollback, on every emulator that there is.

Three programs that imitate AWS independently of each other seldom share a mistake. Where one lacks something
the table says what, and the test that the wizard says so instead of a green table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from typer.testing import CliRunner

from tests.aws.over_http import AwsDouble, lasting_rules
from tests.tools.moto_server import moto_server
from wizard.cli.app import app

# One process with the catalogue's answers, which needs the same MiniStack.
pytestmark = [pytest.mark.local, pytest.mark.xdist_group("catalogue")]

STEPS = (
    "setup --yes",
    "status --json",
    "send-test",
    "token add",
    "setup --yes --memory-mb 256",
    "rollback --yes --delete-events",
)
MEMORY = {"setup --yes": 128, "setup --yes --memory-mb 256": 256}
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Lack:
    """What an emulator cannot do, and how a step that needs it ends: its exit code, the wizard's words."""

    reason: str
    exit_code: int
    words: str


@dataclass(frozen=True)
class Emulator:
    """An emulator, and what it lacks by the step that shows it."""

    name: str
    lacks: Mapping[str, Lack] = field(default_factory=dict)

    @contextmanager
    def running(self, ministack: str) -> Iterator[str]:
        """Its URL; nothing stands there."""
        if self.name == "moto server":
            with moto_server() as url:
                yield url
        elif self.name == "double of AWS":
            with AwsDouble(ministack, lasting_rules()) as double:
                yield double.url
        else:
            yield ministack


# Besides, moto drops the tags of CreateBucket and the stage's description of CreateDeployment without a word:
# there the second setup finds drift and puts both.
NO_CODE = "moto's server runs functions in Docker alone; without it Invoke answers an error and no text"
EMULATORS = (
    Emulator("MiniStack"),
    Emulator("double of AWS"),
    Emulator(
        "moto server",
        {
            "setup --yes": Lack(NO_CODE, 1, "The function answered TestEventAPI with a failure."),
            "status --json": Lack("what was not proved is not done", 3, '"healthy": false'),
            "send-test": Lack(
                "moto has no URLs for stages: it answers its own 500", 1, "Nothing was stored."
            ),
            "setup --yes --memory-mb 256": Lack(
                NO_CODE, 1, "The function answered TestEventAPI with a failure."
            ),
        },
    ),
)


@pytest.mark.parametrize("emulator", EMULATORS, ids=lambda emulator: emulator.name)
def test_a_deployment_lives_and_leaves_nothing_behind(
    emulator: Emulator, empty_emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    for name, value in {**environment, "EVENTTRACK_STATE": str(tmp_path / "state.json")}.items():
        monkeypatch.setenv(name, value)
    with emulator.running(empty_emulator) as url:
        for step in STEPS:
            done = CliRunner().invoke(app, [*step.split(), "--endpoint-url", url])
            lack = emulator.lacks.get(step)
            why = f"{emulator.name}: {step}{f' ({lack.reason})' if lack else ''}\n{done.output}"
            assert done.exit_code == (lack.exit_code if lack else 0), why
            assert lack is None or lack.words in done.output, why
            if step in MEMORY:
                assert memory(url) == MEMORY[step], why
        assert "Nothing of this deployment is left." in done.output
        assert standing(url) == []


def client(url: str, service: str) -> Any:
    make: Any = boto3.client
    return make(service, endpoint_url=url, config=Config(s3={"addressing_style": "path"}), **KEYS)


def memory(url: str) -> int:
    """The function's, in MB, seen with other eyes than the wizard's."""
    functions = client(url, "lambda").list_functions()["Functions"]
    assert len(functions) == 1
    return int(functions[0]["MemorySize"])


def standing(url: str) -> list[str]:
    """What is left in the account."""
    return [
        *(item["Name"] for item in client(url, "s3").list_buckets()["Buckets"]),
        *(item["RoleName"] for item in client(url, "iam").list_roles()["Roles"]),
        *(item["FunctionName"] for item in client(url, "lambda").list_functions()["Functions"]),
        *(item["name"] for item in client(url, "apigateway").get_rest_apis()["items"]),
        *(item["logGroupName"] for item in client(url, "logs").describe_log_groups()["logGroups"]),
    ]
