"""What the engine tells its listeners: frozen facts, in the order in which they happen.

Several phases may be at work at the same time, and several resources of one phase, so the events of
different phases and resources interleave. They come from several threads, but one after the other: the
engine never calls a listener twice at once. The engine never prints; a screen never decides. Durations
are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wizard.errors import WizardError

Change = Literal["create", "adopt", "update", "delete", "restore", "check"]


@dataclass(frozen=True)
class PhaseStarted:
    """The engine begins with a phase."""

    phase: str


@dataclass(frozen=True)
class PhaseDone:
    """Every resource and check of the phase is as it should be; `changes` were needed for that.

    `came_with` is the title of what was created with everything of this phase; empty when nothing was.
    """

    phase: str
    changes: int
    seconds: float
    came_with: str = ""


@dataclass(frozen=True)
class PhaseFailed:
    """Something in the phase could not be done; what was done is in the state file. Others may go on."""

    phase: str
    error: WizardError
    seconds: float


@dataclass(frozen=True)
class PhaseStopped:
    """The phase stays unfinished, or was never started, although nothing in it failed.

    `because` is a clause in words: "the Lambda function failed", "the operator stopped the run".
    """

    phase: str
    because: str


@dataclass(frozen=True)
class ChangeStarted:
    """A change is about to be made; it is already written down.

    The same change of the same resource again is another attempt. It is in flight until its `ChangeDone`.
    """

    phase: str
    resource: str
    change: Change
    title: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeDone:
    """AWS has made the change."""

    phase: str
    resource: str
    change: Change
    title: str
    seconds: float


@dataclass(frozen=True)
class Waiting:
    """AWS is not ready yet: `reason` in words, how long so far, how long at most.

    Told again every few seconds while it lasts. `resource` is the key of the resource or check that waits;
    empty when the phase as a whole does.
    """

    phase: str
    reason: str
    elapsed: float
    timeout: float
    resource: str = ""


@dataclass(frozen=True)
class Kept:
    """A rollback leaves something standing. Why, the plan has said, and the report says again."""

    phase: str
    resource: str
    title: str


@dataclass(frozen=True)
class Noticed:
    """Something the operator should know that stops nothing."""

    phase: str
    message: str


Event = (
    PhaseStarted
    | PhaseDone
    | PhaseFailed
    | PhaseStopped
    | ChangeStarted
    | ChangeDone
    | Waiting
    | Kept
    | Noticed
)
Listener = Callable[[Event], None]
