"""What AWS's answers look like on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from wizard.aws.timestamps import http_date

Answer = TypeVar("Answer")


def code_of(error: ClientError) -> str:
    """The error code, such as `NoSuchBucket`; for HEAD requests the HTTP status as text."""
    return str(error.response.get("Error", {}).get("Code", ""))


def answered_at(answer: Any) -> datetime:
    """When AWS answered, by its own clock, which this machine's may miss by minutes; by ours where the answer
    does not say it."""
    headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
    return http_date(headers.get("date")) or datetime.now(UTC)


def none_if(codes: tuple[str, ...], call: Callable[[], Answer]) -> Answer | None:
    """The answer of `call`, or None when AWS says with one of `codes` that there is no such thing."""
    try:
        return call()
    except ClientError as error:
        if code_of(error) in codes:
            return None
        raise
