"""`status`: the truth about what runs."""

from __future__ import annotations

from typing import Any

from wizard.aws.retry import SystemClock
from wizard.cli.options import Options
from wizard.commands.common import messages, print_json, results, stoppable
from wizard.deployment import existing
from wizard.endpoint.client import url_of
from wizard.engine.plan import PhaseObservation, Plan, observe
from wizard.errors import ExitCode
from wizard.phases import PHASES, RESOURCES
from wizard.resources.base import Context
from wizard.state.model import State
from wizard.ui import status_table


def run(options: Options, *, as_json: bool) -> ExitCode:
    """Look at AWS and compare. Exit 0 when everything is as set up, 3 otherwise."""
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (context, store):
        if store.state.lifecycle == "rolled back":
            return _rolled_back(context, store.state, as_json=as_json)
        plan = observe(context, store, side_by_side=True)
        url = url_of(context)
        healthy = plan.in_order and store.state.lifecycle == "deployed"
        if as_json:
            print_json(_document(plan, store.state, url, healthy=healthy))
        else:
            results().print(status_table(plan, url))
            if not healthy:
                messages().print("Run `eventtrack-wizard setup` to repair or finish it.")
        return ExitCode.DONE if healthy else ExitCode.DRIFT


def _rolled_back(context: Context, state: State, *, as_json: bool) -> ExitCode:
    """Parts stay with what they are part of, so they are not named."""
    wholes = (RESOURCES[key] for key in state.records if key in RESOURCES and not RESOURCES[key].parent)
    kept = [resource.title(context) for resource in wholes]
    if as_json:
        nothing = Plan(tuple(PhaseObservation(phase.key, phase.title, "not started", ()) for phase in PHASES))
        print_json({**_document(nothing, state, None, healthy=False), "kept": kept})
    else:
        results().print(f"The deployment {state.identity.name} was rolled back.", markup=False)
    if kept:
        messages().print(f"Still there: {', '.join(kept)}.", markup=False)
    messages().print("Run `eventtrack-wizard setup` to set it up again.")
    return ExitCode.DRIFT


def _document(plan: Plan, state: State, url: str | None, *, healthy: bool) -> dict[str, Any]:
    return {
        "deployment": state.identity.name,
        "account": state.identity.account,
        "region": state.identity.region,
        "stage": state.lifecycle,
        "healthy": healthy,
        "endpoint": url,
        "phases": [
            {
                "number": number,
                "key": phase.key,
                "title": phase.title,
                "status": phase.status,
                "finished_at": phase.finished_at,
                "seconds": phase.seconds,
                "drift": list(phase.sentences),
            }
            for number, phase in enumerate(plan.phases, start=1)
        ],
    }
