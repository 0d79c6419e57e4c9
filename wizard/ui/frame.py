"""One picture of the run, made to fit a window of any size."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wizard.ui.progress_model import Moment, PhaseProgress, PhaseStatus, RunProgress, outcome
from wizard.ui.styles import ACTIVE, ATTENTION, BAD, CHANGE, GOOD, bold
from wizard.ui.text import SPINNER, duration, plain, text

STYLES: dict[PhaseStatus, str] = {
    "queued": "dim",
    "working": bold(ACTIVE),
    "waiting": ACTIVE,
    "done": GOOD,
    "failed": bold(BAD),
    "stopped": ATTENTION,
    "not started": "dim",
}
SIGNS: dict[PhaseStatus, str] = {
    "queued": "·",
    "done": "✓",
    "failed": "✗",
    "stopped": "■",
    "not started": "·",
}

# Widths of the columns with the gap after them. A wide window tells in a column of its own what happens
# now, a narrower one beside the sign of the state, a very narrow one only below the table.
NUMBER, TITLE, STATE, TIME = 3, 23, 14, 8
ROOM_FOR_NOW = NUMBER + TITLE + STATE + TIME + 50
ROOM_BESIDE_SIGN = 22
ROOM_FOR_TIME = 36
ROOM_FOR_REASON = 12
SPINS_A_SECOND = 8


def frame(run: RunProgress, width: int, height: int | None) -> Group:
    """The picture.

    Args:
        width: columns of the window.
        height: rows of the window; None when the picture is the last one, which may scroll.
    """
    if height is None:
        return Group(_table(run, width, header=True), *_last_words(run, width))
    extras = _extras(run, width)
    if height > len(run.phases) + len(extras):
        return Group(_table(run, width, header=True), *extras)
    if height >= len(run.phases):
        return Group(_table(run, width, header=False), *extras[: height - len(run.phases)])
    return Group(*_few_lines(run, width)[:height])


def _table(run: RunProgress, width: int, *, header: bool) -> Table:
    """One row a phase; of a narrow window the last columns are left out."""
    columns = _columns(width)
    table = Table(box=None, show_header=header, header_style="dim", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("#", width=NUMBER - 1, justify="right", no_wrap=True)
    for name, column_width in columns.items():
        folds = name == "Now" and run.stopped
        table.add_column(
            Text(_header(name, run, column_width - 1)),
            width=column_width - 1,
            justify="right" if name == "Time" else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
        )
    for phase in run.phases:
        cells = {
            "Phase": Text(phase.title, style="bold" if phase.is_at_work else ""),
            "State": _state(phase, run, 0 if "Now" in columns else columns["State"] - 1),
            "Time": Text(_time(phase, run.now)),
            "Now": _now(phase, run, columns.get("Now", 1) - 1),
        }
        table.add_row(phase.mark, *(cells[name] for name in columns))
    return table


def _columns(width: int) -> dict[str, int]:
    if width >= ROOM_FOR_NOW:
        return {"Phase": TITLE, "State": STATE, "Time": TIME, "Now": width - NUMBER - TITLE - STATE - TIME}
    if width >= ROOM_FOR_TIME:
        state = max(STATE, width - NUMBER - TITLE - TIME)
        return {"Phase": min(TITLE, width - NUMBER - state - TIME), "State": state, "Time": TIME}
    state = min(STATE, max(4, width // 2))
    return {"Phase": max(2, width - NUMBER - state), "State": state}


def _header(name: str, run: RunProgress, room: int) -> str:
    """The first column's also tells how far the whole run is, where there is room for that."""
    if name != "Phase":
        return name
    time = duration(run.elapsed) if run.stopped else f"{run.elapsed:.0f} s"
    total = f"{len(run.having('done'))} of {len(run.phases)} done, {time}"
    return total if len(total) <= room else name


def _state(phase: PhaseProgress, run: RunProgress, room: int) -> Text:
    """A sign and a word; where no column tells what happens or what came of a phase, that stands here.

    Args:
        room: columns for that; 0 when another column tells it.
    """
    sign, status = _sign(phase, run), phase.status
    line = Text(f"{sign} ", style=STYLES[status], no_wrap=True, overflow="ellipsis")
    room -= len(line)
    if room < ROOM_BESIDE_SIGN - 1:
        is_short = status == "done" and room > 0
        return line.append(outcome(phase, reverse=run.reverse) or status if is_short else status)
    if phase.is_at_work:
        moment = phase.moment(run.now)
        return line.append_text(_before_tail(moment.what, _short_tail(moment), room))
    if status == "queued" or run.stopped:
        return line.append(
            _and(status, Text(outcome(phase, reverse=run.reverse) if status == "done" else ""))
        )
    return line.append(_and(status, _now(phase, run, room)))


