"""`token list / add / revoke / rotate`: who may send events. AWS and the state file know digests only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from wizard.aws.objects import ObjectReader
from wizard.clock import SystemClock
from wizard.commands.common import complete, nobody_answers, say, stoppable
from wizard.deployment import existing
from wizard.errors import ExitCode, WizardError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.resources.function_settings import FunctionEnvironment
from wizard.state.model import TokenDigest, required
from wizard.state.store import Store
from wizard.tokens import rotation as rotations
from wizard.tokens import token as tokens
from wizard.tokens.apply import bring_into_force, refuse_unfinished, write_ahead
from wizard.tokens.rotation import Rotation
from wizard.tokens.use import Use, Uses, uses
from wizard.ui.one_line import OneLine
from wizard.ui.output import discard_output, is_interactive, messages, print_json, results
from wizard.ui.prompts import Prompts
from wizard.ui.token_table import token_table

CLIENT_LABEL = "client"
TELLING = "Telling the function of the new token …"
NOT_ALL = (
    "There is too much to count at a glance: from {since:%H:%M} UTC on it is counted."
    " `eventtrack-wizard events overview --since 24h` counts all."
)


def list_all(options: Options, *, as_json: bool, offline: bool) -> ExitCode:
    """Show the tokens by label, from the state file; and when they were used, which AWS alone can tell.

    That it cannot be told, for whatever reason, is said and no failure.
    """
    state = required(options.state)
    own = [tokens.digest(token).sha256 for token in _own(options) if token]
    found, problem = (None, None) if offline or not state.tokens else _uses(options)
    if as_json:
        print_json([_document(token, own, found) for token in state.tokens])
    elif not state.tokens:
        say("There is no token: `eventtrack-wizard setup` makes the first one.", options)
    else:
        note = "" if found is None or found.is_all else options.complete(NOT_ALL.format(since=found.since))
        results().print(token_table(state.tokens, own, found, note))
    if problem:
        say(f"When they were used is not known. {problem.what} {problem.why} {problem.next_step}", options)
    elif offline and state.tokens:
        say("AWS was not asked when they were used; `eventtrack-wizard token list` asks it.", options)
    if rotations.unfinished(options.state):
        say("A rotation is not finished: run `eventtrack-wizard token rotate`.", options)
    return ExitCode.DONE


def _uses(options: Options) -> tuple[Uses | None, WizardError | None]:
    clock = SystemClock()
    try:
        with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
            reader = ObjectReader(at.aws, at.settings.bucket_name)
            return uses(reader, datetime.now(UTC), at.identity.id), None
    except WizardError as error:
        complete(error, options)
        return None, error


def _document(token: TokenDigest, own: Sequence[str], found: Uses | None) -> dict[str, Any]:
    """A token for `--json`; null is what is not known."""
    use = found and (found.by_label.get(token.label) or Use())
    return {
        "label": token.label,
        "created_at": token.created_at,
        "own": token.sha256 in own,
        "events": use and use.events,
        "last_use": use and use.last and use.last.isoformat(),
        "counted_since": found and found.since.isoformat(),
    }


def add(options: Options, *, label: str | None) -> ExitCode:
    """Make a token for one more client. It is printed before AWS hears of it, so that it is never lost."""
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=True) as (at, store):
        refuse_unfinished(store)
        taken = [token.label for token in store.state.tokens]
        chosen = (
            tokens.free_label(CLIENT_LABEL, taken) if label is None else tokens.checked_label(label, taken)
        )
        token, known = tokens.generate(), list(store.state.tokens)
        at = write_ahead(at, store, [*known, tokens.digest(token, chosen)])
        try:
            messages().print(f"The token of {chosen}, shown this once:", markup=False)
            print(token, flush=True)  # noqa: T201  the result: the token alone, for `$(…)`
        except OSError as error:
            write_ahead(at, store, known)
            if not isinstance(error, BrokenPipeError):
                raise
            discard_output()
            raise WizardError(
                what="The token was not shown, so there is none.",
                why="Whoever was to read the output has gone.",
                next_step="Run the same command again.",
            ) from error
        at = replace(at, token=token)
        try:
            bring_into_force(at, store, OneLine(messages(), TELLING))
        except WizardError:
            say("The token is written down: `eventtrack-wizard setup` brings it into force.", options)
            raise
        say(f"It is in force. Take it back with `eventtrack-wizard token revoke {chosen}`.", options)
    return ExitCode.DONE


def revoke(options: Options, *, label: str, yes: bool) -> ExitCode:
    """Refuse a client from now on."""
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=True) as (at, store):
        refuse_unfinished(store)
        known = store.state.tokens
        is_known = label in {token.label for token in known}
        if not is_known and not rotations.unfinished(options.state) and not _is_in_force(label, at):
            tokens.without(known, label, ())
        finishing = OneLine(messages(), "Telling the function which tokens are left …")
        if not is_known and bring_into_force(at, store, finishing):
            messages().print("Finished what an earlier run had begun.")
            return ExitCode.DONE
        left = tokens.without(known, label, _own(options))
        if not _agreed(
            f"Requests with the token of {label} will be refused. Go on?", f"revoke {label}", yes=yes
        ):
            return ExitCode.DONE
        _give_up_rotation_to(label, store, options)
        at = write_ahead(at, store, left)
        refusing = OneLine(messages(), f"Telling the function to refuse the token of {label} …")
        bring_into_force(at, store, refusing)
        messages().print(f"The token of {label} is revoked.", markup=False)
        if at.token is None:
            say("No token is here to prove the endpoint with: run `eventtrack-wizard setup`.", options)
    return ExitCode.DONE


def rotate(options: Options, *, label: str | None, keep_old: bool, grace: float, yes: bool) -> ExitCode:
    """Replace the deployment's own token; an unfinished rotation is finished first and alone."""
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=True) as (at, store):
        refuse_unfinished(store)
        rotation = rotations.unfinished(options.state)
        if rotation is None:
            question = "Clients that hold a copy of the old token will be refused. Go on?"
            if not keep_old and not _agreed(question, "rotate", yes=yes):
                return ExitCode.DONE
            own = tokens.read(options.state) or at.token
            rotation = rotations.begin(options.state, store.state.tokens, own, label, keep_old=keep_old)
        else:
            messages().print("Going on with the rotation that was begun.")
        _carry_out(rotation, at, store, options, grace)
        _say_rotated(rotation, store, options)
    return ExitCode.DONE


