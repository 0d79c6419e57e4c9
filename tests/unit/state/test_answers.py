"""Answers files: what was written is read again, and what cannot be read is said with what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.aws.in_process.workspace import make_identity, make_settings
from wizard.errors import UsageError
from wizard.settings.resolve import Said, resolve
from wizard.settings.table import SETTINGS
from wizard.state import answers

IDENTITY = make_identity()
EVERYTHING = make_settings(
    tags={"cost-centre": "4711", "team": None},
    block_public_access=False,
    versioning=True,
    permissions_boundary="arn:aws:iam::123456789012:policy/edge",
    reserved_concurrency=7,
    memory_mb=256,
    cors_origins=("https://a.example", "https://b.example"),
    stage_description='With "quotes" and\\slashes',
)


def file(tmp_path: Path, text: str) -> Path:
    """An answers file."""
    path = tmp_path / "answers.toml"
    path.write_text(text)
    return path


def test_every_setting_survives_the_file(tmp_path: Path) -> None:
    values = {row.key: getattr(EVERYTHING, row.key) for row in SETTINGS}
    path = tmp_path / "answers.toml"
    answers.save(path, answers.written("shop", "eu-west-1", True, values, "memory_mb"))
    said = answers.read(path)
    assert (said.name, said.region, said.local, said.next_question) == (
        "shop",
        "eu-west-1",
        True,
        "memory_mb",
    )
    again = resolve(IDENTITY, Said(answers=said.texts))
    assert again.settings == EVERYTHING
    assert path.stat().st_mode & 0o077 == 0


def test_none_is_a_value_because_toml_has_no_word_for_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, answers.written(None, None, False, {"reserved_concurrency": None}))
    assert tomllib.loads(path.read_text()) == {"reserved_concurrency": "none"}
    assert answers.read(path).texts == {"reserved_concurrency": ""}


def test_only_what_was_said_is_written() -> None:
    assert answers.written("shop", None, False, {"memory_mb": 256}).splitlines() == [
        answers.HEAD,
        'name = "shop"',
        "memory_mb = 256",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("memory = 1", "Nobody knows the key 'memory'. Did you mean memory_mb?"),
        ("colour = 1", "Nobody knows the key 'colour'."),
        ("memory_mb = '256'", "memory_mb = '256' is not a whole number"),
        ("memory_mb = true", "is not a whole number"),
        ("memory_mb = 1.5", "is not a whole number"),
        ("reserved_concurrency = 'many'", "is not a whole number"),
        ("versioning = 'yes'", "is not true or false"),
        ("local = 1", "is not true or false"),
        ("region = 1", "is not a text"),
        ("cors_origins = '*'", "is not a list of texts"),
        ("cors_origins = [1]", "is not a list of texts"),
        ("tags = ['a=b']", "is not a table of texts"),
        ("[tags]\na = 1", "is not a table of texts"),
        ("memory_mb 256", "It is no TOML"),
        ("token = 'geheim'", "a secret does not belong into a file"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_to_do(tmp_path: Path, text: str, words: str) -> None:
    path = file(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        answers.read(path)
    assert caught.value.what == f"The answers file {path} cannot be used."
    assert words in caught.value.why
    assert caught.value.next_step


def test_a_token_is_not_repeated_where_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        answers.read(file(tmp_path, "token = 'geheim'"))
    assert "geheim" not in str(caught.value.as_dict())
    assert "EVENTTRACK_TOKEN" in caught.value.next_step


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _path: None, "no such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b"name = '\xff'"), "not text in UTF-8"),
    ],
    ids=["missing", "folder", "no text"],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "answers.toml"
    make(path)  # type: ignore[operator]
    with pytest.raises(UsageError, match=words):
        answers.read(path)


def test_a_file_of_another_kind_is_not_overwritten(tmp_path: Path) -> None:
    answers.refuse_to_overwrite(tmp_path / "new.toml")
    answers.refuse_to_overwrite(file(tmp_path, answers.written("shop", None, False, {})))
    other = file(tmp_path, "[tool]\n")
    with pytest.raises(UsageError, match="was not overwritten"):
        answers.refuse_to_overwrite(other)
    assert other.read_text() == "[tool]\n"


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written") as caught:
        answers.save(tmp_path / "no-folder" / "answers.toml", "")
    assert "--save-answers" in caught.value.next_step
