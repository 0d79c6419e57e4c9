"""Handing events to Firehose, which buffers them and stores many requests' events as one object.

One request is one record, so that nothing of it can fail in part:
https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
"""

from __future__ import annotations

import time
from binascii import b2a_base64
from os import urandom

from service import Service, aws_host, given_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ssl import SSLContext

    from configuration import Configuration

TARGET = "Firehose_20150804.PutRecord"
CONTENT_TYPE = "application/x-amz-json-1.1"
MOST_STREAMS_ASKED = 2
# Firehose answers in milliseconds; what takes longer shall leave time for S3.
LONGEST_WAIT_SECONDS = 2.0


class StreamError(Exception):
    """No stream took the record: status (0: no answer) and code of the last one's refusal, never its text."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"Firehose answered {status} {code}")
        self.status = status
        self.code = code


class Streams:
    """The streams of the configuration, which share one kept-alive connection.

    `tls` replaces the verifying default; `service` is another way to Firehose than the network.
    """

    def __init__(
        self, configuration: Configuration, *, tls: SSLContext | None = None, service: Service | None = None
    ) -> None:
        self._names = configuration.streams
        endpoint = configuration.firehose_endpoint
        host = aws_host("firehose", configuration.region)
        where = given_address(endpoint) if endpoint else (True, host, 443, host, "")
        self._service = service or Service("firehose", where, configuration, tls=tls)

    def put(self, content: bytes | bytearray, seconds: float) -> None:
        """Hand the content to a stream, to another one if that refuses; raises StreamError.

        `seconds` may pass for all of it. A stream that gives no answer in time may have taken the content
        all the same: what is stored elsewhere then is there twice.
        """
        deadline = time.monotonic() + seconds
        data = b2a_base64(content, newline=False)
        first = int.from_bytes(urandom(4), "big")
        tries = min(MOST_STREAMS_ASKED, len(self._names))
        failure = StreamError(0, "NoStream")
        for number in range(tries):
            name = self._names[(first + number) % len(self._names)]
            body = b'{"DeliveryStreamName":"%s","Record":{"Data":"%s"}}' % (name.encode(), data)
            now = time.monotonic()
            wait = min(LONGEST_WAIT_SECONDS, (deadline - now) / (tries - number))
            try:
                status, answer = self._service.exchange(self._head(body), body, now + wait)
            except OSError as error:
                failure = StreamError(0, type(error).__name__)
                continue
            if status == 200:
                return
            failure = StreamError(status, _code_of(answer))
        raise failure

    def close(self) -> None:
        """Give the kept connection back; the next `put` opens another."""
        self._service.close()

    def _head(self, body: bytes) -> bytes:
        fields = {"content-type": CONTENT_TYPE, "x-amz-target": TARGET}
        return self._service.head("POST", "/", fields, body)


def _code_of(answer: bytes) -> str:
    """`ServiceUnavailableException` of `{"__type": "…#ServiceUnavailableException", …}`."""
    value = answer.partition(b'"__type"')[2].partition(b'"')[2].partition(b'"')[0]
    code = value.rpartition(b"#")[2][:64].decode("ascii", "replace")
    return "".join(character for character in code if character.isalnum()) or "Unknown"
