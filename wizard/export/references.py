"""References within a template, as text that passes through whatever puts texts together.

A resource's facts hold ARNs and policies that are made of names. Where the name is a reference instead, they
come out with the reference at the same place, and `resolved` makes CloudFormation's functions of them.
"""

from __future__ import annotations

import re
from typing import Any

# No setting can hold these.
BEGIN, END = "\x02", "\x03"
REFERENCE = re.compile(f"{BEGIN}([^{END}]+){END}")


def reference(name: str) -> str:
    """What a parameter or a resource stands for, of the template or of AWS; `Role.Arn` is an attribute."""
    return f"{BEGIN}{name}{END}"


def resolved(value: Any) -> Any:
    """The value with CloudFormation's functions in place of texts that hold references."""
    if isinstance(value, dict):
        return {resolved_key(name): resolved(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(part) for part in value]
    if not isinstance(value, str) or BEGIN not in value:
        return value
    if whole := REFERENCE.fullmatch(value):
        name, _, attribute = whole[1].partition(".")
        return {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
    # What only looks like a reference is none.
    return {"Fn::Sub": REFERENCE.sub(r"${\1}", value.replace("${", "${!"))}


def resolved_key(name: str) -> str:
    """A name of a property: nothing can be put in there.

    Raises:
        ValueError: it holds a reference.
    """
    if BEGIN in name:
        raise ValueError(f"A template takes no reference in the name {name!r}")
    return name
