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
from wizard.cli.events import Clients, EventNames, SinceDays, Where, events_app
from wizard.cli.export import export_app
from wizard.cli.local import local_app
from wizard.cli.options import (
    Json,
    JsonLines,
    LightGroup,
    Overwrite,
    Since,
    Until,
    Yes,
    give_signature,
    leave_out_others,
    register,
)
from wizard.cli.tokens import token_app
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
app.add_typer(local_app, name="local")
app.add_typer(token_app, name="token")
app.add_typer(events_app, name="events")
app.add_typer(export_app, name="export")


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


class Page(enum.StrEnum):
    """What has a page in AWS's console: the keys of `wizard.commands.open.PAGES`."""

    BUCKET = "bucket"
    FUNCTION = "function"
    API = "api"
    LOGS = "logs"


class Form(enum.StrEnum):
    """How `query` prints its answer."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class EngineName(enum.StrEnum):
    """Who works out SQL over the stored events."""

    DUCKDB = "duckdb"
    ATHENA = "athena"


EngineChoice = Annotated[
    EngineName,
    typer.Option(
        "--engine",
        help="Who answers: DuckDB on this machine, or Athena in AWS, which needs a query table and bills each"
        " query.",
    ),
]

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

JsonRun = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON line an event on standard output, the result last."),
]
AnyRegion = Annotated[
    bool, typer.Option("--any-region", help="Take a region that this version does not know: a younger one.")
]

Name = Annotated[
    str | None,
    typer.Option(
        "--name", envvar="EVENTTRACK_NAME", help="Name of the deployment; all other names derive from it."
    ),
]


@register(app, "setup", settings=True, lines=True)
def setup(
    options: Options,
    flags: Mapping[str, str],
    name: Name = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Ask nothing: flags, then environment, answers file, saved state, defaults."
        ),
    ] = False,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Read answers from this TOML file.", metavar="FILE")
    ] = None,
    save_answers: Annotated[
        Path | None,
        typer.Option(
            "--save-answers", metavar="FILE",
            help="Write all that differs from the defaults to this file, without the token.",
        ),
    ] = None,
    reconfigure: Annotated[
        bool, typer.Option("--reconfigure", help="Ask again about a deployment that stands.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Use the embedded local AWS; it is started if it does not run.")
    ] = False,
    any_region: AnyRegion = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; say what would be created, changed and left.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Show every value with its source, and every resource, before any change."
        ),
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
    json: JsonRun = False,
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
    from wizard.commands.setup_request import Request

    request = Request(
        replace(options, local=local, any_region=any_region, name=name, token=token),
        flags,
        yes=yes,
        dry_run=dry_run,
        verbose=verbose,
        adopt=adopt,
        insist=insist,
        jobs=jobs,
        answers=answers,
        save_answers=save_answers,
        reconfigure=reconfigure,
        as_json=json,
    )
    return command.run(request)


@register(app, "status")
def status(
    options: Options,
    json: Json = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Show the saved state at once, without asking AWS.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again; Ctrl-C ends.")] = False,
    every: Annotated[
        int | None,
        typer.Option(
            "--every", min=2, max=3600, metavar="SECONDS", show_default=False,
            help="With --watch: from one look to the next. \\[default: 10]",
        ),
    ] = None,
) -> ExitCode:  # fmt: skip
    """Compare what runs with what was set up. Exit 0 healthy, 3 drift or incomplete."""
    if watch and offline:
        raise UsageError(
            what="--watch cannot be used with --offline.",
            why="It shows how AWS changes, which --offline does not ask.",
            next_step="Leave one of them out.",
        )
    if every is not None and not watch:
        raise UsageError(
            what="--every needs --watch.",
            why="Without it there is one look.",
            next_step=f"Leave it out, or run `eventtrack-wizard status --watch --every {every}`.",
        )
    if watch:
        from wizard.commands import watch as watch_command

        return watch_command.run(options, every=every or 10, as_json=json)
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
        Path | None,
        typer.Option(
            "--file",
            help="Send the events of this file: a JSON object, a list, or one a line; - is stdin.",
        ),
    ] = None,
    event_name: Annotated[str, typer.Option("--event-name", help="Name of the sample event.")] = "test_event",
    load: Annotated[
        int | None,
        typer.Option("--load", min=1, max=100_000, help="Post this many events from many clients, measure."),
    ] = None,
    clients: Annotated[
        int | None,
        typer.Option(
            "--clients",
            min=1,
            max=200,
            help="With --load: clients that post at once. \\[default: 10]",
            show_default=False,
        ),
    ] = None,
    via_query: Annotated[
        bool, typer.Option("--via-query", help="Find it by a query as well: exactly one row in events.")
    ] = False,
    engine: Annotated[
        EngineName | None,
        typer.Option(
            "--engine", show_default=False, help="With --via-query: who answers. \\[default: duckdb]"
        ),
    ] = None,
) -> ExitCode:
    """Post a sample event to the public URL and prove that it was stored."""
    if engine is not None and not via_query:
        raise UsageError(
            what="--engine needs --via-query.",
            why="Without it nothing is asked in SQL.",
            next_step="Leave it out, or run"
            f" `eventtrack-wizard send-test --via-query --engine {engine.value}`.",
        )
    if via_query and (load is not None or file is not None):
        raise UsageError(
            what="--via-query cannot be used with --load or --file.",
            why="It looks for sample events, which were never sent before.",
            next_step="Leave them out.",
        )
    if load is not None:
        from wizard.commands import load as load_command

        if file is not None or count > 1:
            raise UsageError(
                what="--load cannot be used with --file or --count.",
                why="--load makes its own events.",
                next_step="Leave them out.",
            )
        return load_command.run(
            options, as_json=json, requests=load, clients=clients or 10, event_name=event_name
        )
    if clients is not None:
        raise UsageError(
            what="--clients needs --load.",
            why="Without it requests are sent one after the other, and each is looked for.",
            next_step=f"Leave it out, or run `eventtrack-wizard send-test --load 1000 --clients {clients}`.",
        )
    from wizard.commands import send_test as command

    asked = (engine or EngineName.DUCKDB) if via_query else None
    return command.run(
        options,
        as_json=json,
        count=count,
        file=file,
        event_name=event_name,
        via_query=asked.value if asked else None,
    )


@register(app, "rollback", lines=True)
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
    json: JsonRun = False,
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
    name: Name = None,
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
    name: Name = None,
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
    name: Name = None,
    local: Annotated[bool, typer.Option("--local", help="Look at the embedded local AWS.")] = False,
    any_region: AnyRegion = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write it and the state file here, without names and account."),
    ] = None,
    overwrite: Overwrite = False,
) -> ExitCode:
    """Examine what a run needs: state file, region, network, TLS, clock, credentials, permissions."""
    from wizard.commands import doctor as command

    options = replace(options, local=local, any_region=any_region, name=name)
    return command.run(options, as_json=json, report=report, overwrite=overwrite)


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


@register(app, "logs", lines=True)
def logs(
    options: Options,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since then.")] = "1h",
    errors: Annotated[bool, typer.Option("--errors", help="Only what was refused, and what failed.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show each new line as it comes, until Ctrl-C.")
    ] = False,
    json: JsonLines = False,
) -> ExitCode:
    """Show what the function logs, oldest first: refusals, failures, and a line for each run."""
    from wizard.commands import logs as command

    return command.run(options, since=since, errors=errors, follow=follow, as_json=json)


@register(app, "report")
def report(
    options: Options,
    html: Annotated[
        Path, typer.Option("--html", metavar="FILE", help="The page to write; - is standard output.")
    ],
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    event_name: EventNames = None,
    where: Where = None,
    client: Clients = None,
    since: SinceDays = "7d",
    until: Until = None,
    overwrite: Overwrite = False,
) -> ExitCode:
    """Write a page to look at: events per hour, names, clients, what was refused, the latest events."""
    from wizard.commands import report as command
    from wizard.commands.events import Wanted

    wanted = Wanted(event_name or (), where or (), client or (), since, until)
    return command.run(options, wanted, html, overwrite=overwrite, opened=open_)


@register(app, "query")
def query(
    options: Options,
    sql: Annotated[
        str | None, typer.Argument(help="SQL over events (the first of each event_id) and events_raw (all).")
    ] = None,
    since: Since = None,
    until: Until = None,
    engine: EngineChoice = EngineName.DUCKDB,
    form: Annotated[Form, typer.Option("--format", help="How the answer is printed.")] = Form.TABLE,
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Delete the copies of the events on this machine.")
    ] = False,
) -> ExitCode:
    """Ask the stored events in SQL. DuckDB (extra `query`) copies them into a cache on this machine."""
    from wizard.commands import query as command

    asked = (sql or "").strip()
    if bool(asked) == clear_cache:
        raise UsageError(
            what="What is asked?" if not asked else "--clear-cache asks nothing.",
            why="One of the two is needed: SQL, or --clear-cache.",
            next_step="For example `eventtrack-wizard query"
            ' "SELECT event_name, count(*) FROM events GROUP BY 1"`.',
        )
    if not asked:
        return command.clear(options)
    return command.run(options, asked, engine=engine.value, since=since, until=until, form=form.value)


@register(app, "compact")
def compact(
    options: Options,
    since: Since = None,
    until: Until = None,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what there is.")] = False,
) -> ExitCode:
    """Make few larger objects of the many small ones of each finished hour, one event a line, gzipped."""
    from wizard.commands import compact as command

    return command.run(options, since, until, yes=yes, dry_run=dry_run)


@register(app, "list")
def list_deployments(
    options: Options,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Look at every region that the account has enabled.")
    ] = False,
    local: Annotated[bool, typer.Option("--local", help="Look at the embedded local AWS.")] = False,
    any_region: AnyRegion = False,
    json: Json = False,
) -> ExitCode:
    """List the deployments of this account, with URL, age and what can be seen of them."""
    from wizard.commands import list as command

    options = replace(options, local=local, any_region=any_region)
    return command.run(options, all_regions=all_regions, as_json=json)


@register(app, "open")
def open_page(
    options: Options,
    page: Annotated[Page | None, typer.Argument(help="One of them; else all.")] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Print the addresses, open nothing.")] = False,
) -> ExitCode:
    """Open the pages of AWS's console that show the deployment; off a desktop only print their addresses."""
    from wizard.commands import open as command

    return command.run(options, page=page.value if page else None, only_print=only_print)


