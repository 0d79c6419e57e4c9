"""One AWS, one operator's folder, and the commands that the operator may type there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.aws.in_process import Account, FakeClock, make_deployment
from tests.aws.in_process.workspace import MEMORY, NO_CONSENT
from tests.aws.inventory import Inventory, inventory
from tests.resilience.pool import Hands
from wizard.engine.apply import Engine
from wizard.engine.decide import Consent
from wizard.engine.plan import Plan
from wizard.engine.progress import Event
from wizard.state.model import State, load
from wizard.state.store import Store

Command = Callable[["Environment"], None]


class Environment:
    """Every command begins like a new process: with the state file and nothing else.

    `hands` do the work of the commands; see `pool`.
    """

    def __init__(self, account: Account, folder: Path, seed: int | None = None) -> None:
        self.hands = Hands(seed)
        self.account = account
        self.folder = folder
        self.events: list[Event] = []

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
        return inventory(self.account, make_deployment(self.account.look).identity.id)

    def _open(self, consent: Consent = NO_CONSENT) -> tuple[Engine, Store]:
        clock = FakeClock()
        clock.on_sleep = lambda _seconds: self.hands.pause()
        at = make_deployment(self.account.aws(clock))
        state = self.state or State(at.identity, at.settings.as_json(), tokens=list(at.tokens))
        store = Store(self.path, state)
        at.known.update(store.known())
        self.events = []
        return Engine(at, store, self.events.append, consent=consent, workers_for=self.hands), store

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
        with self.account.undone(), tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            copied = shutil.copytree(self.folder, Path(folder) / "copy")
            yield Environment(self.account, copied, self.hands.seed)

    def what_a_kill_leaves(self) -> str:
        """What the next command reads of the disk: the state file; half-written ones it sweeps away."""
        return self.path.read_text() if self.path.exists() else ""
