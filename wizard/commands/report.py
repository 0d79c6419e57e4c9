"""`report`: the stored events as one page to look at, which needs nothing but a browser."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wizard.aws.log_reader import LogReader
from wizard.aws.objects import ObjectReader
from wizard.clock import SystemClock
from wizard.commands.common import stoppable
from wizard.commands.events import Wanted, say_bad
from wizard.commands.result_files import STANDARD_OUTPUT, refuse_existing, replaced
from wizard.deployment import existing
from wizard.endpoint.client import url_of
from wizard.errors import ExitCode, StateError, UsageError
from wizard.events.browse import Tally, events_of
from wizard.events.log_lines import Groups, entries_of, grouped
from wizard.events.period import Period
from wizard.events.report import collected
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.resources.logs import log_group_name
from wizard.ui.output import messages, shows_web_pages
from wizard.ui.report_page import Head, page
from wizard.ui.text import counted


def run(options: Options, wanted: Wanted, file: Path, *, overwrite: bool, opened: bool) -> ExitCode:
    """Write the page, and with `opened` show it in a browser where somebody sees that.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    if file == STANDARD_OUTPUT and opened:
        raise UsageError(
            what="--open has nothing to open.",
            why="The page goes to standard output.",
            next_step="Name a file with --html, or leave out --open.",
        )
    if file != STANDARD_OUTPUT:
        refuse_existing(file, overwrite=overwrite)
    events = _write(options, wanted, file, overwrite=overwrite)
    messages().print(f"{counted(events, 'event')} reported in {file}.", markup=False)
    if opened:
        show(file, webbrowser.open if shows_web_pages() else None)
    return ExitCode.DONE


def show(file: Path, browse: Callable[[str], bool] | None) -> None:
    """Open the page, or say how.

    Args:
        browse: shows a page in a browser, and says whether it could; None: nobody would see it.
    """
    url = file.resolve().as_uri()
    if browse is None:
        messages().print(f"There is no desktop to open it on: {url}", markup=False)
    elif not browse(url):
        messages().print(f"No browser could be started: {url}", markup=False)


def _write(options: Options, wanted: Wanted, file: Path, *, overwrite: bool) -> int:
    """Read, and write the page; returns the number of its events."""
    chosen, period = wanted.filter(), wanted.period()
    clock, tally = SystemClock(), Tally()
    place = nullcontext() if file == STANDARD_OUTPUT else replaced(file, overwrite=overwrite)
    # That the file can be written is seen before anything is read for it.
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store), place as path:
        reader = ObjectReader(at.aws, at.settings.bucket_name)
        found = events_of(reader, period, chosen, tally, newest_first=True)
        report = collected(found, period.end(datetime.now(UTC)))
        refused, notes = _refused(at, period)
        text = page(_head(at, wanted, period, notes), report, refused)
        if path is None:
            sys.stdout.write(text)
        else:
            path.write_text(text, encoding="utf-8")
    say_bad(tally)
    return report.overview.events


def _refused(at: Deployment, period: Period) -> tuple[Groups | None, Sequence[str]]:
    """What was refused and what failed in the period, and what is not known of that."""
    now = datetime.now(UTC)
    since = period.since or now - timedelta(days=at.settings.log_retention_days)
    notes = []
    if since < now - timedelta(days=at.settings.log_retention_days, minutes=1):
        notes.append(
            f"The function's log is kept for {at.settings.log_retention_days} days: what was refused or"
            " failed before is not known."
        )
    try:
        lines = LogReader(at.aws, log_group_name(at)).lines(since, period.until)
        return grouped(entries_of(lines)), notes
    except StateError as error:
        notes.append(f"What was refused or failed is not known. {error.what} {error.why}")
        return None, notes


def _head(at: Deployment, wanted: Wanted, period: Period, notes: Sequence[str]) -> Head:
    place = f"local AWS, {at.identity.region}" if at.identity.local else at.identity.region
    only = wanted.in_words()
    if only:
        notes = (*notes, "What was refused or failed is of all requests, whatever their events.")
    return Head(at.identity.name, place, url_of(at), period, datetime.now(UTC), only, notes)