def _and(status: str, more: Text) -> Text:
    return Text(f"{status}, ").append_text(more) if more.plain else Text(status)


def _sign(phase: PhaseProgress, run: RunProgress) -> str:
    if phase.is_at_work:
        return SPINNER[int(run.now * SPINS_A_SECOND) % len(SPINNER)]
    return SIGNS[phase.status]


def _time(phase: PhaseProgress, now: float) -> str:
    """Whole seconds while they run, so that the column stays calm."""
    seconds = phase.time(now)
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if phase.is_at_work else duration(seconds)


def _now(phase: PhaseProgress, run: RunProgress, room: int) -> Text:
    """What happens, what came of it, or why nothing did. While it is cut to `room`, seconds are kept."""
    moment = phase.moment(run.now)
    match phase.status:
        case "queued":
            return Text()
        case "done":
            return Text(outcome(phase, reverse=run.reverse))
        case "failed":
            return Text(plain(phase.error.what) if phase.error else "")
        case "not started":
            return Text(_because(phase))
        case "stopped":
            before = "after it" if moment.is_over else "while"
            return Text(f"{before} {moment.what}{_tail(moment)}{_because(phase, ', ')}")
    tail = _tail(moment)
    has_room = room >= len(tail) + min(ROOM_FOR_REASON, len(moment.what))
    return _before_tail(moment.what, tail if has_room else _short_tail(moment), room)


def _because(phase: PhaseProgress, before: str = "") -> str:
    return f"{before}because {phase.because}" if phase.because else ""


def _before_tail(what: str, tail: str, room: int) -> Text:
    """`what` cut so that the tail is seen, unless nothing would be left of it."""
    line = Text(what, no_wrap=True, overflow="ellipsis")
    if room > len(tail) + 1:
        line.truncate(room - len(tail), overflow="ellipsis")
        line.append(tail)
    return line


def _tail(moment: Moment) -> str:
    """The seconds of a wait, and how much else goes on in the phase."""
    if moment.elapsed is None:
        return _others(moment)
    return f" ({moment.elapsed:.0f} s, at most {moment.timeout:.0f} s){_others(moment)}"


def _short_tail(moment: Moment) -> str:
    return _others(moment) if moment.elapsed is None else f" ({moment.elapsed:.0f} s){_others(moment)}"


def _others(moment: Moment) -> str:
    return f" +{moment.others}" if moment.others else ""


def _extras(run: RunProgress, width: int) -> list[RenderableType]:
    """Lines below the table: what holds up the run, if there was no room for all of it, and notices."""
    lines = [_cut(f"! {notice}") for notice in run.notices]
    if width < ROOM_FOR_NOW:
        lines.insert(0, _now_below(run, width) or Text(" "))
    return list(lines)


def _now_below(run: RunProgress, width: int) -> Text | None:
    """With the phase's name when several are at work, unless what happens would be cut for it."""
    phase = run.current
    if phase is None:
        return None
    moment, arrow = phase.moment(run.now), _cut("→ ")
    named = f"{phase.title}: "
    is_one_of_several = phase.is_at_work and len(run.having("working", "waiting")) > 1
    if is_one_of_several and width >= len(f"→ {named}{moment.what}{_tail(moment)}"):
        arrow.append(named)
    return arrow.append_text(_now(phase, run, width - arrow.cell_len))


def _last_words(run: RunProgress, width: int) -> list[RenderableType]:
    """What stays on the screen below the last table, in full."""
    lines = [text(f"! {notice}", CHANGE) for notice in run.notices]
    if width < ROOM_FOR_NOW:
        for phase in run.having("failed", "stopped"):
            line = Text(f"{_sign(phase, run)} {phase.title}: ", style=STYLES[phase.status])
            lines.append(line.append_text(_now(phase, run, width)))
    return list(lines)


def _few_lines(run: RunProgress, width: int) -> list[RenderableType]:
    """For a window with fewer rows than phases: what holds up the run, the count, then what else goes on."""
    at_work = run.having("working", "waiting")
    more = f", {len(at_work)} at work" if len(at_work) > 1 else ""
    count = _cut(f"{len(run.having('done'))} of {len(run.phases)} phases done{more}", "dim")
    phase = run.current
    if phase is None:
        return [count]
    lines = [_title_line(phase, run), count, _cut("").append_text(_now(phase, run, width))]
    return [*lines, *(_title_line(other, run) for other in at_work if other is not phase)]


def _title_line(phase: PhaseProgress, run: RunProgress) -> Text:
    state = _state(phase, run, 0).plain
    return _cut(f"{phase.mark} {phase.title}  {state}  {_time(phase, run.now)}", "bold")


def _cut(line: str, style: str = "") -> Text:
    return Text(line, style=style, no_wrap=True, overflow="ellipsis")