@register(app, "cost")
def cost(
    options: Options,
    events_per_day: Annotated[
        int | None,
        typer.Option(
            "--events-per-day",
            min=0,
            max=1_000_000_000_000,
            metavar="N",
            help="Events a day. \\[default: as many as CloudWatch has counted requests]",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[
        int,
        typer.Option("--batch", min=1, max=1_000_000, metavar="N", help="Events in a request, on average."),
    ] = 1,
    event_bytes: Annotated[
        int,
        typer.Option(
            "--event-bytes", min=1, max=5_000_000, metavar="N", help="Bytes of a stored event, on average."
        ),
    ] = 300,
    json: Json = False,
) -> ExitCode:
    """Estimate what it costs in a month, by service, from the traffic that is given or was counted."""
    from wizard.commands import cost as command

    given = command.Given(events_per_day, batch, event_bytes)
    return command.run(options, given, as_json=json)


def main() -> None:
    """The entry point of `eventtrack-wizard` and `python -m wizard`."""
    leave_out_others(app, sys.argv[1:])
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.INTERRUPTED))
    except SystemExit as leaving:
        # Rich and Typer call it a failure when a reader such as `head` has seen enough.
        if isinstance(leaving.__context__, BrokenPipeError):
            sys.exit(int(ExitCode.DONE))
        raise
