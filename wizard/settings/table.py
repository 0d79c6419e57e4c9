"""The settings of a deployment: one row each, from which flags, environment variables, questions,
the review table and the saved state are all derived. Where values come from: `resolve`.

To add a setting, add a row to `Settings`. Only if the handler reads it, or if it contradicts another one
(`resolve.objections`), somebody else needs to know.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, ParamSpec, get_args, get_origin, get_type_hints

from wizard.settings import validators as names
from wizard.settings.alarms import wanted
from wizard.settings.runtimes import RUNTIME_ENDS, supported_until

if TYPE_CHECKING:
    from wizard.identity import DeploymentId

# Key to value; None stands for a tag that was taken off, and stays off.
Tags = dict[str, str | None]
Value = str | int | bool | tuple[str, ...] | Tags | None

Derived = Callable[["DeploymentId"], Value]


@dataclass(frozen=True)
class Setting:
    """One row: how a value is asked for, read from text, and what it is when nobody says anything.

    Args:
        phase: key of the phase in which the question is asked.
        question: the question, and the label of the row in the review table.
        parse: text to value; raises `ValueError` with a sentence for the operator.
        default: the value, or a function of the deployment's identity that gives it.
        choices: the values on offer, each with a remark; empty when any text may do.
        fixed: the value names a thing in AWS, so it cannot change once that thing exists.
        former_default: a default of earlier versions that today's rules refuse. Where it was saved nobody
            chose it, so the next setup takes today's default instead of asking for another value.
        remark: what a value means, shown beside it.
        off: the flag that switches it off, where that is not `--no-…`.
        asked_if: a yes-or-no question whose no leaves this one out.
        is_flag_only: the interview does not ask for it; it can be changed there.
    """

    phase: str
    question: str
    parse: Callable[[str], Value]
    default: Value | Derived
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fixed: bool = False
    former_default: Value = None
    remark: Callable[[Any], str] | None = None
    off: str = ""
    asked_if: str = ""
    is_flag_only: bool = False
    key: str = ""

    @property
    def flag(self) -> str:
        """The flag on the command line, such as `--bucket-name`; one that may be repeated names one."""
        return "--" + (self.key.removesuffix("s") if self.is_repeatable else self.key).replace("_", "-")

    @property
    def flag_off(self) -> str:
        """The flag that switches a switch off, such as `--no-versioning`."""
        return self.off or f"--no-{self.flag[2:]}"

    @property
    def environment_variable(self) -> str:
        """The environment variable, such as `EVENTTRACK_BUCKET_NAME`."""
        return f"EVENTTRACK_{self.key.upper()}"

    @property
    def is_switch(self) -> bool:
        """Whether it is a yes-or-no question."""
        return isinstance(self.default, bool)

    @property
    def is_repeatable(self) -> bool:
        """Whether its flag may stand several times; what is given is added to what is saved."""
        return isinstance(self.default, dict)

    def typed(self, text: str) -> str:
        """The flag with its value, as it stands on a command line; a switch is its own value."""
        import shlex

        if self.is_switch:
            return self.flag if self.parse(text) else self.flag_off
        return f"{self.flag} {shlex.quote(text)}"

    def default_at(self, identity: DeploymentId) -> Value:
        """The documented default; names of things derive from the deployment's own name."""
        return self.default(identity) if callable(self.default) else self.default


Row = ParamSpec("Row")


def _as_field(setting: Callable[Row, Setting]) -> Callable[Row, Any]:
    """A field of `Settings` that carries its row."""
    return lambda *said, **named: dataclasses.field(metadata={"setting": setting(*said, **named)})


_row = _as_field(Setting)


def _unique_bucket_name(identity: DeploymentId) -> str:
    """A name no other account has; the same at every run, so that a lost state file finds its bucket."""
    import hashlib  # loads OpenSSL, which help and the saved state can do without

    digest = hashlib.sha256(f"{identity.account}:{identity.region}:{identity.name}".encode()).hexdigest()
    return f"{identity.name}-{digest[:10]}"


# Lambda takes 6 MB, but of the whole event, in which the body is a JSON text with its quotes escaped.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
REQUEST_BYTES, MOST_REQUEST_BYTES = 4_500_000, 5_000_000


# Seven days: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
MOST_ALARM_HOURS = 7 * 24


# Each has a row in the table of phases.
MOST_STREAMS = 20


def _worst_case(requests_a_second: int) -> str:
    """Loaded when it is asked for: help and completion need no prices."""
    from wizard.settings.cost import worst_case

    return worst_case(requests_a_second)


def _a_query(megabytes: int) -> str:
    from wizard.settings.cost import of_a_query

    return of_a_query(megabytes)


