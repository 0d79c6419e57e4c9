"""`compact`: the many small objects of an hour become few larger ones."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

from wizard.aws.objects import ObjectReader, ObjectWriter
from wizard.clock import SystemClock
from wizard.commands.common import nobody_answers, say, stoppable
from wizard.commands.periods import checked_period
from wizard.deployment import existing
from wizard.errors import ExitCode
from wizard.events.compact import Done, Hour, compact, hours_to_compact
from wizard.options import Options
from wizard.ui.output import is_interactive, messages, show
from wizard.ui.text import counted, size

MOST_NAMES = 5


def run(options: Options, since: str | None, until: str | None, *, yes: bool, dry_run: bool) -> ExitCode:
    """Show what there is to do, ask, and do it hour by hour.

    Raises:
        UsageError: nobody is there to agree.
    """
    now = datetime.now(UTC)
    period = checked_period(since, until, now)
    if not yes and not dry_run and not is_interactive():
        typed = [("--since", since), ("--until", until)]
        period_flags = [f"{flag} {shlex.quote(text)}" for flag, text in typed if text]
        command = " ".join(["compact", *period_flags, "--yes"])
        raise nobody_answers("There is nobody to agree to a change of stored objects.", command)
    clock = SystemClock()
    with stoppable(clock), existing(options, clock, lock=not dry_run) as (at, _store):
        bucket = at.settings.bucket_name
        reader, writer = ObjectReader(at.aws, bucket), ObjectWriter(at.aws, bucket)
        hours = list(hours_to_compact(reader, period, now))
        show(_words(hours, f"s3://{bucket}"))
        if not hours or dry_run:
            return ExitCode.DONE
        if not yes and not _agreed():
            messages().print("Nothing was changed.")
            return ExitCode.DONE
        done = []
        for hour in hours:
            done.append(compact(reader, writer, hour))
            messages().print(f"{hour.prefix}  {_counts(done[-1:])}", markup=False, highlight=False)
    show(f"Done: {_counts(done)}; {counted(sum(one.events for one in done), 'event')}.")
    if repeated := sum(one.repeated for one in done):
        show(f"{counted(repeated, 'event')} stood there twice, word for word, and once now.")
    _say_left_alone([key for one in done for key in one.left_alone], bucket, options)
    return ExitCode.DONE


def _words(hours: Sequence[Hour], where: str) -> str:
    if not hours:
        return f"Nothing to compact in {where}; hours that may still grow are left alone."
    objects, of_all = sum(len(hour.objects) for hour in hours), sum(hour.size for hour in hours)
    there = f"{counted(objects, 'object')} ({size(of_all)}) of {counted(len(hours), 'hour')}"
    return f"{there} to compact in {where}"


def _counts(done: Sequence[Done]) -> str:
    before, after = sum(one.before for one in done), sum(one.after for one in done)
    return f"{counted(before, 'object')} became {after:,}"


def _say_left_alone(keys: Sequence[str], bucket: str, options: Options) -> None:
    if not keys:
        return
    for key in keys[:MOST_NAMES]:
        messages().print(f"left alone: s3://{bucket}/{key}", markup=False, highlight=False)
    one = len(keys) == 1
    say(
        f"{counted(len(keys), 'object')} {'holds' if one else 'hold'} something that is no event and"
        f" {'stays as it is' if one else 'stay as they are'}. `eventtrack-wizard query` counts such lines.",
        options,
    )


def _agreed() -> bool:
    from wizard.ui.prompts import Prompts

    return Prompts(messages()).confirm("Write them as fewer objects, and delete them?", default=True)
