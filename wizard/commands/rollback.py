"""`rollback`: show what goes and what stays, then take it back."""

from __future__ import annotations

from collections.abc import Sequence

from wizard import deployment
from wizard.aws.retry import SystemClock
from wizard.cli.options import Options
from wizard.commands.common import messages, print_json, results, stoppable
from wizard.engine.rollback import Rollback, Verdict
from wizard.errors import ExitCode, UsageError
from wizard.resources.base import Context
from wizard.state.model import Store
from wizard.tokens import token as tokens
from wizard.ui import progress, rollback_table
from wizard.ui.prompts import Interview, is_interactive

NOTHING_LEFT = "Nothing of this deployment is left."


def run(options: Options, *, yes: bool, delete_events: bool, as_json: bool) -> ExitCode:
    """Take the deployment back; what stays is named with its reason."""
    if not yes and not is_interactive():
        raise UsageError(
            what="There is nobody to confirm the rollback.",
            why="Standard input or standard error is not a terminal.",
            next_step="Run `eventtrack-wizard rollback --yes`.",
        )
    clock = SystemClock()
    with stoppable(clock), deployment.existing(options, clock, lock=True) as (context, store):
        context.delete_events = delete_events
        verdicts = _take_back(context, store, options, ask=not yes)
        if verdicts is None:
            messages().print("Nothing was changed.")
            if as_json:
                print_json({**_head(store), "declined": True})
            return ExitCode.DONE
        _report(verdicts, store, as_json=as_json)
        return ExitCode.DONE


def take_back(context: Context, store: Store, options: Options) -> None:
    """Roll back after a failed setup, when the operator has chosen to."""
    verdicts = _take_back(context, store, options, ask=True)
    _report(verdicts or [], store, as_json=False)


def _take_back(context: Context, store: Store, options: Options, *, ask: bool) -> list[Verdict] | None:
    console = messages()
    silent = Rollback(context, store, lambda _event: None)
    planned = silent.plan()
    if planned:
        console.print(rollback_table(planned))
    if ask and planned and not Interview(console).confirm("Take it back?", default=False):
        return None
    if planned:
        with progress(console, reverse=True) as listen:
            verdicts = Rollback(context, store, listen).apply()
    else:
        verdicts = silent.apply()
    store.state.tokens.clear()
    store.save()
    tokens.remove(options.state)
    deployment.remove_local_operator(context)
    return verdicts


def _report(verdicts: Sequence[Verdict], store: Store, *, as_json: bool) -> None:
    stays = {verdict.resource.key for verdict in verdicts if verdict.fate in ("keep", "leave", "restore")}
    if as_json:
        print_json(
            {
                **_head(store),
                "resources": [
                    {
                        "key": verdict.resource.key,
                        "title": verdict.title,
                        "fate": verdict.fate,
                        "reason": verdict.reason,
                    }
                    for verdict in verdicts
                    if verdict.fate != "goes with" or verdict.resource.parent not in stays
                ],
            }
        )
        return
    for verdict in verdicts:
        if verdict.fate in ("keep", "leave", "restore"):
            results().print(f"{verdict.title} stays: {verdict.reason}.", markup=False)
    if not stays:
        results().print(NOTHING_LEFT)


def _head(store: Store) -> dict[str, object]:
    return {"deployment": store.state.identity.name, "stage": store.state.lifecycle}
