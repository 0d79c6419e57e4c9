"""Whatever the settings are: flags, answers file, saved state and questions say the same of them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import typer.main
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as some

from tests.aws.in_process.workspace import make_identity
from wizard.cli.app import app
from wizard.cli.options import _taken_flags
from wizard.commands.setup_request import Request, equivalent
from wizard.options import Options
from wizard.settings import questions
from wizard.settings.interview import Interview, always
from wizard.settings.resolve import Resolved, Said, objections, resolve
from wizard.settings.table import MOST_STREAMS, SETTINGS, Setting, Settings, as_text
from wizard.state import answers

IDENTITY = make_identity()
WORD = some.from_regex(r"[a-z][a-z0-9-]{4,20}[a-z0-9]", fullmatch=True)
LINE = some.text(
    some.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" '\"\\$`"), max_size=40
).map(str.strip)
# What the rows without choices may be, as text; a number of each kind and of each end.
TEXTS: dict[str, some.SearchStrategy[str]] = {
    "tags": some.dictionaries(WORD, WORD, max_size=3).map(as_text),
    "permissions_boundary": some.sampled_from(["", "arn:aws:iam::123456789012:policy/edge"]),
    "log_retention_days": some.sampled_from(["1", "30", "3653"]),
    "max_events": some.integers(1, 1_000_000).map(str),
    "max_request_bytes": some.integers(1024, 5_000_000).map(str),
    "memory_mb": some.integers(128, 10_240).map(str),
    "timeout_seconds": some.integers(1, 29).map(str),
    "reserved_concurrency": some.sampled_from(["", "1", "100000"]),
    "event_retention_days": some.sampled_from(["", "1", "36500"]),
    "buffer_seconds": some.sampled_from(["0", "60", "900"]),
    "streams": some.integers(1, MOST_STREAMS).map(str),
    "query_scan_limit_mb": some.integers(10, 10_000_000).map(str),
    "query_from": some.sampled_from(["", "2026-11-05"]),
    "alarm_email": some.sampled_from(["me@example.com", "a.b+c@mail.example.org"]),
    "alarm_topic": some.sampled_from(["", "arn:aws:sns:us-east-1:123456789012:mine"]),
    "alarm_no_events_hours": some.sampled_from(["", "1", "168"]),
    "cors_origins": some.sampled_from(["*", "https://a.example", "http://a.example:8080,https://b.example"]),
    "cors_headers": some.sampled_from(["x-auth-token", "Content-Type,X-Auth-Token"]),
    "cors_methods": some.sampled_from(["POST", "POST,OPTIONS"]),
    "stage_name": some.from_regex(r"[A-Za-z0-9_]{1,20}", fullmatch=True),
    "stage_description": LINE,
    "api_name": LINE.filter(bool),
    "throttle_rate": some.integers(1, 10_000).map(str),
    "throttle_burst": some.integers(1, 5_000).map(str),
}


def text_of(row: Setting) -> some.SearchStrategy[str]:
    """Any text that the row takes."""
    if row.choices:
        return some.sampled_from(list(row.choices))
    if row.is_switch:
        return some.sampled_from(["yes", "no"])
    return TEXTS.get(row.key, WORD)


def _that_go_together(texts: dict[str, str]) -> dict[str, str]:
    needs_lines = texts["ingest"] == "buffered" or texts["query_table"] == "yes"
    return {**texts, "event_format": "jsonl.gz"} if needs_lines else texts


DEFAULTS = {row.key: as_text(row.default_at(IDENTITY)) for row in SETTINGS}
any_texts = some.fixed_dictionaries({row.key: text_of(row) for row in SETTINGS}).map(_that_go_together)


def typed(line: str) -> dict[str, str]:
    """The flags of settings in a command line, as the program itself reads them."""
    words = shlex.split(line)
    assert words[:2] == ["eventtrack-wizard", "setup"]
    group: Any = typer.main.get_command(app)
    with group.commands["setup"].make_context("setup", words[2:]) as context:
        return _taken_flags(dict(context.params))


def said(saved: Mapping[str, object] = MappingProxyType({}), **layers: Mapping[str, str]) -> Settings:
    """The settings that one face leads to."""
    return resolve(IDENTITY, Said(**layers), saved=saved).settings


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=any_texts)
@example(
    texts={**{row.key: as_text(row.default_at(IDENTITY)) for row in SETTINGS}, "stage_description": "None"}
)
def test_every_face_leads_to_the_same_settings(texts: dict[str, str], tmp_path: Path) -> None:
    expected = said(flags=texts)
    assume(not objections(expected, {}))

    line = equivalent(Request(Options()), IDENTITY, Resolved(expected, {}), {})
    assert said(flags=typed(line)) == expected, "flags"

    path = tmp_path / "answers.toml"
    values = {row.key: getattr(expected, row.key) for row in SETTINGS}
    answers.save(path, answers.written("shop", "eu-west-1", False, values))
    assert said(answers=answers.read(path).texts) == expected, "answers file"

    assert said(saved=json.loads(json.dumps(expected.as_json()))) == expected, "saved state"

    assert said(asked=answered(texts)) == expected, "questions"

    variables = {row.environment_variable: texts[row.key] for row in SETTINGS}
    assert said(environment=variables) == expected, "environment"


def answered(texts: dict[str, str]) -> dict[str, str]:
    """What is left of answering every question with these."""
    default = said()
    defaults = {row.key: as_text(getattr(default, row.key)) for row in SETTINGS}
    interview = Interview(questions.setting_questions(SETTINGS, lambda _row: always), defaults=defaults)
    while (question := interview.current) is not None:
        text = texts.get(question.key, "yes")
        assert interview.answer(text or ("none" if question.can_be_empty else "")) is None, question.key
    return interview.answers
