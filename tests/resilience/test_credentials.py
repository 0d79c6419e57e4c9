"""Credentials that are wrong, die in the middle, or are for elsewhere: what the operator reads and can do."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path

import boto3
import pytest

from tests import PROJECT
from tests.aws.over_http import AwsDouble, lasting_rules
from tests.aws.over_http.behaviours import DeadCredentials
from tests.tools import commands
from tests.tools.emulator import empty
from tests.tools.terminal import Terminal
from wizard.aws.caller import identify
from wizard.aws.client import Aws
from wizard.aws.error_rules import LOG_IN, RULES
from wizard.aws.errors import CREDENTIAL_FAILURES
from wizard.aws.rule import Explain
from wizard.clock import SystemClock
from wizard.commands.common import complete
from wizard.errors import CredentialsError, ExitCode, WizardError
from wizard.options import Options

# The bucket stands, half of the API does, and its stage, which needs all of that, does not.
IN_THE_MIDDLE = "apigateway.PutMethod"

local_aws = [pytest.mark.local, pytest.mark.xdist_group("credentials")]


@pytest.fixture(scope="module")
def emulator(emulator_url: str) -> str:
    """Empty at the beginning of this module."""
    empty(emulator_url)
    return emulator_url


def account(double: AwsDouble, region: str) -> Aws:
    return Aws(boto3.Session("test", "test", region_name=region), double.url, SystemClock())


def environment(folder: Path) -> dict[str, str]:
    """That of an operator with root's keys of the emulator and nothing else."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(PROJECT),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "NO_PROXY": "127.0.0.1",
    }


class TestIdentity:
    pytestmark = local_aws

    def test_a_region_that_is_not_enabled_is_told_from_a_wrong_key(self, emulator: str) -> None:
        behaviour = DeadCredentials("invalid", regions=frozenset({"ap-east-1"}))
        with AwsDouble(emulator, [behaviour]) as double:
            with pytest.raises(CredentialsError) as caught:
                identify(account(double, "ap-east-1"))
            assert identify(account(double, "eu-central-1")).partition == "aws"
        assert caught.value.what == "The region ap-east-1 is not enabled for this account."
        assert "enable-region --region-name ap-east-1" in caught.value.next_step
        assert caught.value.link is not None

    def test_a_key_that_is_unknown_everywhere_is_not_blamed_on_the_region(self, emulator: str) -> None:
        with AwsDouble(emulator, [DeadCredentials("invalid")]) as double:
            for region in ("eu-central-1", "us-east-1"):
                with pytest.raises(CredentialsError) as caught:
                    identify(account(double, region))
                assert "is not enabled for this account" not in caught.value.what

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("expired", "have expired"),
            ("skewed", "clock of this machine"),
            ("not activated", "has not been activated"),
        ],
    )
    def test_dead_credentials_say_why_and_what_to_do(self, emulator: str, kind: str, words: str) -> None:
        with (
            AwsDouble(emulator, [DeadCredentials(kind)]) as double,
            pytest.raises(CredentialsError) as caught,
        ):
            identify(account(double, "eu-central-1"))
        assert words in caught.value.why
        assert caught.value.exit_code == ExitCode.CREDENTIALS


