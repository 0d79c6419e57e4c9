"""The lines of a log group, however many answers they come in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.stub import Stubber

from tests.aws.clock import FakeClock
from wizard.aws.client import Aws
from wizard.aws.log_reader import LogReader
from wizard.aws.session import Keys, open_session

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED: dict[str, Any] = {"logGroupName": "g", "startTime": int(NOON.timestamp() * 1000)}


def answer(*texts: str, **following: str) -> dict[str, Any]:
    events = [
        {"eventId": text, "timestamp": ASKED["startTime"], "message": f"{text}\n", "logStreamName": "s"}
        for text in texts
    ]
    return {"events": events, **following}


def test_an_empty_answer_is_not_the_last_and_a_busy_aws_is_asked_again() -> None:
    clock = FakeClock()
    aws = Aws(open_session(None, "us-east-1", Keys("test", "test")), "http://127.0.0.1:9", clock)
    with Stubber(aws.logs) as logs:
        logs.add_response("filter_log_events", answer(nextToken="1"), ASKED)
        logs.add_client_error("filter_log_events", "ThrottlingException", "Rate exceeded")
        logs.add_response("filter_log_events", answer("a", nextToken="2"), {**ASKED, "nextToken": "1"})
        logs.add_response("filter_log_events", answer("b"), {**ASKED, "nextToken": "2"})

        assert [line.text for line in LogReader(aws, "g").lines(NOON)] == ["a", "b"]
        logs.assert_no_pending_responses()
    assert len(clock.naps) == 1
