"""The double as tests use it: a proxy in front of the emulator that behaves like real AWS."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.aws.clock import Clock, ScaledClock

from .behaviours import Behaviour
from .calls import Call, CallLog
from .faults import Fault
from .messages import Answer, ConnectionCutError, Request
from .server import ProxyServer, Upstream
from .world import World


class AwsDouble:
    """A context manager; `url` is the endpoint to hand to clients, `calls` what has arrived so far.

    Behaviours and faults may be added and removed while it runs: both are plain lists.
    """

    def __init__(
        self,
        upstream_url: str,
        behaviours: Iterable[Behaviour] = (),
        faults: Iterable[Fault] = (),
        clock: Clock | None = None,
        port: int = 0,
        log_file: Path | None = None,
    ) -> None:
        self.behaviours = list(behaviours)
        self.faults = list(faults)
        self.clock = clock or ScaledClock()
        self._upstream = Upstream(upstream_url)
        self.world = World(upstream_url, self._upstream.send, self.clock)
        self._log = CallLog(log_file)
        self._stopped = threading.Event()
        self._server = ProxyServer(port, self._upstream, self.answer)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self.clock.stop()
        self._server.stop()
        self._upstream.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[Call]:
        return self._log.calls

    def names(self, *, changing_only: bool = False) -> list[str]:
        """The names of all calls in order."""
        return [call.name for call in self.calls if call.changing or not changing_only]

    def answer(self, request: Request) -> Answer:
        """The whole way of one request."""
        call = self._log.arrived(request)
        self.world.note(call)
        try:
            answer = self._answer(call)
            call.status = answer.status
        finally:
            self._log.finished(call)
        return answer

    def forward(self, request: Request) -> Answer:
        """The emulator's answer, for those who are not to meet the double."""
        return self._upstream.send(request)

    def _answer(self, call: Call) -> Answer:
        struck = [fault for fault in self.faults if fault.strikes(call)]
        for fault in struck:
            call.answered_by = fault.name
            early = fault.before(call, self.world, self._stopped) if fault.before else None
            if early:
                return early
        answer = self._answer_as_aws(call)
        for fault in struck:
            try:
                changed = fault.after(call, answer) if fault.after else None
            except ConnectionCutError:
                call.answered_by = fault.name
                raise
            call.answered_by = fault.name if changed else call.answered_by
            answer = changed or answer
        return answer

    def _answer_as_aws(self, call: Call) -> Answer:
        behaviours = list(self.behaviours)
        for behaviour in behaviours:
            early = behaviour.before(call, self.world)
            if early:
                call.answered_by = type(behaviour).__name__
                return early
        call.answered_by = "emulator"
        answer = self._forward(call)
        for behaviour in behaviours:
            changed = behaviour.after(call, answer, self.world)
            if changed is not answer:
                call.answered_by = type(behaviour).__name__
            answer = changed
        return answer

    def _forward(self, call: Call) -> Answer:
        try:
            answer = self._upstream.send(call.request)
        except OSError as failure:
            raise ConnectionCutError from failure
        call.executed = True
        return replace(answer)
