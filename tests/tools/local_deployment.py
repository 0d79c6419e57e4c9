"""A deployment on an embedded local AWS of its own, made by the real command line as an operator would.

    @pytest.fixture(scope="module")
    def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
        yield from deployed(tmp_path_factory, "--allow-beacon")

Put the tests of one file into one xdist group, so that they share it.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests import IMPORT_PATH
from tests.tools import commands
from tests.tools.commands import Command
from wizard import local
from wizard.endpoint.client import Endpoint

SECONDS_FOR_A_COMMAND = 120
# For tests that send more than the default limit lets through.
WITHOUT_LIMIT = ("--throttle-rate", "10000", "--throttle-burst", "5000")


class LocalDeployment:
    """The folder of a deployment, and what its tests ask for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "aws"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of it: no settings or credentials of the surroundings."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVENTTRACK_"))
        }
        return kept | {
            "EVENTTRACK_LOCAL_HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "PYTHONPATH": IMPORT_PATH,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def start(self, *arguments: str) -> Command:
        """Start the command line in the deployment's folder."""
        return commands.start([*arguments], self.folder, self.environment)

    def run(self, *arguments: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end; it must exit as expected."""
        done = commands.run([*arguments], self.folder, self.environment, SECONDS_FOR_A_COMMAND)
        assert done.returncode == exit_code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    @property
    def state(self) -> dict[str, Any]:
        """The state file."""
        document: dict[str, Any] = json.loads((self.folder / "eventtrack-state.json").read_text())
        return document

    @property
    def token(self) -> str:
        """The deployment's own token, read anew as a client would."""
        return (self.folder / "eventtrack-state.token").read_text().strip()

    @cached_property
    def url(self) -> str:
        """The public URL."""
        return str(self.state["checks"]["deploy.endpoint"]["url"])

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return str(self.state["settings"]["bucket_name"])

    def endpoint(self, connections: int = 4) -> Endpoint:
        """A client with the deployment's own token."""
        return Endpoint(self.url, self.token, connections)

    def client(self, service: str) -> Any:
        """A boto3 client as root of the local AWS, to look with other eyes than the wizard's."""
        running = local.find(self.home)
        assert running is not None, "the local AWS has stopped"
        return boto3.client(
            service,  # type: ignore[call-overload]  # any service: the tests name it
            endpoint_url=running.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )

    def object_names(self) -> list[str]:
        """The name of every object in the bucket."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def stored(self) -> dict[str, list[dict[str, Any]]]:
        """Every object in the bucket: its key and its events."""
        s3 = self.client("s3")
        found = {}
        for key in self.object_names():
            content = s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            text = gzip.decompress(content) if key.endswith(".gz") else content
            lines = [json.loads(line) for line in text.splitlines()] if ".jsonl" in key else json.loads(text)
            found[key] = lines
        return found

    def events(self) -> list[dict[str, Any]]:
        """Every stored event."""
        return [event for events in self.stored().values() for event in events]


def deployed(tmp_path_factory: pytest.TempPathFactory, *flags: str) -> Iterator[LocalDeployment]:
    """Set up with `flags`, hand over, and stop the local AWS in the end."""
    # A blank in the path, because paths of operators have them, too.
    deployment = LocalDeployment(tmp_path_factory.mktemp("an operator's folder"))
    try:
        deployment.run("setup", "--local", "--yes", *flags)
        yield deployment
    finally:
        deployment.run("local", "stop")
