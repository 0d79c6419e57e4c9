"""`rollback`: show what goes and what stays, then take it back."""

from __future__ import annotations

from rich.console import Console

from wizard import deployment
from wizard.clock import SystemClock
from wizard.commands.common import stoppable
from wizard.engine.apply import DEFAULT_JOBS, Engine
from wizard.engine.decide import Consent
from wizard.engine.plan import Plan, Step
from wizard.errors import ExitCode, UsageError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.state.store import Store
from wizard.tokens import token as tokens
from wizard.ui.output import is_interactive, messages, print_json, results
from wizard.ui.progress import progress
from wizard.ui.rollback_table import rollback_table

NOTHING_LEFT = "Nothing of this deployment is left."


def run(
    options: Options, *, yes: bool, delete_events: bool, as_json: bool, jobs: int | None = None
) -> ExitCode:
    """Take the deployment back; what stays is named with its reason."""
    if not yes and not is_interactive():
        raise UsageError(
            what="There is nobody to confirm the rollback.",
            why="Standard input or standard error is not a terminal.",
            next_step="Run `eventtrack-wizard rollback --yes`.",
        )
    clock, consent = SystemClock(), Consent(delete_events=delete_events)
    with stoppable(clock), deployment.existing(options, clock, lock=True, looks_first=True) as (at, store):
        plan = _take_back(at, store, options, consent, ask=not yes, jobs=jobs or DEFAULT_JOBS)
        if plan is None:
            messages().print("Nothing was changed.")
            if as_json:
                print_json({**_head(store), "declined": True})
            return ExitCode.DONE
        _report(plan, store, as_json=as_json)
        return ExitCode.DONE


def take_back(at: Deployment, store: Store, options: Options) -> None:
    """Roll back after a failed setup, when the operator has chosen to."""
    plan = _take_back(at, store, options, Consent(), ask=True, jobs=DEFAULT_JOBS)
    if plan is not None:
        _report(plan, store, as_json=False)


def _take_back(
    at: Deployment, store: Store, options: Options, consent: Consent, *, ask: bool, jobs: int
) -> Plan | None:
    console = messages()
    plan = Engine(at, store, lambda _event: None, consent=consent, jobs=jobs).plan(remove=True)
    planned = [step for step in plan.steps if step.action.kind != "nothing"]
    if lost := deployment.lost_with_local_aws(store.state):
        console.print(f"{lost.what} {lost.why}", markup=False)
    if planned or plan.unknown_keys:
        console.print(rollback_table(plan))
    if ask and planned and not _confirmed(console):
        return None
    if planned:
        with progress(console, reverse=True) as listen:
            Engine(at, store, listen, consent=consent, jobs=jobs).roll_back(plan)
    else:
        store.end_rollback()
    tokens.remove(options.state)
    deployment.remove_local_operator(at)
    return plan


def _confirmed(console: Console) -> bool:
    from wizard.ui.prompts import Interview

    return Interview(console).confirm("Take it back?", default=False)


def _report(plan: Plan, store: Store, *, as_json: bool) -> None:
    shown = [step for step in reversed(plan.steps) if step.action.kind != "nothing"]
    if as_json:
        print_json(
            {
                **_head(store),
                "resources": [
                    {
                        "key": step.key,
                        "title": step.title,
                        "fate": step.action.kind,
                        "reason": step.action.reasons[0],
                    }
                    for step in shown
                    if not (step.action.with_parent and step.action.kind == "keep")
                ],
                "unknown": list(plan.unknown_keys),
            }
        )
        return
    stays = [step for step in shown if _stays(step)]
    for step in stays:
        results().print(f"{step.title} stays: {step.action.reasons[0]}.", markup=False)
    for key in plan.unknown_keys:
        results().print(
            f"{key} stays: it was set up by another version of the wizard, which can remove it.", markup=False
        )
    if not stays and not plan.unknown_keys:
        results().print(NOTHING_LEFT)


def _stays(step: Step) -> bool:
    """Kept, or given back to whoever had it before."""
    return not step.action.with_parent and (
        step.action.kind in ("keep", "restore") or step.action.origin == "adopted"
    )


def _head(store: Store) -> dict[str, object]:
    return {"deployment": store.state.identity.name, "stage": store.state.lifecycle}
