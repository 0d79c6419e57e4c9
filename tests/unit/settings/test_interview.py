"""The interview as a model: what is asked next, what Enter takes, and that no answer gets lost."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from wizard.settings import questions
from wizard.settings import validators as names
from wizard.settings.interview import Interview, Problem, Question, always
from wizard.settings.questions import GO_ON, NO, USE_DEFAULTS, YES, setting_questions
from wizard.settings.table import SETTINGS

MEMORY = names.whole_number(128, 10_240, "MB")
DEFAULTS = {"name": "shop", "memory": "128", "limit": "", "path": "events"}


def asked(*keys: str) -> list[Question]:
    """Questions by key; `limit` may be empty."""
    rules = {"memory": MEMORY, "limit": names.reserved_concurrency, "path": names.resource_path}
    return [Question(key, key, rules.get(key, names.deployment_name)) for key in keys]


def interview(*keys: str, **more: object) -> Interview:
    """One of these questions."""
    made = Interview(asked(*keys), **more)  # type: ignore[arg-type]
    made.defaults = DEFAULTS
    return made


def current(model: Interview) -> str | None:
    """The key of the question that is put."""
    return model.current.key if model.current else None


def test_questions_come_in_their_order_until_there_is_none() -> None:
    model = interview("name", "memory")
    assert current(model) == "name"
    assert model.answer("corner-shop") is None
    assert current(model) == "memory"
    assert model.answer("256") is None
    assert current(model) is None
    assert model.answers == {"name": "corner-shop", "memory": "256"}
    with pytest.raises(ValueError, match="every question"):
        model.answer("more")


def test_blanks_around_an_answer_are_no_part_of_it() -> None:
    model = interview("memory")
    model.answer("  256 ")
    assert model.answers == {"memory": "256"}


def test_an_answer_that_breaks_its_rule_says_why_and_the_question_stays() -> None:
    model = interview("memory", "path")
    problem = model.answer("64")
    assert problem == Problem("a whole number of MB from 128 to 10240")
    assert (current(model), model.answers) == ("memory", {})


def test_going_back_offers_what_was_answered() -> None:
    model = interview("name", "memory", "path")
    assert not model.can_go_back
    model.answer("corner-shop")
    model.answer("256")
    model.back()
    model.back()
    assert current(model) == "name"
    assert model.current is not None
    assert model.offered(model.current) == "corner-shop"
    model.answer("corner-shop")
    assert model.current is not None
    assert model.offered(model.current) == "256"


def test_going_back_passes_over_what_was_not_asked() -> None:
    model = Interview([*asked("name"), Question("hidden", "", str, is_asked=questions.never), *asked("path")])
    model.answer("corner-shop")
    assert current(model) == "path"
    model.back()
    assert current(model) == "name"
    model.back()
    assert current(model) == "name", "before the first there is nothing"


def test_from_the_end_back_leads_to_the_last_question() -> None:
    model = interview("name", "memory")
    model.answer("corner-shop")
    model.answer("256")
    model.back()
    assert current(model) == "memory"


def test_an_answer_that_is_the_default_follows_the_default_because_names_derive_from_the_name() -> None:
    model = interview("path", "memory")
    model.answer("events")
    assert model.answers == {}
    model.defaults = {**DEFAULTS, "path": "track"}
    model.back()
    assert model.current is not None
    assert model.offered(model.current) == "track"


def test_a_word_empties_an_answer_that_may_be_empty_and_is_a_text_elsewhere() -> None:
    model = interview("limit", "name")
    model.defaults = {"limit": "5"}
    model.answer("none")
    assert model.answers == {"limit": ""}
    model.answer("none")
    assert model.answers["name"] == "none"


def test_one_answer_is_edited_and_everything_goes_on_where_it_was() -> None:
    model = interview("name", "memory", "path", "limit")
    model.answer("corner-shop")
    model.answer("256")
    model.edit("name")
    assert (current(model), model.can_go_back) == ("name", True)
    assert model.answer("Bad Name") is not None
    assert current(model) == "name"
    model.answer("other-shop")
    assert (current(model), model.answers["name"]) == ("path", "other-shop")
    model.edit("limit")
    model.back()
    assert (current(model), "limit" in model.answers) == ("path", False)


def test_what_is_never_asked_can_be_edited() -> None:
    model = Interview([Question("memory", "", MEMORY, is_asked=questions.never)])
    assert current(model) is None
    model.edit("memory")
    model.answer("256")
    assert (current(model), model.answers) == (None, {"memory": "256"})


def no_round_memory(answers: Mapping[str, str], key: str) -> Problem | None:
    """A rule beside the question's own."""
    if key == "memory" and answers["memory"].endswith("00") and answers.get("name") == "corner-shop":
        return Problem("mostly a mistake in a corner shop", can_insist=True)
    return None


