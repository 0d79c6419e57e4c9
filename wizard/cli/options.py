"""The options of every command, and how a command gets them.

Global options may stand before or after the command. Flags of settings are made from the table in
`settings`, and only when a command that has them is the one that runs.
"""

from __future__ import annotations

import functools
import gc
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from wizard.errors import ExitCode
from wizard.options import STATE_FILE, Options

if TYPE_CHECKING:
    from wizard.settings.table import Setting

GLOBAL_PANEL = "Global options (before or after the command)"
KEYWORD = inspect.Parameter.KEYWORD_ONLY
FLAGS = "eventtrack.flags"
OBJECTS_BETWEEN_COLLECTIONS = 150_000


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
    from wizard.phase_titles import PHASE_TITLES
    from wizard.settings.table import as_text

    default = "derived from the name" if callable(setting.default) else as_text(setting.default) or "unset"
    choices = f" One of {', '.join(setting.choices)}." if setting.choices else ""
    off = setting.off or f"--no-{setting.flag[2:]}"
    declaration = f"{setting.flag}/{off}" if setting.is_switch else setting.flag
    kind = bool if setting.is_switch else list[str] if setting.is_repeatable else str
    return Annotated[
        kind | None,
        typer.Option(
            declaration,
            help=f"{setting.question}.{choices} \\[default: {default}]",
            rich_help_panel=PHASE_TITLES[setting.phase],
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


class LightGroup(TyperGroup):
    """The same of a group of commands."""

    def get_params(self, ctx: Any) -> Any:
        """Of the group, those for completion among them."""
        return _lightened(super().get_params(ctx))


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


def register(
    group: typer.Typer, name: str, *, settings: bool = False
) -> Callable[[Callable[..., ExitCode]], Callable[..., None]]:
    """Register a command that also takes the global options, and with `settings` every setting's flag.

    The function gets `options` (an `Options`) and, with `settings`, `flags` (key of a setting to its text).
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
            options = Options(**chosen)
            collect_garbage_rarely()
            _exit_with(function, options, values)

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


def _exit_with(function: Callable[..., ExitCode], options: Options, values: dict[str, Any]) -> None:
    from wizard.commands.common import guarded

    # A message that suggests a command knows the deployment's name and place as they were typed.
    said = replace(options, local=bool(values.get("local")), name=values.get("name"))
    code = guarded(lambda: function(options=options, **values), said, as_json=bool(values.get("json")))
    raise typer.Exit(int(code))
