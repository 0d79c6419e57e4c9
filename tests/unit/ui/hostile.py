"""Events as a stranger could send them, who wants to be more than text on a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from wizard.aws.log_reader import LogLine
from wizard.events.browse import Found
from wizard.events.log_lines import Groups, entries_of, grouped

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
RAN = "window.ran = 1; alert(1)"


def attacks(origin: str) -> list[str]:
    """Texts that would run a script, or ask `origin` for something, were they not escaped."""
    return [
        f"</script><script>{RAN}</script>",
        f"</style><script>{RAN}</script>",
        f"</title></textarea><img src={origin}/1 onerror='{RAN}'>",
        f'"\'><svg onload="{RAN}"><image href={origin}/2>',
        f"<link rel=stylesheet href={origin}/3><iframe src={origin}/4></iframe>",
        f"<meta http-equiv=refresh content='0;url={origin}/5'>",
        f"<a href='javascript:{RAN}'>x</a><base href={origin}/6>",
        "&lt;script&gt; &#60;script&#62; <!-- ]]> <?php",
        "\u202eexe.txt\u2066 \u200f\u0000\x1b[31m\x85\u2028\ufeff",
        "lone \ud800 and \udfff halves",
        "w" * 5000,
        "",
    ]


def events(origin: str) -> list[Found]:
    """Each attack as a name, a user, a client's label, a property's name and its value; newest first."""
    shown: list[Found] = []
    for number, text in enumerate(attacks(origin)):
        event: dict[str, Any] = {"event_name": text, "user_id": text, "properties": {text: text}, text: text}
        shown.append(Found(event, text, text, NOON - timedelta(hours=number)))
    return shown


def refused(origin: str) -> Groups:
    """The same as log lines."""
    lines = (LogLine(str(number), NOON, f"[ERROR] {text}") for number, text in enumerate(attacks(origin)))
    return grouped(entries_of(lines))
