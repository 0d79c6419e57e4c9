"""What has to wait for what, read off the table.

A step waits for what its resource or check needs, and for the one before it in its chain, because AWS
refuses two changes at a time of one bucket, one function, one REST API. A rollback goes the other way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from wizard.phases import Phase
from wizard.resources.base import Deployment

if TYPE_CHECKING:
    from wizard.engine.plan import Plan, Step

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


def removal_order(plan: Plan) -> Order:
    """The setup's order reversed, for what a rollback looks after; then a look whether it is gone.

    What goes with its parent is gone when that is, so what would wait for it waits for the parent. A part
    that only names another resource's id does not hold that up: it stands, useless, until its parent goes.
    """
    steps = {step.key: step for step in reversed(plan.steps)}

    def carrier(key: str) -> str:
        while steps[key].action.with_parent and steps[key].resource.parent in steps:
            key = str(steps[key].resource.parent)
        return key

    order: dict[str, list[str]] = {key: [] for key, step in steps.items() if step.action.kind != "nothing"}
    for key, step in steps.items():
        for need in (*step.resource.needs, *((step.resource.parent,) if step.resource.parent else ())):
            only_named = step.action.with_parent and need in step.resource.ids_of
            if need in order and key in order and not only_named and carrier(need) != carrier(key):
                order[carrier(need)].append(carrier(key))
    for key in order:
        if carrier(key) != key:
            order[key].append(carrier(key))
    looks = {
        LOOK + key: [key]
        for key in order
        if steps[key].action.is_change and not _goes_too(steps[key].resource.parent, steps)
    }
    return {key: tuple(dict.fromkeys(after)) for key, after in {**order, **looks}.items()}


def _goes_too(parent: str | None, steps: Mapping[str, Step]) -> bool:
    """A part is gone when its parent is, so nobody has to look."""
    return parent is not None and parent in steps and steps[parent].action.kind == "delete"


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
