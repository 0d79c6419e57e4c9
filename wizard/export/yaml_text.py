"""Templates as YAML: mappings, lists, texts, numbers, and CloudFormation's functions in their short form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Texts that YAML takes for themselves: no number, date, indicator, or word for true, false and null.
PLAIN = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z][\w/.-]*(?::{1,2}[\w/.*-]+)*", re.I | re.ASCII
)
SHORT = {"Ref": "!Ref", "Fn::GetAtt": "!GetAtt", "Fn::Sub": "!Sub"}
STEP = "  "


def yaml_text(document: Mapping[str, Any]) -> str:
    """The document, which ends with a line break.

    Raises:
        ValueError: it holds something else than the module says.
    """
    return "".join(f"{line}\n" for line in _lines(document))


def _lines(value: Any) -> Iterator[str]:
    """A mapping or a list that is not empty, without indentation."""
    for name, part in value.items() if isinstance(value, Mapping) else ((None, part) for part in value):
        head = "-" if name is None else f"{_scalar(name)}:"
        if (text := _inline(part)) is not None:
            first, *block = text.split("\n")
            yield f"{head} {first}"
            yield from (STEP + line for line in block)
        elif name is None:
            first, *rest = _lines(part)
            yield f"- {first}"
            yield from (STEP + line for line in rest)
        else:
            yield head
            yield from (STEP + line for line in _lines(part))


def _inline(value: Any) -> str | None:
    """What stands behind its name, of a text of several lines all of them; None for what stands below it."""
    if isinstance(value, Mapping) and len(value) == 1 and (function := SHORT.get(next(iter(value)))):
        (given,) = value.values()
        if function == "!GetAtt":
            return f"{function} {'.'.join(given)}"
        return f"{function} {_flow(given)}"
    if isinstance(value, (Mapping, list)):
        return _flow(value) if not value or _is_short(value) else None
    return f"|\n{value[:-1]}" if _is_block(value) else _scalar(value)


def _is_short(value: Any) -> bool:
    """A list of one text."""
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)


def _is_block(value: Any) -> bool:
    """Lines that YAML gives back as they stand there: none is empty or indented, and each one ends."""
    lines = value.split("\n") if isinstance(value, str) else []
    return (
        len(lines) > 2 and not lines.pop() and all(line.isprintable() and line[:1].strip() for line in lines)
    )


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    return "{}" if isinstance(value, Mapping) else _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"A template cannot hold {value!r}")
    return value if PLAIN.fullmatch(value) else _quoted(value)


def _quoted(text: str) -> str:
    """In single quotes where that saves escapes."""
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character == "\n":
        return "\\n"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
