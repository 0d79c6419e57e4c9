"""`status`: the truth about what runs."""

from __future__ import annotations

from datetime import date
from typing import Any

from rich.console import RenderableType

from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.commands.standing import Standing, standing_of
from wizard.deployment import existing
from wizard.endpoint.throttling import CLOSED
from wizard.errors import ExitCode
from wizard.options import Options
from wizard.phases import PHASES
from wizard.ui.output import print_json, show
from wizard.ui.status_table import head_of, named_wholes, resources_of, status_table
from wizard.ui.text import Printable, text
from wizard.ui.traffic_lines import traffic_lines


def run(options: Options, *, as_json: bool, today: date | None = None) -> ExitCode:
    """Look at AWS and compare. Exit 0 when everything is as set up, 3 otherwise.

    Args:
        today: None: the day that it is.
    """
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False, looks_first=True) as (at, store):
        standing = standing_of(at, store, today=today)
    if as_json:
        print_json(document(standing, options))
    else:
        show(screen(standing, options))
    # That something was left is said to people also where a program reads the rest.
    for sentence in standing.sentences if standing.plan is None or not as_json else []:
        say(sentence, options)
    return standing.exit_code


def screen(standing: Standing, options: Options, *, redrawn: bool = False) -> RenderableType:
    """What stands, for people; shorter and folded where it is `redrawn` in a window."""
    if standing.plan is None:
        return Printable(text(f"The deployment {standing.state.identity.name} was rolled back."))
    note = options.complete(CLOSED) if standing.is_closed else ""
    local = standing.state.identity.local
    traffic = traffic_lines(standing.traffic, options.complete, local=local) if standing.traffic else []
    return status_table(
        standing.plan,
        standing.url,
        head=head_of(standing.state),
        note=note,
        traffic=traffic,
        redrawn=redrawn,
    )


def document(standing: Standing, options: Options) -> dict[str, Any]:
    """The same for programs: `.github/JSON.md`."""
    state = standing.state
    found = {
        "deployment": state.identity.name,
        "account": state.identity.account,
        "region": state.identity.region,
        "stage": state.lifecycle,
        "healthy": standing.is_healthy,
        "endpoint": standing.url,
        "closed": standing.is_closed,
        "resources": _resources(standing),
        "phases": _phases(standing),
        "unknown": standing.unknown_keys,
        "traffic": standing.traffic and standing.traffic.as_dict(options.complete),
        "warnings": [options.complete(text) for text in standing.warnings],
    }
    return found if standing.plan else {**found, "kept": list(standing.kept)}


def _resources(standing: Standing) -> list[dict[str, Any]]:
    if standing.plan is None:
        return [dict(resource) for resource in resources_of(standing.state)]
    return [
        {"key": step.key, "title": step.title, "name": (step.seen.facts or {}).get("name")}
        for step in named_wholes(standing.plan)
    ]


def _phases(standing: Standing) -> list[dict[str, Any]]:
    if standing.plan is None:
        return [
            _phase(number, phase.key, phase.title)
            for number, phase in enumerate(PHASES, 1)
            if not phase.is_optional
        ]
    return [
        {
            **_phase(number, phase.key, phase.title),
            "status": phase.status,
            "finished_at": phase.finished_at,
            "seconds": phase.seconds,
            "drift": list(phase.sentences),
            "notes": list(phase.notes),
        }
        for number, phase in enumerate(standing.plan.phases, start=1)
    ]


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
