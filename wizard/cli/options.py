"""The options of every command, and how a command gets them.

Global options may stand before or after the command. Flags of settings are made from the table in
`settings`, and only when a command that has them is the one that runs.
"""

from __future__ import annotations

import functools
import gc
import inspect
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from wizard.cli import help_pages
from wizard.cli.completion import of_choices, regions
from wizard.errors import ExitCode, UsageError
from wizard.options import NAME, STATE_FILE, Options, program_called

if TYPE_CHECKING:
    from wizard.commands.common import JsonForm
    from wizard.settings.table import Setting

GLOBAL_PANEL = "Global options (before or after the command)"
KEYWORD = inspect.Parameter.KEYWORD_ONLY
FLAGS = "eventtrack.flags"
OBJECTS_BETWEEN_COLLECTIONS = 400_000
# Click's own base class; newer versions of Typer bring a Click of theirs.
CANNOT_BE_PARSED: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print one JSON document a line on standard output.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Stored since then: 15m, 1h, 7d, 2026-11-24T10:30 (UTC)."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Stored before then.")]

# name: (annotation, default); None stands for "not given here".
GLOBAL_OPTIONS: Mapping[str, Any] = {
    "state": Annotated[
        Path | None,
        typer.Option(
            "--state", envvar="EVENTTRACK_STATE", help=f"The state file. \\[default: ./{STATE_FILE}]",
            rich_help_panel=GLOBAL_PANEL,
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
            rich_help_panel=GLOBAL_PANEL, autocompletion=regions,
        ),
    ],
    "endpoint_url": Annotated[
        str | None,
        typer.Option(
            "--endpoint-url", rich_help_panel=GLOBAL_PANEL,
            help="An emulator's URL, for every service. \\[default: AWS_ENDPOINT_URL, or AWS itself]",
        ),
    ],
}  # fmt: skip


def _setting_option(setting: Setting) -> Any:
    """A setting's flag; its text is parsed by the setting's own row."""
    from wizard.phase_titles import TITLES
    from wizard.settings.table import as_text

    default = "derived from the name" if callable(setting.default) else as_text(setting.default) or "unset"
    choices = f" One of {', '.join(setting.choices)}." if setting.choices else ""
    declaration = f"{setting.flag}/{setting.flag_off}" if setting.is_switch else setting.flag
    kind = bool if setting.is_switch else list[str] if setting.is_repeatable else str
    return Annotated[
        kind | None,
        typer.Option(
            declaration,
            help=f"{setting.question}.{choices} \\[default: {default}]",
            rich_help_panel=TITLES[setting.phase],
            autocompletion=of_choices(setting.choices) if setting.choices else None,
            show_default=False,
            metavar=None if setting.is_switch else "KEY=VALUE" if setting.is_repeatable else "TEXT",
        ),
    ]


def _setting_options() -> list[Any]:
    """Every setting's flag, as Typer makes them of the signature of a command."""
    from wizard.settings.table import SETTINGS

    def run(**_given: Any) -> None: ...

    _set_signature(run, _parameters({setting.key: _setting_option(setting) for setting in SETTINGS}))
    carrier = typer.Typer(add_completion=False)
    carrier.command()(run)
    return list(typer.main.get_command(carrier).params)


