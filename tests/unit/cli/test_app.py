"""The command line itself: what is parsed where, and how it exits. What commands do is tested elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.tools.terminal import Terminal
from wizard import __version__
from wizard.cli.app import app
from wizard.identity import DeploymentId
from wizard.phase_titles import PHASE_TITLES
from wizard.settings.table import SETTINGS
from wizard.state.model import State, TokenDigest

runner = CliRunner()


def test_version_is_printed_alone_so_that_scripts_can_read_it() -> None:
    done = runner.invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"eventtrack-wizard {__version__}\n")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_a_short_flag_too_because_everybody_types_one_of_them(flag: str) -> None:
    assert runner.invoke(app, ["status", flag]).exit_code == 0


def test_every_setting_has_a_flag_in_the_panel_of_its_phase() -> None:
    text = runner.invoke(app, ["setup", "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}).stdout
    for setting in SETTINGS:
        assert setting.flag in text
    for title in PHASE_TITLES.values():
        assert f"─ {title} ─" in text


def test_flags_of_settings_are_completed_although_they_are_made_late() -> None:
    environment = {
        "_EVENTTRACK_WIZARD_COMPLETE": "complete_bash",
        "COMP_WORDS": "eventtrack-wizard setup --cors",
        "COMP_CWORD": "2",
    }
    done = runner.invoke(app, env=environment, prog_name="eventtrack-wizard")
    assert done.stdout.split() == ["--cors-origins", "--cors-headers", "--cors-methods"]


def completed(line: str, **environment: str) -> list[str]:
    """What Tab offers at the end of the line."""
    words = line.split(" ")
    asked = {
        "_EVENTTRACK_WIZARD_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = runner.invoke(app, env={**asked, **environment}, prog_name="eventtrack-wizard")
    assert not isinstance(done.exception, Exception)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("eventtrack-wizard snippet ja", ["javascript"]),
        ("eventtrack-wizard --region eu-nor", ["eu-north-1"]),
        ("eventtrack-wizard setup --region eu-nor", ["eu-north-1"]),
        ("eventtrack-wizard setup --architecture ", ["x86_64", "arm64"]),
        ("eventtrack-wizard setup --encryption SSE-K", ["SSE-KMS"]),
    ],
)
def test_values_are_completed_because_nobody_knows_all_of_them(line: str, values: list[str]) -> None:
    assert completed(line) == values


def test_labels_of_tokens_are_completed_from_the_state_file_that_is_meant(tmp_path: Path) -> None:
    tokens = [
        TokenDigest(label, "0" * 64, "2026-01-02T03:04:05+00:00") for label in ("web", "web.old", "app")
    ]
    path = saved(tmp_path, tokens=tokens)

    assert completed(f"eventtrack-wizard token revoke --state {path} web") == ["web", "web.old"]
    assert completed(f"eventtrack-wizard --state {path} token revoke a") == ["app"]
    assert completed("eventtrack-wizard token revoke a", EVENTTRACK_STATE=path) == ["app"]
    assert completed("eventtrack-wizard token revoke ", EVENTTRACK_STATE=str(tmp_path / "none")) == []
    Path(path).write_text("{")
    assert completed("eventtrack-wizard token revoke a", EVENTTRACK_STATE=path) == []


@pytest.mark.parametrize(
    ("flags", "taken"),
    [
        (["--memory-mb", "lots"], "'lots' from flag"),
        (["--no-versioning", "--cors-origins", "a.example"], "'a.example' from flag"),
        (["--tag", "team=web", "--tag", "aws:x=y"], "'team=web,aws:x=y' from flag"),
    ],
)
def test_flags_of_settings_reach_their_rows(flags: list[str], taken: str, tmp_path: Path) -> None:
    path = saved(tmp_path)
    done = runner.invoke(app, ["policy", "--state", path, *flags])
    assert done.exit_code == 2
    assert taken in done.stderr


def test_a_folder_in_place_of_the_state_file_is_named_in_words(tmp_path: Path) -> None:
    done = runner.invoke(app, ["status", "--offline", "--state", str(tmp_path)])
    assert done.exit_code == 1
    assert "cannot be read" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--state", "here.json", "status", "--offline"], ["status", "--offline", "--state", "here.json"]],
    ids=["before the command", "after the command"],
)
def test_global_options_may_stand_on_either_side_because_nobody_remembers_which(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, arguments)
    assert done.exit_code == 1
    assert "here.json does not exist" in done.stderr


def test_the_state_file_may_come_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "there.json"
    done = runner.invoke(app, ["status", "--offline"], env={"EVENTTRACK_STATE": str(path)})
    assert "there.json" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["setup", "--nonsense"], ["send-test", "--count", "0"], ["local", "nonsense"]],
)
def test_a_line_that_cannot_be_parsed_exits_with_2(arguments: list[str]) -> None:
    done = runner.invoke(app, arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: The command line cannot be understood.\nwhy: ")
    words = [word for word in arguments[:-1] if word.isalpha() or word == "send-test"]
    assert done.stderr.endswith(f"next: See `{' '.join(['eventtrack-wizard', *words, '--help'])}`.\n")
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["local"], ["token"]])
def test_a_group_without_a_command_shows_its_help_and_no_error(arguments: list[str]) -> None:
    done = runner.invoke(app, arguments)
    assert done.exit_code == 2
    assert "Usage: " in done.stdout
    assert done.stderr == ""


def test_json_errors_are_one_document_on_stdout_so_that_scripts_need_not_parse_prose(tmp_path: Path) -> None:
    done = runner.invoke(app, ["--state", str(tmp_path / "none.json"), "status", "--json"])
    assert json.loads(done.stdout)["error"]["exit_code"] == done.exit_code == 1


@pytest.mark.parametrize("command", ["setup", "rollback --yes", "events list", "events tail"])
def test_where_json_is_read_line_by_line_an_error_is_one_line_too(command: str, tmp_path: Path) -> None:
    done = runner.invoke(app, ["--state", str(tmp_path / "none.json"), *command.split(), "--json"])
    (line,) = done.stdout.splitlines()
    assert (json.loads(line)["type"], json.loads(line)["exit_code"]) == ("error", done.exit_code)


def test_help_into_a_reader_that_has_gone_is_no_failure(tmp_path: Path) -> None:
    """`setup --help | head -1` under `set -o pipefail`."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "setup", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_switches_show_no_type_because_they_take_no_value() -> None:
    for command in ([], ["setup"], ["token"]):
        assert "bool" not in runner.invoke(app, [*command, "--help"]).stdout


