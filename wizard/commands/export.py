"""`export`: the deployment as infrastructure code."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection
from pathlib import Path

from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.commands.result_files import STANDARD_OUTPUT, refuse_existing, replaced
from wizard.deployment import existing
from wizard.errors import ExitCode, StateError, UsageError
from wizard.export.cloudformation import code_key, template
from wizard.export.terraform import Import, import_blocks, imports_of
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.resources.function import code_of
from wizard.state.model import State
from wizard.ui.output import messages

AFTERWARDS = (
    "The stack has an endpoint of its own, which stores into the same bucket and takes the same tokens; its"
    " output Url says where. When all clients post there, `eventtrack-wizard rollback` removes what the"
    " wizard made, and keeps the bucket with its events."
)
AFTER_IMPORT = (
    "Nothing has changed. In a folder with this file and a provider for the deployment's region,"
    " `terraform plan -generate-config-out=generated.tf` writes the rest; once `terraform apply` has imported"
    " it, leave `eventtrack-wizard setup` and `eventtrack-wizard rollback` alone: both would work against it."
)


def cloudformation(
    options: Options, file: Path, code: Path | None, *, with_bucket: bool, overwrite: bool
) -> ExitCode:
    """Write the template, and with `code` the function's package; say how to deploy them.

    Raises:
        StateError: no bucket stands that a stack could store into.
        UsageError: a file exists, or cannot be written; the function runs former code that is not at hand.
    """
    _refuse_files(file, code, overwrite=overwrite)
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, store):
        refuse_without_bucket(store.state)
        _write(at, template(at, with_bucket=with_bucket), file, code, overwrite=overwrite)
        _say_how_to_deploy(options, at, file, code)
    return ExitCode.DONE


def terraform(options: Options, file: Path, code: Path | None, *, overwrite: bool) -> ExitCode:
    """Write the import blocks, and with `code` the function's package; say how to go on.

    Raises:
        StateError: nothing stands.
        UsageError: as `cloudformation`.
    """
    _refuse_files(file, code, overwrite=overwrite)
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, store):
        found = imports_of(at, store.state)
        refuse_nothing(found)
        _write(at, import_blocks(found, at), file, code, overwrite=overwrite)
        if file != STANDARD_OUTPUT:
            messages().print(f"{len(found)} import blocks written to {file}.", markup=False)
        if code is not None:
            messages().print(f"The function's code is in {code}.", markup=False)
        say(AFTER_IMPORT, options)
    return ExitCode.DONE


def _refuse_files(file: Path, code: Path | None, *, overwrite: bool) -> None:
    """Before anything is asked."""
    for written in (file, code):
        if written not in (None, STANDARD_OUTPUT):
            refuse_existing(written, overwrite=overwrite)
    if code is not None and code.resolve() == file.resolve():
        raise UsageError(
            what=f"{code} cannot hold both this and the function's code.",
            why="Each is a file of its own.",
            next_step="Name another file with --code.",
        )


def _write(at: Deployment, text: str, file: Path, code: Path | None, *, overwrite: bool) -> None:
    if file == STANDARD_OUTPUT:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        with replaced(file, overwrite=overwrite) as path:
            path.write_text(text, encoding="utf-8")
    if code is not None:
        with replaced(code, overwrite=overwrite) as path:
            path.write_bytes(code_of(at).content)


def refuse_without_bucket(state: State) -> None:
    """Before setup has made it, and after a rollback has deleted it.

    Raises:
        StateError: there is none.
    """
    if "bucket" not in state.records:
        raise StateError(
            what="There is nothing to export.",
            why="No bucket of this deployment stands, which a stack could store events into.",
            next_step="Run `eventtrack-wizard setup` first.",
        )


def refuse_nothing(imports: Collection[Import]) -> None:
    """Before setup has made anything, and after a rollback.

    Raises:
        StateError: there is nothing to be imported.
    """
    if not imports:
        raise StateError(
            what="There is nothing to export.",
            why="Nothing of this deployment stands.",
            next_step="Run `eventtrack-wizard setup` first.",
        )


def _say_how_to_deploy(options: Options, at: Deployment, file: Path, code: Path | None) -> None:
    """With the commands for this place; they stand in one line each, to be copied."""
    console = messages()
    if file != STANDARD_OUTPUT:
        console.print(f"Template written to {file}.", markup=False)
    if code is None:
        say(
            "The function's code comes with `eventtrack-wizard export cloudformation --code FILE.zip`.",
            options,
        )
        return
    console.print(f"The function's code is in {code}. Deploy both with", markup=False)
    for line in _commands(options, at, file, code):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    say(AFTERWARDS, options)


def _commands(options: Options, at: Deployment, file: Path, code: Path) -> list[str]:
    """The code's name is said, although the template has it: a stack that stands keeps its former values."""
    given = {
        "--region": at.identity.region,
        "--profile": options.profile,
        "--endpoint-url": at.aws.endpoint_url,
    }
    place = " ".join(f"{flag} {shlex.quote(value)}" for flag, value in given.items() if value)
    named = "TEMPLATE.yaml" if file == STANDARD_OUTPUT else shlex.quote(str(file))
    key = code_key(code_of(at))
    stack = f"--stack-name {at.identity.name}-stack --template-file {named} --capabilities CAPABILITY_IAM"
    return [
        f"aws s3 cp {shlex.quote(str(code))} s3://{at.settings.bucket_name}/{key} {place}",
        f"aws cloudformation deploy {stack} {place} --parameter-overrides CodeKey={key}",
    ]
