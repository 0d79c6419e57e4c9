"""Writing objects to S3: where the bucket lives, and trying again."""

from __future__ import annotations

import time
from os import urandom

from service import Service, aws_host, given_address
from signature import encoded_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from configuration import Configuration
    from service import Address

MAXIMUM_ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
TRANSIENT_STATUSES = frozenset((500, 502, 503, 504))
TRANSIENT_CODES = frozenset(("SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable"))


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
        self._bucket_owner = configuration.bucket_owner
        self._sleep = sleep
        where = address(configuration.bucket, configuration.region, configuration.endpoint)
        self._service = Service("s3", where, configuration, tls=tls, now=now)
        self.tls = self._service.tls  # reading the roots takes long enough to do it once

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
        headers = {"content-type": content_type}
        for field, value in metadata.items():
            headers[f"x-amz-meta-{field}"] = value
        if self._bucket_owner:  # a deleted bucket's name is free for everybody
            headers["x-amz-expected-bucket-owner"] = self._bucket_owner
        head = self._service.head("PUT", encoded_path(f"/{name}"), headers, content, checksum=True)
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
        self._service.close()

    def _exchange(self, head: bytes, content: bytes | bytearray, deadline: float) -> tuple[int, bytes]:
        """One attempt, within half of the time left so that another one stays possible."""
        now = time.monotonic()
        return self._service.exchange(head, content, now + (deadline - now) / 2)


def address(bucket: str, region: str, endpoint: str) -> Address:
    """Where the bucket is.

    On AWS it is in the host name, unless it has a dot, which no wildcard certificate covers. An endpoint
    given by the operator always takes the bucket in the path.
    """
    if endpoint:
        return given_address(endpoint, f"/{bucket}")
    host = aws_host("s3", region)
    if "." in bucket:
        return True, host, 443, host, f"/{bucket}"
    return True, f"{bucket}.{host}", 443, f"{bucket}.{host}", ""


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
