"""A deployment worked on by an IAM user who has one policy and no more, in front of a double of AWS's IAM."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.aws.in_process.workspace import TOKEN, digest_of
from tests.aws.names import EMULATOR_ACCOUNT_ID, OTHER_REGION
from tests.aws.over_http import AwsDouble, lasting_rules
from tests.aws.over_http.behaviours import Behaviour, ExactActions, ImpliedPermissions
from tests.aws.over_http.handed import HandedAws
from tests.aws.quick_clients import session_of, sign_in_name
from tests.tools.emulator import empty
from wizard import deployment
from wizard.aws import policies
from wizard.aws.caller import identify
from wizard.clock import SystemClock
from wizard.engine import preflight
from wizard.engine.apply import Engine
from wizard.engine.decide import Consent
from wizard.engine.graph import OneByOne, Work
from wizard.engine.plan import Plan
from wizard.errors import WizardError
from wizard.identity import DeploymentId, id_prefix
from wizard.phases import PHASES, Phase
from wizard.resources.base import Deployment
from wizard.settings.resolve import Said, resolve
from wizard.settings.table import as_text
from wizard.state.model import State, load
from wizard.state.store import Store

REGION, ACCOUNT = OTHER_REGION, EMULATOR_ACCOUNT_ID
NAME = "proof"
USER = "operator"
ROOT = ("test", "test")
WITHOUT_CHECKS = tuple(dataclasses.replace(phase, checks=()) for phase in PHASES)


class FirstFailureError(Exception):
    """Carries the failure at which a run stopped."""

    def __init__(self, failure: WizardError) -> None:
        self.failure = failure


class UntilFirstFailure(OneByOne):
    """The plain order; nothing is begun after a failure, so that what comes later stays undone."""

    def __init__(self, order: Iterable[str]) -> None:
        super().__init__(order)
        self._first: FirstFailureError | None = None

    def start(self, step: str, work: Work) -> None:
        super().start(step, self._unless_failed(work))

    def _unless_failed(self, work: Work) -> Work:
        def begin(step: str) -> None:
            if self._first is not None:
                raise self._first
            try:
                work(step)
            except WizardError as failure:
                self._first = FirstFailureError(failure)
                raise self._first from failure

        return begin


class HurriedClock(SystemClock):
    """Looks again ten times as soon: the emulator is mostly ready by then."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 10)


class OperatorLab:
    """One account, its root, and an operator whose policy a test may change at any time."""

    def __init__(self, emulator_url: str, double: AwsDouble, folder: Path) -> None:
        self.double = double
        self.path = folder / "state.json"
        self.overrides: dict[str, object] = {}
        self.notices: list[str] = []
        self.root = AsIfThroughTls(session_of(ROOT, REGION), double.forward, emulator_url, SystemClock())
        self.root.iam.create_user(UserName=USER)
        key = self.root.iam.create_access_key(UserName=USER)["AccessKey"]
        self.clock = HurriedClock()
        self._key = key["AccessKeyId"]
        own = self._key, key["SecretAccessKey"]
        self.operator = AsIfThroughTls(session_of(own, REGION), double.answer, double.url, self.clock)

    def grant(self, policy: policies.Document) -> None:
        """Give the operator this policy, and take every other one."""
        self.root.iam.put_user_policy(UserName=USER, PolicyName="only", PolicyDocument=json.dumps(policy))
        for behaviour in self.double.behaviours:
            if isinstance(behaviour, ExactActions):
                behaviour.learn(self._key, policy)

    def deployment(self) -> Deployment:
        """What the wizard knows when a command begins."""
        identity = DeploymentId(id_prefix(NAME, REGION) + "0a1b2c3d", NAME, ACCOUNT, "aws", REGION)
        flags = {key: as_text(value) for key, value in self.overrides.items()}
        settings = resolve(identity, Said(flags=flags)).settings
        return Deployment(self.operator, identity, settings, (digest_of(TOKEN),), TOKEN)

    @property
    def policy(self) -> policies.Document:
        """What the printed policy of this deployment is."""
        at = self.deployment()
        return deployment.operator_policy(at.identity, at.settings)

    def open(self) -> tuple[Deployment, Store]:
        at = self.deployment()
        state = load(self.path) or State(at.identity, settings=at.settings.as_json(), tokens=list(at.tokens))
        return at, Store(self.path, state)

    def engine(
        self, *, adopt: bool = False, delete_events: bool = True, phases: Sequence[Phase] = PHASES
    ) -> Engine:
        """In the plain order, up to the first failure."""
        at, store = self.open()
        consent = Consent(adopt=adopt, delete_events=delete_events)
        return Engine(
            at,
            store,
            lambda _event: None,
            consent=consent,
            phases=phases,
            jobs=1,
            workers_for=lambda _jobs, order: UntilFirstFailure(order),
        )

    def set_up(self, *, adopt: bool = False) -> None:
        """`setup`: the plan, the preflight, every phase with its checks."""
        engine = self.engine(adopt=adopt)
        plan = engine.plan()
        caller = identify(self.operator).arn
        preflight.check(engine.at, plan, self.policy, caller, self.notices.append)
        with _its_own_failure():
            engine.apply(plan)

    def build(self, phases: Sequence[Phase] = WITHOUT_CHECKS, *, adopt: bool = False) -> None:
        """A part of a deployment, without proofs."""
        with _its_own_failure():
            self.engine(adopt=adopt, phases=phases).apply()

    def status(self) -> Plan:
        """`status`."""
        return self.engine().plan()

    def plan_roll_back(self) -> Plan:
        """What `rollback` shows before it asks.

        Raises:
            WizardError: it could not look at something, which the plan itself only says.
        """
        plan = self.engine(delete_events=False).plan(remove=True)
        for failure in plan.failures:
            raise failure
        return plan

    def roll_back(self, *, delete_events: bool = True) -> Plan:
        """`rollback`."""
        with _its_own_failure():
            return self.engine(delete_events=delete_events).roll_back()


@contextmanager
def _its_own_failure() -> Iterator[None]:
    try:
        yield
    except FirstFailureError as error:
        raise error.failure from error


@contextmanager
def operator_lab(url: str, folder: Path, *more: Behaviour) -> Iterator[OperatorLab]:
    """An account, emptied, and in front of it AWS's own view of what every call needs.

    The emulator itself, that of `lenient_emulator_url`, enforces nothing: it asks for other actions here and
    there, and knows few of the keys that conditions ask for.
    """
    empty(url)
    rules = [rule for rule in lasting_rules() if not isinstance(rule, ImpliedPermissions)]
    with AwsDouble(url, [ExactActions(), *rules, *more]) as double:
        yield OperatorLab(url, double, folder)


class AsIfThroughTls(HandedAws):
    """The emulator speaks plain HTTP, real AWS never. Nobody checks signatures here."""

    speaks_tls = True

    def _make(self, service: str, read_timeout: int, region: str | None) -> Any:
        client = super()._make(service, read_timeout, region)
        sign_in_name(client)
        return client
