"""`setup`: ask, show what will happen, then walk through the nine phases."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from wizard import deployment
from wizard.clock import SystemClock
from wizard.commands.asking import Asking
from wizard.commands.common import say, stoppable
from wizard.commands.setup_request import Request, equivalent
from wizard.commands.setup_result import as_line
from wizard.commands.setup_work import Work
from wizard.engine import preflight
from wizard.engine.plan import Plan, make_plan
from wizard.errors import ConflictError, ExitCode, LostStateError, UsageError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.settings.table import SETTINGS
from wizard.state import answers as answers_file
from wizard.state import model as state_module
from wizard.state.git_ignore import exposed, ignore
from wizard.state.lock import locked
from wizard.state.model import State
from wizard.state.store import Store
from wizard.ui import ndjson
from wizard.ui.output import is_interactive, messages, missing_for_questions, results
from wizard.uploads import Uploads

if TYPE_CHECKING:
    from wizard.ui.prompts import Prompts

# The settings that name what may be taken, by the resource's key.
NAME_OF = {
    "bucket": "bucket_name",
    "role": "role_name",
    "log_group": "function_name",
    "function": "function_name",
}


def run(request: Request) -> ExitCode:
    """Set up, resume, repair, or say that there is nothing to do."""
    request = request.with_answers()
    _refuse_contradiction(request)
    if not request.yes and not request.dry_run and (request.as_json or not is_interactive()):
        raise UsageError(
            what="There is nobody to answer questions.",
            why="With --json nothing is asked." if request.as_json else missing_for_questions(),
            next_step=f"Run `{request.command('--yes')}` to take the documented defaults.",
        )
    clock = SystemClock()
    if request.dry_run:
        return _dry_run(request, clock)
    with locked(request.options.state), stoppable(clock):
        return _Setup(request, clock).run()


def _refuse_contradiction(request: Request) -> None:
    if request.reconfigure and request.yes:
        raise UsageError(
            what="--reconfigure and --yes cannot be used together.",
            why="One asks everything again, the other asks nothing.",
            next_step="Leave one of them out; flags change settings without questions.",
        )
    if request.save_answers is not None:
        answers_file.refuse_to_overwrite(request.save_answers)


def _dry_run(request: Request, clock: SystemClock) -> ExitCode:
    setup = _Setup(request, clock)
    setup.prepare()
    plan = setup.plan()
    setup.show(plan, messages() if setup.tell else results())
    setup.refuse_impossible(plan)
    setup.save_answers()
    if setup.tell:
        setup.tell(as_line(setup.work().result(0.0), setup.identity, dry_run=True))
    return ExitCode.DONE


class _Setup:
    """One run of setup."""

    def __init__(self, request: Request, clock: SystemClock) -> None:
        self.request = request
        self.clock = clock
        self.console = messages()
        asks = not request.yes and not request.dry_run
        self.prompts = self._prompts() if asks and is_interactive() else None
        self.saved = state_module.load(request.options.state)
        self.asking = Asking(request, self.saved, self.prompts, clock)
        self.made_token: str | None = None
        self.tell = ndjson.teller(request.options.complete) if request.as_json else None

    def _prompts(self) -> Prompts:
        from wizard.ui.prompts import Prompts

        return Prompts(self.console)

    def run(self) -> ExitCode:
        self._mention_further_up()
        with self._kept_answers():
            self.prepare()
            plan = self._agreed_plan()
            if plan is None:
                return ExitCode.DONE
            self._write_ahead()
        return self.work().carry_out(plan)

    def _mention_further_up(self) -> None:
        above = state_module.further_up(self.request.options.state)
        if self.saved is None and above is not None:
            self._notice(f"There is a deployment further up, in {above}; this will be another one.")
            self._notice(f"To work on that one, give --state {shlex.quote(str(above))}.")

    @contextmanager
    def _kept_answers(self) -> Iterator[None]:
        """Whatever ends the run before the state file knows the answers: they are kept for the next one."""
        self._state_knows = False
        try:
            yield
        finally:
            if not self._state_knows:
                self._keep_answers()

    def _keep_answers(self) -> None:
        try:
            if self.asking.keep():
                say(
                    f"Your answers are kept in {self.asking.kept.path};"
                    f" `{self.request.command()}` goes on with them.",
                    self.request.options,
                )
        except UsageError as error:
            self._notice(f"Your answers could not be kept: {error.why}")

    def _forget_kept_answers(self) -> None:
        self._state_knows = True
        self.asking.kept.forget()

    def _agreed_plan(self) -> Plan | None:
        """Plan, show, ask, and plan anew after every change; None when nothing is to be done."""
        while True:
            plan = self._take_over_lost(self.plan())
            if self._has_other_names(plan):
                continue
            self.refuse_impossible(plan)
            if plan.in_order and self._is_written():
                self.work().say_nothing_to_do()
                self._forget_kept_answers()
                self.save_answers()
                return None
            choice = self._choice(plan)
            if choice == "change":
                self.asking.change_one()
                self.prepare()
                continue
            self.save_answers()
            if choice == "go":
                return plan
            self.console.print("Nothing was changed.")
            return None

    def _has_other_names(self, plan: Plan) -> bool:
        """Ask once more for names that are taken; False when there are none, or the operator kept them."""
        if self.prompts is None or any(isinstance(item, LostStateError) for item in plan.conflicts):
            return False
        before = self.resolved.settings
        taken = {
            NAME_OF[step.key]: step.action.error
            for step in plan.steps
            if isinstance(step.action.error, ConflictError) and step.key in NAME_OF
        }
        for key, error in taken.items():
            if self.asking.can_change(key):
                self.prompts.refuse(f"{error.what} {error.why}")
                self.asking.interview.edit(key)
                self.prepare()
        return self.resolved.settings != before

    def prepare(self) -> None:
        """Everything that is asked or looked up before the first change."""
        self.asking.finish()
        self.account, self.identity = self.asking.account, self.asking.identity
        self.resolved = self.asking.resolved
        if self.identity.local:
            self.account = deployment.as_local_operator(self.account, self.identity, self.resolved.settings)
        self.state = self.saved or State(self.identity)
        if lost := deployment.lost_with_local_aws(self.state):
            self._notice(f"{lost.what} {lost.why} Setup makes it again.")
        self.store = Store(self.options.state, self.state)
        self.token = deployment.own_token(self.options, self.state, self.made_token)
        self.made_token = self.token.value
        self.at = self._deployment()

    def _deployment(self) -> Deployment:
        """With the token that it will have, so that the plan knows of it."""
        added = (self.token.added,) if self.token.added else ()
        return Deployment(
            self.account.aws,
            self.identity,
            self.resolved.settings,
            (*self.state.tokens, *added),
            self.token.value,
            self.store.known(),
            verify=self.account.verify,
            uploads=Uploads.beside(self.options.state),
        )

    def plan(self) -> Plan:
        """What stands, held against what is desired."""
        self.console.print(f"Looking at account {self.identity.account}, region {self.identity.region} …")
        plan = make_plan(self.at, self.store, consent=self.request.consent)
        if self.tell:
            self.tell(ndjson.planned(plan, self.identity))
        return plan

    def _take_over_lost(self, plan: Plan) -> Plan:
        """A folder without state that meets a deployment of this name: offer to recover, then go on."""
        lost = self.saved is None and any(isinstance(item, LostStateError) for item in plan.conflicts)
        if not lost or self.prompts is None:
            return plan
        from wizard.commands.recover import take_over

        recovered = take_over(self.at, self.request.flags, self.prompts, self.console)
        if recovered is None:
            return plan
        self.saved = recovered
        self.asking = self.asking.continued_with(recovered)
        self.prepare()
        return self.plan()

    def refuse_impossible(self, plan: Plan) -> None:
        """Everything that is in the way, at once, before the first change."""
        policy = deployment.operator_policy(
            self.identity, self.resolved.settings, standing=self.state.records
        )
        preflight.check(self.at, plan, policy, self.account.caller.arn, self._notice)
        self._mention_new_token()

    def _mention_new_token(self) -> None:
        """One that joins others is let in beside them, which nobody may have meant."""
        others = [known.label for known in self.state.tokens]
        if self.token.added is not None and others:
            say(
                f"Note: A token joins those that there are, as {self.token.added.label}; all stay valid"
                f" ({', '.join(others)}) until `eventtrack-wizard token revoke LABEL` ends one.",
                self.options,
            )

    def _notice(self, text: str) -> None:
        self.console.print(f"Note: {self.options.complete(text)}", markup=False)

    def _is_written(self) -> bool:
        """Whether the state file already says all this: settings, token, and that it is finished."""
        return (
            self.state.settings == self._desired_settings()
            and self.state.lifecycle == "deployed"
            and self.token.added is None
        )

    def _desired_settings(self) -> dict[str, object]:
        """For the file; what a later version of the wizard has written there is kept."""
        return {**self.state.settings, **self.resolved.settings.as_json()}

    def show(self, plan: Plan, console: Console) -> None:
        """What is asked about: briefly, or with every value and every resource."""
        if not self.request.verbose:
            from wizard.ui.brief import brief

            path = self.options.state
            console.print(brief(self.resolved, self.identity, path, plan, self._saved_settings))
            return
        from wizard.ui.plan_table import plan_table
        from wizard.ui.review_table import review

        console.print(review(self.resolved, self.identity, {"State file": str(self.options.state)}))
        console.print(plan_table(plan))

    def _choice(self, plan: Plan) -> str:
        """Show what will happen, and let the operator say "go", "change" or "stop"."""
        self.show(plan, self.console)
        if self.prompts is None:
            return "go"
        request = replace(self.request, options=self.options)
        line = equivalent(request, self.identity, self.resolved, self._saved_settings)
        self.console.print("The same without questions:", style="dim")
        self.console.print(line, markup=False, soft_wrap=True)
        kept = ", your answers are kept" if self.asking.interview.answers else ""
        choices = {
            "y": ("go", "yes"),
            "c": ("change", "change an answer"),
            "n": ("stop", f"no; nothing is changed{kept}"),
        }
        question, letters = "Go ahead?", "ycn"  # Enter takes the first
        if plan.changes_url:
            question, letters = "The URL changes. Go ahead?", "nyc"
        return self.prompts.choose(question, [choices[letter] for letter in letters], letters=letters)

    @property
    def options(self) -> Options:
        """What was typed, with the answers for where."""
        return self.asking.options

    @property
    def _saved_settings(self) -> Mapping[str, object]:
        return self.saved.settings if self.saved else {}

    def save_answers(self) -> None:
        """To the file that was named, so that another run can read them."""
        path, settings, identity = self.request.save_answers, self.resolved.settings, self.identity
        if path is None:
            return
        values = {row.key: getattr(settings, row.key) for row in SETTINGS}
        said = {row.key: values[row.key] for row in SETTINGS if values[row.key] != row.default_at(identity)}
        answers_file.save(path, answers_file.written(identity.name, identity.region, identity.local, said))
        self.console.print(f"The answers are in {path}.", markup=False)

    def _keep_out_of_git(self) -> None:
        """Before the token's file is there: the next commit would publish it."""
        folder, lines = self.options.state.parent, exposed(self.options.state)
        if not lines:
            return
        where, what = folder / ".gitignore", ", ".join(lines)
        self._notice(f"git would commit the token's file or the state file. {where} should have: {what}")
        if self.prompts is None or not self.prompts.confirm("Add that to .gitignore?", default=True):
            return
        try:
            ignore(folder, lines)
        except OSError as error:
            self._notice(f"{where} cannot be written: {error.strerror}.")

    def _write_ahead(self) -> None:
        """The state file names deployment, settings and token digests before AWS hears of any."""
        self._keep_out_of_git()
        self.token.keep(self.options, self.state)
        self.state.settings = self._desired_settings()
        self.state.lifecycle = "setting up"
        self.store.save()
        self._forget_kept_answers()

    def work(self) -> Work:
        """What carries out what was agreed, and says what came out."""
        return Work(
            replace(self.request, options=self.options),
            self.clock,
            self.console,
            self.prompts,
            self.tell,
            self.account,
            self.at,
            self.store,
            new_token=self.token.is_new,
        )
