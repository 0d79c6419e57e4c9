"""Tokens of clients: `eventtrack-wizard token …`."""

from __future__ import annotations

from typing import Annotated

import typer

from wizard.cli.completion import token_labels
from wizard.cli.options import Json, LightGroup, Yes, register
from wizard.errors import ExitCode
from wizard.options import Options

token_app = typer.Typer(
    cls=LightGroup,
    help="Tokens of clients: several are valid at once; AWS knows only their digests.",
    no_args_is_help=True,
)


@register(token_app, "list")
def token_list(
    options: Options,
    json: Json = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Show what the state file says, without asking AWS.")
    ] = False,
) -> ExitCode:
    """Show the tokens by label, with their events of the last 24 hours and when they were last used."""
    from wizard.commands import token as command

    return command.list_all(options, as_json=json, offline=offline)


@register(token_app, "add")
def token_add(
    options: Options,
    label: Annotated[
        str | None,
        typer.Option("--label", help="Tells this client's events from others'. \\[default: client]"),
    ] = None,
) -> ExitCode:
    """Make a token for one more client and print it, this once, on standard output."""
    from wizard.commands import token as command

    return command.add(options, label=label)


@register(token_app, "revoke")
def token_revoke(
    options: Options,
    label: Annotated[str, typer.Argument(help="The token's label.", autocompletion=token_labels)],
    yes: Yes = False,
) -> ExitCode:
    """Refuse a client from now on."""
    from wizard.commands import token as command

    return command.revoke(options, label=label, yes=yes)


@register(token_app, "rotate")
def token_rotate(
    options: Options,
    label: Annotated[
        str | None, typer.Option("--label", help="Label of the new token. \\[default: the old one's]")
    ] = None,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Leave the old token valid until you revoke it.")
    ] = False,
    grace: Annotated[
        float,
        typer.Option(
            "--grace", min=0, max=3600,
            help="Seconds that the old token stays valid after the token file has the new one.",
        ),
    ] = 10,
    yes: Yes = False,
) -> ExitCode:  # fmt: skip
    """Replace the deployment's own token without a refused request; continues one that was interrupted."""
    from wizard.commands import token as command

    return command.rotate(options, label=label, keep_old=keep_old, grace=grace, yes=yes)
