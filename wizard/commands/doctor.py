"""`doctor`: what a run needs around it, one line a need; and a report that can be shown to others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from errno import EACCES
from pathlib import Path

from wizard import deployment
from wizard.account import Account, connect
from wizard.clock import SystemClock
from wizard.commands.common import say, stoppable
from wizard.commands.result_files import refuse_existing, replaced
from wizard.engine import doctor
from wizard.engine.doctor import Finding
from wizard.errors import ExitCode, NewerStateError, StateError, WizardError
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.settings.resolve import Said, from_saved, merge
from wizard.settings.table import DEFAULT_NAME, Settings
from wizard.state import model as state_module
from wizard.state.model import State, unwritable
from wizard.state.redaction import redacted
from wizard.ui.findings import finding_line
from wizard.ui.output import print_json, show


def run(options: Options, *, as_json: bool, report: Path | None, overwrite: bool = False) -> ExitCode:
    """Examine everything that can be examined. Exit 0 when nothing is in the way, 1 otherwise.

    Raises:
        UsageError: the report's file exists or cannot be written.
    """
    if report is not None:
        refuse_existing(report, overwrite=overwrite)
    clock = SystemClock()
    findings: list[Finding] = []
    with stoppable(clock):
        for finding in _examine(options, clock):
            findings.append(finding)
            if not as_json:
                show(finding_line(finding, options.complete(finding.remedy)))
    healthy = all(finding.status != "failed" for finding in findings)
    document = {"healthy": healthy, "findings": [finding.as_dict() for finding in findings]}
    if as_json:
        print_json(document)
    if report is not None:
        state = _saved(options.state)
        with replaced(report, overwrite=overwrite) as path:
            path.write_text(redacted({**document, "state": state}, names_in=state), encoding="utf-8")
        say(f"{report} holds this and the state file without account, names and digests. Read it before you"
            " show it to anybody.", options)  # fmt: skip
    return ExitCode.DONE if healthy else ExitCode.FAILED


def _examine(options: Options, clock: SystemClock) -> Iterator[Finding]:
    yield doctor.versions()
    yield doctor.local_extra()
    state, finding = _state_file(options.state)
    yield finding
    identity = state.identity if state else None
    if options.local or (identity is not None and identity.local):
        yield _local_aws()
        return
    try:
        account = connect(options, clock, identity)
    except WizardError as error:
        yield Finding("Region", "failed", f"{error.what} {error.why}", error.next_step)
        return
    yield Finding("Region", "ok", account.aws.region)
    way = list(doctor.way_to_aws(account.aws))
    yield from way
    if any(finding.status == "failed" for finding in way):
        return
    yield from _who_we_are(account, state, options)


def _who_we_are(account: Account, state: State | None, options: Options) -> Iterator[Finding]:
    looks: tuple[Callable[[], Finding], ...] = (
        lambda: doctor.credentials(account.aws),
        lambda: doctor.account(lambda: account.caller),
        lambda: _permissions(account, state, options),
    )
    for look in looks:
        finding = look()
        yield finding
        if finding.status == "failed":
            return
    identity, settings = _meant(account, state, options)
    if topic := settings.alarm_topic:
        yield doctor.alarm_topic(account.aws, topic, identity.account)


def _state_file(path: Path) -> tuple[State | None, Finding]:
    try:
        state = state_module.load(path)
    except StateError as error:
        return None, Finding("State file", "failed", f"{error.what} {error.why}", error.next_step)
    folder = path.resolve().parent
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        refusal = unwritable(path, PermissionError(EACCES, "The folder is read-only"))
        return state, Finding("State file", "failed", f"{refusal.what} {refusal.why}", refusal.next_step)
    if state is None:
        return None, Finding("State file", "ok", f"none yet; setup makes {path}")
    identity = state.identity
    return state, Finding("State file", "ok", f"{path}: {identity.name}, {state.lifecycle}")


def _local_aws() -> Finding:
    from wizard.local import status

    found = status()
    if found.running:
        return Finding("Region", "ok", f"the embedded local AWS, running at {found.url}")
    remedy = "It is started when it is needed, or by `eventtrack-wizard local start`."
    return Finding("Region", "note", "the embedded local AWS, which does not run", remedy)


def _permissions(account: Account, state: State | None, options: Options) -> Finding:
    identity, settings = _meant(account, state, options)
    standing = state.records if state else ()
    policy = deployment.operator_policy(identity, settings, standing=standing)
    return doctor.permissions(account.aws, account.caller.arn, policy)


def _meant(account: Account, state: State | None, options: Options) -> tuple[DeploymentId, Settings]:
    """The deployment that stands, or that a setup would make."""
    if state is not None:
        return state.identity, from_saved(state.settings, state.identity)
    name, caller = options.name or DEFAULT_NAME, account.caller
    identity = DeploymentId("", name, caller.account, caller.partition, account.aws.region)
    return identity, merge(identity, Said(environment=os.environ)).settings


def _saved(path: Path) -> object:
    try:
        state = state_module.load(path)
    except NewerStateError:
        return "of a newer version"
    except StateError:
        return "corrupt"
    return state.as_json() if state else None
