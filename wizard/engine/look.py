"""One look at what stands in AWS, side by side. Reads only.

The state file is asked for ids that only it knows, never for whether a thing is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from wizard.engine.decide import Seen
from wizard.engine.graph import Workers, walk, workers_for
from wizard.errors import CredentialsError, WizardError
from wizard.phases import Phase
from wizard.resources.base import AnyResource, Deployment
from wizard.state.store import Store

Found = TypeVar("Found")
# Reads are allowed as many as come: nothing has to be waited for between them.
LOOKS_AT_A_TIME = 8
ACCOUNT = "whose account it is"


def matters(resource: AnyResource, at: Deployment, store: Store) -> bool:
    """Whether a setup looks at it: what is neither desired nor written down, beforehand, cannot be ours."""
    return store.record(resource.key) is not None or resource.desired(at) is not None


def phases_that_matter(phases: Sequence[Phase], at: Deployment, store: Store) -> tuple[Phase, ...]:
    """Without the optional ones of which nothing is desired, or stands."""
    return tuple(
        phase
        for phase in phases
        if not phase.is_optional or any(matters(resource, at, store) for resource in phase.resources)
    )


class Look:
    """One look at the resources of a table.

    A part is looked at after its parent where the state file does not know that, because only then its id
    is known, and an absent parent has no parts.
    """

    def __init__(
        self,
        at: Deployment,
        store: Store,
        phases: Sequence[Phase],
        *,
        remove: bool = False,
        ask_to_keep: bool = False,
    ) -> None:
        self._at = at.looking_anew()
        self._store = store
        self._remove = remove
        self._ask_to_keep = ask_to_keep
        self._resources = {resource.key: resource for phase in phases for resource in phase.resources}
        self._seen: dict[str, Seen] = {}

    def at_all(self, workers: Workers | None = None) -> dict[str, Seen]:
        """What was found, by key; what need not be looked at is left out.

        Raises:
            CredentialsError: the credentials died.
        """
        needs = {
            key: self._after(resource) for key, resource in self._resources.items() if self._counts(resource)
        }
        steps = {ACCOUNT: (), **needs}
        found = walk(steps, self._look_at, workers or workers_for(LOOKS_AT_A_TIME, steps))
        if ACCOUNT in found.failed:
            raise found.failed[ACCOUNT]
        found.raise_failure_of_everything()
        return self._seen

    def _counts(self, resource: AnyResource) -> bool:
        """A rollback looks at what is written down, and not at parts that go with what we made."""
        if not self._remove:
            return matters(resource, self._at, self._store)
        record, parent = self._store.record(resource.key), self._store.record(resource.parent)
        goes = resource.goes_with_parent and parent is not None and parent.origin == "created"
        return record is not None and not goes

    def _after(self, resource: AnyResource) -> list[str]:
        after = [resource.answer_of] if resource.answer_of else []
        sources = (resource.parent, *resource.ids_of)
        return after + [key for key in sources if key and not self._at.known.get(key)]

    def _look_at(self, key: str) -> None:
        if key == ACCOUNT:
            self._at.verify()
            return
        resource = self._resources[key]
        try:
            facts = self._read(resource)
            self._seen[key] = Seen(
                facts, self._keep_reason(resource, facts), self._takes_along(resource, facts)
            )
        except CredentialsError:
            raise
        except WizardError as error:
            self._seen[key] = Seen(error=error)

    def _read(self, resource: AnyResource) -> dict[str, object] | None:
        parent = self._seen.get(resource.parent or "")
        if parent is not None and parent.facts is None and parent.error is None:
            facts = None
        else:
            facts = look_at(resource, self._at, lambda: resource.read(self._at))
        remember(self._at, resource, facts)
        return facts

    def _keep_reason(self, resource: AnyResource, facts: dict[str, object] | None) -> str | None:
        if facts is None or not self._ask_to_keep or not self._is_written_as_made(resource):
            return None
        return look_at(resource, self._at, lambda: resource.keep_reason(self._at, facts))

    def _takes_along(self, resource: AnyResource, facts: dict[str, object] | None) -> str | None:
        """It is only said, so that nothing hangs on whether it can be looked up."""
        goes = self._remove or resource.desired(self._at) is None
        if facts is None or not goes or not self._is_written_as_made(resource):
            return None
        try:
            return look_at(resource, self._at, lambda: resource.takes_along(self._at, facts))
        except CredentialsError:
            raise
        except WizardError as error:
            return f"what of others goes with it could not be looked up: {error.why}"

    def _is_written_as_made(self, resource: AnyResource) -> bool:
        record = self._store.record(resource.key)
        return record is not None and record.origin == "created"


def remember(at: Deployment, resource: AnyResource, facts: dict[str, object] | None) -> None:
    """Keep the last facts of a resource for those that need them."""
    if facts is None:
        at.known.pop(resource.key, None)
    else:
        at.known[resource.key] = facts


def look_at(resource: AnyResource, at: Deployment, step: Callable[[], Found]) -> Found:
    """Wait while AWS cannot answer."""
    return at.aws.retry(step, f"look at the {resource.title(at)}")
