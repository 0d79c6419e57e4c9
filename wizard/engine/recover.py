"""Rebuilding a lost state file from what AWS shows: ownership tags, names and settings.

Nothing in AWS is changed. What carries the deployment's tag was made by it; what does not is left out,
because whether it was adopted, and what it was before, only the lost file knew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from wizard.aws.retry import retry
from wizard.errors import ConflictError, StateError, UsageError
from wizard.phases import PHASES, RESOURCES
from wizard.resources.api import RestApi
from wizard.resources.base import Context, Resource
from wizard.resources.traces import Traces, read_traces
from wizard.settings.resolve import defaults, from_saved, refuse_contradictions
from wizard.settings.table import SETTINGS, Settings, as_text
from wizard.state.model import DeploymentId, Facts, Record, State, TokenDigest, now

Result = TypeVar("Result")

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
LAMBDA_DEFAULTS = {"memory_mb": 128, "timeout_seconds": 3}


@dataclass(frozen=True)
class Recovered:
    """A state as good as AWS can tell it, and what stands there but is not the deployment's."""

    state: State
    found: tuple[str, ...]
    left_out: tuple[str, ...]


def recover(context: Context, said: Mapping[str, str], deployment_id: str | None = None) -> Recovered:
    """Find the deployment of `context`'s name and rebuild its state.

    Args:
        said: settings that the operator gave as flags.
        deployment_id: which one, when there are several.

    Raises:
        StateError: there is none.
        UsageError: there are several, or not that one.
    """
    context.identity = replace(context.identity, id=only_owner(context, deployment_id))
    return rebuild(context, said)


def owners(context: Context) -> list[str]:
    """The ids of the deployments that own what stands under this deployment's names."""
    tagged = (facts.get("owner") for _, facts in _readable(context) if "owner" in facts)
    ids = {owner for owner in (*tagged, *RestApi.owners(context)) if owner}
    return sorted(owner for owner in ids if owner.startswith(context.identity.id_prefix))


def only_owner(context: Context, desired: str | None) -> str:
    """The id of the one deployment to recover.

    Raises:
        StateError: there is none.
        UsageError: there are several, or not the desired one.
    """
    found = owners(context)
    if desired in found:
        return str(desired)
    if not found:
        raise StateError(
            what=f"Nothing of a deployment named {context.identity.name} was found.",
            why=f"Nothing in account {context.identity.account}, region {context.identity.region} carries its"
            " tag under the names that derive from it.",
            next_step="Give the right --name and --region; names that were chosen by hand with their flags,"
            " for example --bucket-name. Or start anew with `eventtrack-wizard setup`.",
        )
    if desired is not None or len(found) > 1:
        raise UsageError(
            what=f"Deployments found under the name {context.identity.name}: {', '.join(found)}.",
            why="One state file holds one deployment.",
            next_step=f"Name it: `eventtrack-wizard recover --name {context.identity.name} --id {found[0]}`.",
        )
    return found[0]


def rebuild(context: Context, said: Mapping[str, str]) -> Recovered:
    """The state of the deployment whose id is in `context.identity`.

    Args:
        context: with the settings that name things: defaults of the name, or what the operator said.
        said: settings that the operator gave as flags; they count more than what AWS shows.
    """
    traces = _patient(context, "read the function back", lambda: read_traces(context))
    context.settings = _settings(context.identity, {**_names_in(traces), **said}, context.settings)
    facts = dict(_readable(context))
    traces = _patient(context, "read the API back", lambda: read_traces(context))
    shown = {**_shown_by(facts), **traces.settings, **said}
    context.settings = _settings(context.identity, shown, defaults(context.identity))
    facts = dict(_readable(context))
    records = {key: Record("present", "created", facts[key], None, now()) for key in _ours(context, facts)}
    state = State(
        identity=context.identity,
        settings=context.settings.as_json(),
        tokens=list(_tokens(facts)),
        records=records,
    )
    titles = {key: RESOURCES[key].title(context) for key in facts}
    whole = [key for key in facts if RESOURCES[key].parent is None]
    return Recovered(
        state,
        found=tuple(titles[key] for key in whole if key in records),
        left_out=tuple(titles[key] for key in whole if key not in records),
    )


