"""The HTTP proxy: reads requests, asks somebody for the answer, writes it; knows nothing about AWS."""

from __future__ import annotations

import http.client
import select
import socket
import struct
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

from .messages import Answer, ConnectionCutError, Request, headers_to_send, is_without_body

NOT_FORWARDED = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "expect",
    "te",
    "upgrade",
}
"""Headers that belong to one connection; AWS signatures leave them out."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
UPSTREAM_TIMEOUT_SECONDS = 120.0

AnswerRequest = Callable[[Request], Answer]


class Upstream:
    """Connections to the emulator: one a thread, kept open, never sending a request twice."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._local = threading.local()
        self._open: set[http.client.HTTPConnection] = set()

    def send(self, request: Request) -> Answer:
        """Forward a request unchanged, its Host header too, for the signature covers it."""
        connection = self._connection()
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers:
                if name.lower() not in NOT_FORWARDED and name.lower() != "content-length":
                    connection.putheader(name, value)
            if request.body or request.method in {"POST", "PUT", "PATCH"}:
                connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body or None)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self.drop()
            raise
        headers = [
            (name, value) for name, value in response.getheaders() if name.lower() not in NOT_FORWARDED
        ]
        if response.will_close:
            self.drop()
        return Answer(response.status, headers, body, made_by="emulator")

    def drop(self) -> None:
        """Close this thread's connection."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            self._open.discard(connection)
            connection.close()
            self._local.connection = None

    def close(self) -> None:
        """Close the connections of all threads, those of ended ones too."""
        for connection in list(self._open):
            connection.close()
        self._open.clear()

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None and _closed_by_peer(connection):
            self.drop()
            connection = None
        if connection is None:
            connection = http.client.HTTPConnection(*self._address, timeout=UPSTREAM_TIMEOUT_SECONDS)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._local.connection = connection
            self._open.add(connection)
        return connection


def _closed_by_peer(connection: http.client.HTTPConnection) -> bool:
    """An idle connection that has something to read has been closed from the other side."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


class ProxyServer(ThreadingHTTPServer):
    """Serves on the loopback interface, a thread a connection."""

    daemon_threads = True
    block_on_close = True
    request_queue_size = 128

    def __init__(self, port: int, upstream: Upstream, answer: AnswerRequest) -> None:
        self.upstream = upstream
        self.answer = answer
        self._clients: set[socket.socket] = set()
        self._connection_threads: list[threading.Thread] = []
        self._thread: threading.Thread | None = None
        super().__init__(("127.0.0.1", port), ProxyHandler)

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end the open connections and wait for their threads."""
        self.shutdown()
        if self._thread:
            self._thread.join()
        for client in list(self._clients):
            _hang_up(client)
        for thread in self._connection_threads:
            thread.join(5)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._clients.add(request)
        self._connection_threads = [thread for thread in self._connection_threads if thread.is_alive()]
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._connection_threads.append(thread)
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        self._clients.discard(request)
        self.upstream.drop()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is a normal event here."""


def _hang_up(client: socket.socket) -> None:
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        client.close()


class ProxyHandler(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: ProxyServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    methods: ClassVar[tuple[str, ...]] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

    def __getattr__(self, name: str) -> Any:
        """http.server looks for do_GET, do_POST and so on; all of them are one thing here."""
        if name.removeprefix("do_") in self.methods:
            return self.handle_call
        raise AttributeError(name)

    def handle_call(self) -> None:
        try:
            request = Request(self.command, self.path, list(self.headers.items()), self._read_body())
            answer = self.server.answer(request)
        except ConnectionCutError as cut:
            self._cut(reset=cut.reset)
            return
        self._write(answer)

    def _read_body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return b"".join(iter(self._read_chunk, b""))
        return self._read_whole(int(self.headers.get("Content-Length") or 0))

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0] or b"0", 16)
        return self._read_whole(size + len(b"\r\n"))[:size]

    def _read_whole(self, size: int) -> bytes:
        """A client that dies between headers and body has asked for nothing: a CreateBucket without its
        body would be one without its tags."""
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionCutError
        return body

    def _write(self, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} {_reason(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in headers_to_send(self.command, answer)]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self.wfile.write(head if is_without_body(self.command, answer) else head + answer.body)

    def _cut(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.rfile.close()
            self.wfile.close()
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Calls are logged by name elsewhere."""


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
