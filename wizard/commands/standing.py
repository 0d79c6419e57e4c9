"""One look at a deployment: what stands, and what came in the last 24 hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from wizard.aws.topic_policy import mute
from wizard.commands.beside import Beside
from wizard.deployment import lost_with_local_aws
from wizard.endpoint.client import url_of
from wizard.endpoint.throttling import is_closed
from wizard.endpoint.traffic import Traffic, last_day, late
from wizard.engine.plan import Plan, make_plan
from wizard.errors import CredentialsError, ExitCode, WizardError
from wizard.phases import RESOURCES
from wizard.resources.alarms import gone_off
from wizard.resources.base import Deployment
from wizard.settings.runtimes import end_of_support
from wizard.state.model import State
from wizard.state.store import Store

# What CloudWatch counts is no reason to wait for it much longer than for everything else.
SECONDS_MORE = 3.0

SET_UP_AGAIN = "Run `eventtrack-wizard setup` to set it up again."
REPAIR = "Run `eventtrack-wizard setup` to repair or finish it."
NOT_ENDED = "Nothing differs, but the last run did not end: `eventtrack-wizard setup` ends it."
NOT_PROVED = "Nothing differs, but not all is proved: `eventtrack-wizard setup` proves it."


@dataclass(frozen=True)
class Standing:
    """How a deployment stands.

    Attributes:
        plan: what a setup would do; None for one that was rolled back.
        traffic: None where the deployment was rolled back.
        gone_off: alarms that are not over, in words.
        mute_topic: that no alarm can tell the operator's own topic, in words.
        support_ends: when the runtime's support ends, in words, where that is near.
        kept: what a rollback has left, by title.
    """

    state: State
    plan: Plan | None = None
    url: str | None = None
    traffic: Traffic | None = None
    support_ends: str | None = None
    gone_off: tuple[str, ...] = ()
    mute_topic: str | None = None
    kept: tuple[str, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether everything is as set up. What came in has no say in this."""
        return self.plan is not None and self.plan.in_order and self.state.lifecycle == "deployed"

    @property
    def is_closed(self) -> bool:
        """Whether the stage lets nothing through."""
        steps = self.plan.steps if self.plan else []
        return any(step.key == "stage.throttling" and is_closed(step.seen.facts) for step in steps)

    @property
    def exit_code(self) -> ExitCode:
        """What `status` ends with."""
        return ExitCode.DONE if self.is_healthy else ExitCode.DRIFT

    @property
    def unknown_keys(self) -> list[str]:
        """Records of another version of the wizard."""
        if self.plan is not None:
            return list(self.plan.unknown_keys)
        return _unknown_keys(self.state)

    @property
    def warnings(self) -> list[str]:
        """What is to be known, or done, although nothing differs."""
        remarks = self.plan.remarks if self.plan else []
        late_delivery = self.traffic and self.traffic.late_delivery
        others = [sentence for sentence in (late_delivery, self.mute_topic, self.support_ends) if sentence]
        return [*self.gone_off, *remarks, *others]

    @property
    def sentences(self) -> list[str]:
        """What is to be said besides, and what is to be done, with commands as they are without options."""
        if self.plan is None:
            kept = [f"Still there: {', '.join(self.kept)}."] if self.kept else []
            return [*kept, SET_UP_AGAIN]
        said = [f"{key}: set up by another version of the wizard; it is kept." for key in self.unknown_keys]
        if lost := lost_with_local_aws(self.state):
            said.append(f"{lost.what} {lost.why}")
        said += self.warnings
        return said if self.is_healthy else [*said, _what_to_do(self.plan)]


def standing_of(
    at: Deployment,
    store: Store,
    *,
    count: Callable[[Deployment], Traffic] = last_day,
    today: date | None = None,
) -> Standing:
    """Look at everything, side by side.

    Args:
        count: what came in.
        today: None: the day that it is.

    Raises:
        CredentialsError: the credentials died.
    """
    if store.state.lifecycle == "rolled back":
        return Standing(store.state, kept=tuple(_kept(at, store.state)))
    counting = Beside(lambda: count(at))
    plan = make_plan(at, store)
    traffic = counting.answer(SECONDS_MORE, late)
    support_ends = end_of_support(at.settings.runtime, today or datetime.now(UTC).date())
    mute_topic = mute(at.aws, at.settings.alarm_topic, at.identity.account)
    return Standing(store.state, plan, url_of(at), traffic, support_ends, _gone_off(at), mute_topic)


def _gone_off(at: Deployment) -> tuple[str, ...]:
    """Why they could not be looked at stands in the plan already."""
    aws = at.aws
    try:
        found = aws.retry(lambda: gone_off(at), "look at the alarms")
    except CredentialsError:
        raise
    except WizardError:
        return ()
    return tuple(found)


def _kept(at: Deployment, state: State) -> list[str]:
    """Parts stay with what they are part of, so they are not named."""
    known = [RESOURCES[key] for key in state.records if key in RESOURCES]
    wholes = [resource.title(at) for resource in known if not resource.parent]
    return wholes + [f"{key} (of another version of the wizard)" for key in _unknown_keys(state)]


def _unknown_keys(state: State) -> list[str]:
    return [key for key in state.records if key not in RESOURCES]


def _what_to_do(plan: Plan) -> str:
    if plan.in_order:
        return NOT_ENDED
    return REPAIR if any(step.sentences for step in plan.steps) else NOT_PROVED
