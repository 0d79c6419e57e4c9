"""The rules that AWS has for the values we ask for, as pure functions: text in, value out.

Every parser raises `ValueError` with one sentence that says what is wrong and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from wizard.errors import UsageError

Parsed = TypeVar("Parsed")

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
RESERVED_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip

# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html: 50 a thing, of
# which two are ours; some are left to other people.
MOST_TAGS = 40
LONGEST_TAG_KEY, LONGEST_TAG_VALUE = 128, 256

YES = frozenset({"yes", "y", "true", "on", "1"})
NO = frozenset({"no", "n", "false", "off", "0"})


def bucket_name(text: str) -> str:
    """A bucket name by the general-purpose rules; dots are refused because they break TLS host names."""
    if not 3 <= len(text) <= 63:
        raise ValueError(f"a bucket name has 3 to 63 characters, this one has {len(text)}")
    if "." in text:
        raise ValueError("a bucket name with dots breaks HTTPS to the bucket; use hyphens instead")
    if not re.fullmatch(r"[a-z0-9-]+", text):
        raise ValueError("a bucket name has only lower-case letters, digits and hyphens")
    if text[0] == "-" or text[-1] == "-":
        raise ValueError("a bucket name begins and ends with a letter or a digit")
    for prefix in RESERVED_BUCKET_PREFIXES:
        if text.startswith(prefix):
            raise ValueError(f"bucket names that begin with {prefix!r} are reserved by AWS")
    for suffix in RESERVED_BUCKET_SUFFIXES:
        if text.endswith(suffix):
            raise ValueError(f"bucket names that end with {suffix!r} are reserved by AWS")
    if _is_ip_address(text):
        raise ValueError("a bucket name must not look like an IP address")
    return text


def _is_ip_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def matching(pattern: str, sentence: str) -> Callable[[str], str]:
    """A parser for texts that match `pattern` as a whole; others are refused with `sentence`."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(sentence)
        return text

    return parse


deployment_name = matching(
    r"[a-z][a-z0-9-]{1,34}[a-z0-9]",
    "a deployment name has 3 to 36 lower-case letters, digits and hyphens, and begins with a letter",
)


def checked_deployment_name(text: str) -> str:
    """A deployment's name that the operator gave.

    Raises:
        UsageError: it breaks the rule.
    """
    try:
        return deployment_name(text)
    except ValueError as error:
        raise UsageError(
            what=f"{text!r} cannot be the name of a deployment.",
            why=f"The rule: {error}.",
            next_step="Give another one with --name.",
        ) from None


region_name = matching(
    r"[a-z]{2,4}(-[a-z]+)+-\d", "a region looks like us-east-1; `aws ec2 describe-regions` lists yours"
)
function_name = matching(
    r"[A-Za-z0-9_-]{1,64}", "a function name has 1 to 64 letters, digits, hyphens and underscores"
)
role_name = matching(r"[\w+=,.@-]{1,64}", "a role name has 1 to 64 letters, digits and _+=,.@-")
policy_name = matching(r"[\w+=,.@-]{1,128}", "a policy name has 1 to 128 letters, digits and _+=,.@-")
api_name = matching(r"[^\s].{0,254}", "an API name has 1 to 255 characters")
path_part = matching(
    r"[A-Za-z0-9._-]{1,64}", "a resource name is one path part: letters, digits, dot, hyphen, underscore"
)


def resource_path(text: str) -> str:
    """One path part; the slash before it, as the URL shows it, may be typed too."""
    return path_part(text.removeprefix("/"))


stage_name = matching(r"[A-Za-z0-9_]{1,128}", "a stage name has letters, digits and underscores")
test_event_name = matching(r"[A-Za-z0-9._-]{1,25}", "a test event name has 1 to 25 letters, digits, _ . -")
_line = matching(r".{0,1024}", "a description is one line of at most 1024 characters")


def description(text: str) -> str:
    """One line, or nothing (or "none", as everywhere)."""
    return "" if text.casefold() == "none" else _line(text)


def buffer_seconds(text: str) -> int:
    """As Firehose takes them, which delivers at once what it need not buffer.

    https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
    """
    if text.strip() == "0":
        return 0
    try:
        return whole_number(60, 900, "seconds")(text)
    except ValueError:
        raise ValueError("events are buffered for 60 to 900 seconds, or for 0") from None