def test_a_file_that_is_not_there_is_named_in_words(tmp_path: Path) -> None:
    done = runner.invoke(app, ["send-test", "--file", str(tmp_path / "none.json")])
    assert "why: No such file or directory." in done.stderr


@pytest.mark.parametrize("command", ["setup --yes", "recover --yes", "policy"])
def test_an_empty_name_is_refused_with_the_rule_because_it_would_be_read_as_none(command: str) -> None:
    done = runner.invoke(app, [*command.split(), "--name", ""])
    assert done.exit_code == 2
    assert "'' cannot be the name of a deployment" in done.stderr
    assert "3 to 36 lower-case letters" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--engine", "athena"], "run `eventtrack-wizard send-test --via-query --engine athena`"),
        (["--via-query", "--load", "5"], "--via-query cannot be used with --load or --file"),
        (["--via-query", "--file", "-"], "--via-query cannot be used with --load or --file"),
    ],
)
def test_a_query_looks_for_sample_events_alone_and_an_engine_is_for_a_query(
    flags: list[str], said: str
) -> None:
    done = runner.invoke(app, ["send-test", *flags])

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_clients_without_a_load_run_are_refused_because_they_would_do_nothing() -> None:
    done = runner.invoke(app, ["send-test", "--clients", "3"])
    assert done.exit_code == 2
    assert "--clients needs --load" in done.stderr
    assert "send-test --load 1000 --clients 3" in " ".join(done.stderr.split())


@pytest.mark.parametrize("command", ["setup", "rollback"])
def test_json_lines_are_never_interrupted_by_a_question_not_even_on_a_terminal(
    command: str, tmp_path: Path
) -> None:
    arguments = ["eventtrack-wizard", command, "--json", "--state", str(tmp_path / "state.json")]
    source = f"import sys; sys.argv = {arguments}; from wizard.__main__ import main; main()"
    with Terminal(source, columns=80, rows=24) as terminal:
        code, output = terminal.finish()
    assert (code, json.loads(output)["why"]) == (2, "With --json nothing is asked.")


def saved(folder: Path, **changes: object) -> str:
    """A state file."""
    identity = DeploymentId("id", "tracker", "1" * 12, "aws", "eu-central-1")
    path = folder / "state.json"
    path.write_text(json.dumps(replace(State(identity), **changes).as_json()))  # type: ignore[arg-type]
    return str(path)


def test_an_empty_list_of_tokens_says_so(tmp_path: Path) -> None:
    done = runner.invoke(app, ["token", "list", "--state", saved(tmp_path)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "There is no token" in done.stderr


def test_health_that_nobody_asked_for_is_null_because_a_script_would_take_it_for_the_truth(
    tmp_path: Path,
) -> None:
    path = saved(tmp_path, lifecycle="deployed")
    done = runner.invoke(app, ["status", "--offline", "--json", "--state", path])
    assert json.loads(done.stdout)["healthy"] is None


def test_recover_leaves_a_file_of_a_newer_version_alone(tmp_path: Path) -> None:
    path = Path(saved(tmp_path))
    path.write_text('{"schema": 2, "wizard_version": "9.1.0"}')
    done = runner.invoke(app, ["recover", "--yes", "--state", str(path)])
    assert done.exit_code == 1
    assert "newer version" in done.stderr
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_the_saved_state_shows_the_endpoint_and_says_once_that_aws_was_not_asked(tmp_path: Path) -> None:
    path = saved(tmp_path, checks={"deploy.endpoint": {"url": "https://x/events"}})
    done = runner.invoke(app, ["status", "--offline", "--state", path])
    assert "Endpoint:\nhttps://x/events\n" in done.stdout
    assert done.output.count("AWS was not asked") == 1
    assert "alone" not in done.stderr
