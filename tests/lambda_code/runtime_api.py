"""Lambda's side of the Runtime API, as the runtime's bootstrap sees it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIX = "/2018-06-01/runtime/"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:saas-event-tracking-processor"
SECONDS_OF_AN_INVOCATION = 10
SECONDS_TO_ANSWER = 60.0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A runtime that is killed drops its connection."""


class RuntimeApi:
    """Hands out one event after the other; `address` is what AWS_LAMBDA_RUNTIME_API says."""

    def __init__(self) -> None:
        self._events: list[bytes] = []
        self._answers: list[Any] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._closed = False
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> RuntimeApi:
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event: object, is_alive: Callable[[], bool]) -> Any:
        """The function's answer to one event.

        Raises:
            AssertionError: the runtime reported an error, has died or said nothing.
        """
        with self._changed:
            self._events.append(json.dumps(event).encode())
            self._changed.notify_all()
            deadline = time.monotonic() + SECONDS_TO_ANSWER
            while not self._changed.wait_for(lambda: self._answers, 0.5):
                assert is_alive(), "the runtime has died"
                assert time.monotonic() < deadline, "the runtime gave no answer"
            kind, body = self._answers.pop(0)
        assert kind == "response", f"the runtime reported: {body[:500]}"
        return json.loads(body)

    def next_event(self) -> bytes | None:
        """Waits for the next event; None: there will be no other."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed)
            return self._events.pop(0) if self._events else None

    def answered(self, kind: str, body: bytes) -> None:
        """Takes the answer of the runtime: a response or an error."""
        with self._changed:
            self._answers.append((kind, body))
            self._changed.notify_all()


def _handler_for(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection of the runtime, kept open."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.path == f"{PREFIX}invocation/next"
            event = api.next_event()
            if event is None:
                self.close_connection = True
                return
            deadline = int((time.time() + SECONDS_OF_AN_INVOCATION) * 1000)
            self._answer(
                200,
                event,
                ("Content-Type", "application/json"),  # without it the runtime client crashes
                ("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4())),
                ("Lambda-Runtime-Deadline-Ms", str(deadline)),
                ("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN),
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.answered(self.path.rpartition("/")[2], body)
            self._answer(202, b"{}")

        def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Silent."""

    return Handler
