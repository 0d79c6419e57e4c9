"""Bringing another set of tokens into force: state file first, then the function, then the proof."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from wizard.aws.retry import NotYet
from wizard.aws.rule import Wait
from wizard.endpoint.checks import EndpointWorks, below_the_limit
from wizard.endpoint.client import Endpoint
from wizard.engine.apply import Engine
from wizard.engine.progress import Listener
from wizard.errors import StateError
from wizard.phase_titles import PHASE_TITLES
from wizard.phases import Phase
from wizard.resources.base import Deployment
from wizard.resources.environment import environment_variables
from wizard.resources.function_settings import FunctionEnvironment
from wizard.state.model import Facts, TokenDigest
from wizard.state.store import Store

TOKEN_IS_NEW = Wait("the function does not know the token yet", 60, (0.5, 1.0, 2.0))
# Requests in a row that must be let in: AWS may still answer some from an environment of before.
ACCEPTED_IN_A_ROW = 3


class EndpointKnowsToken(EndpointWorks):
    """The proof of the last phase, once the endpoint lets the token in."""

    # What tokens can break; the direct test of phase 6 proves nothing beyond that, so it stands.
    needs = ("function.environment",)

    def run(self, at: Deployment) -> Facts:
        """See `Check.run`. An empty list tells the token's standing and stores nothing."""
        endpoint = Endpoint.of(at, before=below_the_limit(at))
        for _ in range(ACCEPTED_IN_A_ROW):
            if endpoint.post([]).status in (401, 429):
                raise NotYet(TOKEN_IS_NEW)
        return super().run(at)


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


def write_ahead(at: Deployment, store: Store, changed: Sequence[TokenDigest]) -> Deployment:
    """Write down the tokens that shall be valid; returns the deployment with them.

    Raises:
        UsageError: they do not fit into the function's environment; nothing was written.
        StateError: the state file cannot be written.
    """
    changed_deployment = dataclasses.replace(at, tokens=tuple(changed))
    environment_variables(changed_deployment)
    if list(changed) != store.state.tokens:
        store.state.tokens = list(changed)
        store.save()
    return changed_deployment


def bring_into_force(at: Deployment, store: Store, listen: Listener) -> int:
    """Bring the tokens of the state file to the function and prove them; returns the number of changes.

    Proved is what tokens can break: that the public URL lets `at.token` in, refuses another and
    stores an event. Without a token
    to send, the proof is due until somebody runs setup with one.

    Raises:
        WizardError: it failed; the state file says what is due, and the next run continues.
    """
    phases = [Phase("env vars", PHASE_TITLES["env vars"], (FunctionEnvironment(),))]
    if at.token is None:
        store.state.checks.pop(EndpointWorks.key, None)
        store.save()
    elif "deploy" in store.state.phases:
        phases.append(Phase("deploy", PHASE_TITLES["deploy"], (), (EndpointKnowsToken(),)))
    engine = Engine(at, store, listen, phases=phases)
    engine.apply_phases()
    return engine.changes
