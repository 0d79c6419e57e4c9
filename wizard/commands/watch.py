"""`status --watch`: one look after another."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from wizard.aws.errors import AWS_ERRORS
from wizard.aws.retry import explained
from wizard.clock import Clock, SystemClock
from wizard.commands import status
from wizard.commands.common import complete, say, stoppable
from wizard.commands.standing import Standing, standing_of
from wizard.deployment import existing
from wizard.endpoint.traffic import Traffic, last_day
from wizard.errors import ExitCode, Interrupted, WizardError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.ui.error_panel import error_panel, print_error
from wizard.ui.output import can_redraw, messages, print_json_line, show, whole_screen
from wizard.ui.picture import LivePicture
from wizard.ui.styles import ATTENTION, QUIET
from wizard.ui.text import text

# CloudWatch counts by the minute, and each question costs.
SECONDS_BETWEEN_COUNTS = 60.0
# Nothing changes between two looks, except the size of the window.
PICTURES_A_SECOND = 2


@dataclass(frozen=True)
class Look:
    """What is shown: the last look, or why it failed beside the last one that did not.

    Attributes:
        at: when the last look ended, UTC.
        standing: what was found at `found_at`.
    """

    at: datetime
    standing: Standing
    found_at: datetime
    problem: WizardError | None = None


Show = Callable[[Look], None]


def run(options: Options, *, every: int, as_json: bool) -> ExitCode:
    """Look every so many seconds until Ctrl-C. A first look that fails ends it as it ends `status`."""
    clock = SystemClock()
    count, waiting, firsts = OnceAMinute(clock), Waiting(), iter((True,))

    def look() -> Standing:
        """With a state file, credentials and clients that are read anew. Only the first look starts the local
        AWS: whoever stops it meanwhile means it."""
        opened = existing(options, clock, lock=False, looks_first=True, starts_local=next(firsts, False))
        with waiting, opened as (at, store):
            at.aws.on_wait = waiting
            return standing_of(at, store, count=count)

    with stoppable(clock):
        found = _found(look)
        with _screen(options, every, waiting, as_json=as_json) as show:
            return watch(look, found, show, clock, every)


def watch(look: Callable[[], Standing], found: Look, show: Show, clock: Clock, every: float) -> ExitCode:
    """Show what was found, then what comes, until the operator asks to stop."""
    try:
        while True:
            show(found)
            clock.sleep(every)
            try:
                found = _found(look)
            except WizardError as error:
                found = replace(found, at=datetime.now(UTC), problem=error)
            gc.collect()  # clients of the look before know each other, 8 MB and their connections
    except Interrupted:
        return ExitCode.DONE  # how watching ends


def _found(look: Callable[[], Standing]) -> Look:
    try:
        standing = look()
    except AWS_ERRORS as error:
        raise explained(error, "look at the deployment") from error
    now = datetime.now(UTC)
    return Look(now, standing, now)


class Waiting:
    """What a look waits for, in words; empty while it waits for nothing."""

    def __init__(self) -> None:
        self.words = ""

    def __call__(self, reason: str, elapsed: float, timeout: float) -> None:
        """Hear of it, as `OnWait`."""
        self.words = f"Waiting: {reason} ({elapsed:.0f} s of at most {timeout:.0f} s)."

    def __enter__(self) -> None:
        """A look begins."""

    def __exit__(self, *_: object) -> None:
        """It has ended."""
        self.words = ""


class OnceAMinute:
    """What came in, asked for at most once a minute as long as it is known."""

    def __init__(self, clock: Clock, count: Callable[[Deployment], Traffic] = last_day) -> None:
        self._clock = clock
        self._count = count
        self._asked_at = 0.0
        self._known: Traffic | None = None

    def __call__(self, at: Deployment) -> Traffic:
        """See `last_day`."""
        now = self._clock.time()
        if self._known is None or self._known.problem or now - self._asked_at >= SECONDS_BETWEEN_COUNTS:
            self._known, self._asked_at = self._count(at), now
        return self._known


@contextmanager
def _screen(options: Options, every: int, waiting: Waiting, *, as_json: bool) -> Iterator[Show]:
    """Lines of JSON, a picture that is drawn over the last one, or blocks one below the other."""
    console = whole_screen()
    if as_json:
        yield lambda look: print_json_line(document(look, options))
    elif can_redraw(console):
        shown: list[Look] = []

        def draw(_width: int, _height: int | None) -> RenderableType:
            return picture(shown[-1], options, every, waiting.words) if shown else Text()

        with LivePicture(console, draw, a_second=PICTURES_A_SECOND) as live:

            def show(look: Look) -> None:
                shown[:] = [look]
                live.refresh()

            yield show
    else:
        yield lambda look: print_block(look, options)


def document(look: Look, options: Options) -> dict[str, object]:
    """What `status --json` prints, and when; or the error."""
    if look.problem:
        complete(look.problem, options)
        return {"at": look.at.isoformat(), "error": look.problem.as_dict()}
    return {"at": look.at.isoformat(), **status.document(look.standing, options)}


def picture(look: Look, options: Options, every: int, waiting: str = "") -> RenderableType:
    """All of it on one screen. What is waited for and what failed stand first, so that a small window shows
    them.
    """
    head = text(f"{_moment(look.at)}; looked at every {every} s, Ctrl-C ends.", QUIET)
    now = [text(waiting, ATTENTION)] if waiting else []
    failed: list[RenderableType] = []
    if look.problem:
        complete(look.problem, options)
        failed = [error_panel(look.problem), text(f"How it stood at {_moment(look.found_at)}:"), Text()]
    sentences = [text(options.complete(sentence)) for sentence in look.standing.sentences]
    stands = status.screen(look.standing, options, redrawn=True)
    return Group(head, *now, Text(), *failed, stands, *([Text(), *sentences] if sentences else []))


def print_block(look: Look, options: Options) -> None:
    """What `status` prints, below the moment; errors go to standard error."""
    if look.problem:
        complete(look.problem, options)
        print_error(messages(), look.problem)
        return
    show(Group(text(f"{_moment(look.at)}:"), status.screen(look.standing, options), Text()))
    for sentence in look.standing.sentences:
        say(sentence, options)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
