"""The quick way to read AWS's moments must not read anything else than botocore does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.utils import parse_timestamp

from wizard.aws.session import open_session
from wizard.aws.timestamps import moment_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T12:00:00Z",
        "2026-03-01T14:00:00+02:00",
        "2026-03-01T12:00:00.000+0000",
        "2026-03-01 12:00:00Z",
        "20260301T120000Z",
        "Sun, 01 Mar 2026 12:00:00 GMT",
        NOON.timestamp(),
        str(NOON.timestamp()),
        "20260301",
    ],
)
def test_a_moment_is_the_one_that_botocore_itself_reads(value: Any) -> None:
    assert moment_of(value) == parse_timestamp(value)
    assert value == "20260301" or moment_of(value) == NOON, "a bare number is seconds since 1970"


def test_what_is_no_moment_is_the_same_error() -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        moment_of("2026-13-41T12:00:00Z")


def test_every_client_of_the_wizard_reads_them_so() -> None:
    client: Any = open_session(None, "eu-central-1").client("s3")

    assert client._endpoint._response_parser_factory._defaults == {"timestamp_parser": moment_of}
