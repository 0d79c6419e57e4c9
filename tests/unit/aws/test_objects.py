"""Reading many objects: from a server that speaks HTTP, as S3 would answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.aws.clock import FakeClock
from tests.aws.names import ACCOUNT_ID
from wizard.aws.client import Aws
from wizard.aws.objects import AHEAD, ObjectReader, StoredObject
from wizard.aws.session import Keys, open_session
from wizard.errors import Interrupted, StateError, WizardError

ERROR = "<Error><Code>{0}</Code><Message>{0} it is</Message></Error>"


class Server:
    """`answers` are status and body of the next requests of a path; then its name is what it holds."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, str]]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.queries: list[str] = []
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path, query = urlsplit(self.path).path, urlsplit(self.path).query
                server.queries.append(query)
                status, body = server.answer(path, self.headers.get("x-amz-expected-bucket-owner"))
                content = body.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("x-amz-meta-client-label", "web")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str, owner: str | None) -> tuple[int, str]:
        with self._lock:
            self.requests.append((path, owner))
            queued = self.answers.get(path, [])
            return queued.pop(0) if queued else (200, path)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def reader_of(server: Server, clock: FakeClock | None = None) -> ObjectReader:
    session = open_session(None, "us-east-1", Keys("test", "test"))
    return ObjectReader(Aws(session, server.url, clock or FakeClock(), account=ACCOUNT_ID), "bucket")


def test_objects_come_in_the_order_of_their_names_whoever_is_answered_first(server: Server) -> None:
    keys = [f"events/{number}" for number in range(100)]

    found = list(reader_of(server).objects(iter(keys)))

    assert found == [StoredObject(key, f"/bucket/{key}".encode(), "web") for key in keys]
    assert {owner for _path, owner in server.requests} == {ACCOUNT_ID}, "names may change hands"


def test_whoever_needs_the_first_does_not_wait_for_a_million(server: Server) -> None:
    endless = (f"events/{number}" for number in count())

    assert len(list(islice(reader_of(server).objects(endless), 3))) == 3
    assert len(server.requests) <= AHEAD + 3


def test_an_object_that_was_deleted_meanwhile_is_left_out(server: Server) -> None:
    server.answers["/bucket/b"] = [(404, ERROR.format("NoSuchKey"))]

    assert [one.key for one in reader_of(server).objects(iter("abc"))] == ["a", "c"]


@pytest.mark.parametrize("status", [500, 503])
def test_a_moment_of_trouble_at_s3_is_waited_for(server: Server, status: int) -> None:
    server.answers["/bucket/a"] = [(status, ERROR.format("SlowDown"))] * 2

    assert [one.key for one in reader_of(server).objects(iter("a"))] == ["a"]


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket"), (503, "SlowDown")]
)
def test_a_refusal_is_told_in_words_with_the_object_and_never_taken_for_an_empty_bucket(
    server: Server, status: int, code: str
) -> None:
    server.answers["/bucket/a"] = [(status, ERROR.format(code))] * 9

    with pytest.raises(WizardError, match=r"Could not read s3://bucket/a") as failure:
        list(reader_of(server).objects(iter("a")))

    assert code in failure.value.why
    assert "Signature" not in f"{failure.value.why} {failure.value.next_step}", "no signature is shown"


LISTING = """<ListBucketResult><IsTruncated>{more}</IsTruncated><Contents><Key>{key}</Key><ETag>"1"</ETag>
<Size>1</Size></Contents>{token}</ListBucketResult>"""
FIRST = LISTING.format(more="true", key="a", token="<NextContinuationToken>t</NextContinuationToken>")


def test_a_moment_of_trouble_in_a_long_listing_costs_no_more_than_that_moment(server: Server) -> None:
    last = LISTING.format(more="false", key="b", token="")
    busy = [(503, ERROR.format("SlowDown")), (500, ERROR.format("InternalError"))]
    server.answers["/bucket"] = [(200, FIRST), *busy, (200, last)]
    clock = FakeClock()

    assert list(reader_of(server, clock).keys("events/")) == ["a", "b"]
    assert len(server.requests) == 4, "the first page is not asked for again"
    assert len(clock.naps) == 2


def test_a_listing_that_s3_refuses_in_its_middle_is_not_taken_for_its_end(server: Server) -> None:
    server.answers["/bucket"] = [(200, FIRST), (403, ERROR.format("AccessDenied"))]

    with pytest.raises(WizardError, match="Could not list the events in bucket"):
        list(reader_of(server).keys("events/"))


VERSIONS = """<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>{next}
<Version><Key>{key}</Key><VersionId>{id}</VersionId><ETag>"1"</ETag><IsLatest>true</IsLatest><Size>1</Size></Version>
</ListVersionsResult>"""
FOLLOWING = "<NextKeyMarker>a+%2B</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>"


def test_all_versions_are_seen_or_an_erasure_would_leave_those_behind_the_first_thousand(
    server: Server,
) -> None:
    server.answers["/bucket"] = [
        (200, VERSIONS.format(more="true", next=FOLLOWING, key="a+%2B", id="v1")),
        (503, ERROR.format("SlowDown")),
        (200, VERSIONS.format(more="false", next="", key="b", id="v2")),
    ]

    found = list(reader_of(server).versions("events/"))

    assert [(one.key, one.id) for one in found] == [("a +", "v1"), ("b", "v2")]
    asked = parse_qs(server.queries[-1])
    assert (asked["key-marker"], asked["version-id-marker"]) == (["a +"], ["v1"])


def test_whoever_lists_a_bucket_that_was_rolled_back_is_not_told_to_try_again(server: Server) -> None:
    server.answers["/bucket"] = [(404, ERROR.format("NoSuchBucket"))]

    with pytest.raises(StateError, match="There is no bucket bucket") as failure:
        list(reader_of(server).keys("events/"))

    assert "again; it continues" not in failure.value.next_step


def test_nobody_at_home_is_told_without_the_signature(server: Server) -> None:
    reader = reader_of(server)
    server.close()

    with pytest.raises(WizardError, match="Could not read") as failure:
        list(reader.objects(iter("a")))

    assert "Signature" not in f"{failure.value.what}{failure.value.why}"


def test_the_operator_may_stop_it(server: Server) -> None:
    class Stopped(FakeClock):
        def check(self) -> None:
            raise Interrupted

    with pytest.raises(Interrupted):
        list(reader_of(server, Stopped()).objects(iter("abc")))
