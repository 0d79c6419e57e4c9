"""Sending to S3 over a kept connection: what is tried again, how long, and what is said when it fails."""

from __future__ import annotations

import ssl
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from configuration import Configuration
from service import verifying_context
from storage import StorageError, Store

from tests.lambda_code.s3_double import DROP, OK, SILENCE, S3Double, error

CHUNKED = (
    b"HTTP/1.1 503 Slow Down\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"f;extension=1\r\n<Error><Code>Slo\r\n10\r\nwDown</Code></Er\r\n0\r\nTrailer: x\r\n\r\n"
)


_STORES: list[Store] = []


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    while _STORES:
        _STORES.pop().close()


def store_at(
    url: str,
    pauses: list[float] | None = None,
    tls: ssl.SSLContext | None = None,
    bucket_owner: str = "",
) -> Store:
    """A store that notes its pauses instead of sleeping."""
    configuration = Configuration(
        bucket="bucket", bucket_owner=bucket_owner, access_key="test", secret_key="test", endpoint=url
    )
    store = Store(configuration, tls=tls, sleep=(pauses if pauses is not None else []).append)
    _STORES.append(store)
    return store


def put(store: Store, seconds: float = 5, content: bytes = b"[]") -> None:
    """Store some object."""
    store.put("events/key.json", content, "application/json", {}, seconds)


def test_one_connection_serves_many_requests_because_a_tls_handshake_costs_more_than_the_request() -> None:
    with S3Double() as double:
        store = store_at(double.url)
        for _ in range(5):
            put(store)
    assert double.connections == 1
    assert len(double.received) == 5


def test_a_kept_connection_that_s3_closed_is_replaced_at_once_without_a_pause() -> None:
    pauses: list[float] = []
    with S3Double(OK, close_after=(0,)) as double:
        store = store_at(double.url, pauses)
        put(store)
        put(store)
    assert double.connections == 2
    assert pauses == []


def test_a_kept_connection_dropped_after_the_request_was_read_is_replaced_too() -> None:
    pauses: list[float] = []
    with S3Double(OK, DROP, OK) as double:
        store = store_at(double.url, pauses)
        put(store)
        put(store)
    assert [received.connection for received in double.received] == [1, 1, 2]
    assert pauses == []


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (error(500, "InternalError"), "S3 asks to try again"),
        (error(502, "Bad"), "a proxy in between restarts"),
        (error(503, "SlowDown"), "S3 is scaling the prefix"),
        (error(504, "Bad"), "a proxy in between timed out"),
        (error(400, "RequestTimeout"), "S3 did not get the body in time"),
        (CHUNKED, "S3 sends errors in chunks"),
        (DROP, "the network dropped the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "dropped in the middle of the head"),
        (b"HTTP/1.1 503 Bad\r\nContent-Length: 99\r\n\r\n<Error>", "dropped in the middle of the body"),
        (b"SSH-2.0-OpenSSH\r\n\r\n\r\n", "somebody else answered"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "a length that is none"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "a chunk length that is none"),
    ],
)
def test_what_may_pass_is_tried_again_with_a_pause(bad: bytes, why: str) -> None:
    pauses: list[float] = []
    with S3Double(bad, bad, OK, close_after=(0, 1)) as double:
        put(store_at(double.url, pauses))
    assert len(double.received) == 3, why
    assert len(pauses) == 2, why
    assert all(0 <= pause <= 1 for pause in pauses)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "in chunks"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "without a body"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "announced first"),
        (b"http/1.1 200 OK\r\n\r\n".replace(b"http", b"HTTP"), "ended by the connection's end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "by an old proxy, which closes"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "and closed as announced"),
    ],
)
def test_every_form_of_success_is_read_to_its_end_so_that_the_next_answer_is_not_mixed_up(
    answer: bytes, why: str
) -> None:
    pauses: list[float] = []
    closes = b"chunked" not in answer and b"204" not in answer and b"100 " not in answer
    with S3Double(answer, error(404, "NoSuchBucket"), close_after=(0,) if closes else ()) as double:
        store = store_at(double.url, pauses)
        put(store)
        with pytest.raises(StorageError, match="404 NoSuchBucket"):
            put(store)
    assert len(double.received) == 2, why
    assert double.connections == (2 if closes else 1), why
    assert pauses == []


@pytest.mark.parametrize(
    ("answer", "status", "code", "why"),
    [
        (error(403, "AccessDenied"), 403, "AccessDenied", "the role lacks s3:PutObject"),
        (error(404, "NoSuchBucket"), 404, "NoSuchBucket", "the bucket was deleted"),
        (error(400, "InvalidRequest"), 400, "InvalidRequest", "a fault of ours"),
        (error(301, "PermanentRedirect"), 301, "PermanentRedirect", "the bucket is in another region"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 403, "Http403", "no body to read a code from"),
        (error(403, "<b>\r\nSet-Cookie"), 403, "bSetCookie", "a code never brings markup into the log"),
    ],
)
def test_a_lasting_failure_is_not_tried_again_and_gives_status_and_code_but_no_text(
    answer: bytes, status: int, code: str, why: str
) -> None:
    with S3Double(answer) as double, pytest.raises(StorageError) as caught:
        put(store_at(double.url))
    assert (caught.value.status, caught.value.code) == (status, code), why
    assert not caught.value.unavailable
    assert "secret detail" not in str(caught.value)
    assert len(double.received) == 1


