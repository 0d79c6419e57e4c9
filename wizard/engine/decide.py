"""What happens to a resource: decided here, in one place, from what is known, without asking anybody.

Plan, dry run, status, setup, an option that is switched off and rollback all ask `decide` and obey it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wizard.aws.rule import Wait
from wizard.engine.ownership import Ownership, conflict_over, is_still_ours, ownership_of
from wizard.errors import ConflictError, WizardError
from wizard.resources.base import AnyResource, Deployment, SubResource
from wizard.state.model import Facts, Origin, Record

Kind = Literal[
    "create", "update", "adopt", "recreate", "delete", "restore", "keep", "forget", "nothing", "conflict",
    "unknown",
]  # fmt: skip
URL_CHANGES = "the URL changes, clients have to be told"
CHANGES: frozenset[Kind] = frozenset({"create", "update", "adopt", "recreate", "delete", "restore"})


@dataclass(frozen=True)
class Consent:
    """The operator's word: to use what stood there before, to delete events."""

    adopt: bool = False
    delete_events: bool = False


@dataclass(frozen=True)
class Seen:
    """What a look at AWS has found.

    Attributes:
        facts: None when it is absent.
        keep_reason: why it should stay if everything else is deleted; asked only where it may be deleted.
        takes_along: what of others goes with it; asked only where it is to be deleted.
        error: why it could not be looked at, or what else stands in its place (`ConflictError`).
    """

    facts: Facts | None = None
    keep_reason: str | None = None
    takes_along: str | None = None
    error: WizardError | None = None


ABSENT = Seen()


@dataclass(frozen=True)
class Action:
    """What is to be done, and why in words.

    Attributes:
        origin: how the resource is ours, as it is written down.
        before: what an adopted one was, to be restored.
        difference: the names of the facts to change.
        with_parent: nothing is to be done for it alone: it comes, is deleted, or stays with its parent.
        error: what is in the way, or why it could not be looked at.
        changes_url: clients know the endpoint by a URL that ends with this.
        first: what it does before it may be deleted, and for how long.
    """

    kind: Kind
    reasons: tuple[str, ...] = ()
    origin: Origin = "created"
    before: Facts | None = None
    difference: frozenset[str] = frozenset()
    with_parent: bool = False
    error: WizardError | None = None
    changes_url: bool = False
    first: Wait | None = None

    @property
    def is_change(self) -> bool:
        """Whether AWS has to be changed; adopting what is as desired is writing it down."""
        return (
            self.kind in CHANGES
            and not self.with_parent
            and not (self.kind == "adopt" and not self.difference)
        )


NOTHING = Action("nothing")


def decide(
    resource: AnyResource,
    at: Deployment,
    *,
    desired: Facts | None,
    seen: Seen,
    record: Record | None,
    parent: Action | None = None,
    consent: Consent = Consent(),
) -> Action:
    """What to do about `resource`.

    Args:
        desired: the facts that it should have; None: it should not be there.
        record: what the state file says of it, or None.
        parent: what was decided about its parent.
    """
    if seen.error is not None and not isinstance(seen.error, ConflictError):
        return Action("unknown", (f"{seen.error.what} {seen.error.why}",), error=seen.error)
    if desired is None:
        return _remove(resource, at, seen, record, parent, consent)
    if seen.error is not None:
        return Action("conflict", (seen.error.what,), error=seen.error)
    if seen.facts is None or _is_lost_with(parent, resource):
        return _create(resource, at, desired, record, parent)
    return _keep_as_desired(resource, at, desired, seen.facts, record, parent, consent)


def _is_lost_with(parent: Action | None, resource: AnyResource) -> bool:
    return parent is not None and parent.kind == "recreate" and resource.goes_with_parent


def _is_another(resource: AnyResource, record: Record | None, found: Facts | None) -> bool:
    """Whether what the file knows is part of a URL that does not lead here any more."""
    known = record.facts.get("id") if record is not None and resource.in_url else None
    return known is not None and (found is None or found["id"] != known)


def _create(
    resource: AnyResource, at: Deployment, desired: Facts, record: Record | None, parent: Action | None
) -> Action:
    """A setting that its parent will be created with needs no change of its own; one that is unset is nothing
    that could be missing."""
    missing = f"{resource.title(at)} {'are' if resource.plural else 'is'} missing"
    if isinstance(resource, SubResource) and parent is not None and parent.kind in ("create", "recreate"):
        expected = resource.expected_with_new_parent(at)
        if expected is not None and not resource.difference(desired, dict(expected)):
            return NOTHING if resource.is_unset(at) else Action("create", (missing,), with_parent=True)
    if _is_another(resource, record, None):
        return Action("create", (f"{resource.title(at)} must be replaced: {URL_CHANGES}",), changes_url=True)
    return Action("create", (missing,))


