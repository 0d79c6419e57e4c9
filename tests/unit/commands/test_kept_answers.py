"""Answers of a run that changed nothing: what is written of them, and what the next run makes of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.commands.kept_answers import KeptAnswers
from wizard.settings import questions
from wizard.settings.interview import Interview, always
from wizard.settings.questions import NO, USE_DEFAULTS
from wizard.settings.table import SETTINGS
from wizard.state import answers


@pytest.fixture
def kept(tmp_path: Path) -> KeptAnswers:
    return KeptAnswers(tmp_path / "shop.json")


def stopped_after(*texts: str) -> Interview:
    """The interview of a first run in which these were answered."""
    rows = questions.setting_questions(SETTINGS, lambda _row: questions.unless_defaults)
    known = [questions.region(always), questions.name(always), questions.use_defaults(), *rows]
    interview = Interview(known, defaults=questions.first_defaults("eu-west-1"))
    for text in texts:
        assert interview.answer(text) is None
    return interview


def test_they_are_beside_the_state_file(kept: KeptAnswers, tmp_path: Path) -> None:
    assert kept.path == tmp_path / "shop.answers.toml"
    assert kept.read(local=False) == {}


def test_the_region_that_enter_took_is_kept_because_the_next_environment_may_name_another(
    kept: KeptAnswers,
) -> None:
    assert kept.keep(stopped_after("eu-west-1", "shop"), local=False)
    assert kept.read(local=False) == {"name": "shop", "region": "eu-west-1"}
    assert kept.next_question == USE_DEFAULTS


def test_who_was_stopped_amid_the_settings_goes_on_with_the_settings(kept: KeptAnswers) -> None:
    kept.keep(stopped_after("eu-west-1", "shop", NO, "yes", "team=web"), local=False)
    read = kept.read(local=False)
    assert kept.next_question == "bucket_name"
    again = stopped_after()
    again = Interview(again.questions, kept=read)
    again.go_on(kept.next_question)
    assert again.current is not None
    assert again.current.key == "bucket_name"
    again.back()
    assert again.current.key == "tags", "the questions before it are still there"
    assert again.answers[USE_DEFAULTS] == NO


def test_what_obeys_no_rule_any_more_is_left_out_so_that_it_stops_nobody(kept: KeptAnswers) -> None:
    answers.save(kept.path, answers.written("shop", None, False, {"memory_mb": 64, "timeout_seconds": 5}))
    assert kept.read(local=False) == {"name": "shop", "timeout_seconds": "5"}


def test_answers_of_one_place_are_not_taken_in_another(kept: KeptAnswers) -> None:
    answers.save(kept.path, answers.written("shop", None, True, {}))
    assert kept.read(local=False) == {}
    assert kept.read(local=True) == {"name": "shop"}


def test_nothing_answered_keeps_nothing_and_loses_nothing(kept: KeptAnswers) -> None:
    assert not kept.keep(stopped_after(), local=False)
    assert not kept.path.exists()
    kept.keep(stopped_after("eu-west-1", "shop"), local=False)
    assert kept.keep(stopped_after(), local=False), "those of the time before are still there"
    kept.forget()
    kept.forget()
    assert not kept.path.exists()
