"""Reading a log group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wizard.aws.calls import code_of
from wizard.aws.pages import pages
from wizard.errors import StateError

if TYPE_CHECKING:
    from wizard.aws.client import Aws


@dataclass(frozen=True)
class LogLine:
    """A line, when it was written (UTC), and its id, which no other line has."""

    id: str
    at: datetime
    text: str


class LogReader:
    """The lines of a log group."""

    def __init__(self, aws: Aws, group: str) -> None:
        self._aws = aws
        self._group = group

    def lines(self, since: datetime, until: datetime | None = None) -> Iterator[LogLine]:
        """The lines from `since` up to, and without, `until`, oldest first.

        Raises:
            StateError: there is no such log group.
            WizardError: CloudWatch Logs refuses or is unreachable, or the credentials are dead.
        """
        wanted: dict[str, Any] = {"logGroupName": self._group, "startTime": _milliseconds(since)}
        if until is not None:
            wanted["endTime"] = _milliseconds(until) - 1
        doing = f"read the log group {self._group}"
        for page in pages(self._aws, self._some, doing, {"nextToken": "nextToken"}, **wanted):
            for found in page["events"]:
                moment = datetime.fromtimestamp(found["timestamp"] / 1000, UTC)
                text = found["message"].rstrip()
                # MiniStack gives no ids.
                line_id = found.get("eventId") or f"{found['logStreamName']} {found['timestamp']} {text}"
                yield LogLine(line_id, moment, text)

    def _some(self, **question: Any) -> Any:
        try:
            return self._aws.logs.filter_log_events(**question)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise StateError(
                what=f"There is no log group {self._group}.",
                why="The deployment is not complete, or somebody deleted it.",
                next_step="Run `eventtrack-wizard setup` to make it again.",
            ) from error


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
