"""The command line: parse, hand over to `commands`, exit. The only place that exits.

Everything heavier than Typer is imported when a command runs, so that `--help`, completion
and `status --offline` answer at once.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from wizard import __version__
from wizard.cli.options import LightGroup, give_signature, register
from wizard.errors import ExitCode, UsageError
from wizard.options import Options

app = typer.Typer(
    name="eventtrack-wizard",
    cls=LightGroup,
    help="Sets up, checks and removes a small event-tracking backend of your own on AWS:"
    " API Gateway POST /events → Lambda → S3.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
local_app = typer.Typer(
    cls=LightGroup,
    help="The embedded local AWS: everything without an AWS account.",
    no_args_is_help=True,
)
app.add_typer(local_app, name="local")
token_app = typer.Typer(
    cls=LightGroup,
    help="Tokens of clients: several are valid at once; AWS knows only their digests.",
    no_args_is_help=True,
)
app.add_typer(token_app, name="token")


def _show_version(desired: bool) -> None:
    if desired:
        typer.echo(f"eventtrack-wizard {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
]


def _remember_options(context: typer.Context, version: Version = False, **given: Any) -> None:
    context.obj = given


give_signature(_remember_options, _remember_options)
app.callback()(_remember_options)


class Language(enum.StrEnum):
    """What `snippet` prints clients in; the values name the templates in `wizard.snippets`."""

    CURL = "curl"
    JAVASCRIPT = "javascript"
    PYTHON = "python"
    NODE = "node"


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        max=32,
        help="Steps at a time; 1 is the plain order. \\[default: 6]",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


AnyRegion = Annotated[
    bool, typer.Option("--any-region", help="Take a region that this version does not know: a younger one.")
]


@register(app, "setup", settings=True)
def setup(
    options: Options,
    flags: Mapping[str, str],
    name: Annotated[
        str | None,
        typer.Option(
            "--name", envvar="EVENTTRACK_NAME", help="Name of the deployment; all other names derive from it."
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Ask nothing: flags, then environment, then saved state, then the defaults."
        ),
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Use the embedded local AWS; it is started if it does not run.")
    ] = False,
    any_region: AnyRegion = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; say what would be created, changed and left.")
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt", help="Use a bucket or role that stands there already; rollback restores its settings."
        ),
    ] = False,
    insist: Annotated[
        bool,
        typer.Option(
            "--insist", help="Take a timeout above the 29 s that API Gateway waits, mostly a mistake."
        ),
    ] = False,
    jobs: Jobs = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", envvar="EVENTTRACK_TOKEN", show_envvar=True,
            help="Token that clients send; better given in the environment. \\[default: a new one is made]",
        ),
    ] = None,
) -> ExitCode:  # fmt: skip
    """Walk through the nine phases: set up, resume after a failure, or repair what has drifted."""
    from wizard.commands import setup as command

    request = command.Request(
        replace(options, local=local, any_region=any_region, name=name, token=token),
        flags,
        yes=yes,
        dry_run=dry_run,
        adopt=adopt,
        insist=insist,
        jobs=jobs,
    )
    return command.run(request)


@register(app, "status")
def status(
    options: Options,
    json: Json = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Show the saved state at once, without asking AWS.")
    ] = False,
) -> ExitCode:
    """Compare what runs with what was set up. Exit 0 healthy, 3 drift or incomplete."""
    if offline:
        from wizard.commands import offline as offline_command

        return offline_command.run(options, as_json=json)
    from wizard.commands import status as command

    return command.run(options, as_json=json)


@register(app, "send-test")
def send_test(
    options: Options,
    json: Json = False,
    count: Annotated[int, typer.Option("--count", min=1, max=1000, help="How many requests to send.")] = 1,
    file: Annotated[
        Path | None, typer.Option("--file", help="Send the events in this JSON file (an object or a list).")
    ] = None,
    event_name: Annotated[str, typer.Option("--event-name", help="Name of the sample event.")] = "test_event",
    load: Annotated[
        int | None,
        typer.Option("--load", min=1, max=100_000, help="Post this many events from many clients, measure."),
    ] = None,
    clients: Annotated[
        int, typer.Option("--clients", min=1, max=200, help="With --load: clients that post at once.")
    ] = 10,
) -> ExitCode:
    """Post a sample event to the public URL and prove that it was stored."""

    if load is not None:
        from wizard.commands import load as load_command

        if file is not None or count > 1:
            raise UsageError(
                what="--load cannot be used with --file or --count.",
                why="--load makes its own events.",
                next_step="Leave them out.",
            )
        return load_command.run(options, as_json=json, requests=load, clients=clients, event_name=event_name)
    from wizard.commands import send_test as command

    return command.run(options, as_json=json, count=count, file=file, event_name=event_name)


@register(app, "rollback")
def rollback(
    options: Options,
    yes: Yes = False,
    delete_events: Annotated[
        bool, typer.Option("--delete-events", help="Delete the bucket even if it holds events.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; say what would be deleted and what stays.")
    ] = False,
    jobs: Jobs = None,
    json: Json = False,
) -> ExitCode:
    """Take back what setup made, in reverse. Events stay unless you say otherwise."""
    from wizard.commands import rollback as command

    return command.run(
        options, yes=yes, delete_events=delete_events, as_json=json, dry_run=dry_run, jobs=jobs
    )


@register(app, "policy", settings=True)
def policy(
    options: Options,
    flags: Mapping[str, str],
    name: Annotated[
        str | None,
        typer.Option("--name", envvar="EVENTTRACK_NAME", help="Name of a deployment that is not set up yet."),
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Account number, where there are no credentials yet.")
    ] = None,
    wide: Annotated[
        bool,
        typer.Option("--wide", help="All REST APIs of the region, where AWS refuses our own by their tags."),
    ] = False,
    any_region: AnyRegion = False,
) -> ExitCode:
    """Print the IAM policy that the operator needs, and no more, as JSON."""
    from wizard.commands import policy as command

    options = replace(options, any_region=any_region, name=name)
    return command.run(command.Request(options, flags, account=account, wide=wide))


@register(app, "recover", settings=True)
def recover(
    options: Options,
    flags: Mapping[str, str],
    name: Annotated[
        str | None, typer.Option("--name", envvar="EVENTTRACK_NAME", help="Name of the lost deployment.")
    ] = None,
    deployment_id: Annotated[
        str | None, typer.Option("--id", help="Which one, when several are found under the name.")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="It is in the embedded local AWS.")] = False,
    any_region: AnyRegion = False,
    yes: Yes = False,
) -> ExitCode:
    """Rebuild a lost or corrupt state file from the tags in AWS."""
    from wizard.commands import recover as command

    request = command.Request(
        replace(options, local=local, any_region=any_region, name=name),
        flags,
        deployment_id=deployment_id,
        yes=yes,
    )
    return command.run(request)


@register(app, "doctor")
def doctor(
    options: Options,
    json: Json = False,
    local: Annotated[bool, typer.Option("--local", help="Look at the embedded local AWS.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write it and the state file here, without names and account."),
    ] = None,
) -> ExitCode:
    """Examine what a run needs: state file, region, network, TLS, clock, credentials, permissions."""
    from wizard.commands import doctor as command

    return command.run(replace(options, local=local), as_json=json, report=report)


@register(app, "snippet")
def snippet(
    options: Options,
    language: Annotated[Language, typer.Argument(help="What the client is written in.")],
    beacon: Annotated[
        bool,
        typer.Option(
            "--beacon", help="JavaScript only: send the last events with navigator.sendBeacon."
        ),
    ] = False,
) -> ExitCode:  # fmt: skip
    """Print a working client for this deployment."""
    from wizard.commands import snippet as command

    return command.run(options, language=language.value, beacon=beacon)


@register(token_app, "list")
def token_list(options: Options, json: Json = False) -> ExitCode:
    """Show the tokens by label, from the state file alone."""
    from wizard.commands import token as command

    return command.list_all(options, as_json=json)


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
    options: Options, label: Annotated[str, typer.Argument(help="The token's label.")], yes: Yes = False
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


@register(local_app, "start")
def local_start(options: Options) -> ExitCode:
    """Start it, if it does not run."""
    from wizard.commands import local as command

    return command.start()


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


def main() -> None:
    """The entry point of `eventtrack-wizard` and `python -m wizard`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.INTERRUPTED))
    except SystemExit as leaving:
        # Rich and Typer call it a failure when a reader such as `head` has seen enough.
        if isinstance(leaving.__context__, BrokenPipeError):
            sys.exit(int(ExitCode.DONE))
        raise
