"""The commands on stored events: `eventtrack-wizard events …`."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from wizard.cli.options import Json, JsonLines, ListingGroup, Overwrite, Since, Until, register
from wizard.errors import ExitCode
from wizard.options import Options

events_app = typer.Typer(
    cls=ListingGroup, help="The stored events. Without a command: the newest ones.", no_args_is_help=False
)


class Step(enum.StrEnum):
    """What a bar of `events chart` stands for."""

    HOUR = "hour"
    DAY = "day"


class ExportForm(enum.StrEnum):
    """What `events export` writes."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


EventNames = Annotated[
    list[str] | None, typer.Option("--name", help="Only events of this name; may be repeated.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="PATH=VALUE",
        help="Only events with this, such as properties.plan=free; may be repeated.",
    ),
]
Clients = Annotated[
    list[str] | None,
    typer.Option("--client", metavar="LABEL", help="Only events sent with this token; may be repeated."),
]
SinceDays = Annotated[str, typer.Option("--since", metavar="TIME", help="Stored since then.")]


@register(events_app, "list", lines=True)
def events_list(
    options: Options,
    event_name: EventNames = None,
    where: Where = None,
    client: Clients = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most this many; 0: all of them.")] = 20,
    json: JsonLines = False,
) -> ExitCode:
    """Show stored events, newest first. Only the hours that are needed are read."""
    from wizard.commands import events as command

    wanted = command.Wanted(event_name or (), where or (), client or (), since, until, limit)
    return command.run(options, wanted, as_json=json)


@register(events_app, "tail", lines=True)
def events_tail(
    options: Options,
    event_name: EventNames = None,
    where: Where = None,
    client: Clients = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="So many of the last ones first.")] = 10,
    json: JsonLines = False,
) -> ExitCode:
    """Show the last events, then each new one as it is stored, until Ctrl-C."""
    from wizard.commands import events as command

    wanted = command.Wanted(event_name or (), where or (), client or (), limit=limit)
    return command.tail(options, wanted, as_json=json)


@register(events_app, "overview")
def events_overview(
    options: Options,
    event_name: EventNames = None,
    where: Where = None,
    client: Clients = None,
    since: SinceDays = "7d",
    until: Until = None,
    json: Json = False,
) -> ExitCode:
    """Sum up: names with their counts and properties, clients, and what was sent twice."""
    from wizard.commands import events as command

    wanted = command.Wanted(event_name or (), where or (), client or (), since, until)
    return command.overview(options, wanted, as_json=json)


@register(events_app, "chart")
def events_chart(
    options: Options,
    event_name: EventNames = None,
    where: Where = None,
    client: Clients = None,
    since: SinceDays = "24h",
    until: Until = None,
    by: Annotated[Step, typer.Option("--by", help="What a bar stands for.")] = Step.HOUR,
    json: Json = False,
) -> ExitCode:
    """Draw how many events came in each hour or day, by name."""
    from wizard.commands import events as command

    wanted = command.Wanted(event_name or (), where or (), client or (), since, until)
    return command.chart(options, wanted, by.value, as_json=json)


@register(events_app, "export")
def events_export(
    options: Options,
    file: Annotated[Path, typer.Argument(help="The file to write; - is standard output.")],
    form: Annotated[
        ExportForm | None,
        typer.Option(
            "--format", show_default=False,
            help="Of the file; parquet needs the extra `query`. \\[default: by the file's ending]",
        ),
    ] = None,
    event_name: EventNames = None,
    where: Where = None,
    client: Clients = None,
    since: Since = None,
    until: Until = None,
    overwrite: Overwrite = False,
) -> ExitCode:  # fmt: skip
    """Write stored events into a file, oldest first."""
    from wizard.commands import events_export as command
    from wizard.commands.events import Wanted

    wanted = Wanted(event_name or (), where or (), client or (), since, until)
    return command.run(options, wanted, file, form.value if form else None, overwrite=overwrite)


@register(events_app, "erase")
def events_erase(
    options: Options,
    user: Annotated[str, typer.Option("--user", metavar="ID", help="As it stands in user_id.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for the id again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what there is.")] = False,
) -> ExitCode:
    """Erase a person: every event with this user_id, from all objects and all their versions, for ever."""
    from wizard.commands import events_erase as command

    return command.run(options, user, yes=yes, dry_run=dry_run)


@register(events_app, "refused")
def events_refused(
    options: Options,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since then.")] = "24h",
    json: Json = False,
) -> ExitCode:
    """Sum up what the endpoint refused, and what failed, by reason and client, from the function's log."""
    from wizard.commands import logs as command

    return command.refused(options, since=since, as_json=json)
