"""`rollback`: show what goes and what stays, then take it back."""

from __future__ import annotations

from rich.console import Console

from wizard import deployment
from wizard.clock import SystemClock
from wizard.commands.common import stoppable
from wizard.engine.apply import DEFAULT_JOBS, Engine
from wizard.engine.decide import Consent
from wizard.engine.plan import Plan, Step, make_plan
from wizard.errors import ExitCode, UsageError
from wizard.events.stored import Contents, contents_of
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.state.store import Store
from wizard.tokens import token as tokens
from wizard.ui.output import is_interactive, messages, print_json, results
from wizard.ui.progress import progress
from wizard.ui.rollback_table import doomed_events, rollback_table

NOTHING_LEFT = "Nothing of this deployment is left."


def run(
    options: Options,
    *,
    yes: bool,
    delete_events: bool,
    as_json: bool,
    dry_run: bool = False,
    jobs: int | None = None,
) -> ExitCode:
    """Take the deployment back; what stays is named with its reason."""
    if not yes and not dry_run and not is_interactive():
        raise UsageError(
            what="There is nobody to confirm the rollback.",
            why="Standard input or standard error is not a terminal.",
            next_step="Run `eventtrack-wizard rollback --yes`.",
        )
    clock, consent = SystemClock(), Consent(delete_events=delete_events)
    if dry_run:
        return _dry_run(options, clock, consent, as_json=as_json)
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
    events, is_planned = _doomed_events(plan, at, consent), bool(_shown(plan))
    if lost := deployment.lost_with_local_aws(store.state):
        console.print(f"{lost.what} {lost.why}", markup=False)
    _show(plan, events, console)
    if ask and is_planned and not _confirmed(console, store.state.identity.name, events):
        return None
    if is_planned:
        with progress(console, reverse=True) as listen:
            Engine(at, store, listen, consent=consent, jobs=jobs).roll_back(plan)
    else:
        store.end_rollback()
    tokens.remove(options.state)
    deployment.remove_local_operator(at)
    return plan


def _dry_run(options: Options, clock: SystemClock, consent: Consent, *, as_json: bool) -> ExitCode:
    with stoppable(clock), deployment.existing(options, clock, lock=False, looks_first=True) as (at, store):
        plan = make_plan(at, store, consent=consent, remove=True)
        events = _doomed_events(plan, at, consent)
        if as_json:
            counts = {"dry_run": True, "events": events.objects, "bytes": events.size}
            print_json({**_document(plan, store), **counts})
        else:
            _show(plan, events, results())
        return ExitCode.DONE


def _doomed_events(plan: Plan, at: Deployment, consent: Consent) -> Contents:
    """Without the operator's word a bucket goes only if nothing but the wizard's own test events is in it."""
    goes = any(step.key == "bucket" and step.action.kind == "delete" for step in plan.steps)
    return contents_of(at.aws, at.settings.bucket_name) if goes and consent.delete_events else Contents()


def _show(plan: Plan, events: Contents, console: Console) -> None:
    """What goes and what stays, and how many events go with it."""
    if plan.unknown_keys or _shown(plan):
        console.print(rollback_table(plan))
    if events.objects:
        console.print(f"[bold red]{doomed_events(events)}[/]")


def _confirmed(console: Console, name: str, events: Contents) -> bool:
    """Events cannot be had again, so a single key must not decide about them."""
    from wizard.ui.prompts import Interview

    interview = Interview(console)
    if events.objects:
        return interview.confirm_by_name(f"Type {name} to delete all of it", name)
    return interview.confirm("Delete these?", default=False)


def _report(plan: Plan, store: Store, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(plan, store))
        return
    shown = _shown(plan)
    stays = [step for step in shown if _stays(step)]
    for step in stays:
        results().print(f"{step.title} stays: {step.action.reasons[0]}.", markup=False)
    for key in plan.unknown_keys:
        results().print(
            f"{key} stays: it was set up by another version of the wizard, which can remove it.", markup=False
        )
    if not stays and not plan.unknown_keys:
        results().print(NOTHING_LEFT)


def _shown(plan: Plan) -> list[Step]:
    return [step for step in reversed(plan.steps) if step.action.kind != "nothing"]


def _document(plan: Plan, store: Store) -> dict[str, object]:
    resources = [
        {"key": step.key, "title": step.title, "fate": step.action.kind, "reason": step.action.reasons[0]}
        for step in _shown(plan)
        if not (step.action.with_parent and step.action.kind == "keep")
    ]
    return {**_head(store), "resources": resources, "unknown": list(plan.unknown_keys)}


def _stays(step: Step) -> bool:
    """Kept, or given back to whoever had it before."""
    return not step.action.with_parent and (
        step.action.kind in ("keep", "restore") or step.action.origin == "adopted"
    )


def _head(store: Store) -> dict[str, object]:
    return {"deployment": store.state.identity.name, "stage": store.state.lifecycle}
