"""What has to wait for what, read off the table.

A step waits for what its resource or check needs, and for the one before it in its chain, because AWS
refuses two changes at a time of one bucket, one function, one REST API. A rollback goes the other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wizard.engine.plan import Plan, Step
from wizard.phases import Phase

Order = dict[str, tuple[str, ...]]
# Before a resource's key: the step that looks at it once more when all is done.
LOOK = "look at "


def setup_order(phases: Sequence[Phase]) -> Order:
    """Every resource and check with the keys that it waits for, in the order of the table."""
    order: Order = {}
    last_of_chain: dict[str, str] = {}
    for phase in phases:
        for resource in phase.resources:
            before = (last_of_chain[resource.chain],) if resource.chain in last_of_chain else ()
            order[resource.key] = (*resource.needs, *before)
            if resource.chain:
                last_of_chain[resource.chain] = resource.key
        for check in phase.checks:
            order[check.key] = check.needs
    return order


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


def outdated_checks(phases: Sequence[Phase]) -> Order:
    """Resource to the checks that a change of it makes due again: those that need it, directly or not."""
    checks = {check.key: set(check.needs) for phase in phases for check in phase.checks}
    needs = {resource.key: resource.needs for phase in phases for resource in phase.resources}
    for needed in checks.values():
        todo = list(needed)
        while todo:
            for more in (*needs.get(todo[-1], ()), *checks.get(todo.pop(), ())):
                if more not in needed:
                    needed.add(more)
                    todo.append(more)
    return {key: tuple(check for check, needed in checks.items() if key in needed) for key in needs}
