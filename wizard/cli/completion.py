"""Values that the shell completes, from what lies here: nobody waits for AWS at a Tab."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from wizard.options import STATE_FILE

# A value and its remark, as shells show them.
Values = list[tuple[str, str]]


def token_labels(ctx: typer.Context, incomplete: str) -> Values:
    """Those of the state file that is meant; none where it cannot be used."""
    from wizard.errors import StateError
    from wizard.state.model import load

    try:
        state = load(_state_of(ctx))
    except StateError:
        return []
    tokens = state.tokens if state else []
    return [(token.label, token.created_at) for token in tokens if token.label.startswith(incomplete)]


def regions(incomplete: str) -> Values:
    """The common ones."""
    from wizard.settings.questions import COMMON_REGIONS

    return beginning(COMMON_REGIONS, incomplete)


def of_choices(choices: Mapping[str, str]) -> Callable[[str], Values]:
    """A completion by one of these values, each with its remark."""

    def complete(incomplete: str) -> Values:
        return beginning(choices, incomplete)

    return complete


def beginning(choices: Mapping[str, str], incomplete: str) -> Values:
    """The choices that begin so."""
    return [(value, remark) for value, remark in choices.items() if value.startswith(incomplete)]


def _state_of(ctx: typer.Context) -> Path:
    """What `--state` says before or after the command, or the environment."""
    given = (ctx.params.get("state"), ctx.find_root().params.get("state"), os.environ.get("EVENTTRACK_STATE"))
    return next((Path(path) for path in given if path), STATE_FILE)
