"""One AWS, one operator's folder, and the commands that the operator may type there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.aws.in_process import Account, FakeClock, make_context
from tests.aws.in_process.workspace import MEMORY
from tests.aws.inventory import Inventory, inventory
from tests.resilience.copies import FOLDERS_OF_THIS_COPY
from tests.resilience.disk import stop_watching
from wizard.engine.apply import Engine
from wizard.engine.plan import Plan, observe
from wizard.engine.progress import Event
from wizard.engine.rollback import Rollback
from wizard.resources.base import Context
from wizard.state.model import State, Store, load

Command = Callable[["Environment"], None]


class Environment:
    """Every command begins like a new process: with the state file and nothing else."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account = account
        self.folder = folder
        self.events: list[Event] = []
        self.store: Store | None = None
        self.context: Context | None = None

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
        return inventory(self.account, make_context(self.account.look).identity.id)

    def _open(self) -> tuple[Context, Store]:
        context = make_context(self.account.aws(FakeClock()))
        state = self.state or State(context.identity, context.settings.as_json(), tokens=list(context.tokens))
        context.known.update({key: record.facts for key, record in state.records.items()})
        self.context, self.store, self.events = context, Store(self.path, state), []
        return context, self.store

    def setup(self, *, adopt: bool = False) -> None:
        """`setup --yes`: look, refuse what is in the way, write ahead, apply."""
        context, store = self._open()
        plan = observe(context, store, side_by_side=False, adopt=adopt)
        for conflict in plan.conflicts:
            raise conflict
        store.state.stage = "setting up"
        store.save()
        Engine(context, store, self.events.append, adopt=adopt).apply()

    def rollback(self) -> None:
        """`rollback --yes`."""
        if self.state is None:
            return  # the command says that there is nothing, and nothing was made
        context, store = self._open()
        Rollback(context, store, self.events.append).apply()

    def status(self) -> Plan:
        """`status`."""
        context, store = self._open()
        return observe(context, store, side_by_side=False)

    def move_into_this_process(self) -> None:
        """In a copy of the process: a folder and a web server of its own, and nobody watches any more.

        A run that continues here goes on writing to the new folder.
        """
        stop_watching()
        self.account.calls.before.clear()
        self.account.calls.after.clear()
        own = Path(tempfile.mkdtemp(dir=MEMORY))
        FOLDERS_OF_THIS_COPY.append(own)
        self.folder = shutil.copytree(self.folder, own / "copy")
        self.account.endpoint.listen()
        if self.store is not None:
            self.store.path = self.path
        if self.context is not None:
            self.context.aws.endpoint_url = self.account.endpoint.url

    def what_a_kill_leaves(self) -> str:
        """What the next command reads of the disk: the state file; half-written ones it sweeps away."""
        return self.path.read_text() if self.path.exists() else ""


def warm_up(account: Account) -> None:
    """Run everything once, so that no copy of this process has to fill botocore's caches again."""
    with account.opened(), tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        environment = Environment(account, Path(folder))
        environment.setup()
        environment.status()
        environment.rollback()
