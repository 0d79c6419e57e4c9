"""Working clients of a deployment, printed by `snippet`: templates beside this file, filled in here.

No client holds a token: those on servers read it where they run, a web page's is for the operator to
put in, because only the operator can decide to make one public.
"""

from __future__ import annotations

import json
import shlex
from importlib.resources import files
from pathlib import Path

from wizard.settings.table import Settings

TEMPLATES = {
    "curl": "curl.sh",
    "javascript": "javascript.js",
    "python": "python.py",
    "node": "node.mjs",
}
BATCH_EVENTS = 50
# Two batches fit into the 64 KB that browsers let outlive a page.
BATCH_BYTES = 30_000
# A beacon's body has the token around its events.
BEACON_WRAPPING_BYTES = 200


def render(language: str, url: str, token_file: Path, settings: Settings, *, beacon: bool = False) -> str:
    """The client as it is printed.

    Args:
        language: a key of `TEMPLATES`.
        token_file: where clients on this machine find the token.
        beacon: JavaScript sends the last events with navigator.sendBeacon.
    """
    quote = shlex.quote if language == "curl" else _quoted
    leave = _template("leave_beacon.js" if beacon else "leave_fetch.js")
    values = {
        "@LEAVE@\n": leave,
        "@URL@": quote(url),
        "@TOKEN_FILE@": quote(str(token_file)),
        "@BATCH_EVENTS@": str(min(BATCH_EVENTS, settings.max_events)),
        "@BATCH_BYTES@": str(min(BATCH_BYTES, settings.max_request_bytes - BEACON_WRAPPING_BYTES)),
    }
    text = _template(TEMPLATES[language])
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _template(name: str) -> str:
    return files(__name__).joinpath(f"{name}.template").read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    """A text in double quotes; JavaScript and Python read these alike."""
    return json.dumps(text, ensure_ascii=False)
