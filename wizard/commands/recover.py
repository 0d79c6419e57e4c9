"""`recover`: a state file again, from its last good copy or from the tags in AWS."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from wizard import deployment
from wizard.account import Account, connect
from wizard.clock import SystemClock
from wizard.commands.common import nobody_answers, stoppable
from wizard.engine import recover as recovery
from wizard.engine.recover import Recovered
from wizard.errors import ExitCode, NewerStateError, StateError, UsageError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.settings.resolve import Said, resolve
from wizard.settings.table import DEFAULT_NAME
from wizard.settings.validators import checked_deployment_name
from wizard.state import model as state_module
from wizard.state.lock import locked
from wizard.state.model import State, backup_path
from wizard.state.store import Store
from wizard.ui import output
from wizard.ui.output import is_interactive, messages
from wizard.ui.prompts import Prompts

NEXT = "Run `eventtrack-wizard setup` to check everything and to finish what is missing."


@dataclass(frozen=True)
class Request:
    """What the operator typed. `flags` name things whose names were chosen by hand."""

    options: Options
    flags: Mapping[str, str] = field(default_factory=dict)
    deployment_id: str | None = None
    yes: bool = False


def run(request: Request) -> ExitCode:
    """Rebuild the state file; AWS is only read."""
    if not request.yes and not is_interactive():
        raise nobody_answers("There is nobody to confirm the recovery.", "recover --yes")
    path, clock, console = request.options.state, SystemClock(), messages()
    _refuse_good_state(path, request.options.name)
    prompts = None if request.yes else Prompts(console)
    with locked(path), stoppable(clock):
        if _take_backup(path, request, prompts, console):
            return ExitCode.DONE
        account = connect(request.options, clock, None)
        recovered = _from_aws(request, account, _name(request, account, prompts))
        show(recovered, console)
        if prompts and not prompts.confirm("Write the state file?", default=True):
            console.print("Nothing was changed.")
            return ExitCode.DONE
        _keep_aside(path, console)
        Store(path, recovered.state).save()
    output.show(f"{path} is back. {request.options.complete(NEXT)}")
    return ExitCode.DONE


def show(recovered: Recovered, console: Console) -> None:
    """Say what belongs to the deployment, and what does not carry its tag."""
    state = recovered.state
    console.print(
        f"Deployment {state.identity.id} in account {state.identity.account}, region {state.identity.region}:"
    )
    for title in recovered.found:
        console.print(f"  {title}", markup=False)
    console.print(f"  {len(state.tokens)} accepted token{'' if len(state.tokens) == 1 else 's'}")
    for title in recovered.left_out:
        console.print(
            f"  not its own: {title}. If it was adopted, what it was before is lost with the state file;"
            " setup takes it again with --adopt.",
            markup=False,
        )


def _refuse_good_state(path: Path, name: str | None) -> None:
    try:
        state = state_module.load(path)
    except NewerStateError:
        raise
    except StateError:
        return
    if state is None:
        return
    is_meant = name in (None, state.identity.name)
    raise StateError(
        what=f"{path} is a good state file, of the deployment {state.identity.name}.",
        why="Recovering would throw away what only it knows.",
        next_step="Run `eventtrack-wizard setup` to repair the deployment, or name another file with --state."
        if is_meant
        else f"Name another file for {name}, for example `eventtrack-wizard recover --state {name}.json`.",
    )


def _take_backup(path: Path, request: Request, prompts: Prompts | None, console: Console) -> bool:
    """The copy before the last write knows more than AWS does, so it comes first."""
    backup = backup_path(path)
    try:
        state = state_module.load(backup)
    except StateError:
        return False
    if state is None or not _is_meant(state, request):
        return False
    question = f"Take the last good copy, {backup} of the deployment {state.identity.name}?"
    if prompts and not prompts.confirm(question, default=True):
        return False
    _keep_aside(path, console)
    Store(path, state).save()
    output.show(f"{path} is back, from {backup}. {request.options.complete(NEXT)}")
    return True


def _is_meant(state: State, request: Request) -> bool:
    """Whether the copy is of the deployment that the operator named, as far as one was named."""
    identity, options = state.identity, request.options
    named = (
        (request.options.name, identity.name),
        (request.deployment_id, identity.id),
        (options.region, identity.region),
        (options.local or None, identity.local),
    )
    return all(given is None or given == kept for given, kept in named)


def _keep_aside(path: Path, console: Console) -> None:
    """A corrupt file is renamed, never thrown away."""
    if not path.exists():
        return
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}.corrupt-{moment}")
    try:
        path.rename(kept)
    except OSError as error:
        raise StateError(
            what=f"The corrupt state file {path} cannot be renamed.",
            why=f"{error.strerror or error}.",
            next_step="Make the folder writable, then run the same command again.",
        ) from error
    console.print(f"The corrupt file was kept as {kept}.", markup=False)


def _name(request: Request, account: Account, prompts: Prompts | None) -> str:
    """Given, or still in the corrupt file, or the only one in the region; else it is asked for.

    Raises:
        UsageError: there are several and nobody to ask.
    """
    if request.options.name:
        return checked_deployment_name(request.options.name)
    likely = _name_in(request.options.state)
    if likely is None:
        found = recovery.names_in_use(account.aws)
        if len(found) > 1 and prompts is None:
            raise UsageError(
                what=f"There are several deployments here: {', '.join(found)}.",
                why="One state file holds one deployment.",
                next_step=f"Name it: `eventtrack-wizard recover --yes --name {found[0]}`.",
            )
        if len(found) > 1 and prompts is not None:
            return prompts.choose("Which deployment?", [(name, name) for name in found])
        likely = found[0] if found else DEFAULT_NAME
    return prompts.ask_name(likely) if prompts else likely


def _name_in(path: Path) -> str | None:
    """What a corrupt file may still say."""
    try:
        found = re.search(rb'"name": "([a-z][a-z0-9-]{1,34}[a-z0-9])"', path.read_bytes())
    except OSError:
        return None
    return found.group(1).decode() if found else None


def _from_aws(request: Request, account: Account, name: str) -> Recovered:
    identity = deployment.new_identity(account, name, request.options)
    settings = resolve(identity, Said(flags=request.flags, environment=os.environ)).settings
    return recovery.recover(Deployment(account.aws, identity, settings), request.flags, request.deployment_id)


def take_over(at: Deployment, flags: Mapping[str, str], prompts: Prompts, console: Console) -> State | None:
    """Offer to recover in the middle of a setup; None when the operator does not want it."""
    recovered = recovery.recover(at, flags)
    show(recovered, console)
    question = "This deployment's state file is not here. Take the deployment over?"
    return recovered.state if prompts.confirm(question, default=True) else None
