"""`rollback`: show what goes and what stays, then take it back."""

from __future__ import annotations

from rich.console import Console

from wizard import deployment
from wizard.aws.bucket_contents import Contents, contents_of
from wizard.clock import SystemClock
from wizard.commands.common import nobody_answers, stoppable
from wizard.engine.apply import DEFAULT_JOBS, Engine
from wizard.engine.decide import Consent
from wizard.engine.plan import Plan, Step, make_plan
from wizard.errors import ExitCode
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.state.store import Store
from wizard.tokens import token as tokens
from wizard.ui import ndjson
from wizard.ui.output import is_interactive, messages, results, show
from wizard.ui.progress import progress
from wizard.ui.rollback_table import doomed_events, rollback_table
from wizard.ui.styles import BAD, bold
from wizard.ui.text import text

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
    if not yes and not dry_run and (as_json or not is_interactive()):
        words = [
            "rollback --yes",
            *(["--json"] if as_json else []),
            *(["--delete-events"] if delete_events else []),
        ]
        raise nobody_answers("There is nobody to confirm the rollback.", " ".join(words), as_json=as_json)
    clock, consent = SystemClock(), Consent(delete_events=delete_events)
    tell = ndjson.teller(options.complete) if as_json else None
    if dry_run:
        return _dry_run(options, clock, consent, tell)
    with stoppable(clock), deployment.existing(options, clock, lock=True, looks_first=True) as (at, store):
        done = _take_back(at, store, options, consent, ask=not yes, jobs=jobs or DEFAULT_JOBS, tell=tell)
        if done is None:
            messages().print("Nothing was changed.")
        elif tell:
            tell(_result(*done, store, dry_run=False))
        else:
            _report(done[0])
        return ExitCode.DONE


def take_back(at: Deployment, store: Store, options: Options) -> None:
    """Roll back after a failed setup, when the operator has chosen to."""
    done = _take_back(at, store, options, Consent(), ask=True, jobs=DEFAULT_JOBS)
    if done is not None:
        _report(done[0])


def _take_back(
    at: Deployment,
    store: Store,
    options: Options,
    consent: Consent,
    *,
    ask: bool,
    jobs: int,
    tell: ndjson.Tell | None = None,
) -> tuple[Plan, Contents] | None:
    """What was carried out, and the events that were deleted with it; None when the operator said no."""
    console = messages()
    plan = Engine(at, store, lambda _event: None, consent=consent, jobs=jobs).plan(remove=True)
    events, is_planned = _doomed_events(plan, at, consent), bool(_shown(plan))
    if lost := deployment.lost_with_local_aws(store.state):
        console.print(f"{lost.what} {lost.why}", markup=False)
    _show(plan, events, console)
    if tell:
        tell(ndjson.planned(plan, store.state.identity))
    if ask and is_planned and not _confirmed(console, store.state.identity.name, events):
        return None
    if is_planned:
        with progress(console, reverse=True, also=tell) as listen:
            Engine(at, store, listen, consent=consent, jobs=jobs).roll_back(plan)
    else:
        store.end_rollback()
    tokens.remove(options.state)
    at.uploads.remove()
    deployment.remove_local_operator(at)
    return plan, events


def _dry_run(options: Options, clock: SystemClock, consent: Consent, tell: ndjson.Tell | None) -> ExitCode:
    with stoppable(clock), deployment.existing(options, clock, lock=False, looks_first=True) as (at, store):
        plan = make_plan(at, store, consent=consent, remove=True)
        events = _doomed_events(plan, at, consent)
        if tell:
            tell(ndjson.planned(plan, store.state.identity))
            tell(_result(plan, events, store, dry_run=True))
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
        console.print(text(doomed_events(events), bold(BAD)))


def _confirmed(console: Console, name: str, events: Contents) -> bool:
    """Events cannot be had again, so a single key must not decide about them."""
    from wizard.ui.prompts import Prompts

    prompts = Prompts(console)
    if events.objects:
        return prompts.confirm_by_name(f"Type {name} to delete all of it", name)
    return prompts.confirm("Delete these?", default=False)


def _report(plan: Plan) -> None:
    shown = _shown(plan)
    stays = [step for step in shown if _stays(step)]
    for step in stays:
        show(f"{step.title} stays: {step.action.reasons[0]}.")
    for key in plan.unknown_keys:
        show(f"{key} stays: it was set up by another version of the wizard, which can remove it.")
    if not stays and not plan.unknown_keys:
        show(NOTHING_LEFT)


def _shown(plan: Plan) -> list[Step]:
    return [step for step in reversed(plan.steps) if step.action.kind != "nothing"]


def _result(plan: Plan, events: Contents, store: Store, *, dry_run: bool) -> ndjson.RolledBack:
    return ndjson.RolledBack(
        deployment=store.state.identity.name,
        stage=store.state.lifecycle,
        dry_run=dry_run,
        resources=tuple(
            ndjson.Fate(step.key, step.title, step.action.kind, step.action.reasons[0])
            for step in _shown(plan)
            if not (step.action.with_parent and step.action.kind == "keep")
        ),
        unknown=plan.unknown_keys,
        events=events.objects,
        bytes=events.size,
    )


def _stays(step: Step) -> bool:
    """Kept, or given back to whoever had it before."""
    return not step.action.with_parent and (
        step.action.kind in ("keep", "restore") or step.action.origin == "adopted"
    )
