"""Where each value comes from: flags, environment, saved state, the operator's answers, defaults.

Opening a deployment takes its saved values as they are (`from_saved`), so that it can be looked at and
removed for as long as its file can be read. Only what wants to change things (`resolve`) holds them
against the rules of today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Literal

from wizard.errors import UsageError
from wizard.settings.table import SETTINGS, Setting, Settings, Value, as_text, typed

if TYPE_CHECKING:
    from wizard.identity import DeploymentId

# Seconds; raised by AWS on request, for regional APIs only:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
GATEWAY_SECONDS = 29

Source = Literal["flag", "environment", "saved state", "asked", "default"]
Asker = Callable[[Setting, Value], str]


@dataclass(frozen=True)
class Resolved:
    """Settings together with where each value came from."""

    settings: Settings
    sources: Mapping[str, Source]


def defaults(identity: DeploymentId) -> Settings:
    """The documented defaults of a deployment."""
    return from_saved({}, identity)


def from_saved(saved: Mapping[str, object], identity: DeploymentId) -> Settings:
    """The settings of a deployment that stands; rows that are younger than its file get their default.

    Raises:
        ValueError: a value has another type than its row; `state.model.load` lets none such through.
    """
    return merge(identity, flags={}, environment={}, saved=saved).settings


def resolve(
    identity: DeploymentId,
    *,
    flags: Mapping[str, str],
    environment: Mapping[str, str],
    saved: Mapping[str, object],
    ask: Asker | None = None,
) -> Resolved:
    """Settings that AWS can be changed to: `merge`, and every value obeys the rules of today.

    Args:
        flags, environment, saved: as for `merge`.
        ask: asks the operator for a row's value, offering the default; None asks nothing. At a first run
            it is asked for every row that nobody has said; later only for saved values that cannot be
            used any more.

    Raises:
        UsageError: a text does not parse, would rename a thing that exists, or contradicts another; a
            saved value cannot be used any more and nobody gives another.
    """
    given = {setting.key for setting in SETTINGS if _given(setting, flags, environment)}
    chosen = _without_former_defaults(saved)
    unusable = {key: error for key, error in _unusable(chosen).items() if key not in given}
    if unusable and ask is None:
        raise _no_longer_usable(unusable, chosen, identity)
    resolved = merge(
        identity,
        flags=flags,
        environment=environment,
        saved={key: value for key, value in chosen.items() if key not in unusable},
        ask=_only_for(unusable, ask) if saved and ask else ask,
    )
    refuse_contradictions(resolved.settings)
    return resolved


def merge(
    identity: DeploymentId,
    *,
    flags: Mapping[str, str],
    environment: Mapping[str, str],
    saved: Mapping[str, object],
    ask: Asker | None = None,
) -> Resolved:
    """Fill every row: flags, then environment, then saved state, then the question, then the default.

    Args:
        flags: key of a setting to the text after its flag.
        environment: the process's environment variables.
        saved: settings in the state file, empty at a first run; taken as they are.
        ask: asks the operator for a row's value, offering the default; None asks nothing.

    Raises:
        UsageError: a text does not parse, or would rename a thing that exists.
        ValueError: a saved value has another type than its row.
    """
    known = typed(saved)
    values: dict[str, Value] = {}
    sources: dict[str, Source] = {}
    for setting in SETTINGS:
        value, source = _value(setting, identity, flags, environment, known, ask)
        _refuse_rename(setting, value, known)
        values[setting.key], sources[setting.key] = value, source
    return Resolved(Settings(**values), sources)  # type: ignore[arg-type]  # each from the row of its field


def _value(
    setting: Setting,
    identity: DeploymentId,
    flags: Mapping[str, str],
    environment: Mapping[str, str],
    known: Mapping[str, Value],
    ask: Asker | None,
) -> tuple[Value, Source]:
    given = _given(setting, flags, environment)
    if given is not None:
        return _added(setting, _parsed(setting, *given), known.get(setting.key), given[1]), given[1]
    if setting.key in known:
        return known[setting.key], "saved state"
    offered = setting.default_at(identity)
    answer = as_text(offered) if ask is None else ask(setting, offered)
    if answer == as_text(offered):
        return offered, "default"
    return _parsed(setting, answer, "asked"), "asked"


def _added(setting: Setting, value: Value, saved: Value, source: Source) -> Value:
    """What a repeatable flag gives joins what is saved, key by key; the sum must obey the rules, too."""
    if not isinstance(value, dict) or not isinstance(saved, dict):
        return value
    return _parsed(setting, as_text({**saved, **value}), source)


def _given(
    setting: Setting, flags: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[str, Source] | None:
    if setting.key in flags:
        return flags[setting.key], "flag"
    if setting.environment_variable in environment:
        return environment[setting.environment_variable], "environment"
    return None


def _parsed(setting: Setting, text: str, source: Source) -> Value:
    try:
        return setting.parse(text)
    except ValueError as error:
        where = setting.environment_variable if source == "environment" else setting.flag
        raise UsageError(
            what=f"{setting.question}: {text!r} from {source} cannot be used.",
            why=f"The rule: {error}.",
            next_step=f"Give another value with {where}.",
        ) from None


def _without_former_defaults(saved: Mapping[str, object]) -> Mapping[str, object]:
    former = {row.key: row.former_default for row in SETTINGS if row.former_default is not None}
    return {key: value for key, value in saved.items() if key not in former or value != former[key]}


def _unusable(saved: Mapping[str, object]) -> dict[str, ValueError]:
    """What the rules of today say against saved values, by key.

    The names of things that stand are left alone: AWS has taken them, and none can be changed.
    """
    found = {}
    known = typed(saved)
    for setting in SETTINGS:
        if setting.key in known and not setting.fixed:
            try:
                setting.parse(as_text(known[setting.key]))
            except ValueError as error:
                found[setting.key] = error
    return found


def _no_longer_usable(
    errors: Mapping[str, ValueError], saved: Mapping[str, object], identity: DeploymentId
) -> UsageError:
    rows = [setting for setting in SETTINGS if setting.key in errors]
    values = "; ".join(f"{row.question}: {as_text(saved[row.key])!r}" for row in rows)
    flags = " ".join(f"{row.flag} {quote(as_text(row.default_at(identity)))}" for row in rows)
    return UsageError(
        what=f"This deployment has what cannot be used any more. {values}.",
        why=f"The rule: {'; '.join(str(errors[row.key]) for row in rows)}.",
        next_step=f"Give another value, for example {flags}.",
    )


def _only_for(keys: Mapping[str, object], ask: Asker) -> Asker:
    return lambda setting, offered: ask(setting, offered) if setting.key in keys else as_text(offered)


def _refuse_rename(setting: Setting, value: Value, known: Mapping[str, Value]) -> None:
    if setting.fixed and setting.key in known and known[setting.key] != value:
        raise UsageError(
            what=f"{setting.question} cannot become {as_text(value)!r}.",
            why=f"This deployment was set up with {as_text(known[setting.key])!r}, and AWS cannot rename it.",
            next_step="Use another --name and --state for a second deployment,"
            " or `eventtrack-wizard rollback` first.",
        )


def needs_insisting(settings: Settings, saved: Mapping[str, object]) -> str | None:
    """Why a value is mostly a mistake, in words; None where there is none, or where it stands already."""
    seconds = settings.timeout_seconds
    if seconds <= GATEWAY_SECONDS or saved.get("timeout_seconds") == seconds:
        return None
    return (
        f"API Gateway waits {GATEWAY_SECONDS} s and then answers 504, while the function runs on for up to"
        f" {seconds} s and may still store the events: clients would send again what is stored."
    )


def refuse_contradictions(settings: Settings) -> None:
    """Refuse values of which each could be used alone.

    Raises:
        UsageError: two of them do not go together.
    """
    if "x-auth-token" not in {header.casefold() for header in settings.cors_headers}:
        raise UsageError(
            what="The allowed headers lack x-auth-token.",
            why="Browsers would refuse to send the token, so no page could send an event.",
            next_step="Add x-auth-token to --cors-headers.",
        )
