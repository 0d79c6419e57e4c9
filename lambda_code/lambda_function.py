"""The function behind POST /events: checks the token, reads the events, and stores them as one S3 object or
hands them to a stream that buffers them.
"""

from __future__ import annotations

import os
import time
from json import dumps

from answers import answer, headers_for, preflight_headers
from batch import Batch
from configuration import Configuration
from refusal import Refusal
from request import Request
from storage import StorageError, Store
from tokens import Tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    class ObjectStore(Protocol):
        """Where the events go."""

        def put(
            self,
            name: str,
            content: bytes | bytearray,
            content_type: str,
            metadata: dict[str, str],
            seconds: float,
        ) -> None:
            """Store an object within the given seconds; raises StorageError."""

    class Buffer(Protocol):
        """Who keeps the events of many requests and stores them together."""

        def put(self, content: bytes | bytearray, seconds: float) -> None:
            """Take lines within the given seconds; raises StreamError."""


CONTENT_TYPES = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "jsonl.gz": "application/x-ndjson",
}
STORAGE_CODES = {
    "AccessDenied": "StorageAccessDenied",
    "NoSuchBucket": "StorageNotFound",
}
# From here on an object of its own is not much dearer than buffering, and above 172 KB cheaper.
MAXIMUM_BUFFERED_BYTES = 128 * 1024
MAXIMUM_RESULTS = 20_000  # entries of one answer: Lambda cuts answers off at 6 MB
SECONDS_WITHOUT_CONTEXT = 10.0
SECONDS_FOR_THE_ANSWER = 0.5
RETRY_AFTER_SECONDS = "2"
IN_REQUEST_IDS = frozenset("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class UniqueClock:
    """Nanoseconds since 1970 that never repeat within this process, even if the clock stands still."""

    def __init__(self, nanoseconds: Callable[[], int] = time.time_ns) -> None:
        self._nanoseconds = nanoseconds
        self._last = 0

    def __call__(self) -> int:
        self._last = max(self._nanoseconds(), self._last + 1)
        return self._last


class Application:
    """Everything that lives as long as the function's environment does."""

    def __init__(
        self,
        configuration: Configuration,
        store: ObjectStore,
        nanoseconds: Callable[[], int] = time.time_ns,
        buffer: Buffer | None = None,
    ) -> None:
        self.configuration = configuration
        self.store = store
        self.buffer = buffer
        self.tokens = Tokens(configuration)
        self.clock = UniqueClock(nanoseconds)


def handle(event: object, context: object, application: Application) -> dict[str, Any]:
    """Answer one request; never raises. What was refused or failed is logged, in one line without secrets and
    event content; a success is not, because every line costs money.
    """
    request_id = _request_id(context)
    headers = {}
    try:
        request = Request(event)
        headers = headers_for(application.configuration.allowed_origins, request.header("origin"), request_id)
        status, body = _process(request, context, request_id, application, headers)
    except Refusal as refusal:
        status, body = refusal.status, refusal.body
        _log_refused(request_id, status, str(refusal), refusal.label)
        if status == 405:
            headers["Allow"] = "OPTIONS, POST"
    except StorageError as error:
        _log(request_id, "StorageError", storage_status=error.status, storage_code=error.code)
        status, body = _storage_failure(error, headers)
    except Exception as error:  # noqa: BLE001 - an exception would become a gateway error without CORS headers
        _log(request_id, type(error).__name__)
        status, body = 500, internal_error("Internal")
    return answer(status, body, headers or headers_for(("*",), "", request_id))


def _process(
    request: Request, context: object, request_id: str, application: Application, headers: dict[str, str]
) -> tuple[int, dict[str, object] | None]:
    if request.method == "OPTIONS":
        headers.update(preflight_headers())
        return 204, None
    if request.method != "POST":
        raise Refusal(405, "Only POST is allowed")
    now = application.clock()
    label, batch = _authorised_batch(request, application, _stamp(now))
    partial = request.query("partial").lower() in ("1", "true")
    if batch.refused and not (partial and batch.accepted):
        refusal = Refusal(
            400,
            f"{len(batch.refused)} of {batch.seen} event(s) are invalid, nothing was stored",
            **_listed("errors", [{"index": index, "reason": reason} for index, reason in batch.refused]),
        )
        refusal.label = label
        raise refusal
    durability = _keep(batch, label, now, request_id, context, application)
    if batch.refused:
        _log_refused(request_id, 200, f"{len(batch.refused)} of {batch.seen} event(s) are invalid", label)
    body: dict[str, object] = {
        "message": f"Successfully processed {batch.accepted} event(s)",
        "events_count": batch.accepted,
    }
    if application.buffer is not None:
        body["durability"] = durability
    if partial:
        body |= _results(batch, durability)
    return 200, body


def _authorised_batch(request: Request, application: Application, stamp: str) -> tuple[str, Batch]:
    """The client's label and its events; raises Refusal, without looking at the body if it cannot help."""
    configuration, tokens = application.configuration, application.tokens
    label = tokens.label_of(request.header("x-auth-token"))
    if label is None and configuration.allow_beacon:
        label = tokens.label_of(request.query("token"))
    if label is None and not configuration.allow_beacon:
        raise _unauthorized()
    # A stream stores the events of many clients as one object, so that each event must say whose it is.
    in_events = application.buffer is not None
    batch = Batch(
        stamp=stamp,
        label=(label or "") if in_events else "",
        one_a_line=configuration.event_format != "json",
        maximum_events=configuration.maximum_events,
        is_token=lambda text: tokens.label_of(text) is not None,
    )
    try:
        batch.read(request.text(configuration.maximum_request_bytes))
    except Refusal as refusal:
        if label is None:
            raise _unauthorized() from None
        refusal.label = label
        raise
    if label is None:
        label = tokens.label_of(batch.token)
        if label is None:
            raise _unauthorized()
        if in_events:
            batch.add_label(label)
    return label, batch


def _keep(
    batch: Batch, label: str, now: int, request_id: str, context: object, application: Application
) -> str:
    """Bring the events to safety: "buffered" in a stream, or "stored" as an object of their own."""
    content: bytes | bytearray = batch.content
    buffer = application.buffer if len(content) <= MAXIMUM_BUFFERED_BYTES else None
    if buffer is not None and _is_buffered(content, request_id, context, buffer):
        return "buffered"
    event_format = application.configuration.event_format
    if event_format == "jsonl.gz":
        content = _compressed(content)
    application.store.put(
        object_name(now, request_id, event_format),
        content,
        CONTENT_TYPES[event_format],
        {"client-label": label} if label else {},
        _seconds_for_storage(context),
    )
    return "stored"


def _is_buffered(content: bytes | bytearray, request_id: str, context: object, buffer: Buffer) -> bool:
    from streams import StreamError

    try:
        buffer.put(content, _seconds_for_storage(context) / 2)
    except StreamError as error:
        line = {"level": "WARN", "request_id": request_id, "stream_status": error.status, "code": error.code}
        print(dumps(line))  # noqa: T201
        return False
    return True


def object_name(now: int, request_id: str, event_format: str) -> str:
    """The object's name: partitions by UTC hour that query engines know, then what makes it unique."""
    day = time.gmtime(now // 1_000_000_000)
    return (
        f"events/year={day.tm_year:04}/month={day.tm_mon:02}/day={day.tm_mday:02}/hour={day.tm_hour:02}"
        f"/events_{now}_{request_id}.{event_format}"
    )


def _compressed(content: bytes | bytearray) -> bytes:
    import zlib

    # Level 4: half of the default level's time for a tenth more bytes. 31 asks for the gzip wrapping.
    compressor = zlib.compressobj(4, zlib.DEFLATED, 31)
    return compressor.compress(content) + compressor.flush()


def _stamp(now: int) -> str:
    """Nanoseconds since 1970 as ISO 8601 in UTC with microseconds, as in 2026-01-31T23:59:59.000001Z."""
    seconds, nanoseconds = divmod(now, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds // 1000:06}Z"


def _request_id(context: object) -> str:
    """The id of the invocation, fit for a header and an object name; a random one when there is none."""
    given = getattr(context, "aws_request_id", None)
    if isinstance(given, str):
        given = "".join(filter(IN_REQUEST_IDS.__contains__, given[:64]))
    return given if given and isinstance(given, str) else os.urandom(16).hex()


def _seconds_for_storage(context: object) -> float:
    """How long storing may take so that the answer still leaves before the function is stopped."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    seconds = remaining() / 1000 if callable(remaining) else SECONDS_WITHOUT_CONTEXT
    return max(seconds - SECONDS_FOR_THE_ANSWER, seconds / 2)


def _unauthorized() -> Refusal:
    return Refusal(401, "Unauthorized: Invalid or missing authentication token")


def internal_error(code: str) -> dict[str, object]:
    """The body of a 500 answer; the code tells the operator which part failed."""
    return {"message": "Internal error, retry later", "code": code}


def _storage_failure(error: StorageError, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
    if error.unavailable:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
        return 503, {"message": "Storage is unavailable, retry later", "code": "StorageUnavailable"}
    code = STORAGE_CODES.get(error.code, "StorageFailed")
    if code == "StorageFailed" and error.status in (403, 404):
        code = "StorageAccessDenied" if error.status == 403 else "StorageNotFound"
    return 500, internal_error(code)


def _results(batch: Batch, durability: str) -> dict[str, object]:
    """What became of each event; of a very large batch only the refused ones are listed."""
    reasons = dict(batch.refused)
    if batch.seen > MAXIMUM_RESULTS:
        refused = [_result(index, reason, durability) for index, reason in batch.refused[:MAXIMUM_RESULTS]]
        return {"results": refused, "results_omitted": batch.seen - len(refused)}
    return {"results": [_result(index, reasons.get(index), durability) for index in range(batch.seen)]}


def _result(index: int, reason: str | None, durability: str) -> dict[str, object]:
    if reason is None:
        return {"index": index, "status": durability}
    return {"index": index, "status": "refused", "reason": reason}


def _listed(name: str, entries: list[dict[str, object]]) -> dict[str, object]:
    """The entries under that name; the number of those that did not fit is said."""
    listed: dict[str, object] = {name: entries[:MAXIMUM_RESULTS]}
    if len(entries) > MAXIMUM_RESULTS:
        listed[f"{name}_omitted"] = len(entries) - MAXIMUM_RESULTS
    return listed


def _log_refused(request_id: str, status: int, reason: str, label: str) -> None:
    line = {"level": "WARN", "request_id": request_id, "status": status, "reason": reason, "client": label}
    print(dumps(line))  # noqa: T201


def _log(request_id: str, error: str, **details: object) -> None:
    print(dumps({"level": "ERROR", "request_id": request_id, "error": error, **details}))  # noqa: T201


def _buffer(configuration: Configuration, store: Store) -> Buffer | None:
    if not configuration.streams:
        return None
    from streams import Streams

    return Streams(configuration, tls=store.tls)


def build_handler(environment: Mapping[str, str]) -> Callable[[object, object], dict[str, Any]]:
    """The handler for an environment; with an unusable one, a handler that says so in the log."""
    try:
        configuration = Configuration.from_environment(environment)
        store = Store(configuration)
        application = Application(configuration, store, buffer=_buffer(configuration, store))
    except (ValueError, OSError) as error:
        reason = str(error)

        def misconfigured(_event: object, context: object) -> dict[str, Any]:
            request_id = _request_id(context)
            _log(request_id, "ConfigurationError", reason=reason)
            return answer(500, internal_error("Internal"), headers_for(("*",), "", request_id))

        return misconfigured
    return lambda event, context: handle(event, context, application)


_HANDLER = build_handler(os.environ)


def lambda_handler(event: object, context: object) -> dict[str, Any]:
    """The entry point that the Lambda runtime calls."""
    return _HANDLER(event, context)
