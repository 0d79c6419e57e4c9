"""The colours of all screens, by what they mean.

Nobody knows whether a terminal is light or dark. These stand out from white as from black, with a contrast of
3.8 at least, where an ordinary yellow or cyan has less than 3 on white. A terminal that has 16 colours shows
the nearest of those. A sign or a word always says the same.
"""

from __future__ import annotations


def bold(style: str) -> str:
    """The style, bold."""
    return f"bold {style}"


GOOD = "color(28)"  # green
CHANGE = "color(163)"  # magenta
BAD = "color(160)"  # red
ACTIVE = "color(30)"  # teal
OTHER = "color(27)"  # blue
ATTENTION = bold(CHANGE)
QUIET = "dim"

# What a prompt shows, in prompt_toolkit's words: questionary's own answers are orange.
PROMPT = (
    ("qmark", "noinherit bold"),
    ("answer", "noinherit bold"),
    ("search_success", "noinherit bold"),
    ("search_none", "noinherit bold"),
    ("placeholder", "dim"),
)

# What Typer's help is drawn with, by the names of its constants; which there are depends on its version.
HELP = {
    "STYLE_OPTION": bold(ACTIVE),
    "STYLE_SWITCH": bold(GOOD),
    "STYLE_NEGATIVE_OPTION": bold(CHANGE),
    "STYLE_NEGATIVE_SWITCH": bold(CHANGE),
    "STYLE_TYPES": "bold",
    "STYLE_METAVAR": "bold",
    "STYLE_USAGE": "bold",
    "STYLE_OPTION_ENVVAR": QUIET,
    "STYLE_COMMANDS_TABLE_FIRST_COLUMN": bold(ACTIVE),
}
