"""What the engine tells its listeners: frozen facts, in the order in which they happen.

The engine never prints; a screen never decides. Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wizard.errors import WizardError

Change = Literal["create", "adopt", "update", "delete", "restore", "keep", "check"]


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """The engine begins with a phase."""

    phase: str


@dataclass(frozen=True, slots=True)
class PhaseDone:
    """Every resource and check of the phase is as it should be; `changes` were needed for that."""

    phase: str
    changes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PhaseFailed:
    """The phase stopped; what was done is in the state file."""

    phase: str
    error: WizardError
    seconds: float


@dataclass(frozen=True, slots=True)
class ChangeStarted:
    """A change is about to be made; it is already written down."""

    phase: str
    resource: str
    change: Change
    title: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeDone:
    """AWS has made the change; the engine reads it back next."""

    phase: str
    resource: str
    change: Change
    title: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """AWS is not ready yet: `reason` in words, how long so far, how long at most."""

    phase: str
    reason: str
    elapsed: float
    timeout: float


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something the operator should know that stops nothing."""

    phase: str
    message: str


Event = PhaseStarted | PhaseDone | PhaseFailed | ChangeStarted | ChangeDone | Waiting | Noticed
Listener = Callable[[Event], None]
