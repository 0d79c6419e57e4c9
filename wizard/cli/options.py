"""The options of every command, and how a command gets them.

Global options may stand before or after the command. Flags of settings are made from the table in
`settings`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from wizard.errors import ExitCode
from wizard.phase_titles import PHASE_TITLES
from wizard.settings.table import SETTINGS, Setting, as_text

GLOBAL_PANEL = "Global options (before or after the command)"
STATE_FILE = Path("eventtrack-state.json")


@dataclass(frozen=True)
class Options:
    """The global options of every command. `local` is asked for by setup alone; later the state says it."""

    state: Path
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    token: str | None = field(default=None, repr=False)


# name: (annotation, default); None stands for "not said here".
GLOBAL_OPTIONS: Mapping[str, Any] = {
    "state": Annotated[
        Path | None,
        typer.Option(
            "--state", envvar="EVENTTRACK_STATE", help=f"The state file. \\[default: ./{STATE_FILE}]",
            rich_help_panel=GLOBAL_PANEL, dir_okay=False,
        ),
    ],
    "profile": Annotated[
        str | None,
        typer.Option("--profile", help="Profile of your AWS credentials.", rich_help_panel=GLOBAL_PANEL),
    ],
    "region": Annotated[
        str | None,
        typer.Option(
            "--region", help="Region of everything. \\[default: AWS_REGION, or the profile's]",
            rich_help_panel=GLOBAL_PANEL,
        ),
    ],
    "endpoint_url": Annotated[
        str | None,
        typer.Option(
            "--endpoint-url", help="An emulator's URL, for every service.", rich_help_panel=GLOBAL_PANEL
        ),
    ],
}  # fmt: skip


def _setting_option(setting: Setting) -> Any:
    """A setting's flag; its text is parsed by the setting's own row."""
    default = "derived from the name" if callable(setting.default) else as_text(setting.default) or "unset"
    choices = f" One of {', '.join(setting.choices)}." if setting.choices else ""
    declaration = f"{setting.flag}/--no-{setting.flag[2:]}" if setting.is_switch else setting.flag
    return Annotated[
        (bool if setting.is_switch else str) | None,
        typer.Option(
            declaration,
            help=f"{setting.question}.{choices} \\[default: {default}]",
            rich_help_panel=PHASE_TITLES[setting.phase],
            show_default=False,
            metavar=None if setting.is_switch else "TEXT",
        ),
    ]


class _QuietSwitches(TyperCommand):
    """Help without a type behind switches, which take no value."""

    def get_params(self, ctx: Any) -> Any:
        """Of the command, `--help` among them."""
        return _quieted(super().get_params(ctx))


class QuietGroup(TyperGroup):
    """The same of a group of commands."""

    def get_params(self, ctx: Any) -> Any:
        """Of the group, those for completion among them."""
        return _quieted(super().get_params(ctx))


def _quieted(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


def register(
    group: typer.Typer, name: str, *, settings: bool = False
) -> Callable[[Callable[..., ExitCode]], Callable[..., None]]:
    """Register a command that also takes the global options, and with `settings` every setting's flag.

    The function gets `options` (an `Options`) and, with `settings`, `flags` (key of a setting to its text).
    """
    extra = dict(GLOBAL_OPTIONS)
    if settings:
        extra = {**{setting.key: _setting_option(setting) for setting in SETTINGS}, **extra}

    def decorate(function: Callable[..., ExitCode]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(context: typer.Context, **values: Any) -> None:
            said = {key: values.pop(key) for key in extra}
            if settings:
                values["flags"] = {
                    setting.key: as_text(said[setting.key])
                    for setting in SETTINGS
                    if said[setting.key] is not None
                }
            outer = context.find_root().obj or {}
            chosen: dict[str, Any] = {
                key: said[key] if said[key] is not None else outer.get(key) for key in GLOBAL_OPTIONS
            }
            chosen["state"] = chosen["state"] or STATE_FILE
            options = Options(**chosen)
            _exit_with(function, options, values)

        give_signature(run, function, extra)
        group.command(name, cls=_QuietSwitches)(run)
        return run

    return decorate


def give_signature(run: Any, function: Callable[..., Any], extra: Mapping[str, Any]) -> None:
    """Typer reads a command's options from its signature: the function's own ones and `extra`."""
    own = {
        name: parameter
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items()
        if name not in ("context", "options", "flags", "said")
    }
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("context", keyword, annotation=typer.Context),
        *(parameter.replace(kind=keyword) for parameter in own.values()),
        *(inspect.Parameter(name, keyword, annotation=hint, default=None) for name, hint in extra.items()),
    ]
    run.__signature__ = inspect.Signature(parameters)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _exit_with(function: Callable[..., ExitCode], options: Options, values: dict[str, Any]) -> None:
    from wizard.commands.common import guarded

    code = guarded(
        lambda: function(options=options, **values),
        as_json=bool(values.get("json")),
        profile=options.profile,
    )
    raise typer.Exit(int(code))