def day(text: str) -> str:
    """A day such as 2026-11-22."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("a day looks like 2026-11-22") from None


def policy_arn(text: str) -> str:
    """The ARN of a managed policy."""
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+", text):
        raise ValueError("a permissions boundary is the ARN of a managed policy: arn:…:iam::…:policy/…")
    return text


def email(text: str) -> str:
    """An e-mail address as SNS takes it."""
    if (
        not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", text)
        or len(text) > 254
    ):
        raise ValueError("an e-mail address looks like me@example.com")
    return text


def topic_arn(text: str) -> str:
    """The ARN of a standard topic; CloudWatch tells no FIFO topic."""
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}", text):
        raise ValueError("the ARN of a standard topic: arn:PARTITION:sns:REGION:ACCOUNT:NAME")
    return text


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser for one of `choices`, whatever the case it is typed in."""
    by_folded = {choice.casefold(): choice for choice in choices}

    def parse(text: str) -> str:
        try:
            return by_folded[text.casefold()]
        except KeyError:
            raise ValueError(f"one of {', '.join(choices)}") from None

    return parse


def whole_number(least: int, most: int, unit: str) -> Callable[[str], int]:
    """A parser for a whole number of `unit` from `least` to `most`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number of {unit} from {least} to {most}")
        return int(text)

    return parse


def optional(parse: Callable[[str], Parsed]) -> Callable[[str], Parsed | None]:
    """A parser like `parse`, for which nothing, "none" and "unset" are None."""
    return lambda text: None if text.casefold() in ("", "none", "unset") else parse(text)


def reserved_concurrency(text: str) -> int | None:
    """Executions that are set aside for the function; 0 once closed the endpoint."""
    if text.strip() == "0":
        raise ValueError("0 would still bill every request that it refuses; --closed closes free of charge")
    return optional(whole_number(1, 100_000, "executions"))(text)


def log_retention_days(text: str) -> int:
    """A number of days that CloudWatch Logs takes as retention."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) not in LOG_RETENTION_DAYS:
        raise ValueError(f"one of {', '.join(map(str, LOG_RETENTION_DAYS))} days")
    return int(text)


def yes_or_no(text: str) -> bool:
    """True for yes, true, on, 1; False for no, false, off, 0."""
    folded = text.casefold()
    if folded not in YES | NO:
        raise ValueError("yes or no")
    return folded in YES


def cors_origins(text: str) -> tuple[str, ...]:
    """`*`, or origins such as https://app.example.com, comma-separated."""
    origins = _comma_separated(text)
    if origins == ("*",):
        return origins
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", origin):
            raise ValueError(
                f"{origin!r} is no origin: use * or scheme and host without a path, like https://app.example.com"
            )
    return origins


def http_headers(text: str) -> tuple[str, ...]:
    """Names of HTTP headers, comma-separated."""
    headers = _comma_separated(text)
    for header in headers:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", header):
            raise ValueError(f"{header!r} is no header name")
    return headers


def http_methods(text: str) -> tuple[str, ...]:
    """The methods that CORS allows; POST and OPTIONS are what the endpoint answers."""
    methods = tuple(method.upper() for method in _comma_separated(text))
    if not set(methods) <= {"POST", "OPTIONS"} or "POST" not in methods:
        raise ValueError("POST, or POST,OPTIONS: the endpoint answers no other method")
    return methods


def tags(text: str) -> dict[str, str | None]:
    """KEY=VALUE, comma-separated, in their order; KEY= is None: the tag is to be taken off."""
    found: dict[str, str | None] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (side.strip() for side in part.partition("="))
        if not equals or not key:
            raise ValueError(f"{part!r} is no tag: KEY=VALUE puts one, KEY= takes it off")
        _check_tag(key, value)
        if any(other.casefold() == key.casefold() and other != key for other in found):
            raise ValueError(f"IAM knows only one case of a tag's key, and {key!r} is there twice")
        found[key] = value or None
    if sum(value is not None for value in found.values()) > MOST_TAGS:
        raise ValueError(f"at most {MOST_TAGS} tags: AWS takes 50, and leaves none to other people then")
    return found


def _check_tag(key: str, value: str) -> None:
    if len(key) > LONGEST_TAG_KEY or len(value) > LONGEST_TAG_VALUE:
        raise ValueError(
            f"a tag's key has at most {LONGEST_TAG_KEY} characters, its value {LONGEST_TAG_VALUE}"
        )
    if key.casefold().startswith(("aws:", "eventtrack-wizard")):
        raise ValueError(f"tags that begin like {key!r} are AWS's or the wizard's own")
    for character in key + value:
        if not (character.isalnum() or character in " _.:/=+-@"):
            raise ValueError(f"a tag has letters, digits, spaces and _ . : / = + - @, not {character!r}")


def _comma_separated(text: str) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not parts:
        raise ValueError("at least one value, comma-separated")
    return parts
