"""The embedded local AWS: `eventtrack-wizard local …`."""

from __future__ import annotations

import typer

from wizard.cli.options import Json, LightGroup, Yes, register
from wizard.errors import ExitCode
from wizard.options import Options

local_app = typer.Typer(
    cls=LightGroup,
    help="The embedded local AWS: everything without an AWS account.",
    no_args_is_help=True,
)


@register(local_app, "start")
def local_start(options: Options) -> ExitCode:
    """Start it, if it does not run."""
    from wizard.commands import local as command

    return command.start(options)


@register(local_app, "stop")
def local_stop(options: Options) -> ExitCode:
    """Stop it; everything in it is kept for the next start."""
    from wizard.commands import local as command

    return command.stop()


@register(local_app, "status")
def local_status(options: Options, json: Json = False) -> ExitCode:
    """Say whether and where it runs. Exit 0 when it runs, 3 when it does not."""
    from wizard.commands import local as command

    return command.status(as_json=json)


@register(local_app, "reset")
def local_reset(options: Options, yes: Yes = False) -> ExitCode:
    """Forget everything in it."""
    from wizard.commands import local as command

    return command.reset(yes=yes)
