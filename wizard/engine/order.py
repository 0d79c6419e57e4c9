"""What has to wait for what, read off the table.

A step waits for what its resource or check needs, and for the one before it in its chain, because AWS
refuses two changes at a time of one bucket, one function, one REST API. For the other way see
`removal_order`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from wizard.phases import Phase
from wizard.resources.base import Deployment

Order = dict[str, tuple[str, ...]]
# Before a resource's key: the step that looks at it once more when all is done.
LOOK = "look at "


def leaving(phases: Sequence[Phase], at: Deployment) -> set[str]:
    """Keys of the resources that should not be there, and can go when they like: links of chains cannot."""
    resources = [resource for phase in phases for resource in phase.resources]
    return {item.key for item in resources if item.chain is None and item.desired(at) is None}


def setup_order(phases: Sequence[Phase], leaving: Collection[str] = ()) -> Order:
    """Every resource and check with the keys that it waits for, in the order of the table.

    Args:
        leaving: see `leaving`. Such a one waits for those that need it, not they for it: it goes when it is
            not used any more.
    """
    resources = [resource for phase in phases for resource in phase.resources]
    users = {key: [user.key for user in resources if key in user.needs] for key in leaving}
    order: Order = {}
    last_of_chain: dict[str, str] = {}
    for phase in phases:
        for resource in phase.resources:
            before = (last_of_chain[resource.chain],) if resource.chain in last_of_chain else ()
            needs = (need for need in resource.needs if need not in users)
            order[resource.key] = (*needs, *before)
            if resource.chain:
                last_of_chain[resource.chain] = resource.key
        for check in phase.checks:
            order[check.key] = check.needs
    return {key: (*after, *users.get(key, ())) for key, after in order.items()}


def final_looks(phases: Sequence[Phase]) -> Order:
    """A last look at every resource, after all changes and beside the last checks."""
    resources = [resource for phase in phases for resource in phase.resources]
    changed = tuple(resource.key for resource in resources)
    return {
        LOOK + resource.key: (*changed, *((LOOK + resource.answer_of,) if resource.answer_of else ()))
        for resource in resources
    }


def outdated_checks(phases: Sequence[Phase], leaving: Collection[str] = ()) -> Order:
    """Resource to the checks that a change of it makes due again: those that need it, directly or not.

    Args:
        leaving: see `leaving`. What goes when nobody uses it any more changes nothing for those that did.
    """
    checks = {check.key: set(check.needs) for phase in phases for check in phase.checks}
    needs = {resource.key: resource.needs for phase in phases for resource in phase.resources}
    for needed in checks.values():
        todo = list(needed)
        while todo:
            for more in (*needs.get(todo[-1], ()), *checks.get(todo.pop(), ())):
                if more not in needed and more not in leaving:
                    needed.add(more)
                    todo.append(more)
    return {key: tuple(check for check, needed in checks.items() if key in needed) for key in needs}