def test_a_bucket_that_a_stranger_has_made_anew_gets_no_event() -> None:
    owner = "123456789012"
    with S3Double(owner=owner) as double:
        for expected in (owner, ""):
            put(store_at(double.url, bucket_owner=expected))
        with pytest.raises(StorageError, match="403 AccessDenied"):
            put(store_at(double.url, bucket_owner="999999999999"))
    named, unnamed, _foreign = [received.headers for received in double.received]
    assert named["x-amz-expected-bucket-owner"] == owner
    assert "x-amz-expected-bucket-owner" in named["authorization"], "nobody may take it away"
    assert "x-amz-expected-bucket-owner" not in unnamed


def test_a_bucket_with_object_lock_takes_events_too() -> None:
    with S3Double(locked=True) as double:
        put(store_at(double.url))
    [received] = double.received
    assert b64decode(received.headers["x-amz-checksum-sha256"]) == sha256(received.body).digest()
    assert "x-amz-checksum-sha256" in received.headers["authorization"], "S3 demands that it is signed"


def test_patience_is_bounded_in_number_so_that_a_failing_s3_is_not_hammered() -> None:
    with S3Double(*[error(503, "SlowDown")] * 50) as double, pytest.raises(StorageError) as caught:
        put(store_at(double.url), seconds=60)
    assert caught.value.unavailable
    assert 3 <= len(double.received) <= 10


@pytest.mark.parametrize("answer", [error(503, "SlowDown"), SILENCE, DROP])
def test_retries_end_within_the_given_time_or_lambda_would_kill_the_function_without_an_answer(
    answer: bytes,
) -> None:
    with S3Double(*[answer] * 50) as double:
        configuration = Configuration(bucket="bucket", endpoint=double.url)
        started = time.monotonic()
        store = Store(configuration)
        _STORES.append(store)
        with pytest.raises(StorageError) as caught:
            put(store, seconds=0.6)
        seconds = time.monotonic() - started
        double.wait_for(1)
    assert seconds < 3
    assert caught.value.unavailable
    assert double.received


def test_a_silent_connection_leaves_time_for_another_attempt() -> None:
    with S3Double(SILENCE, OK) as double:
        put(store_at(double.url), seconds=3)
    assert len(double.received) == 2


def test_nobody_listening_is_unavailable_and_not_a_crash() -> None:
    with S3Double() as double:
        url = double.url
    with pytest.raises(StorageError) as caught:
        put(store_at(url), seconds=1)
    assert caught.value.unavailable
    assert caught.value.status == 0


def test_a_large_body_arrives_whole() -> None:
    content = bytes(range(256)) * 24_000
    with S3Double() as double:
        put(store_at(double.url), content=content)
    assert double.received[0].body == content


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost with its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", "key.pem", "-out", "certificate.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    together = folder / "both.pem"
    together.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return together


def server_side(certificate: Path) -> ssl.SSLContext:
    """TLS for the double."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_tls_works_and_keeps_its_connection(certificate: Path) -> None:
    with S3Double(OK, OK, DROP, OK, tls=server_side(certificate)) as double:
        store = store_at(double.url, tls=ssl.create_default_context(cafile=str(certificate)))
        for _ in range(3):
            put(store)
    assert [received.connection for received in double.received] == [1, 1, 1, 2]


def test_by_default_an_unknown_certificate_is_refused_at_once_and_nothing_is_sent(certificate: Path) -> None:
    pauses: list[float] = []
    with S3Double(tls=server_side(certificate)) as double, pytest.raises(StorageError) as caught:
        put(store_at(double.url, pauses))
    assert caught.value.code == "SSLCertVerificationError"
    assert not caught.value.unavailable
    assert double.received == []
    assert pauses == []


def test_a_certificate_for_another_host_is_refused(certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    with S3Double(tls=server_side(certificate)) as double:
        store = store_at(double.url.replace("localhost", "127.0.0.1"), tls=context)
        with pytest.raises(StorageError, match="SSLCertVerificationError"):
            put(store)
    assert double.received == []


def test_the_operators_bundle_of_roots_is_honoured(certificate: Path) -> None:
    with S3Double(tls=server_side(certificate)) as double:
        put(store_at(double.url, tls=verifying_context(str(certificate))))
    assert len(double.received) == 1


def test_the_default_context_verifies_certificate_and_host_name() -> None:
    context = verifying_context("")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
