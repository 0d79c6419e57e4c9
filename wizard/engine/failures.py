"""Several failures as one, so that everything in the way is said at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wizard.errors import WizardError


def summed_up(errors: Sequence[WizardError], *, rollback: bool = False) -> WizardError:
    """One error that says everything; the first alone where there is only one.

    Args:
        errors: at least one.
        rollback: they come from a rollback, which went on past them.
    """
    if rollback:
        return _of_a_rollback(errors)
    if len(errors) == 1:
        return errors[0]
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else WizardError
    return kind(
        what=_each(error.what for error in errors),
        why=_each(error.why for error in errors),
        next_step=_each(error.next_step for error in errors),
        exit_code=max(error.exit_code for error in errors),
        link=next((error.link for error in errors if error.link), None),
    )


def _each(sentences: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(sentences))


def _of_a_rollback(errors: Sequence[WizardError]) -> WizardError:
    """The first says what to do."""
    first = errors[0]
    more = "".join(f" {error.what} {error.why}" for error in errors[1:])
    return WizardError(
        what=first.what if more else f"{first.what} Everything else was taken back.",
        why=f"{first.why}{more}",
        next_step=f"{first.next_step} `eventtrack-wizard rollback` continues.",
        link=first.link,
    )
