"""What has to wait for what in a rollback: the setup's order reversed, read off a plan."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.engine.order import LOOK, Order
from wizard.engine.plan import Plan, Step


def removal_order(plan: Plan) -> Order:
    """Every step of the plan that does something with those it waits for; then looks whether things are gone.

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