def _keep_as_desired(
    resource: AnyResource,
    at: Deployment,
    desired: Facts,
    facts: Facts,
    record: Record | None,
    parent: Action | None,
    consent: Consent,
) -> Action:
    of_parent = parent.origin if parent else "created"
    mine = ownership_of(resource, at, facts, record, of_parent, adopt=consent.adopt)
    if mine is None:
        error = conflict_over(resource, at, facts)
        return Action("conflict", (error.what,), error=error)
    if mine.origin == "adopted":
        desired = _of_adopted(desired)
    difference = resource.difference(desired, facts)
    reasons = resource.sentences(desired, facts) if difference else ()
    kind = _kind_of_change(resource, desired, facts, mine, record, difference)
    if changes_url := _is_another(resource, record, facts):
        reasons = (f"{resource.title(at)} is another one than before: {URL_CHANGES}", *reasons)
    return Action(kind, reasons, mine.origin, mine.before, difference, changes_url=changes_url)


def _kind_of_change(
    resource: AnyResource,
    desired: Facts,
    facts: Facts,
    mine: Ownership,
    record: Record | None,
    difference: frozenset[str],
) -> Kind:
    if record is None and mine.origin == "adopted":
        return "adopt"
    if not difference:
        return "nothing"
    return "recreate" if resource.must_recreate(desired, facts) else "update"


def _remove(
    resource: AnyResource,
    at: Deployment,
    seen: Seen,
    record: Record | None,
    parent: Action | None,
    consent: Consent,
) -> Action:
    """What stood there before is restored; of ours goes what still carries our tag; events stay."""
    if record is None and not _is_tagged_as_ours(seen, at):
        return NOTHING
    if isinstance(seen.error, ConflictError):
        return Action("keep", (f"is not ours any more: {seen.error.why}",))
    if record is not None and record.origin == "adopted":
        return _give_back(resource, at, seen, record)
    if parent is not None and (fate := _with_parent(resource, parent)):
        return fate
    if seen.facts is None:
        return Action("forget", ("is no longer there",))
    if not is_still_ours(resource, at, seen.facts, record):
        return Action("keep", ("does not carry this deployment's tag any more; somebody else may own it",))
    if seen.keep_reason and not consent.delete_events:
        return Action("keep", (seen.keep_reason,))
    first = None if consent.delete_events else resource.delivers_first(at, seen.facts)
    waits = (f"{first.reason}: {first.timeout:.0f} s",) if first else ()
    along = (seen.takes_along,) if seen.takes_along else ()
    return Action("delete", ("was made by this deployment", *waits, *along), first=first)


def _is_tagged_as_ours(seen: Seen, at: Deployment) -> bool:
    return seen.facts is not None and seen.facts.get("owner") == at.identity.id


def _give_back(resource: AnyResource, at: Deployment, seen: Seen, record: Record) -> Action:
    if seen.facts is None:
        return Action("forget", ("is no longer there",))
    before = resource.as_read_today(record.before) if record.before else {}
    difference = resource.difference(former_settings(resource, at, before), seen.facts)
    if not difference:
        return Action("forget", ("stood there before and is as it was",), "adopted", before)
    reason = "stood there before; its former settings come back"
    return Action("restore", (reason,), "adopted", before, difference)


def former_settings(resource: AnyResource, at: Deployment, before: Facts) -> Facts:
    """The part of an adopted resource's former facts that a setup may have changed."""
    return _of_adopted({name: before[name] for name in resource.desired(at) or before if name in before})


def _of_adopted(desired: Facts) -> Facts:
    """What stood there before gets none of our tags, and keeps its own."""
    return {name: value for name, value in desired.items() if name != "tags"}


def _with_parent(resource: AnyResource, parent: Action) -> Action | None:
    """A part of what we made goes, or stays, with it; a part of what stood there before does not."""
    if parent.origin == "adopted" or parent.kind not in ("delete", "keep", "forget", "unknown"):
        return None
    if parent.kind in ("keep", "unknown"):
        return Action("keep", ("stays with what it is part of",), with_parent=True)
    if not resource.goes_with_parent and parent.kind == "delete":
        return None
    return Action(parent.kind, ("goes with what it is part of",), with_parent=True)
