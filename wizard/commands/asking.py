"""What setup asks: where, then every setting that nobody has said; and who we are there.

The questions are a model (`wizard.settings.interview`). Here they are put, and the account that they name is
opened on the way, because defaults depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from wizard import deployment
from wizard.account import Account, configured_region, connect, doubt_of_region
from wizard.clock import SystemClock
from wizard.commands.kept_answers import KeptAnswers
from wizard.commands.setup_request import Request
from wizard.errors import CredentialsError, UsageError
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.settings import questions
from wizard.settings import validators as names
from wizard.settings.interview import Interview, Problem, Question, always
from wizard.settings.questions import GO_ON, NAME, REGION, IsAsked
from wizard.settings.resolve import (
    Objection,
    Resolved,
    merge,
    no_longer_usable,
    objections,
    resolve,
    usable,
)
from wizard.settings.table import DEFAULT_NAME, SETTINGS, Setting, as_text
from wizard.state.model import State

if TYPE_CHECKING:
    from wizard.ui.prompts import Prompts

BEFORE_THE_ACCOUNT = (GO_ON, REGION, NAME)
INSIST = "Take it all the same?"


class Asking:
    """Everything that is asked or looked up before a plan is made.

    Args:
        saved: the state of a deployment that stands, or stood; None at a first run.
        prompts: where the operator is asked; None asks nothing.
        answered: what this operator has answered already, text by key of a question.

    Attributes:
        account, identity, resolved: what it leads to; there after `finish`.
    """

    account: Account
    identity: DeploymentId
    resolved: Resolved

    def __init__(
        self,
        request: Request,
        saved: State | None,
        prompts: Prompts | None,
        clock: SystemClock,
        answered: Mapping[str, str] | None = None,
    ) -> None:
        self.request = request
        self.prompts = prompts
        self.kept = KeptAnswers(request.options.state)
        self._saved = saved
        self._clock = clock
        self._refused = ""
        self._arrived_at: tuple[str | None, str | None] | None = None
        self._unusable = no_longer_usable(request.sources({}), self._settings) if prompts else {}
        self.interview = self._interview(answered or {})

    @property
    def options(self) -> Options:
        """The options of this run, with the answers for where."""
        answers, options = self.interview.answers, self.request.options
        return replace(
            options,
            region=answers.get(REGION, options.region),
            name=answers.get(NAME, options.name),
            any_region=options.any_region or REGION in self.interview.insisted,
        )

    def finish(self) -> None:
        """Ask what is still to be asked, until nothing speaks against the answers.

        Raises:
            UsageError: a value cannot be used, and nobody is there to give another.
            CredentialsError: no, dead or foreign credentials.
        """
        self._say_what_reconfiguring_means()
        while True:
            self._ask_rest()
            self._arrive()
            self.resolved = self._resolve(self.interview.answers)
            objection = self._objection()
            if objection is None:
                return
            self._settle(objection)

    def change_one(self) -> None:
        """Let the operator pick an answer to give anew; `finish` asks for it."""
        if self.prompts is None:
            return
        shown = {NAME: self.identity.name, REGION: self.identity.region}
        shown |= {row.key: as_text(getattr(self.resolved.settings, row.key)) for row in SETTINGS}
        rows = [
            (question.key, f"{question.text}: {shown[question.key] or 'none'}")
            for question in self.interview.questions
            if question.key in shown
        ]
        key = self.prompts.search("Change what?", rows)
        if key is not None:
            self.interview.edit(key)

    def can_change(self, key: str) -> bool:
        """Whether this answer can still be another one; names of what stands cannot."""
        return any(question.key == key for question in self.interview.questions)

    def continued_with(self, saved: State) -> Asking:
        """The same operator before a deployment that stands; what was answered and can change is taken on."""
        return Asking(self.request, saved, self.prompts, self._clock, self.interview.answers)

    def keep(self) -> bool:
        """Keep the answers for the next run; False when there are none.

        Raises:
            UsageError: the file cannot be written.
        """
        return self.kept.keep(self.interview, local=self._is_local)

    @property
    def _is_local(self) -> bool:
        return self._saved.identity.local if self._saved else self.request.options.local

    @property
    def _settings(self) -> Mapping[str, object]:
        """Those in the state file."""
        return self._saved.settings if self._saved else {}

    def _interview(self, answered: Mapping[str, str]) -> Interview:
        changeable = [row for row in SETTINGS if not (row.fixed and row.key in self._settings)]
        standing = {key for key, value in self._settings.items() if value}
        asked = questions.setting_questions(changeable, self._is_asked, matter=standing)
        if self._saved is None:
            asked = [*self._places(), questions.use_defaults(), *asked]
        kept = {} if answered else self._kept_of({question.key for question in asked})
        if kept:
            asked = [questions.go_on(str(self.kept.path)), *asked]
        interview = Interview(asked, defaults=self._first_defaults(), kept=kept, check=self._check)
        known = {question.key for question in asked}
        interview.answers |= {key: text for key, text in answered.items() if key in known}
        return interview

    def _kept_of(self, keys: set[str]) -> Mapping[str, str]:
        """What was answered last time, without what is said otherwise this time."""
        if self.prompts is None:
            return {}
        try:
            kept = self.kept.read(local=self._is_local)
        except UsageError as error:
            self.prompts.remark(f"{error.what} {error.why} It is passed over.")
            return {}
        options, said = self.request.options, self.request.sources({})
        given = {row.key for row in SETTINGS if said.of(row) is not None}
        given |= {key for key, value in ((NAME, options.name), (REGION, options.region)) if value is not None}
        return {key: text for key, text in kept.items() if key in keys - given}

    def _is_asked(self, row: Setting) -> IsAsked:
        if self.request.sources({}).of(row) is not None:
            return questions.never
        if self._saved is None:
            return questions.at_first(row)
        is_asked_anew = self.request.reconfigure and not row.is_flag_only
        return always if is_asked_anew or row.key in self._unusable else questions.never

    def _places(self) -> list[Question]:
        options = self.request.options
        where = [questions.name(questions.never if options.name is not None else always)]
        if not options.local:
            where.insert(0, questions.region(questions.never if options.region else always))
        return where

    def _first_defaults(self) -> Mapping[str, str]:
        is_elsewhere = self.prompts and self._saved is None and not self.request.options.local
        return questions.first_defaults(configured_region(self.request.options) if is_elsewhere else None)

    def _say_what_reconfiguring_means(self) -> None:
        if self.prompts and self._saved and self.request.reconfigure and not self._arrived_at:
            self.prompts.remark("Enter keeps what is. Names of things that stand are not asked: they stay.")

    def _ask_rest(self) -> None:
        while (question := self.interview.current) is not None and self.prompts is not None:
            if question.key not in BEFORE_THE_ACCOUNT and self._arrive():
                # What was said by flags is held against the rules before anything else is asked.
                self.resolved = self._resolve(self.interview.answers)
                if objection := self._objection():
                    self._settle(objection)
            else:
                self._ask(question, self.prompts)

    def _ask(self, question: Question, prompts: Prompts) -> None:
        interview = self.interview
        offered = interview.offered(question)
        if question.key in self._unusable:
            prompts.remark(f"{question.text}: what this deployment has cannot be used any more.")
        text = prompts.ask(question, offered, back=interview.can_go_back, typed=self._refused)
        self._refused = ""
        if text is None:
            interview.back()
            return
        problem = interview.answer(text)
        if problem is not None:
            self._object(problem, text, prompts)
        elif question.remark is not None and text.strip() != offered:
            prompts.remark(f"{text.strip()} {question.remark(text.strip())}")
        elif question.key == GO_ON and questions.takes_kept(interview.answers):
            interview.go_on(self.kept.next_question)
            self._doubt_kept_region(prompts)

    def _doubt_kept_region(self, prompts: Prompts) -> None:
        """The other answers are held against the rules when the account is there."""
        answers = self.interview.answers
        problem = self._check(answers, REGION) if REGION in answers else None
        if problem is None:
            return
        prompts.refuse(problem.text)
        if prompts.confirm(INSIST, default=False):
            self.interview.insisted.add(REGION)
        else:
            self.interview.edit(REGION)

    def _object(self, problem: Problem, text: str, prompts: Prompts) -> None:
        prompts.refuse(problem.text)
        if problem.can_insist and prompts.confirm(INSIST, default=False):
            self.interview.answer(text, insists=True)
        else:
            self._refused = text

    def _arrive(self) -> bool:
        """Open the account that the answers name; False when it is open already."""
        options = self.options
        if self._arrived_at == (options.region, options.name):
            return False
        try:
            known = self._saved.identity if self._saved else None
            self.account = connect(options, self._clock, known)
            self.identity = self._identity(options)
        except CredentialsError as error:
            if self._saved is None:
                error.next_step += " To try it without an account: `eventtrack-wizard setup --local`."
            raise
        unasked = self._resolve({}).settings
        defaults = {row.key: as_text(getattr(unasked, row.key)) for row in SETTINGS}
        self.interview.defaults = {**self._first_defaults(), **defaults}
        self._arrived_at = (options.region, options.name)
        return True

    def _identity(self, options: Options) -> DeploymentId:
        if self._saved is None:
            name = DEFAULT_NAME if options.name is None else names.checked_deployment_name(options.name)
            return deployment.new_identity(self.account, name, options)
        if options.name is not None and options.name != self._saved.identity.name:
            raise UsageError(
                what=f"This state file is of the deployment {self._saved.identity.name}, not {options.name}.",
                why="One state file holds one deployment.",
                next_step=f"Name another file: `--state {options.name}.json`.",
            )
        return self._saved.identity

    def _resolve(self, asked: Mapping[str, str]) -> Resolved:
        """All settings. Where somebody can be asked, what contradicts itself is settled there."""
        said, saved = self.request.sources(asked), self._settings
        if self.prompts is None:
            return resolve(self.identity, said, saved=saved)
        return merge(self.identity, said, saved=usable(self.request.sources({}), saved))

    def _check(self, answers: Mapping[str, str], key: str) -> Problem | None:
        """What speaks against the newest answer besides its own rule."""
        if key == REGION:
            doubt = doubt_of_region(self.request.options, answers[REGION])
            return Problem(doubt, can_insist=True) if doubt else None
        if key in (*BEFORE_THE_ACCOUNT, questions.USE_DEFAULTS):
            return None
        try:
            settings = self._resolve(answers).settings
        except UsageError as error:
            return Problem(f"{error.what} {error.why}")
        found = (item for item in objections(settings, self._settings) if item.key == key)
        objection = next(found, None)
        return Problem(_sentence(objection), objection.can_insist) if objection else None

    def _objection(self) -> Objection | None:
        """What speaks against all that was said, and nobody has insisted on."""
        for objection in objections(self.resolved.settings, self._settings):
            insists = self.request.insist or objection.key in self.interview.insisted
            if not (objection.can_insist and insists):
                return objection
        return None

    def _settle(self, objection: Objection) -> None:
        if self.prompts is None:
            raise objection.error
        self.prompts.refuse(_sentence(objection))
        if objection.can_insist and self.prompts.confirm(INSIST, default=False):
            self.interview.insisted.add(objection.key)
        else:
            self.interview.edit(objection.key)


def _sentence(objection: Objection) -> str:
    return f"{objection.error.what} {objection.error.why}"
