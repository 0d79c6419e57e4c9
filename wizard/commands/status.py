"""`status`: the truth about what runs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.deployment import existing, lost_with_local_aws
from wizard.endpoint.client import url_of
from wizard.endpoint.throttling import CLOSED, is_closed
from wizard.engine.plan import Plan, make_plan
from wizard.errors import ExitCode
from wizard.options import Options
from wizard.phases import PHASES, RESOURCES
from wizard.resources.base import Deployment
from wizard.settings.runtimes import end_of_support
from wizard.state.model import State
from wizard.ui.output import messages, print_json, results
from wizard.ui.status_table import status_table


def run(options: Options, *, as_json: bool, today: date | None = None) -> ExitCode:
    """Look at AWS and compare. Exit 0 when everything is as set up, 3 otherwise.

    Args:
        today: None: the day that it is.
    """
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False, looks_first=True) as (at, store):
        if store.state.lifecycle == "rolled back":
            return _rolled_back(at, store.state, options, as_json=as_json)
        plan = make_plan(at, store)
        url = url_of(at)
        closed = any(step.key == "stage.throttling" and is_closed(step.seen.facts) for step in plan.steps)
        warning = end_of_support(at.settings.runtime, today or datetime.now(UTC).date())
        healthy = plan.in_order and store.state.lifecycle == "deployed"
        if as_json:
            document = _document(plan, store.state, url, healthy=healthy, closed=closed)
            print_json({**document, "warnings": [options.complete(warning)] if warning else []})
        else:
            results().print(status_table(plan, url, note=options.complete(CLOSED) if closed else ""))
            for key in plan.unknown_keys:
                messages().print(f"{key}: set up by another version of the wizard; it is kept.", markup=False)
            if lost := lost_with_local_aws(store.state):
                messages().print(f"{lost.what} {lost.why}", markup=False)
            if warning:
                say(warning, options)
            if not healthy:
                _say_what_to_do(plan, options)
        return ExitCode.DONE if healthy else ExitCode.DRIFT


def _say_what_to_do(plan: Plan, options: Options) -> None:
    if plan.in_order:
        say("Nothing differs, but the last run did not end: `eventtrack-wizard setup` ends it.", options)
    elif any(step.sentences for step in plan.steps):
        say("Run `eventtrack-wizard setup` to repair or finish it.", options)
    else:
        say("Nothing differs, but not all is proved: `eventtrack-wizard setup` proves it.", options)


def _rolled_back(at: Deployment, state: State, options: Options, *, as_json: bool) -> ExitCode:
    """Parts stay with what they are part of, so they are not named."""
    wholes = [RESOURCES[key] for key in state.records if key in RESOURCES and not RESOURCES[key].parent]
    kept = [resource.title(at) for resource in wholes]
    kept += [f"{key} (of another version of the wizard)" for key in state.records if key not in RESOURCES]
    if as_json:
        phases = [_phase(number, phase.key, phase.title) for number, phase in enumerate(PHASES, start=1)]
        print_json({**_head(state, None, healthy=False), "phases": phases, "kept": kept})
    else:
        results().print(f"The deployment {state.identity.name} was rolled back.", markup=False)
    if kept:
        messages().print(f"Still there: {', '.join(kept)}.", markup=False)
    say("Run `eventtrack-wizard setup` to set it up again.", options)
    return ExitCode.DRIFT


def _document(plan: Plan, state: State, url: str | None, *, healthy: bool, closed: bool) -> dict[str, Any]:
    phases = [
        {
            **_phase(number, phase.key, phase.title),
            "status": phase.status,
            "finished_at": phase.finished_at,
            "seconds": phase.seconds,
            "drift": list(phase.sentences),
            "notes": list(phase.notes),
        }
        for number, phase in enumerate(plan.phases, start=1)
    ]
    head = _head(state, url, healthy=healthy)
    return {**head, "closed": closed, "phases": phases, "unknown": list(plan.unknown_keys)}


def _head(state: State, url: str | None, *, healthy: bool) -> dict[str, Any]:
    return {
        "deployment": state.identity.name,
        "account": state.identity.account,
        "region": state.identity.region,
        "stage": state.lifecycle,
        "healthy": healthy,
        "endpoint": url,
    }


def _phase(number: int, key: str, title: str) -> dict[str, Any]:
    return {
        "number": number,
        "key": key,
        "title": title,
        "status": "not started",
        "finished_at": None,
        "seconds": None,
        "drift": [],
        "notes": [],
    }
