"""AWS's moments, read with less work than botocore's: a listing of a thousand objects has a thousand of them.

botocore hands each one to dateutil, which guesses at the format; that takes half of reading a listing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.utils import parse_timestamp

if TYPE_CHECKING:
    from botocore.session import Session


def moment_of(value: Any) -> datetime:
    """ISO 8601 as S3, IAM and STS write it is read at once; all else, as botocore does: HTTP's dates, seconds
    since 1970 as a number or as text.

    Raises:
        ValueError: it is no moment.
    """
    if isinstance(value, str) and value[4:5] == "-" and value[10:11] == "T":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    found: datetime = parse_timestamp(value)
    return found


def http_date(header: str | None) -> datetime | None:
    """The moment of an HTTP `Date` header, to the second; None where there is none or it is no date."""
    try:
        told = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def use_timestamps(session: Session) -> None:
    """Let the clients of a session read moments this way."""
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment_of)
