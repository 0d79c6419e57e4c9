"""The one writer of a state file: intents go to disk before AWS is asked, outcomes with the next write.

An outcome that a kill loses costs nothing: its intent is on disk, and the next run asks AWS. So only an
intent, and the end of a run, waits for the disk. Writes of several threads that come together are one.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path

from wizard.state.files import write_private_file
from wizard.state.model import (
    Facts,
    Lifecycle,
    Origin,
    Record,
    RecordStatus,
    State,
    backup_path,
    now,
    unwritable,
)


class Store:
    """Used by all threads of a run.

    Attributes:
        path: the state file.
        state: its content; changed here alone while several threads run.
    """

    def __init__(self, path: Path, state: State) -> None:
        self.path = path
        self.state = state
        self._changing = threading.RLock()
        self._writing = threading.Lock()
        self._changes = 0
        self._written = 0

    def save(self) -> None:
        """Write the file, with everything that was said so far.

        Raises:
            StateError: the disk is full or the folder cannot be written.
        """
        with self._changing:
            self._changes += 1
        self.flush()

    def flush(self) -> None:
        """Write what has not been written yet; nothing when all has.

        Raises:
            StateError: see `save`.
        """
        with self._changing:
            wanted = self._changes
        with self._writing:
            if self._written >= wanted:
                return
            with self._changing:
                written = self._changes
                self.state.serial += 1
                text = self.state.as_text()
            try:
                write_private_file(self.path, text, backup=backup_path(self.path))
            except OSError as error:
                raise unwritable(self.path, error) from error
            self._written = written

    def known(self) -> dict[str, Facts]:
        """The last facts of every resource: ids that only the file knows."""
        with self._changing:
            return {key: record.facts for key, record in self.state.records.items()}

    def record(self, key: str | None) -> Record | None:
        """What is known of a resource."""
        return self.state.records.get(key or "")

    def intend(
        self,
        key: str,
        status: RecordStatus,
        *,
        origin: Origin,
        before: Facts | None,
        outdates: Collection[str] = (),
    ) -> None:
        """Have a change on disk that is about to be made, and that the checks `outdates` prove nothing now.

        Raises:
            StateError: see `save`; the change must not be made.
        """
        with self._changing:
            known = self.state.records.get(key)
            facts = known.facts if known else {}
            self.state.records[key] = Record(status, origin, facts, before, now())
            for check in outdates:
                self.state.checks.pop(check, None)
        self.save()

    def settle(self, key: str, facts: Facts, *, origin: Origin, before: Facts | None) -> None:
        """Say what stands in AWS now."""
        with self._changing:
            known = self.state.records.get(key)
            if known and (known.status, known.origin, known.facts) == ("present", origin, facts):
                return
            changed_at = known.changed_at if known and known.status != "present" else now()
            self.state.records[key] = Record("present", origin, dict(facts), before, changed_at or now())
            self._changes += 1

    def forget(self, keys: Collection[str]) -> None:
        """Say that resources are gone, or no longer ours to care for."""
        with self._changing:
            for key in keys:
                if self.state.records.pop(key, None) is not None:
                    self._changes += 1

    def pass_check(self, key: str, facts: Facts) -> None:
        """Say that a check passed."""
        with self._changing:
            self.state.checks[key] = {**facts, "passed_at": now()}
            self._changes += 1

    def finish_phase(self, key: str, seconds: float) -> None:
        """Say when a phase was finished and how long it took."""
        with self._changing:
            self.state.phases[key] = {"finished_at": now(), "seconds": round(seconds, 2)}
            self._changes += 1

    def enter(self, lifecycle: Lifecycle) -> None:
        """Have it on disk how far the deployment is as a whole.

        Raises:
            StateError: see `save`.
        """
        with self._changing:
            if self.state.lifecycle != lifecycle:
                self.state.lifecycle = lifecycle
                self._changes += 1
        self.flush()

    def announce(self, api_id: str | None) -> None:
        """Have it on disk that the operator was told this API's URL.

        Raises:
            StateError: see `save`.
        """
        if self.state.announced_api != api_id:
            self.state.announced_api = api_id
            self.save()

    def end_rollback(self) -> None:
        """Have it on disk that everything was rolled back; what was kept stays ours.

        Raises:
            StateError: see `save`.
        """
        with self._changing:
            self.state.phases.clear()
            self.state.checks.clear()
            self.state.tokens.clear()
        self.state.announced_api = None
        self.state.lifecycle = "rolled back"
        self.save()
