"""The interview on a real terminal: it goes back, changes single answers, and loses none."""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.local_deployment import LocalDeployment
from tests.tools.operator import CTRL_C, ENTER, ESCAPE, SHIFT_TAB, answer, answer_settings, at_terminal
from tests.tools.terminal import Terminal
from wizard.settings.table import SETTINGS

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("interview")]
KEPT = "eventtrack-state.answers.toml"


@dataclass
class Shop(LocalDeployment):
    """A folder of its own before the local AWS of this module."""

    folder: Path
    home: Path

    def sits_before(self, *arguments: str, columns: int = 100, rows: int = 200) -> Terminal:
        """`eventtrack-wizard setup ARGUMENTS` on a terminal."""
        typed = ("setup", *arguments)
        return at_terminal(self.folder, self.environment, *typed, columns=columns, rows=rows)

    @property
    def kept(self) -> Path:
        """Where answers are kept."""
        return self.folder / KEPT


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One local AWS for this module."""
    folder = tmp_path_factory.mktemp("interview")
    yield folder / "aws"
    Shop(folder, folder / "aws").run("local", "stop")


@pytest.fixture
def shop(tmp_path: Path, home: Path) -> Shop:
    """An operator in an empty folder."""
    return Shop(tmp_path, home)


def decide(terminal: Terminal, summary: str, keys: str) -> None:
    """Type when the choice stands below the summary that says this; it throws away what was typed before."""
    terminal.wait(
        lambda: "n) no" in terminal.text.partition(summary)[2], f"a choice below a summary with {summary!r}"
    )
    terminal.type(keys)


def end(terminal: Terminal, *, exit_code: int = 0) -> str:
    """Wait for the end; what was on the screen."""
    code, _output = terminal.finish()
    assert code == exit_code, terminal.text
    return terminal.text


def test_two_questions_back_and_one_changed_at_the_summary_are_both_deployed(shop: Shop) -> None:
    with shop.sits_before("--local") as terminal:
        answer(terminal, "Name of the deployment", "back-and-forth")
        answer(terminal, "Use the defaults?", "n")
        answer_settings(terminal, {"memory_mb": "256"}, until="reserved_concurrency")
        terminal.see("Reserved concurrency (a number, or none) none")
        terminal.type(SHIFT_TAB)
        terminal.see("? Timeout (seconds) 10\n? Timeout (seconds) 10\nEnter takes")
        terminal.type(ESCAPE)
        terminal.see("? Memory (MB) 256\nEnter takes")
        terminal.type("512" + ENTER)
        answer_settings(terminal, {}, since="timeout_seconds")
        answer(terminal, "Go ahead?", "c")
        terminal.see("? Change what?")
        terminal.type("keep the func")
        terminal.see("» Days to keep the function's logs: 30")
        terminal.type(ENTER)
        answer(terminal, "Days to keep the function's logs 30", "7")
        decide(terminal, "--log-retention-days 7 --memory-mb 512", ENTER)
        end(terminal)
    function = shop.client("lambda").get_function_configuration(FunctionName="back-and-forth-processor")
    assert function["MemorySize"] == 512
    groups = shop.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/back-and-forth")
    assert groups["logGroups"][0]["retentionInDays"] == 7
    assert not shop.kept.exists(), "the state file knows them now"


def test_another_name_given_at_the_summary_is_the_name_of_everything_that_derives_from_it(shop: Shop) -> None:
    with shop.sits_before("--local") as terminal:
        answer(terminal, "Name of the deployment", "first-name")
        answer(terminal, "Use the defaults?", "n")
        answer_settings(terminal, {})
        answer(terminal, "Go ahead?", "c")
        terminal.see("? Change what?")
        terminal.type("name of the dep" + ENTER)
        answer(terminal, "Name of the deployment first-name", "second-name")
        terminal.see("second-name-processor")
        decide(terminal, "--name second-name", "n" + ENTER)
        end(terminal)
    assert tomllib.loads(shop.kept.read_text()) == {"name": "second-name", "local": True}


def test_what_contradicts_is_asked_again_on_the_spot_and_a_no_at_the_end_loses_nothing(shop: Shop) -> None:
    with shop.sits_before("--local", "--name", "contradictory") as terminal:
        answer(terminal, "Use the defaults?", "n")
        answer_settings(terminal, {}, until="timeout_seconds")
        answer(terminal, "Timeout (seconds) 10", "60")
        terminal.see("✗ A timeout of 60 seconds is longer than API Gateway waits.")
        answer(terminal, "Take it all the same? (y/N)")
        terminal.see("? Timeout (seconds) 60\nEnter takes")
        terminal.type(ENTER)
        answer(terminal, "Take it all the same? (y/N)", "y")
        answer_settings(terminal, {}, since="reserved_concurrency", until="cors_headers")
        answer(terminal, "Allowed headers Content-Type", "Content-Type")
        terminal.see("✗ The allowed headers lack x-auth-token.")
        answer(terminal, "Allowed headers Content-Type\n", ",x-auth-token")
        answer_settings(terminal, {}, since="cors_methods")
        terminal.see("--timeout-seconds 60")
        terminal.see("--insist")
        answer(terminal, "Go ahead?", "n")
        text = end(terminal)
    assert "Nothing was changed." in text
    kept = f"Your answers are kept in {KEPT}; `eventtrack-wizard setup --local"
    assert kept in " ".join(text.split())

    with shop.sits_before("--local", "--name", "contradictory") as terminal:
        answer(terminal, f"Go on with your last answers, in {KEPT}?")
        terminal.see("✗ A timeout of 60 seconds")
        answer(terminal, "Take it all the same? (y/N)", "y")
        decide(terminal, "--timeout-seconds 60", ENTER)
        end(terminal)
    assert shop.state["settings"]["timeout_seconds"] == 60
    assert shop.state["settings"]["cors_headers"] == ["Content-Type", "x-auth-token"]
    assert not shop.kept.exists()


def test_ctrl_c_keeps_what_was_answered_and_the_next_run_goes_on_at_that_question(shop: Shop) -> None:
    with shop.sits_before("--local") as terminal:
        answer(terminal, "Name of the deployment", "interrupted")
        answer(terminal, "Use the defaults?", "n")
        answer_settings(terminal, {"tags": "team=web", "memory_mb": "256"}, until="test_event_name")
        terminal.see("? Name of the test event")
        terminal.type(CTRL_C)
        text = end(terminal, exit_code=130)
    assert f"Your answers are kept in {KEPT}" in text
    assert text.endswith("Stopped. Nothing was changed.")

    with shop.sits_before("--local") as terminal:
        answer(terminal, "Go on with your last answers")
        terminal.see("? Name of the test event TestEventAPI")
        assert "Memory" not in terminal.text
        answer_settings(terminal, {}, since="test_event_name")
        terminal.see("--tag team=web --memory-mb 256")
        decide(terminal, "--name interrupted", CTRL_C)
        end(terminal, exit_code=130)
    assert tomllib.loads(shop.kept.read_text()) == {
        "name": "interrupted",
        "local": True,
        "memory_mb": 256,
        "tags": {"team": "web"},
    }

    with shop.sits_before("--local") as terminal:
        answer(terminal, "Go on with your last answers", "n")
        terminal.see("? Name of the deployment interrupted\nEnter takes")
        terminal.type(CTRL_C)
        end(terminal, exit_code=130)
    assert "memory_mb = 256" in shop.kept.read_text(), "who stops again loses nothing either"


def test_who_keeps_to_a_name_that_is_taken_is_told_of_adopting_it_and_loses_no_answer(shop: Shop) -> None:
    shop.run("local", "start")
    shop.client("s3").create_bucket(Bucket="somebody-elses-bucket")
    with shop.sits_before(
        "--local", "--name", "taken-name", "--bucket-name", "somebody-elses-bucket"
    ) as terminal:
        answer(terminal, "Use the defaults?", "n")
        answer_settings(terminal, {"versioning": "y"}, until="bucket_name")
        answer_settings(terminal, {"versioning": "y"}, since="block_public_access")
        answer(terminal, "Bucket name somebody-elses-bucket")
        text = end(terminal, exit_code=1)
    assert "with --adopt" in " ".join(text.split())
    assert "Your answers are kept" in text
    assert tomllib.loads(shop.kept.read_text()) == {"local": True, "versioning": True}


def test_kept_answers_that_cannot_be_read_or_written_are_said_and_stop_nobody(shop: Shop) -> None:
    shop.kept.mkdir()
    with shop.sits_before("--local") as terminal:
        terminal.see("cannot be used. Is a directory.")
        terminal.see("It is passed over.")
        answer(terminal, "Name of the deployment", "unkept")
        terminal.see("? Use the defaults?")
        terminal.type(CTRL_C)
        text = end(terminal, exit_code=130)
    assert "Your answers could not be kept: " in text
    assert text.endswith("Stopped. Nothing was changed.")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_window_that_is_closed_and_a_machine_that_goes_down_lose_no_answer(
    shop: Shop, number: signal.Signals
) -> None:
    with shop.sits_before("--local") as terminal:
        answer(terminal, "Name of the deployment", "window-closed")
        terminal.see("? Use the defaults?")
        os.kill(terminal.process.pid, number)
        end(terminal, exit_code=130)
    assert 'name = "window-closed"' in shop.kept.read_text()


def test_nothing_is_kept_where_nothing_was_answered(shop: Shop) -> None:
    with shop.sits_before("--local") as terminal:
        terminal.see("? Name of the deployment")
        terminal.type(CTRL_C)
        text = end(terminal, exit_code=130)
    assert "kept" not in text
    assert not shop.kept.exists()


def test_reconfigure_asks_again_about_what_stands_and_offers_what_is_saved(shop: Shop) -> None:
    shop.run("setup", "--local", "--yes", "--name", "once-more", "--memory-mb", "256", "--tag", "team=web")
    with shop.sits_before("--reconfigure") as terminal:
        terminal.see("Enter keeps what is. Names of things that stand are not asked")
        terminal.see(
            "? Tags on everything (KEY=VALUE, comma-separated; KEY= takes one off) team=web\nEnter takes"
        )
        terminal.type(ENTER)
        terminal.see("Block all public access")
        assert "demand tags" not in terminal.text, "there are some"
        assert "Bucket name" not in terminal.text, "AWS cannot rename it"
        for setting in SETTINGS[: [row.key for row in SETTINGS].index("memory_mb")]:
            if not (setting.fixed or setting.asked_if or setting.is_flag_only):
                answer(terminal, setting.question[:60])
        answer(terminal, "Memory (MB) 256", "512")
        answer(terminal, "Timeout (seconds) 10")
        terminal.type(CTRL_C)
        assert "Your answers are kept" in end(terminal, exit_code=130)
    with shop.sits_before() as terminal:
        answer(terminal, "Go on with your last answers")
        decide(terminal, "--memory-mb 512", ENTER)
        end(terminal)
    assert (shop.state["settings"]["memory_mb"], shop.state["settings"]["tags"]) == (512, {"team": "web"})
    assert not shop.kept.exists()


def test_a_flag_that_contradicts_is_said_before_the_first_question_of_many(shop: Shop) -> None:
    with shop.sits_before("--local", "--name", "flagged", "--cors-headers", "Content-Type") as terminal:
        terminal.see("✗ The allowed headers lack x-auth-token.")
        answer(terminal, "Allowed headers Content-Type", "x-auth-token")
        answer(terminal, "Use the defaults?")
        decide(terminal, "--cors-headers x-auth-token", "n" + ENTER)
        end(terminal)


def test_a_misspelled_region_is_asked_again_and_a_young_one_is_taken_from_who_insists(shop: Shop) -> None:
    with shop.sits_before() as terminal:
        answer(terminal, "Region", "eu-centrl-1")
        terminal.see("no region eu-centrl-1 is known; did you mean eu-central-1")
        answer(terminal, "Take it all the same? (y/N)")
        terminal.wait(lambda: terminal.text.count("Tab) eu-centrl-1") == 2, "the region for correction")
        terminal.type(ENTER)
        answer(terminal, "Take it all the same? (y/N)", "y")
        terminal.see("? Name of the deployment")
        terminal.type(CTRL_C)
        end(terminal, exit_code=130)
    assert 'region = "eu-centrl-1"' in shop.kept.read_text()

    with shop.sits_before() as terminal:
        answer(terminal, "Go on with your last answers")
        terminal.see("no region eu-centrl-1 is known")
        answer(terminal, "Take it all the same? (y/N)")
        answer(terminal, "Region", "eu-central-1")
        terminal.see("? Name of the deployment")
        terminal.type(CTRL_C)
        end(terminal, exit_code=130)
    assert 'region = "eu-central-1"' in shop.kept.read_text()


def test_answers_for_the_local_aws_are_not_offered_for_another_place(shop: Shop) -> None:
    with shop.sits_before("--local") as terminal:
        answer(terminal, "Name of the deployment", "at-home")
        terminal.see("? Use the defaults?")
        terminal.type(CTRL_C)
        end(terminal, exit_code=130)
    with shop.sits_before() as terminal:
        terminal.see("? Region")
        terminal.type(CTRL_C)
        end(terminal, exit_code=130)
    with shop.sits_before("--local") as terminal:
        terminal.see("? Go on with your last answers")
        terminal.type(CTRL_C)
        text = end(terminal, exit_code=130)
    assert "Your answers are kept" in text


def test_everything_fits_a_usual_window(shop: Shop) -> None:
    with shop.sits_before("--local", "--name", "small-window", columns=80, rows=24) as terminal:
        answer(terminal, "Use the defaults?")
        terminal.see("Go ahead?")
        terminal.see("n) no; nothing is changed")
        assert "kept" not in terminal.text, "nothing was answered"
        terminal.settle()
        assert "Deployment  small-window, the local AWS" in terminal.text, "where, still stands there"
        terminal.type("c" + ENTER)
        terminal.see("? Change what?")
        terminal.type("\x1b[A")
        terminal.see("» Hours without events")
        terminal.type(ESCAPE)
        decide(terminal, "--name small-window", "n" + ENTER)
        end(terminal)


def test_a_dry_run_is_brief_unless_everything_is_asked_for(shop: Shop) -> None:
    typed = ("setup", "--local", "--name", "dry", "--dry-run")
    brief, whole = shop.run(*typed).stdout, shop.run(*typed, "--verbose").stdout
    for everything in (
        "Timeout (seconds)",
        "+ create basic execution permissions",
        "with the Lambda function",
    ):
        assert everything not in brief
        assert everything in whole
    assert "Cost " in brief
    assert not (shop.folder / "eventtrack-state.json").exists()


def test_answers_without_questions_say_where_every_value_comes_from(shop: Shop) -> None:
    answers = 'name = "from-a-file"\nlocal = true\nmemory_mb = 256\ntimeout_seconds = 5\nversioning = true\n'
    (shop.folder / "a.toml").write_text(answers)
    done = shop.run("setup", "--yes", "--answers", "a.toml", "--memory-mb", "512", "--save-answers", "b.toml")
    settings = shop.state["settings"]
    assert shop.state["pins"]["name"] == "from-a-file"
    assert (settings["memory_mb"], settings["timeout_seconds"], settings["versioning"]) == (512, 5, True)
    shown = " ".join(done.stderr.split())
    assert "Memory (MB): 512 (flag)" in shown
    assert "Timeout (seconds): 5 (answers file)" in shown
    saved = tomllib.loads((shop.folder / "b.toml").read_text())
    assert saved == {**tomllib.loads(answers), "region": "us-east-1", "memory_mb": 512}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--yes", "--reconfigure"), "--reconfigure and --yes cannot be used together"),
        (("--yes", "--answers", "none.toml"), "The answers file none.toml cannot be used."),
        (("--yes", "--save-answers", "notes.txt"), "notes.txt was not overwritten."),
        (("--answers", "a.toml"), "setup --yes --answers a.toml --local --name off-a-terminal"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_started(
    shop: Shop, arguments: tuple[str, ...], words: str
) -> None:
    (shop.folder / "notes.txt").write_text("mine\n")
    (shop.folder / "a.toml").write_text('name = "off-a-terminal"\nlocal = true\n')
    refused = shop.run("setup", *arguments, exit_code=2)
    assert words in " ".join(refused.stderr.split())
    assert (shop.folder / "notes.txt").read_text() == "mine\n"


def test_a_name_that_is_taken_is_asked_for_again_because_all_other_answers_are_good(shop: Shop) -> None:
    shop.run("local", "start")
    for bucket in ("somebody-elses", "somebody-elses-too"):
        shop.client("s3").create_bucket(Bucket=bucket)
    with shop.sits_before("--local", "--name", "taken-names", "--bucket-name", "somebody-elses") as terminal:
        answer(terminal, "Use the defaults?")
        terminal.see("✗ The S3 bucket somebody-elses is there already")
        answer(terminal, "Bucket name somebody-elses\n", "somebody-elses-too")
        terminal.see("✗ The S3 bucket somebody-elses-too is there already")
        answer(terminal, "Bucket name somebody-elses-too\n", "nobodys-yet")
        terminal.see("--bucket-name nobodys-yet")
        answer(terminal, "Go ahead?", "n")
        end(terminal)


def test_a_run_that_ends_with_a_refusal_keeps_the_answers_and_says_what_goes_on_with_them(
    shop: Shop,
) -> None:
    shop.run("local", "start")
    shop.client("s3").create_bucket(Bucket="somebody-elses-still")
    flags = ("--local", "--name", "refused", "--bucket-name", "somebody-elses-still")
    with shop.sits_before(*flags) as terminal:
        answer(terminal, "Use the defaults?", "n")
        answer_settings(terminal, {}, until="bucket_name")
        answer_settings(terminal, {"versioning": "y"}, since="block_public_access")
        terminal.see("? Bucket name somebody-elses-still\nEnter takes")
        terminal.type(ESCAPE)
        text = " ".join(end(terminal, exit_code=1).split())
    assert "somebody-elses-still is there already" in text
    command = "eventtrack-wizard setup --bucket-name somebody-elses-still --local --name refused"
    assert f"Your answers are kept in {KEPT}; `{command}` goes on with them." in text
    assert tomllib.loads(shop.kept.read_text()) == {"local": True, "versioning": True}


def test_a_deployment_further_up_is_mentioned_before_another_one_is_made_below(shop: Shop) -> None:
    (shop.folder / "eventtrack-state.json").write_text("{}")
    below = shop.folder / "below"
    below.mkdir()
    with Shop(below, shop.home).sits_before("--local") as terminal:
        terminal.see("Note: There is a deployment further up, in ../eventtrack-state.json")
        terminal.see("--state ../eventtrack-state.json")
        terminal.type(CTRL_C)
        end(terminal, exit_code=130)


def test_yes_never_asks_although_somebody_sits_before_the_terminal(shop: Shop) -> None:
    with shop.sits_before("--local", "--yes", "--name", "never-asks") as terminal:
        assert "?" not in end(terminal)
    for command in ("token rotate --yes --grace 0", "recover --yes", "rollback --yes", "local reset --yes"):
        if command.startswith("recover"):
            (shop.folder / "eventtrack-state.json").rename(shop.folder / "lost.json")
            command += " --local --name never-asks"
        with at_terminal(shop.folder, shop.environment, *command.split()) as terminal:
            assert "?" not in end(terminal), command
