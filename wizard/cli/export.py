"""The deployment in other forms: `eventtrack-wizard export …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wizard.cli.options import LightGroup, Overwrite, register
from wizard.errors import ExitCode
from wizard.options import Options

export_app = typer.Typer(
    cls=LightGroup,
    help="The deployment as infrastructure code, for those who go on without the wizard.",
    no_args_is_help=True,
)

Code = Annotated[
    Path | None,
    typer.Option("--code", metavar="FILE", help="Write the function's code here, as a zip."),
]


@register(export_app, "cloudformation")
def export_cloudformation(
    options: Options,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The template to write; - is standard output.")
    ] = Path("-"),
    code: Code = None,
    with_bucket: Annotated[
        bool,
        typer.Option("--with-bucket", help="With the bucket, to make another one or to import this one."),
    ] = False,
    overwrite: Overwrite = False,
) -> ExitCode:
    """Write a template of CloudFormation (YAML) whose stack stores into the same bucket; changes nothing."""
    from wizard.commands import export as command

    return command.cloudformation(options, file, code, with_bucket=with_bucket, overwrite=overwrite)


@register(export_app, "terraform")
def export_terraform(
    options: Options,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write; - is standard output.")
    ] = Path("-"),
    code: Code = None,
    overwrite: Overwrite = False,
) -> ExitCode:
    """Write import blocks of Terraform (HCL) for all that stands, to go on with it there; changes nothing."""
    from wizard.commands import export as command

    return command.terraform(options, file, code, overwrite=overwrite)
