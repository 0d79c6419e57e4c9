"""A report without what is nobody's business: account, keys, users, names, addresses, digests, home."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

HIDDEN_MEMBERS = ("tokens", "sha256", "id", "owner")
# What is replaced wherever it stands, and by what; in this order.
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"(arn:[a-z-]+:(?:iam|sts)::)\d{12}:[\w/+=,.@-]+", r"\1ACCOUNT:NAME"),
    (r"(arn:[a-z-]+:sns:[a-z0-9-]+:)\d{12}:[\w.-]+", r"\1ACCOUNT:TOPIC"),
    (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "EMAIL"),
    (r"\b\d{12}\b", "ACCOUNT"),
    (r"\b(AKIA|ASIA)[A-Z0-9]{12,}\b", "ACCESS-KEY"),
    (r"https?://[a-z0-9]+\.execute-api\.", "https://API.execute-api."),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
)


def redacted(document: object, names_in: object) -> str:
    """The document as JSON; names that stand in `names_in` (a state) become their kinds."""
    text = json.dumps(_without_hidden(document), indent=2, ensure_ascii=False)
    for name, kind in sorted(set(_names(names_in)), key=lambda row: -len(row[0])):
        text = text.replace(name, kind)
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text.replace(str(Path.home()), "~") + "\n"


def _without_hidden(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: "HIDDEN" if key in HIDDEN_MEMBERS else _without_hidden(member)
            for key, member in value.items()
        }
    return [_without_hidden(member) for member in value] if isinstance(value, list) else value


def _names(document: object) -> Iterator[tuple[str, str]]:
    """Names that were chosen, with what stands for them: `bucket_name` becomes BUCKET-NAME."""
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, str) and len(value) > 2 and (key == "name" or key.endswith("_name")):
                yield value, key.replace("_", "-").upper()
            yield from _names(value)
    elif isinstance(document, list):
        for member in document:
            yield from _names(member)
