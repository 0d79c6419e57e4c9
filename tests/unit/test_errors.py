"""Errors say what, why and what next, and carry the documented exit code."""

from __future__ import annotations

import dataclasses
import json

import pytest

from wizard import errors
from wizard.engine import progress as events


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.WizardError, 1),
        (errors.UsageError, 2),
        (errors.StateError, 1),
        (errors.CredentialsError, 4),
        (errors.BusyError, 5),
        (errors.ConflictError, 1),
        (errors.WaitTimeoutError, 1),
        (errors.VerificationError, 1),
    ],
)
def test_each_kind_of_failure_has_its_exit_code(kind: type[errors.WizardError], code: int) -> None:
    error = kind(what="This.", why="Because.", next_step="Do that.")
    assert error.exit_code == code
    assert str(error) == "This. Because."
    document = json.loads(json.dumps(error.as_dict()))
    assert document == {
        "what": "This.",
        "why": "Because.",
        "next_step": "Do that.",
        "exit_code": code,
        "link": None,
    }


def test_an_interruption_is_not_taken_for_a_failure() -> None:
    assert not issubclass(errors.Interrupted, Exception)


def test_events_cannot_be_changed_by_a_listener() -> None:
    event = events.PhaseStarted("bucket")
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.phase = "x"  # type: ignore[misc]
