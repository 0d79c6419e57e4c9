"""Carrying out what was agreed in a setup: apply, ask what to do after a failure, say what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from wizard import deployment
from wizard.account import Account, connect
from wizard.clock import SystemClock
from wizard.commands.common import complete, say
from wizard.commands.setup_request import Request
from wizard.commands.setup_result import Result, as_line, endpoint_lines, result_lines
from wizard.endpoint.checks import EndpointWorks, FunctionStoresEvent
from wizard.endpoint.client import url_by, url_of
from wizard.endpoint.throttling import CLOSED
from wizard.engine.plan import Plan
from wizard.errors import CredentialsError, ExitCode, WizardError
from wizard.phases import PHASES, RESOURCES
from wizard.resources.base import Deployment
from wizard.state.model import Facts
from wizard.state.store import Store
from wizard.tokens import token as tokens
from wizard.ui import ndjson
from wizard.ui.output import is_read_by_a_person, results
from wizard.ui.text import Printable

if TYPE_CHECKING:
    from wizard.ui.prompts import Prompts

# The checks that store an event, the one that its clients would store first.
PROOFS = (EndpointWorks.key, FunctionStoresEvent.key)


@dataclass
class Work:
    """A deployment that is opened and agreed upon.

    Args:
        request: what was typed, with the answers for where.
        tell: whom a program's lines are told; None where people read.
        new_token: whether the token was made in this run.
    """

    request: Request
    clock: SystemClock
    console: Console
    prompts: Prompts | None
    tell: ndjson.Tell | None
    account: Account
    at: Deployment
    store: Store
    new_token: bool = False

    def __post_init__(self) -> None:
        self._proved_before = dict(self.store.state.checks)

    def carry_out(self, plan: Plan | None) -> ExitCode:
        """Make the changes, again after a failure for as long as the operator wants."""
        # What a run with nothing to do need not load.
        from wizard.engine.apply import DEFAULT_JOBS, Engine
        from wizard.ui.progress import progress

        jobs, begun = self.request.jobs or DEFAULT_JOBS, self.clock.time()
        while True:
            try:
                with progress(self.console, also=self.tell) as listen:
                    engine = Engine(self.at, self.store, listen, consent=self.request.consent, jobs=jobs)
                    engine.apply(plan)
            except WizardError as error:
                plan = None
                self._show(error)
                if not self._try_again(error):
                    if self.tell:
                        self.tell(ndjson.failed(error))
                    return error.exit_code
            else:
                self._say_result(self.result(self.clock.time() - begun), engine.changes)
                return ExitCode.DONE

    def _show(self, error: WizardError) -> None:
        from wizard.ui.error_panel import print_error

        complete(error, self.request.options)
        print_error(self.console, error)

    def _try_again(self, error: WizardError) -> bool:
        """Ask what to do after a failure; False ends the command with the state saved."""
        path = self.request.options.state
        if self.prompts is None:
            say(
                f"What was done is saved in {path}. Run the same command again to continue, or"
                " `eventtrack-wizard rollback` to take it back.",
                self.request.options,
            )
            return False
        choice = self.prompts.choose(
            "How to go on?",
            (
                ("retry", "Try again from where it stopped"),
                ("stop", f"Stop here; `{self.request.options.command('setup')}` continues later"),
                ("rollback", "Remove the whole deployment; shows first what is deleted"),
            ),
        )
        if choice == "retry":
            self._reconnect(error)
        elif choice == "rollback":
            from wizard.commands.rollback import take_back

            take_back(self.at, self.store, self.request.options)
        return choice == "retry"

    def _reconnect(self, error: WizardError) -> None:
        """Credentials that were renewed elsewhere are picked up by a new session, as soon as they work."""
        while True:
            if isinstance(error, CredentialsError) and self.prompts:
                self.prompts.press_enter("Log in again in another window, then press Enter.")
            try:
                self.account = connect(self.request.options, self.clock, self.at.identity)
                self.account.verify()
                break
            except CredentialsError as still_dead:
                error = still_dead
                self._show(error)
        if self.at.identity.local:
            self.account = deployment.as_local_operator(self.account, self.at.identity, self.at.settings)
        self.at = replace(self.at, aws=self.account.aws, verify=self.account.verify)

    def say_nothing_to_do(self) -> None:
        """All stands, and the state file knows it."""
        self.console.print("Everything is as set up: nothing to do.")
        result = self.result(0.0)
        self._say(endpoint_lines(result, self.request.options), as_line(result, self.at.identity))

    def _say_result(self, result: Result, changes: int) -> None:
        out = results()
        width = out.width if out.is_terminal else None
        self._say(
            result_lines(result, self.request.options, width), as_line(result, self.at.identity, changes)
        )

    def _say(self, lines: Iterable[str], as_json: ndjson.SetUp) -> None:
        """For people or for a program. That the URL was said is written down afterwards: no kill hides it."""
        if self.tell:
            self.tell(as_json)
        else:
            for line in lines:
                results().print(Printable(Text(line)))
        self.store.announce(self.at.fact("api", "id"))

    def _former_url(self) -> str | None:
        """The URL that the operator was told, if it is another one by now."""
        told = self.store.state.announced_api
        return None if told in (None, self.at.fact("api", "id")) else url_by(self.at, str(told))

    def result(self, seconds: float) -> Result:
        """What has come out so far, `seconds` after the first change."""
        checks = self.store.state.checks
        passed = [check for phase in PHASES for check in phase.checks if _is_proved(checks.get(check.key))]
        before = [check for check in passed if checks[check.key] == self._proved_before.get(check.key)]
        proved = {check.key: check for check in passed if check not in before}
        # What a stream has taken lies nowhere yet.
        stored = next((checks[key] for key in PROOFS if key in proved and "key" in checks[key]), None)
        return Result(
            self.at.identity.name,
            url_of(self.at),
            seconds,
            proved=tuple(check.title(self.at) for check in proved.values()),
            proved_before=tuple(check.title(self.at) for check in before),
            stored=f"s3://{stored['bucket']}/{stored['key']}" if stored else None,
            closed=CLOSED if self.at.settings.closed else None,
            token_file=tokens.token_path(self.request.options.state),
            new_token=self.at.token if self.new_token else None,
            shows_token=is_read_by_a_person(),
            former_url=self._former_url(),
            local_bytes=self._local_bytes(),
            remarks=tuple(self._remarks()),
        )

    def _remarks(self) -> Iterator[str]:
        """What is to be known, or done, about what stands."""
        for key, resource in RESOURCES.items():
            facts = self.at.known.get(key)
            if facts is None or resource.desired(self.at) is None:
                continue
            if remark := resource.remark(self.at, facts):
                yield remark

    def _local_bytes(self) -> int | None:
        if not self.at.identity.local:
            return None
        from wizard.local import status

        return status().memory_bytes


def _is_proved(check: Facts | None) -> bool:
    """A check that is left out at a closed endpoint passes with the reason for that."""
    return check is not None and "closed" not in check
