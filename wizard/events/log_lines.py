"""What the function's log lines say: ours, which are JSON, and those of the Lambda runtime."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from wizard.aws.log_reader import LogLine

Kind = Literal["refused", "failed", "finished", "other"]

REPORT = re.compile(
    r"REPORT RequestId: (?P<request>\S+).*?\tDuration: (?P<duration>[\d.]+) ms.*?"
    r"\tMax Memory Used: (?P<memory>\d+) MB(?:.*?\tInit Duration: (?P<init>[\d.]+) ms)?",
    re.DOTALL,
)
TIMEOUT = re.compile(r"\d{4}-\S+Z (?P<request>\S+) (?P<text>Task timed out.*)", re.DOTALL)
# https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html and troubleshooting-invocation.html
FAILURES = re.compile(
    r"Task timed out|\[ERROR\]|Runtime exited|Runtime\.\w+|Process exited before|Traceback \(most recent"
)
NOISE = re.compile(r"(START|END) RequestId: |INIT_START |EXTENSION\s|XRAY ")
# A request's id is one, too; an HTTP status is none.
NUMBERS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<!\d)(?!(?<=status )\d{3}\b)\d+(\.\d+)?")


@dataclass(frozen=True)
class Entry:
    """A log line, decoded.

    Attributes:
        kind: refused: the request was at fault; failed: we were, or AWS; finished: the runtime's report.
        text: what it says, without what stands in the other members.
        status: what the client was answered; None where the line does not say.
        client: the label of its token; "" where there was none, or no good one.
    """

    at: datetime
    kind: Kind
    text: str
    request_id: str = ""
    status: int | None = None
    client: str = ""

    def as_dict(self) -> dict[str, object]:
        """For JSON; the moment is ISO 8601, UTC."""
        return {**asdict(self), "at": self.at.isoformat()}


def entries_of(lines: Iterable[LogLine]) -> Iterator[Entry]:
    """The lines that say something; that a request began or ended is left out, its report is not."""
    for line in lines:
        if not NOISE.match(line.text):
            yield _entry(line)


def _entry(line: LogLine) -> Entry:
    if report := REPORT.match(line.text):
        return Entry(line.at, "finished", _summary(report), report["request"])
    if timeout := TIMEOUT.match(line.text):
        return Entry(line.at, "failed", timeout["text"], timeout["request"])
    try:
        ours = json.loads(line.text)
    except ValueError:
        ours = None
    if not isinstance(ours, dict) or "level" not in ours:
        return Entry(line.at, "failed" if FAILURES.search(line.text) else "other", line.text)
    request_id = str(ours.get("request_id", ""))
    if ours["level"] == "WARN":
        status = ours.get("status")
        return Entry(
            line.at, "refused", str(ours.get("reason", "")), request_id,
            status if isinstance(status, int) else None, str(ours.get("client", "")),
        )  # fmt: skip
    known = ("level", "request_id", "error")
    details = ", ".join(f"{name} {value}" for name, value in ours.items() if name not in known)
    text = f"{ours.get('error', 'error')}{f': {details}' if details else ''}"
    return Entry(line.at, "failed" if ours["level"] == "ERROR" else "other", text, request_id)


def _summary(report: re.Match[str]) -> str:
    cold = f", started cold in {float(report['init']):.0f} ms" if report["init"] else ""
    return f"{float(report['duration']):.0f} ms, {report['memory']} MB{cold}"


@dataclass
class Group:
    """Lines that say the same: how many, when first and last, of which clients."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    clients: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """One more line."""
        self.count += 1
        self.first = min(self.first or entry.at, entry.at)
        self.last = max(self.last or entry.at, entry.at)
        self.clients[entry.client] += 1

    def as_dict(self) -> dict[str, object]:
        """For JSON; moments are ISO 8601, UTC."""
        moments = {"first": self.first, "last": self.last}
        return {
            "count": self.count,
            **{name: moment and moment.isoformat() for name, moment in moments.items()},
            "clients": dict(self.clients.most_common()),
        }


Groups = dict[tuple[Kind, int | None, str], Group]


def grouped(entries: Iterable[Entry]) -> Groups:
    """What was refused, and what failed, by what was answered and why: of the numbers in a reason HTTP
    statuses alone count."""
    groups: Groups = {}
    for entry in entries:
        if entry.kind in ("refused", "failed"):
            reason = NUMBERS.sub("N", entry.text.partition("\n")[0])
            groups.setdefault((entry.kind, entry.status, reason), Group()).add(entry)
    return dict(sorted(groups.items(), key=lambda item: -item[1].count))


def documents(groups: Groups) -> list[dict[str, object]]:
    """For JSON; moments are ISO 8601, UTC."""
    return [
        {"kind": kind, "status": status, "reason": reason, **group.as_dict()}
        for (kind, status, reason), group in groups.items()
    ]


def total(groups: Groups, kind: Kind) -> int:
    """How many lines of that kind there are in all groups."""
    return sum(group.count for (of, _status, _reason), group in groups.items() if of == kind)