def _readable(context: Context) -> Iterator[tuple[str, Facts]]:
    """What stands of every resource, each read with the ids that those before it gave."""
    context.known.clear()
    for phase in PHASES:
        for resource in phase.resources:
            facts = _read(context, resource)
            if facts is not None:
                context.known[resource.key] = facts
                yield resource.key, facts


def _read(context: Context, resource: Resource) -> Facts | None:
    """What somebody else has under our name counts as absent here; setup will say that it is taken."""
    try:
        return _patient(context, f"look at the {resource.title(context)}", lambda: resource.read(context))
    except ConflictError:
        return None


def _patient(context: Context, doing: str, step: Callable[[], Result]) -> Result:
    return retry(step, clock=context.aws.clock, on_wait=context.aws.on_wait, doing=doing)


def _ours(context: Context, facts: Mapping[str, Facts]) -> list[str]:
    """What carries our tag, and its parts."""
    owned = {key for key, found in facts.items() if found.get("owner") == context.identity.id}
    return [key for key in facts if key in owned or RESOURCES[key].parent in owned]


def _names_in(traces: Traces) -> dict[str, str]:
    """The names of other things, as the function has them."""
    return {key: traces.settings[key] for key in ("bucket_name", "role_name") if key in traces.settings}


def _shown_by(facts: Mapping[str, Facts]) -> dict[str, str]:
    """Settings as the facts of resources show them; one that AWS does not show stays out."""
    switches = facts.get("bucket.public_access_block")
    algorithm = facts.get("bucket.encryption", {}).get("algorithm")
    shown = {
        "block_public_access": all(switches.values()) if switches else None,
        "versioning": facts.get("bucket.versioning", {}).get("enabled"),
        "encryption": "SSE-KMS" if algorithm == "aws:kms" else None,
        "permissions_boundary": facts.get("role", {}).get("permissions_boundary"),
        "log_retention_days": facts.get("log_group.retention", {}).get("days"),
        "runtime": facts.get("function", {}).get("runtime"),
        "architecture": facts.get("function", {}).get("architecture"),
        **_chosen(facts.get("function.settings", {})),
        "reserved_concurrency": facts.get("function.concurrency", {}).get("reserved"),
        "api_name": facts.get("api", {}).get("name"),
        "endpoint_type": facts.get("api", {}).get("endpoint_type"),
    }
    return {key: as_text(value) for key, value in shown.items() if value is not None}


def _chosen(settings: Facts) -> Facts:
    """Memory and timeout, unless they are what Lambda gives every function: then no run has set them yet."""
    found = {key: settings.get(key) for key in LAMBDA_DEFAULTS}
    return {} if found == LAMBDA_DEFAULTS else found


def _settings(identity: DeploymentId, shown: Mapping[str, str], base: Settings) -> Settings:
    """`base` with what AWS shows; a text that no longer parses is drift, and setup puts it right."""
    saved: dict[str, object] = base.as_json()
    for setting in SETTINGS:
        if setting.key in shown:
            try:
                saved[setting.key] = setting.parse(shown[setting.key])
            except ValueError:
                continue
    settings = from_saved(saved, identity)
    try:
        refuse_contradictions(settings)
    except UsageError:  # what stands contradicts itself, such as CORS headers without the token's
        return base
    return settings


def _tokens(facts: Mapping[str, Facts]) -> Iterator[TokenDigest]:
    variables = facts.get("function.environment", {}).get("variables", {})
    digests = [digest for digest in variables.get("AUTH_TOKEN_SHA256", "").split(",") if digest]
    labels = variables.get("AUTH_TOKEN_LABELS", "").split(",")
    for number, digest in enumerate(digests):
        label = labels[number] if number < len(labels) and labels[number] else f"recovered-{number + 1}"
        yield TokenDigest(label, digest, now())
