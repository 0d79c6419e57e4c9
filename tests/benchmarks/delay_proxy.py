"""A proxy in front of the emulator that puts AWS's latency back and counts the calls.

    python -m tests.benchmarks.delay_proxy URL

Prints its port on loopback, then obeys standard input: a line holds the `Conditions` of the next run as
JSON and is answered by a line with the calls counted since the last one. It ends with its standard input.

A request to a deployed API's public URL is delayed and counted like any other: it goes over the same
network. Opening a connection costs nothing extra. Requests are named after the run, so that counting takes
no time from it.
"""

from __future__ import annotations

import json
import math
import sys
import time

from tests.aws.over_http import wire
from tests.aws.over_http.messages import Answer, Request
from tests.aws.over_http.operations import Operation, identify
from tests.aws.over_http.server import ProxyServer, Upstream

from .laboratory import Conditions


class DelayProxy:
    """Answers one run at a time."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self.begin(Conditions())

    def begin(self, conditions: Conditions) -> None:
        """Start a run: nothing counted, no role made."""
        self._conditions = conditions
        self._role_usable_at = -math.inf
        self._requests: list[Request] = []

    def counts(self) -> dict[str, int]:
        """All calls of the run, and those of them that change or run something."""
        operations = [identify(request) for request in self._requests]
        return {"calls": len(operations), "changing": sum(operation.changing for operation in operations)}

    def answer(self, request: Request) -> Answer:
        """The emulator's answer, late."""
        self._requests.append(request)
        time.sleep(self._conditions.latency)
        if not self._conditions.role_usable_after:
            return self._upstream.send(request)
        return self._answer_with_young_role(request, identify(request))

    def _answer_with_young_role(self, request: Request, operation: Operation) -> Answer:
        if operation.name == "CreateFunction" and time.monotonic() < self._role_usable_at:
            message = "The role defined for the function cannot be assumed by Lambda."
            return wire.error("lambda", request, 400, "InvalidParameterValueException", message)
        answer = self._upstream.send(request)
        if operation.name == "CreateRole" and answer.succeeded:
            self._role_usable_at = time.monotonic() + self._conditions.role_usable_after
        return answer


def main() -> None:
    """Serve until standard input ends."""
    upstream = Upstream(sys.argv[1])
    proxy = DelayProxy(upstream)
    server = ProxyServer(0, upstream, proxy.answer)
    server.start()
    print(server.server_address[1], flush=True)
    for line in sys.stdin:
        counts = proxy.counts()
        proxy.begin(Conditions(**json.loads(line)))
        print(json.dumps(counts), flush=True)
    server.stop()


if __name__ == "__main__":
    main()
