"""`events`: what is stored, newest first, or as it comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from wizard.aws.objects import ObjectReader
from wizard.clock import Clock, SystemClock
from wizard.commands.common import say, stoppable
from wizard.commands.periods import checked, checked_period
from wizard.deployment import existing
from wizard.errors import ExitCode, Interrupted
from wizard.events.browse import Found, Tail, Tally, events_of
from wizard.events.filters import Filter, condition
from wizard.events.period import Period
from wizard.options import Options
from wizard.ui.event_lines import event_line
from wizard.ui.output import messages, print_json, print_json_line, show
from wizard.ui.text import counted

if TYPE_CHECKING:
    from wizard.events.overview import Step

# From the beginning of one to that of the next: an event is shown within two seconds also where a request
# takes a third of a second.
SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class Wanted:
    """What the operator typed: which events, how many of them."""

    names: Sequence[str] = ()
    where: Sequence[str] = ()
    clients: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    limit: int = 20

    def filter(self) -> Filter:
        """The filter.

        Raises:
            UsageError: a condition is none.
        """
        return Filter(self.names, [checked("--where", text, condition) for text in self.where], self.clients)

    def in_words(self) -> str:
        """The filter as a part of a sentence; "" where it lets all through."""
        parts = (
            ("named ", " or ".join(self.names)),
            ("with ", " and ".join(self.where)),
            ("of the client ", " or ".join(self.clients)),
        )
        return ", ".join(f"{word}{said}" for word, said in parts if said)

    def period(self) -> Period:
        """The period.

        Raises:
            UsageError: a moment is none, or the period is empty.
        """
        return checked_period(self.since, self.until, datetime.now(UTC))


def run(options: Options, wanted: Wanted, *, as_json: bool) -> ExitCode:
    """The newest events that are asked for; with a limit of 0 all of them."""
    chosen, period = wanted.filter(), wanted.period()
    clock, tally = SystemClock(), Tally()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        reader = ObjectReader(at.aws, at.settings.bucket_name)
        found = events_of(reader, period, chosen, tally, newest_first=True)
        shown = _show(islice(found, wanted.limit or None), as_json=as_json)
    if not shown:
        _say_nothing(wanted, options)
    elif shown == wanted.limit and not as_json:
        messages().print(
            f"Shown: the newest {wanted.limit:,}; --limit 0 shows all, --since and --name choose."
        )
    say_bad(tally)
    return ExitCode.DONE


def tail(options: Options, wanted: Wanted, *, as_json: bool) -> ExitCode:
    """The last events, then each new one as it comes, until Ctrl-C."""
    chosen, clock = wanted.filter(), SystemClock()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        reader = ObjectReader(at.aws, at.settings.bucket_name)
        coming = Tail(reader, chosen, lambda: datetime.now(UTC))
        _show(coming.last(wanted.limit), as_json=as_json)
        messages().print("Waiting for events; Ctrl-C ends.", style="dim")
        follow(coming, partial(_show, as_json=as_json), clock)
    return ExitCode.DONE


def follow(coming: Tail, show_all: Callable[[Iterator[Found]], object], clock: Clock) -> None:
    """Show each new event, until the operator asks to stop."""
    try:
        while True:
            begun = clock.time()
            show_all(coming.new())
            clock.sleep(max(0.0, SECONDS_BETWEEN_LOOKS - (clock.time() - begun)))
    except Interrupted:
        return  # how a tail ends


def overview(options: Options, wanted: Wanted, *, as_json: bool) -> ExitCode:
    """Names, properties, clients and repeats of the events that are asked for."""
    from wizard.events.overview import summed_up

    with every_event(options, wanted) as found:
        summary = summed_up(found)
    if as_json:
        print_json(summary.as_dict())
    elif summary.events:
        from wizard.ui.overview_table import overview_table

        show(overview_table(summary))
    else:
        _say_nothing(wanted, options)
    return ExitCode.DONE


def chart(options: Options, wanted: Wanted, step: Step, *, as_json: bool) -> ExitCode:
    """How many of them came in each hour or day."""
    from wizard.events.overview import charted

    with every_event(options, wanted) as found:
        counts = charted(found, step, wanted.period().end(datetime.now(UTC)))
    if as_json:
        print_json(counts.as_dict())
    elif counts.counts:
        from wizard.ui.overview_table import chart as drawn

        show(drawn(counts))
    else:
        _say_nothing(wanted, options)
    return ExitCode.DONE


@contextmanager
def every_event(options: Options, wanted: Wanted) -> Iterator[Iterator[Found]]:
    """Every event that is asked for, oldest first; what was no event is said in the end."""
    chosen, period = wanted.filter(), wanted.period()
    clock, tally = SystemClock(), Tally()
    with stoppable(clock), existing(options, clock, lock=False) as (at, _store):
        reader = ObjectReader(at.aws, at.settings.bucket_name)
        yield events_of(reader, period, chosen, tally, newest_first=False)
    say_bad(tally)


def _show(found: Iterable[Found], *, as_json: bool) -> int:
    """Print them as they come; says how many."""
    count = 0
    for count, one in enumerate(found, 1):  # noqa: B007  counted
        if as_json:
            print_json_line(one.as_dict())
        else:
            show(event_line(one))
    return count


def _say_nothing(wanted: Wanted, options: Options) -> None:
    if wanted == Wanted(limit=wanted.limit):
        say("No event is stored yet. `eventtrack-wizard send-test` sends one.", options)
    else:
        say("No stored event is like that.", options)


def say_bad(tally: Tally) -> None:
    """What was read and is no event."""
    if tally.bad:
        messages().print(f"{no_events(tally.bad)}, in {counted(tally.objects, 'object')}.")


def no_events(bad: int) -> str:
    """What was left out because it is no event: a sentence without its end."""
    if bad == 1:
        return "1 line or item is no event and was left out"
    return f"{bad:,} lines or items are no events and were left out"