class TestExpiryInTheMiddle:
    pytestmark = local_aws

    def test_off_a_terminal_the_run_stops_with_4_and_the_next_one_continues(
        self, emulator: str, tmp_path: Path
    ) -> None:
        expiry = DeadCredentials("expired", from_operation=IN_THE_MIDDLE)
        with AwsDouble(emulator, [expiry, *lasting_rules()]) as double:
            command = ["--endpoint-url", double.url, "setup", "--yes", "--name", "off-terminal"]
            first = self.run(command, tmp_path)
            state = json.loads((tmp_path / "eventtrack-state.json").read_text())
            expiry.renew()
            second = self.run(command, tmp_path)
        assert first.returncode == ExitCode.CREDENTIALS, first.stderr
        assert "have expired" in first.stderr
        assert "`aws sso login`" in first.stderr
        assert "What was done is saved" in first.stderr
        assert state["stage"] == "setting up"
        assert state["records"]["bucket"]["status"] == "present"
        assert "stage" not in state["records"]
        assert second.returncode == ExitCode.DONE, second.stderr
        assert double.names().count("s3.CreateBucket") == 1

    def run(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        return commands.run(command, folder, environment(folder), timeout=100)

    def test_on_a_terminal_the_run_waits_for_a_new_login_and_goes_on(
        self, emulator: str, tmp_path: Path
    ) -> None:
        expiry = DeadCredentials("expired", from_operation=IN_THE_MIDDLE)
        with AwsDouble(emulator, [expiry, *lasting_rules()]) as double:
            source = (
                f"import os, sys; os.chdir({str(tmp_path)!r});"
                f" sys.argv = ['eventtrack-wizard', '--endpoint-url', {double.url!r}, 'setup',"
                " '--name', 'on-terminal']\n"
                "from wizard.cli.app import main; main()"
            )
            with Terminal(source, columns=120, rows=60, **environment(tmp_path)) as terminal:
                terminal.see("Region")
                terminal.settle()
                terminal.type("\r")
                terminal.see("Use the defaults?")
                terminal.type("\r")
                terminal.see("Go ahead?")
                terminal.type("y\r")
                terminal.see("How to go on?")
                terminal.settle()
                terminal.type("\r")
                terminal.see("then press Enter")
                terminal.type("\r")
                self.see_again(terminal, "then press Enter")
                expiry.renew()
                terminal.type("\r")
                code, output = terminal.finish()
        assert code == ExitCode.DONE, terminal.text
        assert "Endpoint: " in output
        assert double.names().count("s3.CreateBucket") == 1
        assert double.names().count("iam.CreateRole") == 1

    def see_again(self, terminal: Terminal, words: str) -> None:
        """Enter without a new login is no way on: the question comes back."""
        for _ in range(100):
            terminal.settle(0.1)
            if terminal.raw.decode(errors="replace").count(words) > 1:
                return
        raise AssertionError(terminal.text)


@pytest.mark.parametrize("command", ["aws sso login", "aws login", "aws configure"])
def test_a_command_to_log_in_names_the_profile_of_this_run(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)

    def said(profile: str | None) -> str:
        error = CredentialsError(what="", why="", next_step=f"Run `{command}`, then run again.")
        complete(error, Options(profile=profile))
        return error.next_step

    assert said("work") == f"Run `{command} --profile work`, then run again."
    assert said(None) == f"Run `{command}`, then run again."
    monkeypatch.setenv("AWS_PROFILE", "from-environment")
    assert said(None) == f"Run `{command} --profile from-environment`, then run again."


def test_every_way_to_lose_a_login_names_a_command_that_takes_the_profile() -> None:
    expired = [row.reaction for row in RULES if "ExpiredToken" in row.codes]
    texts = [reaction.next_step for reaction in expired if isinstance(reaction, Explain)]
    texts += [
        step for name, _, step in CREDENTIAL_FAILURES if name.startswith(("SSO", "Unauthorized", "Login"))
    ]
    assert LOG_IN in texts
    for text in texts:
        error = CredentialsError(what="", why="", next_step=text)
        complete(error, Options(profile="work"))
        assert "login --profile work`" in error.next_step


def test_other_errors_are_left_alone() -> None:
    error = WizardError(what="", why="", next_step="Run `aws login`.")
    complete(error, Options(profile="work"))
    assert error.next_step == "Run `aws login`."


def test_no_module_knows_the_partition_by_heart() -> None:
    """China and GovCloud have other ones; STS says which."""
    found = [
        f"{path.name}:{node.lineno}: {node.value}"
        for path in sorted((PROJECT / "wizard").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "arn:aws:" in node.value
    ]
    assert found == []
