"""Whose is it? What stands in AWS is ours by its tag, adopted by the operator's consent, or foreign."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.errors import ConflictError, LostStateError
from wizard.resources.base import AnyResource, Deployment
from wizard.state.model import Facts, Origin, Record


@dataclass(frozen=True)
class Ownership:
    """How a thing is ours: created by us, or adopted; then `before` is what it was, to be restored."""

    origin: Origin
    before: Facts | None = None


CREATED = Ownership("created")


def ownership_of(
    resource: AnyResource,
    at: Deployment,
    facts: Facts,
    record: Record | None,
    of_parent: Origin,
    *,
    adopt: bool,
) -> Ownership | None:
    """By what right we change this thing, whose parent came to us as `of_parent`; None: by none."""
    if record is not None and record.origin == "adopted":
        return Ownership("adopted", record.before)
    if "owner" not in facts:
        return _ownership_of_part(facts, record, of_parent)
    if facts["owner"] == at.identity.id:
        return CREATED
    if facts["owner"] is None and is_known_as_made(resource, at, record):
        return CREATED
    if resource.auto_created and facts["owner"] is None:
        return Ownership("adopted", facts)
    if adopt and resource.adoptable and facts["owner"] is None:
        return Ownership("adopted", facts)
    return None


def _ownership_of_part(facts: Facts, record: Record | None, of_parent: Origin) -> Ownership:
    """A part that we never wrote down is as old as its parent: ours with ours, adopted with adopted."""
    if record is not None:
        return Ownership(record.origin, record.before)
    return Ownership("adopted", facts) if of_parent == "adopted" else CREATED


def lost_its_tag(at: Deployment, facts: Facts) -> bool:
    """Whether a local AWS that was killed may have lost the tag: tags are saved when it is stopped, objects
    and their buckets at once. Nobody else makes things in it."""
    return at.identity.local and facts["owner"] is None


def is_known_as_made(resource: AnyResource, at: Deployment, record: Record | None) -> bool:
    """Whether a thing without an owner tag is ours by the state file, whoever took the tag away.

    A mere intention to create it with tags is no proof: what came of it would carry them, and what does
    not, somebody else has made in the meantime; but in the local AWS there is nobody else.
    """
    if record is None or record.origin != "created":
        return False
    return record.status != "creating" or resource.auto_created or at.identity.local


def is_still_ours(resource: AnyResource, at: Deployment, facts: Facts, record: Record | None) -> bool:
    """Whether a thing that we made is still ours; what carries somebody else's tag is not."""
    if "owner" not in facts or facts["owner"] == at.identity.id:
        return True
    return facts["owner"] is None and is_known_as_made(resource, at, record)


def conflict_over(resource: AnyResource, at: Deployment, facts: Facts) -> ConflictError:
    """What to tell the operator about a thing that is not ours."""
    title, owner, identity = resource.title(at), facts.get("owner"), at.identity
    local = " --local" if identity.local else ""
    if owner is not None and owner.startswith(identity.id_prefix):
        return LostStateError(
            what=f"The {title} belongs to the deployment {owner}.",
            why="It was set up under the same name with another state file, or that file was lost.",
            next_step=f"Take it over with `eventtrack-wizard recover --name {identity.name}{local}`,"
            " or choose another --name.",
        )
    if owner is not None or not resource.adoptable:
        return ConflictError(
            what=f"The {title} is there already, and it is not this deployment's.",
            why=f"It belongs to the deployment {owner}."
            if owner
            else "Adopting it would overwrite what it does now.",
            next_step=resource.instead,
        )
    if lost_its_tag(at, facts):
        return ConflictError(
            what=f"The {title} is there already, and it is not this deployment's.",
            why="It does not carry this deployment's tag: the local AWS was killed, or it was made by hand.",
            next_step="Use it with --adopt, or empty the local AWS with `eventtrack-wizard local reset`.",
        )
    return ConflictError(
        what=f"The {title} is there already, and it is not this deployment's.",
        why="It does not carry this deployment's tag, so somebody else may be using it.",
        next_step="Choose another name for it, or use it with --adopt; rollback then restores its settings.",
    )
