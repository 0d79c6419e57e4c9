"""`logs`: what the function says; `events refused`: the same, summed up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from wizard.aws.log_reader import LogLine, LogReader
from wizard.clock import SystemClock
from wizard.commands.common import stoppable
from wizard.commands.periods import checked
from wizard.deployment import existing
from wizard.errors import ExitCode, Interrupted
from wizard.events.log_lines import documents, entries_of, grouped
from wizard.events.period import moment
from wizard.options import Options
from wizard.resources.logs import log_group_name
from wizard.ui.log_entries import entry_line, groups_table
from wizard.ui.output import messages, print_json, print_json_line, show

SECONDS_BETWEEN_LOOKS = 2.0
# Lines of one moment come in any order, and some seconds late.
LATE = timedelta(seconds=30)


def run(options: Options, *, since: str, errors: bool, follow: bool, as_json: bool) -> ExitCode:
    """The lines since then, and with `follow` each new one until Ctrl-C."""
    begin = _since(since)
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        lines = _Lines(LogReader(at.aws, log_group_name(at)), begin)
        shown = _show(lines.new(), errors=errors, as_json=as_json)
        if not follow:
            if not shown:
                messages().print(f"Nothing was logged since {begin:%Y-%m-%d %H:%M:%S} UTC.")
            return ExitCode.DONE
        messages().print("Waiting for log lines; Ctrl-C ends.", style="dim")
        try:
            while True:
                clock.sleep(SECONDS_BETWEEN_LOOKS)
                _show(lines.new(), errors=errors, as_json=as_json)
        except Interrupted:
            return ExitCode.DONE  # how following ends


def refused(options: Options, *, since: str, as_json: bool) -> ExitCode:
    """What the endpoint refused, and what failed, by reason and client."""
    begin = _since(since)
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        groups = grouped(entries_of(LogReader(at.aws, log_group_name(at)).lines(begin)))
    if as_json:
        print_json(documents(groups))
    elif groups:
        show(groups_table(groups))
    else:
        messages().print(f"Nothing was refused, and nothing failed, since {begin:%Y-%m-%d %H:%M:%S} UTC.")
    return ExitCode.DONE


class _Lines:
    """What was logged since the last look."""

    def __init__(self, reader: LogReader, since: datetime) -> None:
        self._reader = reader
        self._since = since
        self._seen: dict[str, datetime] = {}

    def new(self) -> Iterator[LogLine]:
        """Lines that were not there at the last look, oldest first."""
        for line in self._reader.lines(self._since):
            if line.id not in self._seen:
                self._seen[line.id] = line.at
                yield line
        newest = max(self._seen.values(), default=self._since)
        self._since = max(self._since, newest - LATE)
        self._seen = {line_id: at for line_id, at in self._seen.items() if at >= self._since}


def _since(text: str) -> datetime:
    return checked("--since", text, lambda text: moment(text, datetime.now(UTC)))


def _show(lines: Iterable[LogLine], *, errors: bool, as_json: bool) -> int:
    count = 0
    for entry in entries_of(lines):
        if errors and entry.kind not in ("refused", "failed"):
            continue
        count += 1
        if as_json:
            print_json_line(entry.as_dict())
        else:
            show(entry_line(entry))
    return count
