"""Bringing another set of tokens into force: state file first, then the function, then the proof."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from wizard.aws.error_rules import Wait
from wizard.aws.retry import NotYet
from wizard.endpoint.checks import EndpointWorks
from wizard.endpoint.client import Endpoint, url_of
from wizard.engine.apply import Engine
from wizard.engine.progress import Listener
from wizard.errors import StateError
from wizard.phase_titles import PHASE_TITLES
from wizard.phases import Phase
from wizard.resources.base import Context
from wizard.resources.function import FunctionEnvironment
from wizard.state.model import Facts, Store, TokenDigest

TOKEN_IS_NEW = Wait("the function does not know the token yet", 60, (0.5, 1.0, 2.0))
# Requests in a row that must be let in: AWS may still answer some from an environment of before.
ACCEPTED_IN_A_ROW = 3


class EndpointKnowsToken(EndpointWorks):
    """The proof of the last phase, once the endpoint lets the token in."""

    def run(self, context: Context) -> Facts:
        """See `Check.run`. An empty list tells the token's standing and stores nothing."""
        endpoint = Endpoint(str(url_of(context)), context.token)
        for _ in range(ACCEPTED_IN_A_ROW):
            if endpoint.post([]).status == 401:
                raise NotYet(TOKEN_IS_NEW)
        return super().run(context)


def refuse_unfinished(store: Store) -> None:
    """Tokens are changed where a function stands.

    Raises:
        StateError: there is none.
    """
    if "function" not in store.state.records or store.state.lifecycle in ("rolling back", "rolled back"):
        raise StateError(
            what="There is no function whose tokens could be changed.",
            why=f"The deployment is not complete ({store.state.lifecycle}).",
            next_step="Run `eventtrack-wizard setup` first.",
        )


def write_ahead(context: Context, store: Store, changed: Sequence[TokenDigest]) -> None:
    """Write down the tokens that shall be valid.

    Raises:
        UsageError: they do not fit into the function's environment; nothing was written.
        StateError: the state file cannot be written.
    """
    desired = dataclasses.replace(context, tokens=tuple(changed))
    FunctionEnvironment().desired(desired)
    context.tokens = desired.tokens
    if list(changed) != store.state.tokens:
        store.state.tokens = list(changed)
        store.save()


def bring_into_force(context: Context, store: Store, listen: Listener) -> int:
    """Bring the tokens of the state file to the function and prove them; returns the number of changes.

    Proved is what tokens can break: that the public URL lets `context.token` in, refuses another and
    stores an event. The direct test of phase 6 proves nothing beyond that, so it stands. Without a token
    to send, the proof is due until somebody runs setup with one.

    Raises:
        WizardError: it failed; the state file says what is due, and the next run continues.
    """
    phases = [Phase("env vars", PHASE_TITLES["env vars"], (FunctionEnvironment(),))]
    if context.token is None:
        store.state.checks.pop(EndpointWorks.key, None)
        store.save()
    elif "deploy" in store.state.phases:
        phases.append(Phase("deploy", PHASE_TITLES["deploy"], (), (EndpointKnowsToken(),)))
    engine = Engine(context, store, listen, phases=phases)
    engine.apply_phases()
    return engine.changes
