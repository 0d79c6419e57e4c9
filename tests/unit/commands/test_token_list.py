"""`token list` where AWS cannot say when tokens were used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.aws.in_process.workspace import digest_of, make_identity, make_settings
from wizard.cli.app import app
from wizard.errors import ExitCode
from wizard.state.model import State


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with two tokens, on a machine without credentials."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    state = State(
        make_identity(),
        settings=make_settings().as_json(),
        tokens=[digest_of("a" * 20), digest_of("b" * 20, "web")],
        lifecycle="deployed",
    )
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state.as_json()))
    return path


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["token", "list", "--state", str(path), *arguments])


def test_without_access_what_the_file_knows_is_listed_and_why_the_rest_is_missing_is_said(path: Path) -> None:
    done = run(path)

    assert done.exit_code == ExitCode.DONE
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["Label", "default", "web"]
    said = " ".join(done.stderr.split())
    assert said.startswith("When they were used is not known. ")
    assert "There are no AWS credentials on this machine." in said and "`aws configure`" in said


def test_programs_get_null_for_what_is_not_known_and_not_zero(path: Path) -> None:
    known = {"created_at": "2026-01-01T00:00:00+00:00", "own": False}
    unknown = {"events": None, "last_use": None, "counted_since": None}

    for arguments in ((), ("--offline",)):
        assert json.loads(run(path, "--json", *arguments).stdout) == [
            {"label": label, **known, **unknown} for label in ("default", "web")
        ]


def test_offline_nobody_is_asked_and_it_says_what_asks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "would-be-tried")

    done = run(path, "--offline")

    assert "web" in done.stdout
    assert done.stderr.splitlines() == [
        f"AWS was not asked when they were used; `eventtrack-wizard token list --state {path}` asks it."
    ]