def _in_megabytes(count: int) -> str:
    """Powers of 1000, as AWS counts requests."""
    return f"= {count / 1_000_000:g} MB"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every value of the documented guide, checked."""

    # fmt: off
    tags: Tags = _row("bucket", "Tags on everything (KEY=VALUE, comma-separated; KEY= takes one off)", names.tags, {},  # noqa: RUF009  a field
        asked_if="Does your organization demand tags on what is made?")
    bucket_name: str = _row("bucket", "Bucket name", names.bucket_name, _unique_bucket_name, fixed=True)
    block_public_access: bool = _row("bucket", "Block all public access to the bucket", names.yes_or_no, True)
    versioning: bool = _row("bucket", "Keep old versions of objects", names.yes_or_no, False)
    encryption: str = _row("bucket", "Default encryption", names.one_of("SSE-S3", "SSE-KMS"), "SSE-S3", choices={
        "SSE-S3": "keys managed by S3, free of charge", "SSE-KMS": "the AWS managed key aws/s3, billed per request"})
    event_retention_days: int | None = _row("bucket", "Days to keep events (none: for ever)", names.optional(names.whole_number(1, 36_500, "days")), None)
    function_name: str = _row("lambda", "Function name", names.function_name, lambda of: f"{of.name}-processor", fixed=True)
    runtime: str = _row("lambda", "Runtime", names.one_of(*RUNTIME_ENDS), "python3.13", choices=supported_until())
    architecture: str = _row("lambda", "Architecture", names.one_of("x86_64", "arm64"), "x86_64", choices={
        "x86_64": "as in AWS's guide", "arm64": "about 20 % cheaper"})
    previous_code: bool = _row("lambda", "Run the code of before the last upgrade", names.yes_or_no, False, off="--current-code", is_flag_only=True)
    role_name: str = _row("lambda", "Execution role name", names.role_name, lambda of: f"{of.name}-{of.region}-role", fixed=True)
    permissions_boundary: str | None = _row("lambda", "Permissions boundary of the role (ARN, or none)", names.optional(names.policy_arn), None)
    log_retention_days: int = _row("lambda", "Days to keep the function's logs", names.log_retention_days, 30)
    policy_name: str = _row("iam", "Name of the S3 access policy", names.policy_name, "LambdaS3EventTracking", fixed=True)
    event_format: str = _row("env vars", "Format of stored events", names.one_of("json", "jsonl", "jsonl.gz"), "json", choices={
        "json": "one JSON array a request, as documented", "jsonl": "one event a line, for query engines", "jsonl.gz": "the same, compressed"})
    allow_beacon: bool = _row("env vars", "Accept the token in body or query (for navigator.sendBeacon)", names.yes_or_no, False)
    max_events: int = _row("env vars", "Most events in one request", names.whole_number(1, 1_000_000, "events"), 100_000)
    max_request_bytes: int = _row("env vars", "Largest request (bytes)", names.whole_number(1024, MOST_REQUEST_BYTES, "bytes"), REQUEST_BYTES, former_default=6_291_456,
        remark=_in_megabytes)
    memory_mb: int = _row("settings", "Memory (MB)", names.whole_number(128, 10_240, "MB"), 128)
    timeout_seconds: int = _row("settings", "Timeout (seconds)", names.whole_number(1, 900, "seconds"), 10)
    reserved_concurrency: int | None = _row("settings", "Reserved concurrency (a number, or none)", names.reserved_concurrency, None)
    test_event_name: str = _row("test", "Name of the test event", names.test_event_name, "TestEventAPI")
    api_name: str = _row("api", "API name", names.api_name, lambda of: f"{of.name}-api", fixed=True)
    endpoint_type: str = _row("api", "Endpoint type", names.one_of("REGIONAL", "EDGE"), "REGIONAL", fixed=True, choices={
        "REGIONAL": "the documented one", "EDGE": "through CloudFront's edge locations"})
    resource_path: str = _row("api", "Resource (path of the endpoint)", names.resource_path, "events", fixed=True)
    cors_origins: tuple[str, ...] = _row("cors", "Allowed origins (* or comma-separated)", names.cors_origins, ("*",))
    cors_headers: tuple[str, ...] = _row("cors", "Allowed headers", names.http_headers, (
        "Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token", "x-auth-token", "Content-Encoding"))
    cors_methods: tuple[str, ...] = _row("cors", "Allowed methods", names.http_methods, ("POST", "OPTIONS"))
    stage_name: str = _row("deploy", "Stage name", names.stage_name, "prod", fixed=True)
    stage_description: str = _row("deploy", "Stage description", names.description, "Production environment.")
    throttle_rate: int = _row("deploy", "Requests a second, at most", names.whole_number(1, 10_000, "requests"), 50, remark=_worst_case)
    throttle_burst: int = _row("deploy", "Requests at once, at most", names.whole_number(1, 5_000, "requests"), 100)
    closed: bool = _row("deploy", "Close the endpoint (it refuses every request with 429)", names.yes_or_no, False, off="--open")
    ingest: str = _row("buffer", "How events are stored", names.one_of("direct", "buffered"), "direct", choices={
        "direct": "one object a request, as documented", "buffered": "few large objects, through Firehose"})
    streams: int = _row("buffer", "Streams that take events side by side", names.whole_number(1, MOST_STREAMS, "streams"), 1, is_flag_only=True)
    buffer_seconds: int = _row("buffer", "Seconds that events are buffered, at most", names.buffer_seconds, 300, is_flag_only=True)
    query_table: bool = _row("query", "Query table in Athena (SQL in AWS's console; AWS asks 5 USD for each TB that queries read)", names.yes_or_no, False)
    query_scan_limit_mb: int = _row("query", "MB that a query may read, at most", names.whole_number(10, 10_000_000, "MB"), 10_000, remark=_a_query, is_flag_only=True)
    query_from: str | None = _row("query", "First day of the query table (a date; none: as long as events are kept, from 2026 on)", names.optional(names.day), None, is_flag_only=True)
    alarm_email: str | None = _row("alarms", "E-mail address for alarms (none: no alarms)", names.optional(names.email), None)
    alarm_topic: str | None = _row("alarms", "Existing SNS topic for alarms (ARN, or none)", names.optional(names.topic_arn), None, is_flag_only=True)
    alarm_no_events_hours: int | None = _row("alarms", "Hours without events that raise an alarm (none: no such alarm)", names.optional(names.whole_number(1, MOST_ALARM_HOURS, "hours")), None, is_flag_only=True)
    # fmt: on

    @property
    def is_buffered(self) -> bool:
        """Whether events go through Firehose."""
        return self.ingest == "buffered"

    @property
    def tells_somebody(self) -> bool:
        """Whether an alarm would be heard."""
        return bool(self.alarm_email or self.alarm_topic)

    @property
    def alarms(self) -> int:
        """How many it has."""
        return len(self.alarm_endings)

    @property
    def alarm_endings(self) -> tuple[str, ...]:
        """The ends of their names; who has closed the endpoint need not be told that nothing comes."""
        return wanted(
            tells_somebody=self.tells_somebody,
            waits_for_events=self.alarm_no_events_hours is not None and not self.closed,
        )

    def as_json(self) -> dict[str, Any]:
        """The values as they come back from a state file: lists where a field is a tuple."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }


