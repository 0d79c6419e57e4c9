"""What a local AWS that was killed has lost: written down by the next start, for the deployments it hit.

MiniStack saves what it holds when it is stopped, and only then; objects in buckets are on disk at once. So a
start that finds no newer save than the one before it had found knows that everything in between is gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from wizard.local import process
from wizard.local.folder import DataFolder

# Losses that are remembered: more deployments than one may have to hear of them.
KEPT = 20


@dataclass(frozen=True)
class Loss:
    """What was made between two moments, in seconds since the epoch, is gone; `since` 0 is "ever"."""

    since: float
    until: float

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since, UTC)
        made = f"since its last stop, {since:%Y-%m-%d %H:%M} UTC," if self.since else "in it"
        return f"What was made {made} is gone; stored events are still there."


def ended_unsaved(folder: DataFolder) -> bool:
    """Whether the last one was killed: it does not run, and what it held was never saved.

    One whose folder holds nothing at all had nothing to lose, or was wiped.
    """
    record = folder.read_record()
    if record is None or not folder.objects_path.exists() or process.is_alive(folder):
        return False
    return folder.saved_at() == record.saved_before


def note_loss(folder: DataFolder) -> None:
    """Write down what is gone; to be called before a start, whose record takes the place of the evidence."""
    if not ended_unsaved(folder):
        return
    loss = Loss(folder.saved_at() or 0.0, time.time())
    folder.write_losses([astuple(known) for known in (*_known(folder), loss)][-KEPT:])


def loss_after(changes: Iterable[str], data_folder: Path | None = None) -> Loss | None:
    """What took a deployment away whose things were changed at these moments (ISO 8601); None: nothing did.

    A deployment that was repaired after the loss has changes that are younger, also in the whole seconds
    of the state file, because the start alone takes one.
    """
    last = max((datetime.fromisoformat(change).timestamp() for change in changes if change), default=None)
    if last is None:
        return None
    losses = _known(DataFolder.at(data_folder))
    return next((loss for loss in losses if loss.since < last < loss.until), None)


def _known(folder: DataFolder) -> list[Loss]:
    try:
        return [Loss(float(since), float(until)) for since, until in json.loads(folder.read_losses())]
    except (ValueError, TypeError):
        return []