def test_what_contradicts_other_answers_is_refused_at_once_and_the_question_stays() -> None:
    model = interview("name", "memory", check=no_round_memory)
    model.answer("corner-shop")
    problem = model.answer("200")
    assert problem is not None
    assert problem.can_insist
    assert (current(model), model.insisted) == ("memory", set())
    assert model.answer("200", insists=True) is None
    assert (current(model), model.answers["memory"], model.insisted) == (None, "200", {"memory"})


def test_a_broken_rule_is_not_taken_from_who_insists_either() -> None:
    model = interview("memory")
    assert model.answer("64", insists=True) is not None
    assert current(model) == "memory"


def test_kept_answers_are_what_enter_takes_until_something_else_is_answered() -> None:
    model = interview("name", "memory", kept={"memory": "512"})
    model.answer("corner-shop")
    assert model.current is not None
    assert model.offered(model.current) == "512"
    assert model.said == {"name": "corner-shop", "memory": "512"}
    model.answer("128")
    assert model.said == {"name": "corner-shop"}
    model.back()
    assert model.current is not None
    assert model.offered(model.current) == "128", "the default was typed; that is an answer, too"


def test_going_on_takes_the_kept_answers_and_continues_where_it_was_stopped() -> None:
    model = interview("name", "memory", "path", "limit", kept={"memory": "512", "gone": "x"})
    model.go_on("path")
    assert (current(model), model.answers) == ("path", {"memory": "512"})
    model.back()
    assert current(model) == "memory"


@pytest.mark.parametrize("stopped_at", [None, "a-question-of-another-version"])
def test_going_on_from_the_end_asks_nothing(stopped_at: str | None) -> None:
    model = interview("name", "memory", kept={"memory": "512"})
    model.go_on(stopped_at)
    assert (current(model), model.answers) == (None, {"memory": "512"})


def every(model: Interview) -> list[str]:
    """The keys of all questions that Enter alone leads through."""
    found: list[str] = []
    while model.current is not None and len(found) <= len(model.questions):
        found.append(model.current.key)
        model.answer(model.offered(model.current))
    return found


def first_run(**answers: str) -> Interview:
    """The questions of a first run, with what was answered before."""
    rows = setting_questions(SETTINGS, questions.at_first)
    known = [questions.region(always), questions.name(always), questions.use_defaults(), *rows]
    defaults = {
        row.key: "" for row in SETTINGS if row.key in ("reserved_concurrency", "permissions_boundary")
    }
    model = Interview(known, defaults={**questions.first_defaults("eu-west-1"), **defaults})
    model.answers.update(answers)
    return model


def test_enter_three_times_takes_the_defaults() -> None:
    assert every(first_run()) == ["region", "name", USE_DEFAULTS]


def test_who_does_not_want_the_defaults_is_asked_for_every_setting_and_tags_only_where_they_matter() -> None:
    model = first_run()
    for text in ("eu-west-1", "shop", NO, NO):
        model.answer(text)
    assert current(model) == "bucket_name"
    model.back()
    model.answer(YES)
    assert current(model) == "tags"
    keys = [question.key for question in model.questions]
    assert [row.key for row in SETTINGS] == [key for key in keys if key in {row.key for row in SETTINGS}]


def test_alarms_are_one_question_and_the_last_though_all_about_them_can_be_changed() -> None:
    model = first_run(**{USE_DEFAULTS: NO})
    asked = [question.key for question in model.questions if question.is_asked(model.answers)]
    assert asked[-4:] == ["closed", "ingest", "query_table", "alarm_email"], "as all below the phases"
    model.edit("alarm_topic")
    assert current(model) == "alarm_topic"


def test_from_the_first_setting_the_way_back_leads_to_name_and_region() -> None:
    model = first_run()
    for text in ("eu-west-1", "shop", NO):
        model.answer(text)
    seen = []
    while model.can_go_back:
        model.back()
        seen.append(current(model))
    assert seen == [USE_DEFAULTS, "name", "region"]


def test_who_goes_on_is_asked_once() -> None:
    question = questions.go_on("answers.toml")
    assert question.key == GO_ON
    assert "answers.toml" in question.text
    assert questions.takes_kept({})
    assert not questions.takes_kept({GO_ON: NO})
