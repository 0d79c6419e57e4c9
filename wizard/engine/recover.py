"""Rebuilding a lost state file from what AWS shows: ownership tags, names and settings.

Nothing in AWS is changed. What carries the deployment's tag was made by it; what does not is left out,
because whether it was adopted, and what it was before, only the lost file knew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from wizard.aws.client import Aws
from wizard.engine.look import remember
from wizard.errors import ConflictError, CredentialsError, StateError, UsageError, WizardError
from wizard.phases import PHASES, RESOURCES, phases_with_rights
from wizard.resources.api import tagged_apis
from wizard.resources.base import AnyResource, Deployment
from wizard.resources.tagged import on_everything
from wizard.settings.resolve import from_saved, refuse_contradictions
from wizard.settings.table import SETTINGS, Settings, as_text
from wizard.state.model import Facts, Record, State, now

Result = TypeVar("Result")

# The function tells the names of role and bucket, so what it tells leads to more. Two rounds see it all,
# and as many again are a margin.
ROUNDS = 4
LOOKING = "look for deployments"


@dataclass(frozen=True)
class Recovered:
    """A state as good as AWS can tell it, and what stands there but is not the deployment's."""

    state: State
    found: tuple[str, ...]
    left_out: tuple[str, ...]


def recover(at: Deployment, given: Mapping[str, str], deployment_id: str | None = None) -> Recovered:
    """Find the deployment of `at`'s name and rebuild its state.

    Args:
        at: with the settings that name things: defaults of the name, or what the operator said.
        given: settings that the operator gave as flags; they count more than what AWS shows.
        deployment_id: which one, when there are several.

    Raises:
        StateError: there is none.
        UsageError: there are several, or not that one.
    """
    owner = only_owner(at, deployment_id)
    return rebuild(replace(at, identity=replace(at.identity, id=owner)), given)


def names_in_use(aws: Aws) -> list[str]:
    """The names of the deployments in this region, as far as they have an API: other things are found by
    name alone."""
    apis = aws.retry(lambda: tagged_apis(aws), LOOKING)
    return sorted({api.name for api in apis})


def owners(at: Deployment) -> list[str]:
    """The ids of the deployments that own what stands under this deployment's names."""
    at = at.looking_anew()
    ids = {owner for resource in RESOURCES.values() for owner in _owners_of(at, resource)}
    return sorted(owner for owner in ids if owner.startswith(at.identity.id_prefix))


def _owners_of(at: Deployment, resource: AnyResource) -> list[str]:
    """Parts have the owner of their parent."""
    if resource.parent is not None:
        return []
    return _look(at, resource, lambda: resource.owners(at)) or []


def only_owner(at: Deployment, expected: str | None) -> str:
    """The id of the one deployment to recover.

    Raises:
        StateError: there is none.
        UsageError: there are several, or not the expected one.
    """
    found, identity = owners(at), at.identity
    if expected in found:
        return str(expected)
    if not found:
        raise StateError(
            what=f"Nothing of a deployment named {identity.name} was found.",
            why=f"Nothing in account {identity.account}, region {identity.region} carries its tag"
            " under the names that derive from it.",
            next_step="Give the right --name and --region; names that were chosen by hand with their flags,"
            " for example --bucket-name. Or start anew with `eventtrack-wizard setup`.",
        )
    if expected is not None or len(found) > 1:
        raise UsageError(
            what=f"Deployments found under the name {identity.name}: {', '.join(found)}.",
            why="One state file holds one deployment.",
            next_step=f"Name it: `eventtrack-wizard recover --name {identity.name} --id {found[0]}`.",
        )
    return found[0]


def rebuild(at: Deployment, given: Mapping[str, str]) -> Recovered:
    """The state of the deployment whose id is in `at.identity`.

    Args:
        given: see `recover`.
    """
    for _ in range(ROUNDS):
        facts = _find_all(at)
        settings = _shown_by(at, facts, given)
        if settings == at.settings:
            break
        at = replace(at, settings=settings)
    ours = _ours(at, facts)
    state = State(
        identity=at.identity,
        settings=at.settings.as_json(),
        tokens=[token for key in facts for token in RESOURCES[key].tokens_from(facts[key])],
        records={key: Record("present", "created", dict(facts[key]), None, now()) for key in ours},
    )
    titles = {key: RESOURCES[key].title(at) for key in facts if RESOURCES[key].parent is None}
    return Recovered(
        state,
        found=tuple(title for key, title in titles.items() if key in ours),
        left_out=tuple(title for key, title in titles.items() if key not in ours),
    )


def _find_all(at: Deployment) -> dict[str, Facts]:
    """What stands of every resource, each looked for with the ids that those before it gave."""
    at.known.clear()
    at = at.looking_anew()
    found: dict[str, Facts] = {}
    for phase in PHASES:
        for resource in phase.resources:
            facts = _find(at, resource)
            remember(at, resource, facts)
            if facts is not None:
                found[resource.key] = facts
    return found


def _find(at: Deployment, resource: AnyResource) -> Facts | None:
    """What somebody else has under our name counts as absent here; setup will say that it is taken."""
    return _look(at, resource, lambda: resource.find(at))


def _look(at: Deployment, resource: AnyResource, step: Callable[[], Result]) -> Result | None:
    """None for what can never be ours, and for what nobody may look at who needs no right to it: a deployment
    that buffers says so in its function's variables, which are looked at before."""
    try:
        return at.aws.retry(step, f"look at the {resource.title(at)}")
    except ConflictError:
        return None
    except CredentialsError:
        raise
    except WizardError:
        needed = {item.key for phase in phases_with_rights(at.settings) for item in phase.resources}
        if resource.key in needed:
            raise
        return None


def _ours(at: Deployment, facts: Mapping[str, Facts]) -> list[str]:
    """What carries our tag, and its parts; the table names a part after what it is part of."""
    owned = {key for key, found in facts.items() if found.get("owner") == at.identity.id}
    for key in facts:
        if RESOURCES[key].parent in owned:
            owned.add(key)
    return [key for key in facts if key in owned]


def _shown_by(at: Deployment, facts: Mapping[str, Facts], given: Mapping[str, str]) -> Settings:
    """The settings that the facts tell; one that AWS does not show, or shows wrong, keeps its value.

    Facts of somebody else's things tell nothing.
    """
    shown: dict[str, object] = {}
    for key in _ours(at, facts):
        shown |= RESOURCES[key].settings_from(facts[key])
    if tags := on_everything(facts[key]["tags"] for key in _ours(at, facts) if "owner" in facts[key]):
        shown["tags"] = tags
    values: dict[str, object] = at.settings.as_json()
    for setting in SETTINGS:
        if setting.key in shown and setting.key not in given:
            try:
                values[setting.key] = setting.parse(as_text(shown[setting.key]))
            except ValueError:
                continue
    settings = from_saved(values, at.identity)
    try:
        refuse_contradictions(settings)
    except UsageError:  # what stands contradicts itself, such as CORS headers without the token's
        return at.settings
    return settings
