"""Answers files: what setup would ask, as TOML that people read, change and keep under version control.

    name = "shop"
    region = "eu-central-1"
    memory_mb = 256
    cors_origins = ["https://shop.example"]

    [tags]
    cost-centre = "4711"

Keys are those of the settings; `name`, `region` and `local` say where. There is never a token in it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from wizard.errors import UsageError
from wizard.settings.interview import EMPTY
from wizard.settings.table import SETTINGS, Setting, Value, as_text, type_of
from wizard.state.files import write_private_file

HEAD = "# Answers for `eventtrack-wizard setup --answers FILE`"
# Where a stopped interview goes on; of no meaning elsewhere.
NEXT = "next_question"
PLACES: Mapping[str, type] = {"name": str, "region": str, "local": bool, NEXT: str}
KIND_IN_WORDS: Mapping[type, str] = {
    str: "a text", bool: "true or false", int: "a whole number", tuple: "a list of texts",
    dict: "a table of texts",
}  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """What an answers file says.

    Args:
        texts: key of a setting to its value as the operator would type it.
        next_question: key of the question at which the interview was stopped.
    """

    name: str | None = None
    region: str | None = None
    local: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    next_question: str | None = None


def read(path: Path) -> Answers:
    """Read an answers file. What its values may be is told by the settings' own rules, later.

    Raises:
        UsageError: there is none, it is no TOML, a key is unknown, a value has another type than its row.
    """
    import tomllib

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _unusable(
            path, "There is no such file.", "`eventtrack-wizard setup --save-answers FILE` writes one."
        ) from None
    except OSError as error:
        raise _unusable(path, f"{error.strerror or error}.", "Make it readable, or name another.") from error
    except UnicodeDecodeError:
        raise _unusable(path, "It is not text in UTF-8.", "Save it as UTF-8, or name another.") from None
    except tomllib.TOMLDecodeError as error:
        advice = 'Texts stand in quotes: region = "us-east-1".'
        raise _unusable(path, f"It is no TOML: {error}.", advice) from None
    return _answers(path, document)


def _answers(path: Path, document: Mapping[str, Any]) -> Answers:
    rows = {setting.key: setting for setting in SETTINGS}
    for key in document:
        if key not in rows and key not in PLACES:
            raise _unknown(path, key, [*PLACES, *rows])
    places = {
        key: _checked(path, key, kind, document[key]) for key, kind in PLACES.items() if key in document
    }
    texts = {key: _text(path, rows[key], document[key]) for key in rows if key in document}
    return Answers(texts=texts, **places)


def _text(path: Path, setting: Setting, value: Any) -> str:
    expected = type_of(setting.key)
    kinds = tuple(get_origin(kind) or kind for kind in get_args(expected) or (expected,))
    if get_origin(expected) in (tuple, dict):
        kinds = (get_origin(expected),)
    if NoneType in kinds and value == EMPTY:
        return ""
    kind = next(kind for kind in kinds if kind is not NoneType)
    return as_text(_checked(path, setting.key, kind, value))


def _checked(path: Path, key: str, kind: type, value: Any) -> Any:
    """The value, which must be of this kind; TOML's true is no number."""
    parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    is_right = type(value) is (list if kind is tuple else kind)
    if is_right and all(isinstance(part, str) for part in parts):
        return value
    raise _unusable(path, f"{key} = {value!r} is not {KIND_IN_WORDS[kind]}.", f"Correct {key} in {path}.")


def _unknown(path: Path, key: str, known: list[str]) -> UsageError:
    if "token" in key.casefold():
        return _unusable(
            path,
            f"It has the key {key!r}, and a secret does not belong into a file that is passed on.",
            "Take it out, and give the token in the environment: EVENTTRACK_TOKEN.",
        )
    close = difflib.get_close_matches(key, known, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    return _unusable(
        path, f"Nobody knows the key {key!r}.{meant}", "`eventtrack-wizard setup --help` names the settings:"
        " --memory-mb is memory_mb here.",
    )  # fmt: skip


def _unusable(path: Path, why: str, next_step: str) -> UsageError:
    return UsageError(what=f"The answers file {path} cannot be used.", why=why, next_step=next_step)


def written(
    name: str | None,
    region: str | None,
    local: bool,
    values: Mapping[str, Value],
    next_key: str | None = None,
) -> str:
    """An answers file's text.

    Args:
        values: by key of a setting; what is left out stays the default.
        next_key: where a stopped interview goes on.
    """
    import tomli_w

    document: dict[str, Any] = {"name": name, "region": region, "local": local or None, NEXT: next_key}
    document.update({row.key: _in_toml(values[row.key]) for row in SETTINGS if row.key in values})
    return HEAD + "\n" + tomli_w.dumps({key: value for key, value in document.items() if value is not None})


def _in_toml(value: Value) -> object:
    """TOML knows no null: `none` stands for it, and an empty text for a tag that was taken off."""
    if isinstance(value, dict):
        return {key: part or "" for key, part in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return EMPTY if value is None else value


def refuse_to_overwrite(path: Path) -> None:
    """Before anything is asked: a file of another kind stays what it is.

    Raises:
        UsageError: it stands there, and is no answers file.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            is_ours = file.readline().rstrip("\n") == HEAD
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(path, error) from error
    if not is_ours:
        raise UsageError(
            what=f"{path} was not overwritten.",
            why="It is there, and is no answers file that setup has written.",
            next_step="Name another file with --save-answers, or move that one away.",
        )


def save(path: Path, text: str) -> None:
    """Write what `written` made.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        write_private_file(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        what=f"The answers file {path} cannot be written.",
        why=f"{error.strerror or error}.",
        next_step="Name another one with --save-answers.",
    )