SETTINGS: tuple[Setting, ...] = tuple(
    dataclasses.replace(field.metadata["setting"], key=field.name) for field in dataclasses.fields(Settings)
)

DEFAULT_NAME = "saas-event-tracking"


@cache
def _types() -> Mapping[str, Any]:
    return get_type_hints(Settings)


def type_of(key: str) -> Any:
    """The type of a setting's value, as `Settings` declares it."""
    return _types()[key]


def typed(saved: Mapping[str, object]) -> dict[str, Value]:
    """Saved settings as the values they are, whatever the rules of today say about them.

    Args:
        saved: from a JSON document, so lists stand for tuples. Keys without a row are left out: a later
            version has written them, or their row has been retired.

    Raises:
        ValueError: a value has another type than its row.
    """
    saved = _renewed(saved)
    return {key: _typed(key, saved[key]) for key in _types() if key in saved}


def _renewed(saved: Mapping[str, object]) -> Mapping[str, object]:
    """In 0.1.0 a reserved concurrency of 0 closed the endpoint: API Gateway still took, and billed,
    every request."""
    if saved.get("reserved_concurrency") in (0,) and "closed" not in saved:
        return {**saved, "reserved_concurrency": None, "closed": True}
    return saved


def _typed(key: str, value: Any) -> Value:
    expected = _types()[key]
    if get_origin(expected) is tuple:
        if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
            return tuple(value)
    elif get_origin(expected) is dict:
        if isinstance(value, dict) and all(isinstance(part, (str, NoneType)) for part in value.values()):
            return dict(value)
    elif type(value) in (get_args(expected) or (expected,)):  # exact: JSON's true is no number
        known: Value = value
        return known
    raise ValueError(f"The setting {key} cannot be {value!r}")


def as_text(value: object) -> str:
    """A value as the operator would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ",".join(f"{key}={part or ''}" for key, part in value.items())
    return str(value)
