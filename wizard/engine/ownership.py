"""Whose is it? What stands in AWS is ours by its tag, adopted by the operator's consent, or foreign."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.errors import ConflictError, LostStateError
from wizard.resources.base import Context, Resource
from wizard.state.model import Facts, Origin, Record, Store


@dataclass(frozen=True)
class Claim:
    """How a thing is ours: made by us, or adopted; then `before` is what it was, to be restored."""

    origin: Origin
    before: Facts | None


OURS = Claim("created", None)


def claim(resource: Resource, facts: Facts, context: Context, store: Store, *, adopt: bool) -> Claim:
    """By what right we change this thing.

    Raises:
        ConflictError: it is not ours, and the operator has not agreed to adopt it, or it cannot be.
    """
    record = store.record(resource.key)
    if record is not None and record.origin == "adopted":
        return Claim("adopted", record.before)
    if "owner" not in facts:
        return _claim_of_part(resource, facts, record, store)
    if facts["owner"] == context.identity.id:
        return OURS
    if resource.auto_created and facts["owner"] is None:
        return OURS if record is not None else Claim("adopted", facts)
    if adopt and resource.adoptable and facts["owner"] is None:
        return Claim("adopted", facts)
    raise _foreign(resource, facts["owner"], context)


def _claim_of_part(resource: Resource, facts: Facts, record: Record | None, store: Store) -> Claim:
    """A part that we never wrote down is as old as its whole: ours with ours, adopted with adopted."""
    if record is not None:
        return Claim(record.origin, record.before)
    whole = store.record(resource.parent or "")
    if whole is not None and whole.origin == "adopted":
        return Claim("adopted", facts)
    return OURS


def is_ours_to_delete(resource: Resource, facts: Facts, context: Context) -> bool:
    """Whether a thing that we made still carries our tag; somebody may have made another one since."""
    owner = facts.get("owner")
    return "owner" not in facts or owner == context.identity.id or (resource.auto_created and owner is None)


def _foreign(resource: Resource, owner: str | None, context: Context) -> ConflictError:
    title = resource.title(context)
    local = " --local" if context.identity.local else ""
    if owner is not None and owner.startswith(context.identity.id_prefix):
        return LostStateError(
            what=f"The {title} belongs to the deployment {owner}.",
            why="It was set up under the same name with another state file, or that file was lost.",
            next_step=f"Take it over with `eventtrack-wizard recover --name {context.identity.name}{local}`,"
            " or choose another --name.",
        )
    if owner is not None or not resource.adoptable:
        return ConflictError(
            what=f"The {title} is there already, and it is not this deployment's.",
            why=f"It belongs to the deployment {owner}."
            if owner
            else "Adopting it would overwrite what it does now.",
            next_step="Choose another --name, which derives all names anew.",
        )
    return ConflictError(
        what=f"The {title} is there already, and it is not this deployment's.",
        why="It does not carry this deployment's tag, so somebody else may be using it.",
        next_step="Choose another name for it, or use it with --adopt; rollback then restores its settings.",
    )