class LightCommand(TyperCommand):
    """Help without a type behind switches, which take no value; conversions only where they are needed."""

    def get_params(self, ctx: Any) -> Any:
        """Of the command, `--help` among them."""
        return _lightened(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """On a light terminal as on a dark one."""
        help_pages.prepare()
        super().format_help(ctx, formatter)


class LightGroup(TyperGroup):
    """The same of a group of commands; what cannot be parsed is said like every other error."""

    def main(self, args: Any = None, **extra: Any) -> Any:  # type: ignore[override]  # the rest by name
        """Parse, run, exit."""
        is_standalone = extra.pop("standalone_mode", True)
        if not is_standalone:
            return super().main(args, standalone_mode=False, **extra)
        try:
            code = super().main(args, standalone_mode=False, **extra)
        except CANNOT_BE_PARSED as error:
            code = _show_unparsed(error)
        sys.exit(code)

    def get_params(self, ctx: Any) -> Any:
        """Of the group, those for completion among them."""
        return _lightened(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """As of a command."""
        help_pages.prepare()
        super().format_help(ctx, formatter)


def _show_unparsed(error: Any) -> ExitCode:
    """Typer would frame it, and tell neither why nor what to do in our words."""
    if type(error).__name__ == "NoArgsIsHelpError":  # the help stands there already
        return ExitCode.USAGE
    from wizard.ui.error_panel import print_error
    from wizard.ui.output import messages

    words, context = ["--help"], error.ctx
    while context is not None and context.parent is not None:
        words.insert(0, context.info_name)
        context = context.parent
    shown = UsageError(
        what="The command line cannot be understood.",
        why=f"{error.format_message().rstrip('.').replace('Value error, ', '')}.",
        next_step=f"See `{Options().command(' '.join(words))}`.",
    )
    print_error(messages(), shown)
    return shown.exit_code


class ListingGroup(LightGroup):
    """A group whose name alone, or with options, lists: `events --limit 5` is `events list --limit 5`."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Of the group."""
        is_named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else ["list", *args])


class SettingsCommand(LightCommand):
    """A command that also takes every setting's flag: they are made when it is parsed or explained."""

    _complete = False

    def get_params(self, ctx: Any) -> Any:
        """Of the command; flags of settings stand before the global options."""
        if not self._complete:
            self._complete = True
            place = next(n for n, option in enumerate(self.params) if option.name in GLOBAL_OPTIONS)
            self.params[place:place] = _setting_options()
        return super().get_params(ctx)

    def invoke(self, ctx: Any) -> Any:
        """Typer hands over only the parameters that it knew from the start; the others go beside."""
        ctx.meta[FLAGS] = _taken_flags(ctx.params)
        return super().invoke(ctx)


def _lightened(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
        if not isinstance(parameter.process_value, _Conversion):
            parameter.process_value = _Conversion(parameter)
    return parameters


class _Conversion:
    """A parameter's conversion, left out where there is nothing to convert: None, text, the text of a path.

    Typer would load pydantic for those too, which takes longer than all the rest of `status --offline` that
    is ours. What Typer could check of a path (`exists`, `dir_okay`) is not checked then.
    """

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter
        self._convert = parameter.process_value
        kind = getattr(parameter, "type_descriptor", None)
        self._annotation = None if parameter.multiple else getattr(kind, "annotation", None)

    def __call__(self, context: Any, value: Any) -> Any:
        if value is None and not self._parameter.required:
            return self._accepted(context, None)
        if isinstance(value, str) and self._annotation in (str, Path):
            return self._accepted(context, self._annotation(value))
        if value is not None and type(value) is self._annotation:  # a default
            return self._accepted(context, value)
        return self._convert(context, value)

    def _accepted(self, context: Any, value: Any) -> Any:
        callback = self._parameter.callback
        return value if callback is None else callback(context, self._parameter, value)


def leave_out_others(app: typer.Typer, words: Sequence[str]) -> None:
    """Typer builds all commands to run one. Where the first word names one, or a group, only that is built;
    where it does not (options come first, a name is misspelled, a shell completes) all are.
    """
    named = [*words[:1]]
    commands = [command for command in app.registered_commands if command.name in named]
    groups = [group for group in app.registered_groups if group.name in named]
    if commands or groups:
        app.registered_commands, app.registered_groups = commands, groups


def register(
    group: typer.Typer, name: str, *, settings: bool = False, lines: bool = False
) -> Callable[[Callable[..., ExitCode]], Callable[..., None]]:
    """Register a command that also takes the global options, and with `settings` every setting's flag.

    The function gets `options` (an `Options`) and, with `settings`, `flags` (key of a setting to its text).
    With `lines` its `--json` is one line an event, not one document.
    """

    def decorate(function: Callable[..., ExitCode]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(context: typer.Context, **values: Any) -> None:
            given = {key: values.pop(key) for key in GLOBAL_OPTIONS}
            if settings:
                values["flags"] = context.meta[FLAGS]
            outer = context.find_root().obj or {}
            chosen: dict[str, Any] = {
                key: given[key] if given[key] is not None else outer.get(key) for key in GLOBAL_OPTIONS
            }
            chosen["state"] = chosen["state"] or STATE_FILE
            program = program_called(sys.argv[0], shutil.which(NAME))
            options = Options(**chosen, program=program)
            collect_garbage_rarely()
            _exit_with(function, options, values, "lines" if lines else "document")

        give_signature(run, function)
        group.command(name, cls=SettingsCommand if settings else LightCommand)(run)
        return run

    return decorate


def collect_garbage_rarely() -> None:
    """What was loaded stays for good, and a command makes little that only the collector can free; with
    Python's own threshold it takes a third of the time in which botocore makes its clients."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    gc.enable()


def _taken_flags(values: dict[str, Any]) -> dict[str, str]:
    """Takes what was given for settings out of `values`, as text; what was not given is None there, or
    an empty list."""
    from wizard.settings.table import SETTINGS, as_text

    given = {setting.key: values.pop(setting.key) for setting in SETTINGS}
    return {key: as_text(value) for key, value in given.items() if value not in (None, [], ())}


def give_signature(run: Any, function: Callable[..., Any]) -> None:
    """Typer reads a command's options from its signature: the function's own ones and the global ones."""
    own = {
        name: parameter
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items()
        if name not in ("context", "options", "flags", "given")
    }
    context = inspect.Parameter("context", KEYWORD, annotation=typer.Context)
    mine = [parameter.replace(kind=KEYWORD) for parameter in own.values()]
    _set_signature(run, [context, *mine, *_parameters(GLOBAL_OPTIONS)])


def _parameters(options: Mapping[str, Any]) -> list[inspect.Parameter]:
    return [inspect.Parameter(name, KEYWORD, annotation=hint, default=None) for name, hint in options.items()]


def _set_signature(run: Any, parameters: Sequence[inspect.Parameter]) -> None:
    run.__signature__ = inspect.Signature(parameters)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _exit_with(
    function: Callable[..., ExitCode], options: Options, values: dict[str, Any], json: JsonForm
) -> None:
    from wizard.commands.common import guarded

    # A message that suggests a command knows the deployment's name and place as they were typed.
    said = replace(options, local=bool(values.get("local")), name=values.get("name"))

    def run() -> ExitCode:
        if said.name is not None:
            from wizard.settings.validators import checked_deployment_name

            checked_deployment_name(said.name)
        return function(options=options, **values)

    code = guarded(run, said, form=json if values.get("json") else "none")
    raise typer.Exit(int(code))
