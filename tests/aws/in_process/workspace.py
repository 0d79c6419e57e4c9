"""One deployment under test: every command on it is a new process that has only the state file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.aws.clock import FakeClock
from tests.aws.inventory import Snapshot, snapshot
from tests.aws.names import ACCOUNT_ID, REGION
from wizard.aws.client import Aws
from wizard.engine.apply import Engine
from wizard.engine.decide import Consent
from wizard.engine.graph import OneByOne
from wizard.engine.look import ACCOUNT
from wizard.engine.plan import Plan, make_plan
from wizard.engine.progress import Event
from wizard.identity import DeploymentId, id_prefix
from wizard.phases import PHASES, RESOURCES, Phase
from wizard.resources.base import Deployment
from wizard.settings.resolve import Said, resolve
from wizard.settings.table import DEFAULT_NAME, Settings, as_text
from wizard.state.model import State, TokenDigest, load
from wizard.state.store import Store

from .account import Account

TOKEN = "the-token-that-clients-send"
# Where there is a file system in memory, nobody waits for a disk.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def make_settings(name: str = DEFAULT_NAME, region: str = REGION, **overrides: object) -> Settings:
    """The documented defaults, with overrides."""
    flags = {key: as_text(value) for key, value in overrides.items()}
    return resolve(make_identity(name, region), Said(flags=flags)).settings


def make_identity(name: str = DEFAULT_NAME, region: str = REGION) -> DeploymentId:
    """Always with the same id, so that every command on the name is on one deployment."""
    return DeploymentId(id_prefix(name, region) + "0a1b2c3d", name, ACCOUNT_ID, "aws", region)


def make_deployment(aws: Aws, *, name: str = DEFAULT_NAME, **overrides: object) -> Deployment:
    """What the wizard knows at the first run of a deployment."""
    region = aws.region
    return Deployment(
        aws=aws,
        identity=make_identity(name, region),
        settings=make_settings(name, region, **overrides),
        tokens=(digest_of(TOKEN),),
        token=TOKEN,
    )


def digest_of(token: str, label: str = "default") -> TokenDigest:
    """What the state file keeps of a token."""
    return TokenDigest(label, hashlib.sha256(token.encode()).hexdigest(), "2026-01-01T00:00:00+00:00")


NO_CONSENT = Consent()


class Workspace:
    """A state file, the settings of a deployment, and the commands on it.

    `events` are those of the last command. `settings` may be changed between two commands.
    """

    def __init__(
        self,
        account: Account,
        folder: Path,
        *,
        name: str = DEFAULT_NAME,
        region: str = REGION,
        **overrides: object,
    ) -> None:
        self.account = account
        self.path = folder / f"{name}.json"
        self.name = name
        self.region = region
        self.overrides = overrides
        self.events: list[Event] = []
        self.clock = FakeClock()

    def open(self, **changes: Any) -> tuple[Deployment, Store]:
        """As a new process opens the deployment; `changes` are members of it."""
        at = make_deployment(self.account.aws(self.clock, self.region), name=self.name, **self.overrides)
        at = replace(at, **changes)
        state = load(self.path) or State(at.identity, settings=at.settings.as_json(), tokens=list(at.tokens))
        store = Store(self.path, state)
        return replace(at, known=store.known()), store

    def apply(self, *, adopt: bool = False, phases: Sequence[Phase] = PHASES, **changes: Any) -> Engine:
        """`setup`."""
        at, store = self.open(**changes)
        engine = self.engine(at, store, Consent(adopt=adopt), phases)
        engine.apply()
        return engine

    def engine(
        self, at: Deployment, store: Store, consent: Consent = NO_CONSENT, phases: Sequence[Phase] = PHASES
    ) -> Engine:
        """In the plain order, so that calls can be counted; its events are those of this workspace."""
        self.events = []
        return Engine(at, store, self.events.append, consent=consent, phases=phases, jobs=1)

    def rollback(self, *, delete_events: bool = False) -> Plan:
        """`rollback --yes`."""
        at, store = self.open()
        return self.engine(at, store, Consent(delete_events=delete_events)).roll_back()

    def plan(self, *, side_by_side: bool = False, adopt: bool = False, remove: bool = False) -> Plan:
        """`status`, or a rollback's plan."""
        at, store = self.open()
        workers = None if side_by_side else OneByOne([ACCOUNT, *RESOURCES])
        return make_plan(at, store, consent=Consent(adopt=adopt), remove=remove, workers=workers)

    @property
    def state(self) -> State:
        """What the file says now."""
        state = load(self.path)
        assert state is not None, "there is no state file"
        return state

    @property
    def settings(self) -> Settings:
        """The settings of the next command."""
        return make_settings(self.name, self.region, **self.overrides)


# What is off unless the operator wants it: what comes with the phases, and what stands below them.
OPTIONS: dict[str, Any] = {"event_retention_days": 90}
ALARMS: dict[str, Any] = {"alarm_email": "me@example.com", "alarm_no_events_hours": 6}
BUFFERED: dict[str, Any] = {"ingest": "buffered", "event_format": "jsonl.gz", "streams": 2}
QUERIED: dict[str, Any] = {"query_table": True, "event_format": "jsonl.gz"}
EVERY_OPTION: dict[str, Any] = {**OPTIONS, **ALARMS, **BUFFERED, **QUERIED}


class Standing:
    """A deployment that is set up once, with every option, and shared by tests that leave it in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._times_emptied = 0
        self.in_order = False

    def stands_in(self, account: Account) -> bool:
        """Whether the last test left it in order, and nobody emptied the account since."""
        return self.in_order and self._times_emptied == account.times_emptied

    def set_up(self, account: Account) -> None:
        """Set it up unless it stands; until a test says otherwise it counts as not in order any more."""
        if not self.stands_in(account):
            self.workspace = Workspace(account, self._folder, **EVERY_OPTION)
            self.workspace.path.unlink(missing_ok=True)
            account.mailboxes.confirmed.add(ALARMS["alarm_email"])
            self.workspace.apply()
            self.as_set_up: Snapshot = snapshot(account)
            self._times_emptied = account.times_emptied
        account.calls.clear()
        self.account = account
        self.in_order = False