def _carry_out(rotation: Rotation, at: Deployment, store: Store, options: Options, grace: float) -> None:
    """Every step may have happened before: each does nothing then."""
    old_is_known = any(token.sha256 == rotation.old_sha256 for token in store.state.tokens)
    at = write_ahead(replace(at, token=rotation.token), store, rotation.joined(store.state.tokens))
    bring_into_force(at, store, OneLine(messages(), TELLING))
    tokens.write(options.state, rotation.token)
    if old_is_known and not rotation.keep_old:
        messages().print(f"The new token is in force. The old one goes in {grace:g} s.", markup=False)
        # Requests that were begun with the old token are still on their way.
        at.aws.clock.sleep(grace)
    at = write_ahead(at, store, rotation.finished(store.state.tokens))
    refusing = OneLine(messages(), "Telling the function to refuse the old token …")
    bring_into_force(at, store, refusing)
    rotations.forget(options.state)


def _say_rotated(rotation: Rotation, store: Store, options: Options) -> None:
    path = tokens.token_path(options.state)
    messages().print(f"The new token is in {path}; it was not shown.", markup=False)
    old = next((token.label for token in store.state.tokens if token.sha256 == rotation.old_sha256), None)
    if old is not None:
        say(f"The old one is valid until you run `eventtrack-wizard token revoke {old}`.", options)
    if os.environ.get("EVENTTRACK_TOKEN", rotation.token) != rotation.token:
        messages().print("EVENTTRACK_TOKEN is set to another token: unset it, or the wizard sends that one.")


def _own(options: Options) -> tuple[str | None, ...]:
    """The tokens that this wizard sends: of the token file and of the environment."""
    return tokens.read(options.state), os.environ.get("EVENTTRACK_TOKEN")


def _is_in_force(label: str, at: Deployment) -> bool:
    """Whether the function still lets a token in that the state file has forgotten: a revoke was killed."""
    facts = FunctionEnvironment().read(at.looking_anew())
    return facts is not None and label in {token.label for token in FunctionEnvironment().tokens_from(facts)}


def _give_up_rotation_to(label: str, store: Store, options: Options) -> None:
    """Revoking the new token of an unfinished rotation gives the rotation up; else it would come back."""
    rotation = rotations.unfinished(options.state)
    doomed = next(token for token in store.state.tokens if token.label == label)
    if rotation and tokens.digest(rotation.token).sha256 == doomed.sha256:
        rotations.forget(options.state)


def _agreed(question: str, command: str, *, yes: bool) -> bool:
    """The operator's word that somebody may be refused.

    Raises:
        UsageError: there is nobody to ask.
    """
    if yes:
        return True
    if not is_interactive():
        raise nobody_answers("There is nobody to confirm it.", f"token {command} --yes")
    if Prompts(messages()).confirm(question, default=False):
        return True
    messages().print("Nothing was changed.")
    return False
