"""Where each value comes from: answers, flags, environment, answers file, saved state, defaults.

Opening a deployment takes its saved values as they are (`from_saved`), so that it can be looked at and
removed for as long as its file can be read. Only what wants to change things (`resolve`) holds them
against the rules of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import TYPE_CHECKING, Literal

from wizard.errors import UsageError
from wizard.settings.table import SETTINGS, Setting, Settings, Value, as_text, typed

if TYPE_CHECKING:
    from wizard.identity import DeploymentId

# Seconds; raised by AWS on request, for regional APIs only:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
GATEWAY_SECONDS = 29

Source = Literal["asked", "flag", "environment", "answers file", "saved state", "default"]
NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True)
class Resolved:
    """Settings together with where each value came from."""

    settings: Settings
    sources: Mapping[str, Source]


@dataclass(frozen=True)
class Said:
    """What was said of settings, as text by key, except that `environment` is the process's own.

    Attributes:
        asked: answers to questions. Only what nobody has said is asked, and what the operator wants to
            say anew; so they come first.
        flags: what stands after each flag.
        answers: what an answers file has.
    """

    asked: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    def of(self, setting: Setting) -> tuple[str, Source] | None:
        """The text that counts, and where it was said; None when nobody has said anything."""
        key, variable = setting.key, setting.environment_variable
        layers: tuple[tuple[Source, Mapping[str, str], str], ...] = (
            ("asked", self.asked, key),
            ("flag", self.flags, key),
            ("environment", self.environment, variable),
            ("answers file", self.answers, key),
        )
        return next(((texts[name], source) for source, texts, name in layers if name in texts), None)


SILENCE = Said()


def defaults(identity: DeploymentId) -> Settings:
    """The documented defaults of a deployment."""
    return from_saved({}, identity)


def from_saved(saved: Mapping[str, object], identity: DeploymentId) -> Settings:
    """The settings of a deployment that stands; rows that are younger than its file get their default.

    Raises:
        ValueError: a value has another type than its row; `state.model.load` lets none such through.
    """
    return merge(identity, saved=saved).settings


def resolve(
    identity: DeploymentId, said: Said = SILENCE, *, saved: Mapping[str, object] = NOTHING
) -> Resolved:
    """Settings that AWS can be changed to: `merge`, and every value obeys the rules of today.

    Raises:
        UsageError: a text does not parse, would rename a thing that exists, or contradicts another; a
            saved value cannot be used any more and nobody gives another.
    """
    if unusable := no_longer_usable(said, saved):
        raise _no_longer_usable(unusable, saved, identity)
    resolved = merge(identity, said, saved=_without_former_defaults(saved))
    refuse_contradictions(resolved.settings)
    return resolved


def merge(identity: DeploymentId, said: Said = SILENCE, *, saved: Mapping[str, object] = NOTHING) -> Resolved:
    """Fill every row: what was asked, then flags, environment, answers file, saved state, the default.

    Args:
        saved: settings in the state file, empty at a first run; taken as they are.

    Raises:
        UsageError: a text does not parse, or would rename a thing that exists.
        ValueError: a saved value has another type than its row.
    """
    known = typed(saved)
    values: dict[str, Value] = {}
    sources: dict[str, Source] = {}
    for setting in SETTINGS:
        value, source = _value(setting, identity, said, known)
        _refuse_rename(setting, value, known)
        values[setting.key], sources[setting.key] = value, source
    return Resolved(Settings(**values), sources)  # type: ignore[arg-type]  # each from the row of its field


def _value(
    setting: Setting, identity: DeploymentId, said: Said, known: Mapping[str, Value]
) -> tuple[Value, Source]:
    given = said.of(setting)
    if given is None:
        if setting.key in known:
            return known[setting.key], "saved state"
        return setting.default_at(identity), "default"
    text, source = given
    value = _joined(setting, _parsed(setting, text, source), source, said, known)
    if source == "asked":
        # Who answers what it would be anyway has changed nothing.
        unasked = _value(setting, identity, replace(said, asked={}), known)
        return unasked if unasked[0] == value else (value, source)
    return value, source


def _joined(setting: Setting, value: Value, source: Source, said: Said, known: Mapping[str, Value]) -> Value:
    """What a repeatable flag gives joins what the answers file has, and that what is saved, key by key;
    the sum must obey the rules, too."""
    if not isinstance(value, dict):
        return value
    below = [known.get(setting.key)]
    if source != "answers file" and setting.key in said.answers:
        below.append(_parsed(setting, said.answers[setting.key], "answers file"))
    joined = {
        key: part for layer in (*below, value) if isinstance(layer, dict) for key, part in layer.items()
    }
    return _parsed(setting, as_text(joined), source)


def _parsed(setting: Setting, text: str, source: Source) -> Value:
    try:
        return setting.parse(text)
    except ValueError as error:
        where = {
            "environment": f"with {setting.environment_variable}",
            "answers file": f"for {setting.key} in the answers file",
        }.get(source, f"with {setting.flag}")
        raise UsageError(
            what=f"{setting.question}: {text!r} from {source} cannot be used.",
            why=f"The rule: {error}.",
            next_step=f"Give another value {where}.",
        ) from None


def no_longer_usable(said: Said, saved: Mapping[str, object]) -> dict[str, ValueError]:
    """What the rules of today say against saved values that nobody replaces, by key."""
    unusable = _unusable(_without_former_defaults(saved))
    return {row.key: unusable[row.key] for row in SETTINGS if row.key in unusable and said.of(row) is None}


def usable(said: Said, saved: Mapping[str, object]) -> Mapping[str, object]:
    """What of the saved values can stay; for the rest somebody will be asked."""
    unusable = no_longer_usable(said, saved)
    return {key: value for key, value in _without_former_defaults(saved).items() if key not in unusable}


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


def _refuse_rename(setting: Setting, value: Value, known: Mapping[str, Value]) -> None:
    if setting.fixed and setting.key in known and known[setting.key] != value:
        raise UsageError(
            what=f"{setting.question} cannot become {as_text(value)!r}.",
            why=f"This deployment was set up with {as_text(known[setting.key])!r}, and AWS cannot rename it.",
            next_step="Use another --name and --state for a second deployment,"
            " or `eventtrack-wizard rollback` first.",
        )


@dataclass(frozen=True)
class Objection:
    """What speaks against settings of which each could be used alone.

    Args:
        key: the setting to say anew.
        error: what to tell who cannot be asked.
        can_insist: it is mostly a mistake only, and taken from who says it twice.
    """

    key: str
    error: UsageError
    can_insist: bool = False


def objections(settings: Settings, saved: Mapping[str, object]) -> list[Objection]:
    """All that speaks against the settings; `saved` is what stands already, which needs no insisting."""
    found = []
    if "x-auth-token" not in {header.casefold() for header in settings.cors_headers}:
        found.append(Objection("cors_headers", _no_token_header()))
    if settings.alarm_no_events_hours is not None and not settings.tells_somebody:
        found.append(Objection("alarm_no_events_hours", _nobody_to_tell()))
    if settings.is_buffered and settings.event_format != "jsonl.gz":
        found.append(Objection("event_format", _not_for_streams(settings.event_format)))
    if settings.query_table and settings.event_format == "json":
        found.append(Objection("event_format", _not_by_the_line()))
    seconds = settings.timeout_seconds
    if seconds > GATEWAY_SECONDS and saved.get("timeout_seconds") != seconds:
        found.append(Objection("timeout_seconds", _longer_than_the_gateway(seconds), can_insist=True))
    return found


def _no_token_header() -> UsageError:
    return UsageError(
        what="The allowed headers lack x-auth-token.",
        why="Browsers would refuse to send the token, so no page could send an event.",
        next_step="Add x-auth-token to --cors-headers.",
    )


def _nobody_to_tell() -> UsageError:
    return UsageError(
        what="There is nobody whom the alarm for missing events could tell.",
        why="Alarms go to --alarm-email, to --alarm-topic, or to both, and neither is set.",
        next_step="Give --alarm-email or --alarm-topic, or --alarm-no-events-hours none.",
    )


def _not_for_streams(event_format: str) -> UsageError:
    return UsageError(
        what=f"Buffered events cannot have the format {event_format}.",
        why="Firehose puts the events of many requests into one compressed object, one event a line.",
        next_step="Give --event-format jsonl.gz, or --ingest direct.",
    )


def _not_by_the_line() -> UsageError:
    return UsageError(
        what="The query table cannot read events of the format json.",
        why="Athena reads objects by the line, and an array of events is one line.",
        next_step="Give --event-format jsonl.gz (or jsonl), or --no-query-table. What is stored already"
        " `eventtrack-wizard compact` makes readable.",
    )


def _longer_than_the_gateway(seconds: int) -> UsageError:
    return UsageError(
        what=f"A timeout of {seconds} seconds is longer than API Gateway waits.",
        why=f"API Gateway waits {GATEWAY_SECONDS} s and then answers 504, while the function runs on for up"
        f" to {seconds} s and may still store the events: clients would send again what is stored.",
        next_step=f"Give --timeout-seconds {GATEWAY_SECONDS} or less, or add --insist.",
    )


def refuse_contradictions(settings: Settings) -> None:
    """Refuse what nobody can insist on.

    Raises:
        UsageError: the first of the objections.
    """
    for objection in objections(settings, {}):
        if not objection.can_insist:
            raise objection.error
