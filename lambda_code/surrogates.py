"""Halves of characters (lone surrogates): JSON can spell them, UTF-8 and most readers of JSON cannot.

One of them in one event makes a query engine refuse the whole set, so they are replaced before anything is
stored. Loaded only when a body has something that looks like one.
"""

from __future__ import annotations

import re

HIGH = r"\\u[Dd][89ABab][0-9A-Fa-f]{2}"
LOW = r"\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
REPLACEMENT = r"\ufffd"
# Pairs are passed over, and so are escaped backslashes: what follows one of those is no escape.
_PASSED_OR_HALF = re.compile(rf"(?:\\\\|{HIGH}{LOW})++|({HIGH}|{LOW})")
_UTF_16 = "utf-16-le"


def without_lone_surrogates(text: str) -> str:
    """The JSON text with U+FFFD for every half of a character, escaped or not; pairs stay what they are."""
    pieces: list[str] = []
    position = 0
    for found in _PASSED_OR_HALF.finditer(text):
        if found[1]:
            pieces += (text[position : found.start()], REPLACEMENT)
            position = found.end()
    if pieces:
        text = "".join(pieces) + text[position:]
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(_UTF_16, "surrogatepass").decode(_UTF_16, "replace")
    return text
