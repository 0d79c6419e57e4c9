"""Writing objects to S3: where the bucket lives, signing, sending, and trying again."""

from __future__ import annotations

import hashlib
import time
from os import urandom

from connection import Connection
from signature import authorization, encoded_path, signing_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from configuration import Configuration

MAXIMUM_ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
TRANSIENT_STATUSES = frozenset((500, 502, 503, 504))
TRANSIENT_CODES = frozenset(("SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable"))
# Source: the partitions of botocore; a test compares them.
DOMAINS = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
)


class StorageError(Exception):
    """S3 did not store the object: the HTTP status (0: no answer) and the code S3 gave, never its text.

    `unavailable` tells that another try later is likely to succeed.
    """

    def __init__(self, status: int, code: str, *, unavailable: bool) -> None:
        super().__init__(f"storage answered {status} {code}")
        self.status = status
        self.code = code
        self.unavailable = unavailable


class Store:
    """The bucket of the configuration, over one kept-alive connection.

    `tls` replaces the verifying default; `sleep` takes seconds; `now` gives seconds since 1970.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._configuration = configuration
        self._sleep = sleep
        self._now = now
        self._idle: list[Connection] = []
        self._key: tuple[str, bytes] = ("", b"")
        secure, self._host, self._port, self._host_header, self._prefix = address(
            configuration.bucket, configuration.region, configuration.endpoint
        )
        self._tls = (tls or verifying_context(configuration.certificate_bundle)) if secure else None

    def put(
        self,
        name: str,
        content: bytes | bytearray,
        content_type: str,
        metadata: dict[str, str],
        seconds: float,
    ) -> None:
        """Store the content as object `name`, trying again while `seconds` last; raises StorageError.

        Trying again is safe because a PUT of the same name and content changes nothing.
        """
        head = self._head(name, content, content_type, metadata)
        deadline = time.monotonic() + seconds
        attempt = 0
        while True:
            attempt += 1
            try:
                status, body = self._exchange(head, content, deadline)
            except OSError as error:
                failure = _connection_failure(error)
            else:
                if 200 <= status < 300:
                    return
                failure = _answer_failure(status, body)
            pause = _jitter(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt))
            if not failure.unavailable or attempt >= MAXIMUM_ATTEMPTS:
                raise failure
            if time.monotonic() + pause >= deadline:
                raise failure
            self._sleep(pause)

    def close(self) -> None:
        """Give the kept connection back; the next `put` opens another."""
        while self._idle:
            self._idle.pop().close()

    def _head(
        self, name: str, content: bytes | bytearray, content_type: str, metadata: dict[str, str]
    ) -> bytes:
        """The signed request line and header fields of the PUT."""
        configuration = self._configuration
        now = time.gmtime(self._now())
        date = f"{now.tm_year:04}{now.tm_mon:02}{now.tm_mday:02}"
        path = self._prefix + encoded_path(f"/{name}")
        headers = {
            "content-type": content_type,
            "host": self._host_header,
            "x-amz-content-sha256": hashlib.sha256(content).hexdigest(),
            "x-amz-date": f"{date}T{now.tm_hour:02}{now.tm_min:02}{now.tm_sec:02}Z",
        }
        for field, value in metadata.items():
            headers[f"x-amz-meta-{field}"] = value
        if configuration.bucket_owner:  # a deleted bucket's name is free for everybody
            headers["x-amz-expected-bucket-owner"] = configuration.bucket_owner
        if configuration.session_token:
            headers["x-amz-security-token"] = configuration.session_token
        headers["authorization"] = authorization(
            method="PUT",
            path=path,
            headers=headers,
            content_digest=headers["x-amz-content-sha256"],
            access_key=configuration.access_key,
            region=configuration.region,
            key=self._signing_key(date),
        )
        lines = "".join(f"{field}: {value}\r\n" for field, value in headers.items())
        return f"PUT {path} HTTP/1.1\r\n{lines}content-length: {len(content)}\r\n\r\n".encode("latin-1")

    def _signing_key(self, date: str) -> bytes:
        if self._key[0] != date:
            self._key = (date, signing_key(self._configuration.secret_key, date, self._configuration.region))
        return self._key[1]

    def _exchange(self, head: bytes, content: bytes | bytearray, deadline: float) -> tuple[int, bytes]:
        """One attempt, within half of the time left so that another one stays possible.

        A kept connection that S3 has closed meanwhile is no failure: it is replaced at once.
        """
        now = time.monotonic()
        deadline = now + (deadline - now) / 2
        connection = self._idle.pop() if self._idle else self._connect(deadline)
        try:
            answer = connection.exchange(head, content, deadline)
        except OSError as error:  # over TLS a closed connection shows itself as an ssl.SSLError
            if not connection.used or isinstance(error, TimeoutError):
                raise
            connection = self._connect(deadline)
            answer = connection.exchange(head, content, deadline)
        if connection.reusable:
            self._idle = [connection]
        return answer

    def _connect(self, deadline: float) -> Connection:
        return Connection(self._host, self._port, self._tls, deadline)


def address(bucket: str, region: str, endpoint: str) -> tuple[bool, str, int, str, str]:
    """Where the bucket is: (TLS?, host, port, Host header, path prefix).

    On AWS the bucket is in the host name, unless it has a dot, which no wildcard certificate covers.
    An endpoint given by the operator always takes the bucket in the path.
    """
    if not endpoint:
        domain = next((domain for prefix, domain in DOMAINS if region.startswith(prefix)), "amazonaws.com")
        host = f"s3.{region}.{domain}"
        if "." in bucket:
            return True, host, 443, host, f"/{bucket}"
        return True, f"{bucket}.{host}", 443, f"{bucket}.{host}", ""
    scheme, _, rest = endpoint.partition("://")
    authority, _, folder = rest.partition("/")
    folder = f"/{folder.strip('/')}" if folder.strip("/") else ""
    secure = scheme.lower() == "https"
    default_port = 443 if secure else 80
    host, colon, digits = authority.rpartition(":")
    if not colon or "]" in digits:
        host, digits = authority, str(default_port)
    host_header = host if int(digits) == default_port else f"{host}:{digits}"
    return secure, host.strip("[]"), int(digits), host_header, f"{folder}/{bucket}"


def verifying_context(certificate_bundle: str) -> ssl.SSLContext:
    """TLS that checks certificate and host name, by the roots in the bundle (a file; "": the system's)."""
    import ssl

    return ssl.create_default_context(cafile=certificate_bundle or None)


def _jitter(seconds: float) -> float:
    """A random part of the seconds ("full jitter"), so that many instances do not come back together."""
    return seconds * int.from_bytes(urandom(4), "big") / 2**32


def _connection_failure(error: OSError) -> StorageError:
    untrusted = hasattr(error, "verify_code")  # ssl.SSLCertVerificationError, without loading ssl
    return StorageError(0, type(error).__name__, unavailable=not untrusted)


def _answer_failure(status: int, body: bytes) -> StorageError:
    code = body.partition(b"<Code>")[2].partition(b"</Code>")[0][:64].decode("ascii", "replace")
    code = "".join(character for character in code if character.isalnum()) or f"Http{status}"
    return StorageError(status, code, unavailable=status in TRANSIENT_STATUSES or code in TRANSIENT_CODES)
