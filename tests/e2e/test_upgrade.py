"""A new version of the wizard on a deployment under load: nobody is refused, and there is a way back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests import PROJECT
from tests.aws.over_http import AwsDouble
from tests.aws.over_http.behaviours import RunningInvocationsEnd
from tests.tools import commands
from tests.tools.local_deployment import WITHOUT_LIMIT
from wizard import package
from wizard.endpoint.client import Endpoint

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("upgrade")]

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


class Operator:
    """In a folder, before an AWS that lets running invocations end, and the commands typed there."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self.folder = folder
        others = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVENTTRACK_"))
        }
        self.environment = {**others, **KEYS, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def typed(self, *arguments: str) -> list[str]:
        """A command line for this AWS."""
        return [*arguments, "--endpoint-url", self._url]

    def run(self, *arguments: str) -> str:
        """What the command printed; it must succeed."""
        done = commands.run(self.typed(*arguments), self.folder, self.environment, 120)
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def standing(self) -> str:
        """The SHA-256 of the code that runs."""
        name = self._state["settings"]["function_name"]
        return str(self._client("lambda").get_function_configuration(FunctionName=name)["CodeSha256"])

    def endpoint(self) -> Endpoint:
        """A client with the deployment's own token."""
        token = (self.folder / "eventtrack-state.token").read_text().strip()
        return Endpoint(str(self._state["checks"]["deploy.endpoint"]["url"]), token)

    def events(self) -> list[dict[str, Any]]:
        """Every stored event."""
        s3, bucket = self._client("s3"), self._state["settings"]["bucket_name"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        arrays = [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
        return [event for array in arrays for event in array]

    def _client(self, service: str) -> Any:
        """To look with other eyes than the wizard's."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # any service: the test names it
            endpoint_url=self._url,
            region_name=KEYS["AWS_REGION"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )

    @property
    def _state(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "eventtrack-state.json").read_text())
        return document


@pytest.fixture
def operator(tmp_path: Path, empty_emulator: str) -> Iterator[Operator]:
    """With what an earlier version made: the same program with another handler, in a process of its own."""
    earlier = tmp_path / "earlier"
    for name in ("wizard", "lambda_code"):
        shutil.copytree(PROJECT / name, earlier / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (earlier / "lambda_code" / "answers.py").open("a") as file:
        file.write("\nEARLIER = True\n")
    with AwsDouble(empty_emulator, [RunningInvocationsEnd()]) as double:
        somebody = Operator(double.url, tmp_path)
        setup = somebody.typed(sys.executable, "-m", "wizard", "setup", "--yes", *WITHOUT_LIMIT)
        environment = {**somebody.environment, "PYTHONPATH": str(earlier)}
        subprocess.run(setup, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120)
        yield somebody


@contextmanager
def under_load(operator: Operator) -> Iterator[list[int]]:
    """Two clients that post fifty times a second at most; the list holds the status of every answer."""
    statuses: list[int] = []
    ended = threading.Event()

    def post() -> None:
        endpoint = operator.endpoint()
        while not ended.is_set():
            statuses.append(endpoint.post({"event_name": "load"}).status)
            ended.wait(0.02)

    clients = [threading.Thread(target=post) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        yield statuses
    finally:
        ended.set()
        for client in clients:
            client.join()


def test_an_upgrade_and_the_way_back_refuse_nobody(operator: Operator) -> None:
    earlier, ours = operator.standing(), package.build().sha256
    assert earlier != ours
    changes = operator.run("setup", "--dry-run")
    assert "the function's code" in changes
    assert "1 to change, " in changes, changes

    with under_load(operator) as statuses:
        for flags, expected in ((), ours), (("--previous-code",), earlier), (("--current-code",), ours):
            said = operator.run("setup", "--yes", *flags)
            assert operator.standing() == expected, flags
            assert ("--current-code" if flags == ("--previous-code",) else "--previous-code") in said

    assert len(statuses) > 20
    assert set(statuses) == {200}
    assert sum(event["event_name"] == "load" for event in operator.events()) == len(statuses)
    operator.run("rollback", "--yes", "--delete-events")
    assert not list(operator.folder.glob("*.code"))
