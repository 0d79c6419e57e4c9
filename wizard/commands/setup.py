"""`setup`: ask, show what will happen, then walk through the nine phases."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wizard import deployment
from wizard.clock import SystemClock
from wizard.commands.common import complete, say, stoppable
from wizard.commands.setup_result import Result, result_lines
from wizard.deployment import Account
from wizard.endpoint.checks import EndpointWorks, FunctionStoresEvent
from wizard.endpoint.client import url_of
from wizard.endpoint.throttling import CLOSED
from wizard.engine import preflight
from wizard.engine.decide import Consent
from wizard.engine.plan import Plan, make_plan
from wizard.errors import CredentialsError, ExitCode, LostStateError, UsageError, WizardError
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.phases import PHASES
from wizard.resources.base import Deployment
from wizard.settings import validators as names
from wizard.settings.resolve import GATEWAY_SECONDS, Asker, Resolved, needs_insisting, resolve
from wizard.settings.table import DEFAULT_NAME, SETTINGS, Setting, Value
from wizard.state import model as state_module
from wizard.state.git_ignore import exposed, ignore
from wizard.state.lock import locked
from wizard.state.model import State
from wizard.state.store import Store
from wizard.tokens import token as tokens
from wizard.ui.output import is_interactive, is_read_by_a_person, messages, results

if TYPE_CHECKING:
    from wizard.ui.prompts import Interview

# The checks that store an event, the one that its clients would store first.
PROOFS = (EndpointWorks.key, FunctionStoresEvent.key)


@dataclass(frozen=True)
class Request:
    """What the operator typed."""

    options: Options
    flags: Mapping[str, str] = field(default_factory=dict)
    yes: bool = False
    dry_run: bool = False
    adopt: bool = False
    insist: bool = False
    jobs: int | None = None

    def command(self, more: str) -> str:
        """The command line that says all this once more, and `more`; without the token."""
        switches = [("--adopt", self.adopt), ("--dry-run", self.dry_run)]
        words = ["setup", more, *(flag for flag, given in switches if given)]
        words += [row.typed(self.flags[row.key]) for row in SETTINGS if row.key in self.flags]
        words += [f"--jobs {self.jobs}"] if self.jobs else []
        return self.options.command(" ".join(words))


def run(request: Request) -> ExitCode:
    """Set up, resume, repair, or say that there is nothing to do."""
    if not request.yes and not request.dry_run and not is_interactive():
        raise UsageError(
            what="There is nobody to answer questions.",
            why="Standard input or standard error is not a terminal.",
            next_step=f"Run `{request.command('--yes')}` to take the documented defaults.",
        )
    clock = SystemClock()
    if request.dry_run:
        return _dry_run(request, clock)
    with locked(request.options.state), stoppable(clock):
        return _Setup(request, clock).run()


def _dry_run(request: Request, clock: SystemClock) -> ExitCode:
    setup = _Setup(request, clock)
    setup.prepare()
    plan = setup.plan()
    from wizard.ui.plan_table import plan_table

    results().print(plan_table(plan))
    setup.refuse_impossible(plan)
    return ExitCode.DONE


class _Setup:
    """One run of setup."""

    def __init__(self, request: Request, clock: SystemClock) -> None:
        self.request = request
        self.clock = clock
        self.console = messages()
        asks = not request.yes and not request.dry_run
        self.interview = self._interview() if asks and is_interactive() else None
        self.saved = state_module.load(request.options.state)
        self.new_token = False
        self.consent = Consent(adopt=request.adopt)

    def _interview(self) -> Interview:
        from wizard.ui.prompts import Interview

        return Interview(self.console)

    def run(self) -> ExitCode:
        self.prepare()
        plan = self._take_over_lost(self.plan())
        self.refuse_impossible(plan)
        if plan.in_order and self._is_written():
            self._say_nothing_to_do()
            return ExitCode.DONE
        if not self._confirmed(plan):
            self.console.print("Nothing was changed.")
            return ExitCode.DONE
        self._write_ahead()
        return self._apply(plan)

    def prepare(self) -> None:
        """Everything that is asked or looked up before the first change."""
        self._ask_region()
        self.account = self._connect()
        self.identity = self._identity()
        self.resolved = self._resolve()
        if self.identity.local:
            self.account = deployment.as_local_operator(self.account, self.identity, self.resolved.settings)
        self.state = self.saved or State(self.identity)
        if lost := deployment.lost_with_local_aws(self.state):
            self._notice(f"{lost.what} {lost.why} Setup makes it again.")
        self.store = Store(self.request.options.state, self.state)
        self.at = self._deployment()

    def _ask_region(self) -> None:
        """The first question, because everything else is looked up there."""
        options = self.request.options
        if self.interview is None or self.saved is not None or options.local or options.region:
            return
        region = self.interview.ask_region(
            deployment.configured_region(options), deployment.region_rule(options)
        )
        self.request = replace(self.request, options=replace(options, region=region))

    def _connect(self) -> Account:
        identity = self.saved.identity if self.saved else None
        return deployment.connect(self.request.options, self.clock, identity)

    def _identity(self) -> DeploymentId:
        if self.saved is None:
            return deployment.new_identity(self.account, self._name(), self.request.options)
        name = self.request.options.name
        if name is not None and name != self.saved.identity.name:
            raise UsageError(
                what=f"This state file is of the deployment {self.saved.identity.name}, not {name}.",
                why="One state file holds one deployment.",
                next_step=f"Name another file: `--state {name}.json`.",
            )
        return self.saved.identity

    def _name(self) -> str:
        given = self.request.options.name or os.environ.get("EVENTTRACK_NAME")
        if given is None:
            return self.interview.ask_name(DEFAULT_NAME) if self.interview else DEFAULT_NAME
        return names.checked_deployment_name(given)

    def _resolve(self) -> Resolved:
        saved = self.saved.settings if self.saved else {}
        resolved = resolve(
            self.identity, flags=self.request.flags, environment=os.environ, saved=saved, ask=self._asker()
        )
        if doubt := needs_insisting(resolved.settings, saved):
            self._insist(doubt, resolved.settings.timeout_seconds)
        return resolved

    def _insist(self, doubt: str, seconds: int) -> None:
        """What is mostly a mistake is taken from who says it twice."""
        if self.request.insist:
            return
        if self.interview is not None:
            self._notice(doubt)
            if self.interview.confirm(f"Take a timeout of {seconds} seconds all the same?", default=False):
                return
        raise UsageError(
            what=f"A timeout of {seconds} seconds is longer than API Gateway waits.",
            why=doubt,
            next_step=f"Give --timeout-seconds {GATEWAY_SECONDS} or less, or add --insist.",
        )

    def _asker(self) -> Asker | None:
        """Who fills in what nobody has said; of a deployment that stands, only what cannot stay."""
        interview = self.interview
        if interview is None:
            return None

        def ask_anew(setting: Setting, offered: Value) -> str:
            self._notice(f"{setting.question}: what this deployment has cannot be used any more.")
            return interview.ask(setting, offered)

        if self.saved is not None and self.saved.settings:
            return ask_anew
        return interview.ask if self._wants_every_question() else None

    def _wants_every_question(self) -> bool:
        """A deployment that stands keeps its settings; flags change them."""
        return (
            self.interview is not None
            and self.saved is None
            and not self.interview.confirm("Use the defaults? They are shown before any change", default=True)
        )

    def _deployment(self) -> Deployment:
        return Deployment(
            self.account.aws,
            self.identity,
            self.resolved.settings,
            tuple(self.state.tokens),
            deployment.current_token(self.request.options),
            self.store.known(),
            verify=self.account.verify,
        )

    def plan(self) -> Plan:
        """What stands, held against what is desired. A token that is still to be made is no drift."""
        self.console.print(f"Looking at account {self.identity.account}, region {self.identity.region} …")
        return make_plan(self.at, self.store, consent=self.consent)

    def _take_over_lost(self, plan: Plan) -> Plan:
        """A folder without state that meets a deployment of this name: offer to recover, then go on."""
        lost = self.saved is None and any(isinstance(item, LostStateError) for item in plan.conflicts)
        if not lost or self.interview is None:
            return plan
        from wizard.commands.recover import take_over

        recovered = take_over(self.at, self.request.flags, self.interview, self.console)
        if recovered is None:
            return plan
        self.saved = recovered
        self.prepare()
        return self.plan()

    def refuse_impossible(self, plan: Plan) -> None:
        """Everything that is in the way, at once, before the first change."""
        policy = deployment.operator_policy(self.identity, self.resolved.settings)
        preflight.check(self.at, plan, policy, self.account.caller.arn, self._notice)

    def _notice(self, text: str) -> None:
        self.console.print(f"Note: {text}", markup=False)

    def _is_written(self) -> bool:
        """Whether the state file already says all this: settings, token, and that it is finished."""
        known = {token.sha256 for token in self.state.tokens}
        token = self.at.token
        return (
            self.state.settings == self._desired_settings()
            and self.state.lifecycle == "deployed"
            and token is not None
            and tokens.digest(token).sha256 in known
        )

    def _desired_settings(self) -> dict[str, object]:
        """For the file; what a later version of the wizard has written there is kept."""
        return {**self.state.settings, **self.resolved.settings.as_json()}

    def _confirmed(self, plan: Plan) -> bool:
        from wizard.ui.plan_table import plan_table
        from wizard.ui.review_table import review

        self.console.print(review(self.resolved, self.identity))
        self.console.print(plan_table(plan))
        return self.interview is None or self.interview.confirm("Go ahead?", default=True)

    def _keep_out_of_git(self) -> None:
        """Before the token's file is there: the next commit would publish it."""
        folder, lines = self.request.options.state.parent, exposed(self.request.options.state)
        if not lines:
            return
        where, what = folder / ".gitignore", ", ".join(lines)
        self._notice(f"git would commit the token's file or the state file. {where} should have: {what}")
        if self.interview is None or not self.interview.confirm("Add that to .gitignore?", default=True):
            return
        try:
            ignore(folder, lines)
        except OSError as error:
            self._notice(f"{where} cannot be written: {error.strerror}.")

    def _write_ahead(self) -> None:
        """The state file names deployment, settings and token digests before AWS hears of any."""
        self._keep_out_of_git()
        token, self.new_token = deployment.ensure_token(self.request.options, self.state)
        self.at = replace(self.at, token=token, tokens=tuple(self.state.tokens))
        self.state.settings = self._desired_settings()
        self.state.lifecycle = "setting up"
        self.store.save()

    def _apply(self, plan: Plan | None) -> ExitCode:
        # What a run with nothing to do need not load.
        from wizard.engine.apply import DEFAULT_JOBS, Engine
        from wizard.ui.progress import progress

        jobs, begun = self.request.jobs or DEFAULT_JOBS, self.clock.time()
        while True:
            try:
                with progress(self.console) as listen:
                    Engine(self.at, self.store, listen, consent=self.consent, jobs=jobs).apply(plan)
            except WizardError as error:
                plan = None
                self._show(error)
                if not self._try_again(error):
                    return error.exit_code
            else:
                self._say_result(self.clock.time() - begun)
                return ExitCode.DONE

    def _show(self, error: WizardError) -> None:
        from wizard.ui.error_panel import print_error

        complete(error, self.request.options)
        print_error(self.console, error)

    def _try_again(self, error: WizardError) -> bool:
        """Ask what to do after a failure; False ends the command with the state saved."""
        path = self.request.options.state
        if self.interview is None:
            say(
                f"What was done is saved in {path}. Run the same command again to continue, or"
                " `eventtrack-wizard rollback` to take it back.",
                self.request.options,
            )
            return False
        choice = self.interview.choose(
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
        self.saved = self.state
        while True:
            if isinstance(error, CredentialsError) and self.interview:
                self.interview.press_enter("Log in again in another window, then press Enter.")
            try:
                self.account = self._connect()
                self.account.verify()
                break
            except CredentialsError as still_dead:
                error = still_dead
                self._show(error)
        if self.identity.local:
            self.account = deployment.as_local_operator(self.account, self.identity, self.resolved.settings)
        self.at = replace(self.at, aws=self.account.aws, verify=self.account.verify)

    def _say_nothing_to_do(self) -> None:
        self.console.print("Everything is as set up: nothing to do.")
        self._say_endpoint()

    def _say_endpoint(self) -> None:
        results().print(f"Endpoint: {url_of(self.at)}", markup=False)
        if self.at.settings.closed:
            results().print(self.request.options.complete(CLOSED), markup=False)

    def _say_result(self, seconds: float) -> None:
        options, checks = self.request.options, self.state.checks
        stored = next((checks[key] for key in PROOFS if "key" in checks.get(key, {})), None)
        passed = [check for phase in PHASES for check in phase.checks if "closed" not in checks[check.key]]
        result = Result(
            self.identity.name,
            str(url_of(self.at)),
            seconds,
            proved=tuple(check.title(self.at) for check in passed),
            stored=f"s3://{stored['bucket']}/{stored['key']}" if stored else None,
            closed=CLOSED if self.at.settings.closed else None,
            token_file=tokens.token_path(options.state),
            new_token=self.at.token if self.new_token else None,
            shows_token=is_read_by_a_person(),
            local_bytes=self._local_bytes(),
        )
        for line in result_lines(result, options):
            results().print(line, markup=False)

    def _local_bytes(self) -> int | None:
        if not self.identity.local:
            return None
        from wizard.local import status

        return status().memory_bytes
