"""What the operator configured: the environment variables of the function, read once at cold start."""

from __future__ import annotations

TYPE_CHECKING = False  # the module `typing` costs 2 ms of every cold start
if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT_FORMATS = ("json", "jsonl", "jsonl.gz")
# Lambda takes events of 6 MB, in which every quote of the body has a backslash before it.
DEFAULT_MAXIMUM_REQUEST_BYTES = 4_500_000
DEFAULT_MAXIMUM_EVENTS = 100_000


class ConfigurationError(ValueError):
    """An environment variable is missing or has a value that means nothing; the message names it."""


class Configuration:
    """Settings of one function environment; never changed after it was made.

    `token_digests` are SHA-256 hex digests, `token_labels` their labels in the same order ("" for none).
    `allowed_origins` is never empty; ("*",) means any. `bucket_owner` is an account's number, "" where it is
    not known. Sizes are bytes. `streams` are names; with none, every request's events are stored at once.
    `endpoint` (of S3) and `firehose_endpoint` are "" on AWS.
    """

    __slots__ = (
        "access_key",
        "allow_beacon",
        "allowed_origins",
        "bucket",
        "bucket_owner",
        "certificate_bundle",
        "endpoint",
        "event_format",
        "firehose_endpoint",
        "maximum_events",
        "maximum_request_bytes",
        "region",
        "secret_key",
        "session_token",
        "streams",
        "token_digests",
        "token_labels",
    )

    def __init__(
        self,
        *,
        bucket: str,
        bucket_owner: str = "",
        token_digests: tuple[str, ...] = (),
        token_labels: tuple[str, ...] = (),
        allowed_origins: tuple[str, ...] = ("*",),
        event_format: str = "json",
        allow_beacon: bool = False,
        maximum_request_bytes: int = DEFAULT_MAXIMUM_REQUEST_BYTES,
        maximum_events: int = DEFAULT_MAXIMUM_EVENTS,
        region: str = "us-east-1",
        access_key: str = "",
        secret_key: str = "",
        session_token: str = "",
        streams: tuple[str, ...] = (),
        endpoint: str = "",
        firehose_endpoint: str = "",
        certificate_bundle: str = "",
    ) -> None:
        self.bucket = bucket
        self.bucket_owner = bucket_owner
        self.token_digests = token_digests
        self.token_labels = token_labels
        self.allowed_origins = allowed_origins
        self.event_format = event_format
        self.allow_beacon = allow_beacon
        self.maximum_request_bytes = maximum_request_bytes
        self.maximum_events = maximum_events
        self.region = region
        self.access_key = access_key
        self.secret_key = secret_key
        self.session_token = session_token
        self.streams = streams
        self.endpoint = endpoint
        self.firehose_endpoint = firehose_endpoint
        self.certificate_bundle = certificate_bundle

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Configuration:
        """Read every variable; raises ConfigurationError that names the first unusable one."""
        bucket = environment.get("BUCKET_NAME", "").strip()
        if not bucket:
            raise ConfigurationError("BUCKET_NAME is not set")
        event_format = _event_format(environment)
        everywhere = environment.get("AWS_ENDPOINT_URL") or ""
        return cls(
            bucket=bucket,
            bucket_owner=_account(environment, "BUCKET_OWNER"),
            token_digests=tuple(part.lower() for part in _parts(environment, "AUTH_TOKEN_SHA256")),
            token_labels=_parts(environment, "AUTH_TOKEN_LABELS"),
            allowed_origins=tuple(filter(None, _parts(environment, "CORS_ALLOW_ORIGIN"))) or ("*",),
            event_format=event_format,
            allow_beacon=_switch(environment, "ALLOW_BEACON"),
            maximum_request_bytes=_positive(environment, "MAX_REQUEST_BYTES", DEFAULT_MAXIMUM_REQUEST_BYTES),
            maximum_events=_positive(environment, "MAX_EVENTS", DEFAULT_MAXIMUM_EVENTS),
            region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1",
            access_key=environment.get("AWS_ACCESS_KEY_ID", ""),
            secret_key=environment.get("AWS_SECRET_ACCESS_KEY", ""),
            session_token=environment.get("AWS_SESSION_TOKEN", ""),
            streams=_streams(environment, event_format),
            endpoint=environment.get("AWS_ENDPOINT_URL_S3") or everywhere,
            firehose_endpoint=environment.get("AWS_ENDPOINT_URL_FIREHOSE") or everywhere,
            certificate_bundle=environment.get("AWS_CA_BUNDLE", ""),
        )


def _parts(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The comma-separated parts, stripped; empty ones are kept because order pairs labels with digests."""
    return tuple(part.strip() for part in environment.get(name, "").split(","))


def _event_format(environment: Mapping[str, str]) -> str:
    value = environment.get("EVENT_FORMAT", "").strip().lower() or "json"
    if value not in EVENT_FORMATS:
        raise ConfigurationError(f"EVENT_FORMAT must be one of {', '.join(EVENT_FORMATS)}")
    return value


def _streams(environment: Mapping[str, str], event_format: str) -> tuple[str, ...]:
    """What Firehose stores is gzipped lines, so what the function stores itself must be the same."""
    streams = tuple(filter(None, _parts(environment, "FIREHOSE_STREAMS")))
    if streams and event_format != "jsonl.gz":
        raise ConfigurationError("FIREHOSE_STREAMS needs EVENT_FORMAT jsonl.gz")
    return streams


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower() or "false"
    if value not in ("true", "false", "1", "0"):
        raise ConfigurationError(f"{name} must be true or false")
    return value in ("true", "1")


def _account(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if value and not (len(value) == 12 and value.isascii() and value.isdigit()):
        raise ConfigurationError(f"{name} must be an account's number, 12 digits")
    return value


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "").strip() or str(default)
    if not (value.isascii() and value.isdigit() and len(value) <= 18 and int(value) > 0):
        raise ConfigurationError(f"{name} must be a whole number above zero")
    return int(value)
