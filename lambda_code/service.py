"""An AWS service as the function speaks to it: where it is, signing, and one kept-alive connection."""

from __future__ import annotations

import hashlib
import time
from binascii import b2a_base64

from connection import Connection
from signature import authorization, signing_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import TypeAlias

    from configuration import Configuration

    Address: TypeAlias = tuple[bool, str, int, str, str]  # TLS?, host, port, Host header, path prefix

# Source: the partitions of botocore; a test compares them.
DOMAINS = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
)


class Service:
    """One service, by its name in signatures and host names.

    `tls` replaces the verifying default; `now` gives seconds since 1970.
    """

    def __init__(
        self,
        name: str,
        where: Address,
        configuration: Configuration,
        *,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._configuration = configuration
        self._now = now
        self._idle: list[Connection] = []
        self._key: tuple[str, bytes] = ("", b"")
        secure, self._host, self._port, self._host_header, self._prefix = where
        self.tls = (tls or verifying_context(configuration.certificate_bundle)) if secure else None

    def head(
        self,
        method: str,
        path: str,
        fields: dict[str, str],
        content: bytes | bytearray,
        *,
        checksum: bool = False,
    ) -> bytes:
        """The signed request line and header fields; `path` is percent-encoded, `fields` have lower-case
        names.

        `checksum` adds the one without which S3 stores nothing where object lock has a default retention:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
        """
        configuration = self._configuration
        now = time.gmtime(self._now())
        date = f"{now.tm_year:04}{now.tm_mon:02}{now.tm_mday:02}"
        path = self._prefix + path
        digest = hashlib.sha256(content)
        headers = {
            "host": self._host_header,
            "x-amz-content-sha256": digest.hexdigest(),
            "x-amz-date": f"{date}T{now.tm_hour:02}{now.tm_min:02}{now.tm_sec:02}Z",
            **fields,
        }
        if checksum:
            headers["x-amz-checksum-sha256"] = b2a_base64(digest.digest(), newline=False).decode()
        if configuration.session_token:
            headers["x-amz-security-token"] = configuration.session_token
        headers["authorization"] = authorization(
            method=method,
            path=path,
            headers=headers,
            content_digest=headers["x-amz-content-sha256"],
            access_key=configuration.access_key,
            region=configuration.region,
            service=self._name,
            key=self._signing_key(date),
        )
        lines = "".join(f"{field}: {value}\r\n" for field, value in headers.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}content-length: {len(content)}\r\n\r\n".encode("latin-1")

    def exchange(self, head: bytes, content: bytes | bytearray, deadline: float) -> tuple[int, bytes]:
        """Send a request once: the answer's status and body; raises OSError. `deadline` is in time.monotonic
        seconds.

        A kept connection that the service has closed meanwhile is no failure: it is replaced at once.
        """
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

    def close(self) -> None:
        """Give the kept connection back; the next request opens another."""
        while self._idle:
            self._idle.pop().close()

    def _signing_key(self, date: str) -> bytes:
        if self._key[0] != date:
            configuration = self._configuration
            key = signing_key(configuration.secret_key, date, configuration.region, self._name)
            self._key = (date, key)
        return self._key[1]

    def _connect(self, deadline: float) -> Connection:
        return Connection(self._host, self._port, self.tls, deadline)


def aws_host(service: str, region: str) -> str:
    """The host of a service of AWS in a region."""
    domain = next((domain for prefix, domain in DOMAINS if region.startswith(prefix)), "amazonaws.com")
    return f"{service}.{region}.{domain}"


def given_address(endpoint: str, path: str = "") -> Address:
    """What the operator gave instead: `http://host:port/folder`, and a path below it."""
    scheme, _, rest = endpoint.partition("://")
    authority, _, folder = rest.partition("/")
    folder = f"/{folder.strip('/')}" if folder.strip("/") else ""
    secure = scheme.lower() == "https"
    default_port = 443 if secure else 80
    host, colon, digits = authority.rpartition(":")
    if not colon or "]" in digits:
        host, digits = authority, str(default_port)
    host_header = host if int(digits) == default_port else f"{host}:{digits}"
    return secure, host.strip("[]"), int(digits), host_header, f"{folder}{path}"


def verifying_context(certificate_bundle: str) -> ssl.SSLContext:
    """TLS that checks certificate and host name, by the roots in the bundle (a file; "": the system's)."""
    import ssl

    return ssl.create_default_context(cafile=certificate_bundle or None)
