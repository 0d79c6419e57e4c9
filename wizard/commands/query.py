"""`query`: SQL over the stored events."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from wizard.clock import SystemClock
from wizard.commands.common import stoppable
from wizard.commands.engines import Engine, billed, cache_of, told_by
from wizard.commands.events import no_events
from wizard.commands.periods import checked_period
from wizard.deployment import existing
from wizard.errors import ExitCode
from wizard.events.answer import Answer
from wizard.options import Options
from wizard.state import model as state_module
from wizard.ui.output import messages, show
from wizard.ui.text import size

Form = Literal["table", "json", "csv"]
ROWS_ON_SCREEN = 200


def run(
    options: Options, sql: str, *, engine: Engine, since: str | None, until: str | None, form: Form
) -> ExitCode:
    """Let the engine answer, and print what it says; what that has cost is a message.

    Raises:
        UsageError: the engine is not to be had, or the SQL cannot be run.
    """
    period = checked_period(since, until, datetime.now(UTC))
    clock = SystemClock()
    with (
        stoppable(clock),
        existing(options, clock, lock=False) as (at, _store),
        told_by(engine, at, sql, period) as told,
    ):
        _print(told.answer, form)
    if told.bad:
        messages().print(f"{no_events(told.bad)}.")
    if told.scan:
        messages().print(billed(told.scan))
    return ExitCode.DONE


def clear(options: Options) -> ExitCode:
    """Delete the copies of this deployment's events on this machine."""
    state = state_module.required(options.state)
    freed = cache_of(state.identity, str(state.settings.get("bucket_name"))).clear()
    show(f"Deleted {size(freed)} of copies on this machine; what is stored in S3 stays.")
    return ExitCode.DONE


def _print(answer: Answer, form: Form) -> None:
    if form == "table":
        _print_table(answer)
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    else:
        sys.stdout.write("[")
        for number, row in enumerate(answer.documents()):
            sys.stdout.write(f"{',' if number else ''}\n{json.dumps(row, ensure_ascii=False)}")
        sys.stdout.write("\n]\n")


def _print_table(answer: Answer) -> None:
    """As many rows as a person reads; a query says better what to leave out than a screen can."""
    from wizard.ui.answer_table import answer_table

    rows = list(islice(answer.rows, ROWS_ON_SCREEN))
    more = sum(1 for _row in answer.rows)
    show(answer_table(answer.columns, rows))
    if more:
        messages().print(
            f"{more:,} more rows are not shown. --format csv and --format json print all of them."
        )
