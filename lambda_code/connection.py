"""A kept-alive HTTP/1.1 connection: the little of HTTP that storing an object needs.

The standard library's http.client costs 27 ms of every cold start, because it loads the e-mail parser.
"""

from __future__ import annotations

import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

MAXIMUM_HEAD_BYTES = 64 * 1024
MAXIMUM_BODY_BYTES = 1024 * 1024  # the answers of S3 to a PUT are at most an error document
SMALL_BODY_BYTES = 64 * 1024


class Connection:
    """One connection to `host` and `port`; `tls` is None for plain http.

    Every failure is an OSError: a ConnectionError for a dropped connection or a malformed answer, a
    TimeoutError for a passed deadline. After one the connection is closed and must be thrown away.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, deadline: float) -> None:
        self._deadline = deadline
        self._received = bytearray()
        self.used = False
        self.reusable = True
        plain = socket.create_connection((host, port), self._seconds_left())
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        except BaseException:
            plain.close()
            raise

    def close(self) -> None:
        """Give the socket back; never fails."""
        self.reusable = False
        self._socket.close()

    def exchange(self, head: bytes, body: bytes | bytearray, deadline: float) -> tuple[int, bytes]:
        """Send a request and return the answer's status and body; `deadline` is in time.monotonic seconds."""
        self._deadline = deadline
        try:
            self._send(head, body)
            status, fields = self._read_head()
            while status < 200:  # 100 Continue and its kind announce the real answer
                status, fields = self._read_head()
            answer = self._read_body(status, fields)
        except BaseException:
            self.close()
            raise
        self.used = True
        if not self.reusable:
            self.close()
        return status, answer

    def _seconds_left(self) -> float:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("no time left")
        return seconds

    def _send(self, head: bytes, body: bytes | bytearray) -> None:
        self._socket.settimeout(self._seconds_left())
        if len(body) <= SMALL_BODY_BYTES:  # one packet, one system call
            self._socket.sendall(head + body)
        else:
            self._socket.sendall(head)
            self._socket.sendall(body)

    def _receive(self) -> bool:
        """Wait for more bytes; False when the other side has closed."""
        self._socket.settimeout(self._seconds_left())
        piece = self._socket.recv(64 * 1024)
        self._received += piece
        return bool(piece)

    def _take(self, count: int) -> bytes:
        """The next `count` bytes."""
        while len(self._received) < count:
            if not self._receive():
                raise ConnectionError("the connection was closed in the middle of an answer")
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _take_until(self, end: bytes) -> bytes:
        """The bytes before `end`, which is dropped."""
        while (position := self._received.find(end)) < 0:
            if len(self._received) > MAXIMUM_HEAD_BYTES:
                raise ConnectionError("the answer's head is too long")
            if not self._receive():
                raise ConnectionError("the connection was closed before the answer")
        return self._take(position + len(end))[:position]

    def _read_head(self) -> tuple[int, dict[bytes, bytes]]:
        """Status and the fields with lower-case names."""
        first, *lines = self._take_until(b"\r\n\r\n").split(b"\r\n")
        version, _, rest = first.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise ConnectionError("the answer is not HTTP/1.1")
        fields = {}
        for line in lines:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip().lower()
        keep = fields.get(b"connection", b"keep-alive" if version == b"HTTP/1.1" else b"close")
        self.reusable = b"close" not in keep
        return int(rest[:3]), fields

    def _read_body(self, status: int, fields: dict[bytes, bytes]) -> bytes:
        """The body, by the rules of RFC 9112 section 6.3."""
        if status in (204, 304):
            return b""
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return self._read_chunks()
        length = fields.get(b"content-length")
        if length is not None:
            return self._take(_size(length, 10))
        self.reusable = False
        while self._receive():
            _size(b"%d" % len(self._received), 10)
        return self._take(len(self._received))

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := _size(self._take_until(b"\r\n").partition(b";")[0].strip(), 16):
            body += self._take(size)
            _size(b"%d" % len(body), 10)
            if self._take(2) != b"\r\n":
                raise ConnectionError("a chunk of the answer is malformed")
        while self._take_until(b"\r\n"):  # trailer fields
            pass
        return bytes(body)


def _size(digits: bytes, base: int) -> int:
    """A length out of an answer; raises ConnectionError when it is none, or more than we want to read."""
    try:
        size = int(digits, base)
    except ValueError:
        raise ConnectionError("the answer has a malformed length") from None
    if not 0 <= size <= MAXIMUM_BODY_BYTES:
        raise ConnectionError("the answer is too long")
    return size
