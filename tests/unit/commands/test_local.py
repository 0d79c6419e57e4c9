"""What `local status` says, in units that people use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wizard import local
from wizard.commands import local as command
from wizard.errors import ExitCode
from wizard.ui.text import long_duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (119, "119 s"), (121, "2 min"), (1020, "17 min"), (7300, "2 h"), (172_900, "2 days")],
)
def test_a_time_is_said_in_the_one_unit_that_says_enough(seconds: float, words: str) -> None:
    assert long_duration(seconds) == words


def test_a_local_aws_that_does_not_run_is_said_in_words_and_to_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVENTTRACK_LOCAL_HOME", str(tmp_path / "home"))
    assert command.status(as_json=False) == ExitCode.DRIFT
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "The local AWS does not run."
    assert lines[2] == f"Data: {tmp_path / 'home'}"
    assert command.status(as_json=True) == ExitCode.DRIFT
    assert json.loads(capsys.readouterr().out)["running"] is False


@pytest.mark.local
@pytest.mark.xdist_group("local")
def test_one_that_runs_says_for_how_long_and_with_how_much_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVENTTRACK_LOCAL_HOME", str(tmp_path / "home"))
    running = local.start()
    try:
        assert command.status(as_json=False) == ExitCode.DONE
    finally:
        local.stop()
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"The local AWS runs at {running.url} for ")
    assert first.endswith(" MB of memory.")
