"""A loopback server that answers as scripted: what S3, or a broken network, may do to the handler."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import NamedTuple

OK = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'
DROP = b""  # close the connection without an answer
SILENCE = b"silence"  # keep the connection open and say nothing


def error(status: int, code: str) -> bytes:
    """An error answer as S3 gives it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>secret detail</Message></Error>".encode()
    return f"HTTP/1.1 {status} Bad\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Received(NamedTuple):
    """One request as it arrived."""

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes


class S3Double:
    """Gives the scripted answers in order, then OK. `received` holds all requests.

    `owner` is the account of the bucket: a request that expects another one is refused. `locked` is object
    lock with a default retention, which takes nothing without a checksum.

    An answer that ends the connection is followed by a close when `close_after` holds its position (from 0).
    """

    def __init__(
        self,
        *answers: bytes,
        close_after: tuple[int, ...] = (),
        tls: ssl.SSLContext | None = None,
        owner: str = "",
        locked: bool = False,
    ) -> None:
        self._answers = list(answers)
        self._close_after = close_after
        self._tls = tls
        self._owner = owner
        self._locked = locked
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.received: list[Received] = []
        self.connections = 0
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> S3Double:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def wait_for(self, requests: int) -> None:
        """Until so many have come in: on a busy machine a client may give up before its request is read."""
        deadline = time.monotonic() + 30
        while len(self.received) < requests and time.monotonic() < deadline:
            time.sleep(0.01)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                number = self.connections
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline().decode().strip():
                    headers = {}
                    while field := stream.readline().decode("latin-1").strip():
                        name, _, value = field.partition(": ")
                        headers[name.lower()] = value
                    body = stream.read(int(headers.get("content-length", "0")))
                    position = len(self.received)
                    self.received.append(Received(number, line, headers, body))
                    answer = self._answers[position] if position < len(self._answers) else OK
                    if self._owner and headers.get("x-amz-expected-bucket-owner", self._owner) != self._owner:
                        answer = error(403, "AccessDenied")
                    if self._locked and not headers.keys() & {"content-md5", "x-amz-checksum-sha256"}:
                        answer = error(400, "InvalidRequest")
                    if answer == SILENCE:
                        stream.readline()
                    if answer in (DROP, SILENCE):
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                    connection.sendall(answer)
                    if position in self._close_after:
                        connection.shutdown(socket.SHUT_RDWR)
                        return
