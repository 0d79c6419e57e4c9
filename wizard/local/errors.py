"""What can go wrong with the embedded local AWS."""

from __future__ import annotations

from wizard.errors import WizardError


class LocalAwsError(WizardError):
    """The embedded local AWS cannot be installed, started, stopped or wiped."""
