"""API Gateway's quotas, kept by waiting beforehand."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from wizard.clock import Clock

# Seconds between two calls, per account and region, not raisable:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
SECONDS_BETWEEN = {"CreateRestApi": 3.0, "CreateDeployment": 5.0, "DeleteRestApi": 30.0}
API_GATEWAY_BURST, API_GATEWAY_RATE = 40, 10.0
# Rounding leaves waits that no clock can show.
SHORTEST_WAIT = 0.001


class Pacer:
    """Keeps calls under API Gateway's documented quotas, so that they are not answered with 429."""

    def __init__(self, clock: Clock, seconds_between: Mapping[str, float] = SECONDS_BETWEEN) -> None:
        self._clock = clock
        self._seconds_between = seconds_between
        self._last_call: dict[str, float] = {}
        self._tokens, self._refilled_at = float(API_GATEWAY_BURST), clock.time()
        self._lock = threading.Lock()

    def wait_for(self, operation: str) -> float:
        """Seconds until `operation` may be sent; 0.0 books its place."""
        with self._lock:
            now = self._clock.time()
            filled = self._tokens + (now - self._refilled_at) * API_GATEWAY_RATE
            self._tokens, self._refilled_at = min(API_GATEWAY_BURST, filled), now
            pause = self._seconds_between.get(operation, 0.0)
            due = self._last_call.get(operation, now - pause) + pause
            wait = max(due - now, (1.0 - self._tokens) / API_GATEWAY_RATE, 0.0)
            if wait > SHORTEST_WAIT:
                return wait
            self._tokens -= 1.0
            self._last_call[operation] = now
            return 0.0

    def answered(self, operation: str) -> None:
        """Count the pause from here: AWS saw the call at some moment between its booking and its answer."""
        with self._lock:
            self._last_call[operation] = self._clock.time()
