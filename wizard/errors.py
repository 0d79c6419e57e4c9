"""What can go wrong, in the operator's words.

WizardError                 what happened, why, the next command to type, the exit code
├── UsageError              a value or a flag that cannot work (2)
├── StateError              the state file cannot be read, written or used (1)
│   └── NewerStateError     it was written by a newer version (1)
├── CredentialsError        no, dead or foreign credentials; a region that is off (4)
├── BusyError               another run holds the state file (5)
├── ConflictError           something that is not ours stands where we would build (1)
│   └── LostStateError      it is ours, but the state file that knows it is not here (1)
├── WaitTimeoutError           a wait ended before AWS was ready (1)
└── VerificationError       a check of the finished deployment did not pass (1)
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The documented exit codes of every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DRIFT = 3
    CREDENTIALS = 4
    BUSY = 5
    INTERRUPTED = 130


class WizardError(Exception):
    """A failure that the operator can act on.

    Args:
        what: what happened, one sentence.
        why: the cause, as far as it is known.
        next_step: the next command to type, or what to change.
        exit_code: the exit code of the process.
        link: a page that says more.
    """

    default_exit_code = ExitCode.FAILED

    def __init__(
        self,
        *,
        what: str,
        why: str,
        next_step: str,
        exit_code: ExitCode | None = None,
        link: str | None = None,
    ) -> None:
        super().__init__(f"{what} {why}")
        self.what = what
        self.why = why
        self.next_step = next_step
        self.exit_code = self.default_exit_code if exit_code is None else exit_code
        self.link = link

    def as_dict(self) -> dict[str, str | int | None]:
        """The error as the JSON document of `--json` shows it."""
        return {
            "what": self.what,
            "why": self.why,
            "next_step": self.next_step,
            "exit_code": int(self.exit_code),
            "link": self.link,
        }


class UsageError(WizardError):
    """A value or a flag that cannot work."""

    default_exit_code = ExitCode.USAGE


class StateError(WizardError):
    """The state file cannot be read, written or used."""


class NewerStateError(StateError):
    """The state file was written by a newer version: it is good, but not to be read here."""


class CredentialsError(WizardError):
    """No, dead or foreign credentials, or a region that is not enabled."""

    default_exit_code = ExitCode.CREDENTIALS


class BusyError(WizardError):
    """Another run holds the state file."""

    default_exit_code = ExitCode.BUSY


class ConflictError(WizardError):
    """Something that is not ours stands where we would build."""


class LostStateError(ConflictError):
    """What stands there is a deployment of this name whose state file is not here."""


class WaitTimeoutError(WizardError):
    """A wait ended before AWS was ready; the next run continues."""


class VerificationError(WizardError):
    """A check of the finished deployment did not pass."""


class Interrupted(BaseException):
    """The operator pressed Ctrl-C, or SIGTERM came; raised between two AWS calls only.

    Not an `Exception`, so that no handler of failures takes it for one.
    """
