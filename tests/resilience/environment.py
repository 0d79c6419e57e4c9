"""One AWS, one operator's folder, and the commands that the operator may type there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.aws.in_process import Account, FakeClock, make_deployment
from tests.aws.in_process.workspace import MEMORY, NO_CONSENT, OPTIONS
from tests.aws.inventory import Inventory, inventory
from tests.resilience.clients import Clients, without_clients
from tests.resilience.pool import Hands
from wizard.aws.client import Aws
from wizard.engine.apply import Engine
from wizard.engine.decide import Consent
from wizard.engine.plan import Plan
from wizard.engine.progress import Event
from wizard.state.model import State, load
from wizard.state.store import Store

Command = Callable[["Environment"], None]


class Environment:
    """Every command begins like a new process: with the state file and nothing else.

    `hands` do the work of the commands; see `pool`. `options` are the settings of the next ones. `clients`
    send events, where a scenario has any.
    """

    options: Mapping[str, Any] = OPTIONS

    def __init__(
        self, account: Account, folder: Path, seed: int | None = None, aws: Aws | None = None
    ) -> None:
        self.hands = Hands(seed)
        # Used by one command after the other: with new ones a setup takes a third longer.
        self._aws = aws or account.aws(FakeClock())
        self._aws_aside: Aws | None = None
        self.account = account
        self.folder = folder
        self.events: list[Event] = []
        self.clients: Clients | None = None

    @property
    def path(self) -> Path:
        """The state file."""
        return self.folder / "eventtrack-state.json"

    @property
    def state(self) -> State | None:
        """What the state file says."""
        return load(self.path)

    def inventory(self) -> Inventory:
        """Everything that stands."""
        return without_clients(inventory(self.account, make_deployment(self.account.look).identity.id))

    def _open(self, consent: Consent = NO_CONSENT) -> tuple[Engine, Store]:
        clock = FakeClock()
        clock.on_sleep = self._on_sleep
        self._aws.clock, self._aws.on_wait = clock, lambda reason, elapsed, timeout: None
        at = make_deployment(self._aws, **self.options)
        state = self.state or State(at.identity, at.settings.as_json(), tokens=list(at.tokens))
        store = Store(self.path, state)
        at.known.update(store.known())
        self.events = []
        return Engine(at, store, self.events.append, consent=consent, workers_for=self.hands), store

    def _on_sleep(self, seconds: float) -> None:
        self.account.firehose.pass_by(seconds)
        self.hands.pause()

    def setup(self, *, adopt: bool = False) -> None:
        """`setup --yes`: look, refuse what is in the way, write ahead, apply."""
        engine, store = self._open(Consent(adopt=adopt))
        plan = engine.plan()
        for problem in (*plan.conflicts, *plan.failures):
            raise problem
        store.state.lifecycle = "setting up"
        store.save()
        engine.apply(plan)

    def rollback(self) -> None:
        """`rollback --yes`."""
        if self.state is None:
            return  # the command says that there is nothing, and nothing was made
        engine, _store = self._open()
        engine.roll_back(engine.plan(remove=True))

    def status(self) -> Plan:
        """`status`."""
        engine, _store = self._open()
        return engine.plan()

    @contextmanager
    def aside(self) -> Iterator[Environment]:
        """The account and a copy of the folder, to try what would happen: afterwards it has not happened."""
        self._aws_aside = self._aws_aside or self.account.aws(FakeClock())
        with self.account.undone(), tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            copied = shutil.copytree(self.folder, Path(folder) / "copy")
            aside = Environment(self.account, copied, self.hands.seed, self._aws_aside)
            aside.options, aside.clients = self.options, self.clients
            known = self.clients.memory() if self.clients else None
            yield aside
            if self.clients:
                self.clients.remember(known)

    def what_a_kill_leaves(self) -> str:
        """What the next command reads of the disk: the state file; half-written ones it sweeps away."""
        return self.path.read_text() if self.path.exists() else ""
