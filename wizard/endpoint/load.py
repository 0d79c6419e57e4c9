"""Many clients that post at once, and what came of it."""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from wizard.clock import SystemClock
from wizard.daemons import Daemons
from wizard.endpoint.client import Answer, Endpoint
from wizard.errors import WizardError


@dataclass(frozen=True)
class Posted:
    """An event that was posted, and the answer."""

    event_id: str
    answer: Answer


@dataclass(frozen=True)
class LoadReport:
    """What came of a load run. Latencies are those of answered requests, `seconds` is the whole run."""

    url: str
    clients: int
    seconds: float
    answers: list[Answer]
    unanswered: int
    stored: Counter[str]

    @property
    def accepted(self) -> list[Answer]:
        """The requests that the endpoint has answered with 200."""
        return [answer for answer in self.answers if answer.status == 200]

    @property
    def found(self) -> int:
        """How many of the accepted ones are in the bucket, exactly once."""
        return sum(self.stored[answer.request_id] == 1 for answer in self.accepted)

    @property
    def refused(self) -> dict[str, int]:
        """Status to number of answers."""
        return dict(Counter(str(answer.status) for answer in self.answers if answer.status != 200))

    @property
    def is_good(self) -> bool:
        """Whether something was accepted, and everything that was is in the bucket."""
        return 0 < len(self.accepted) == self.found

    def latency_ms(self, percent: int) -> float | None:
        """The latency that `percent` of the answered requests did not pass; None without answers."""
        ordered = sorted(answer.seconds for answer in self.answers)
        return round(percentile(ordered, percent) * 1000, 1) if ordered else None


def percentile(ordered: list[float], percent: int) -> float:
    """The nearest-rank percentile of values that are sorted; there must be one."""
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def post_all(
    endpoint: Endpoint,
    requests: int,
    clients: int,
    event_name: str,
    clock: SystemClock,
    on_answer: Callable[[], object],
) -> list[Posted | None]:
    """Every client takes the next event until none is left; None stands for a request without an answer.

    Args:
        on_answer: called after every request, from the clients' threads.

    Raises:
        Interrupted: the operator has asked to stop.
    """
    numbers = count(1)

    def client() -> list[Posted | None]:
        outcomes: list[Posted | None] = []
        # Not `clock.check`: an exception in a thread would come out only when all have ended.
        while (number := next(numbers)) <= requests and not clock.stop.is_set():
            outcomes.append(_post(endpoint, _event(event_name, number)))
            on_answer()
        return outcomes

    with Daemons(clients) as threads:
        running = [threads.submit(client) for _ in range(clients)]
        outcomes = [outcome for ended in running for outcome in ended.result()]
    clock.check()
    return outcomes


def _post(endpoint: Endpoint, event: dict[str, Any]) -> Posted | None:
    try:
        return Posted(event["event_id"], endpoint.post(event))
    except WizardError:
        return None


def _event(event_name: str, number: int) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()),
        "event_name": event_name,
        "user_id": "test_user_123",
        "properties": {"action": "send-test --load", "number": number},
    }
