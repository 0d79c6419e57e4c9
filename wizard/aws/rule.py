"""What a row of a table of AWS's answers is: which answer, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.errors import WizardError

# Most changes are done within half a second, of AWS as of its emulators.
DENSE = (0.1, 0.15, 0.25, 0.25, 0.5, 1.0, 2.0)
SPREADING = (0.25, 0.5, *(1.0,) * 20, 2.0, 5.0)
THROTTLED = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Wait:
    """How long AWS may take: `timeout` and `delays` are seconds, the last delay repeats."""

    reason: str
    timeout: float
    delays: tuple[float, ...] = DENSE

    def delay(self, attempt: int) -> float:
        """Seconds to sleep after failed attempt number `attempt`, counted from 0."""
        return self.delays[min(attempt, len(self.delays) - 1)]


@dataclass(frozen=True)
class Explain:
    """What to tell the operator. `{message}` stands for AWS's own words."""

    why: str
    next_step: str
    error: type[WizardError] = WizardError
    link: str | None = None


@dataclass(frozen=True)
class Rule:
    """A row: codes, text and operations (all must match where given) and what to do about it."""

    codes: tuple[str, ...]
    reaction: Wait | Explain
    text: str = ""
    operations: tuple[str, ...] = ()

    def matches(self, code: str, message: str, operation: str) -> bool:
        """Whether AWS's answer to `operation` is this condition."""
        return (
            (not self.codes or code in self.codes)
            and (not self.operations or operation in self.operations)
            and (not self.text or re.search(self.text, message, re.IGNORECASE | re.DOTALL) is not None)
        )
