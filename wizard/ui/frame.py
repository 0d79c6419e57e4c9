"""One picture of the walk through the phases, made to fit a window of any size."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wizard.ui.progress_model import PhaseWalk, Walk, WalkState, outcome
from wizard.ui.text import SPINNER, duration, plain, text

STYLES: dict[WalkState, str] = {
    "waiting": "dim",
    "working": "bold cyan",
    "done": "green",
    "failed": "bold red",
    "stopped": "bold yellow",
}
SIGNS: dict[WalkState, str] = {"waiting": "·", "done": "✓", "failed": "✗", "stopped": "■"}

# Widths of the columns with the gap after them; what is left of a wide window tells what happens now.
# Below that the outcome stands with the state, and what happens now on a line of its own.
NUMBER, TITLE, STATE, TIME = 3, 23, 14, 8
WIDE_STATE, ROOM_FOR_WORD = 28, 20
ROOM_FOR_NOW = NUMBER + TITLE + STATE + TIME + 50
ROOM_FOR_TIME = 36
ROOM_FOR_REASON = 12
SPINS_A_SECOND = 8


def frame(walk: Walk, width: int, height: int | None) -> Group:
    """The picture.

    Args:
        width: columns of the window.
        height: rows of the window; None when the picture is the last one, which may scroll.
    """
    if height is None:
        return Group(_table(walk, width, header=True), *_last_words(walk, width))
    extras = _extras(walk, width)
    if height > len(walk.phases) + len(extras):
        return Group(_table(walk, width, header=True), *extras)
    if height == len(walk.phases) + len(extras):
        return Group(_table(walk, width, header=False), *extras)
    if extras and height >= len(walk.phases) + 1:
        return Group(_table(walk, width, header=False), *extras[: height - len(walk.phases)])
    if height >= len(walk.phases):
        return Group(_table(walk, width, header=False))
    return Group(*_few_lines(walk, width)[:height])


def _table(walk: Walk, width: int, *, header: bool) -> Table:
    """Nine rows; of a narrow window the last columns are left out."""
    now, columns = walk.clock(), _columns(width)
    table = Table(box=None, show_header=header, header_style="dim", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("#", width=NUMBER - 1, justify="right", no_wrap=True)
    for name, column_width in columns.items():
        table.add_column(
            name,
            width=column_width - 1,
            justify="right" if name == "Time" else "left",
            no_wrap=name != "Now" or not walk.stopped,
            overflow="fold" if name == "Now" and walk.stopped else "ellipsis",
        )
    for phase in walk.phases:
        cells = {
            "Phase": Text(phase.title, style="bold" if phase.state == "working" else ""),
            "State": Text(
                _state(phase, walk, 0 if "Now" in columns else columns["State"]), style=STYLES[phase.state]
            ),
            "Time": Text(_time(phase, now)),
            "Now": _now(phase, walk, columns.get("Now", 1) - 1),
        }
        table.add_row(str(phase.number), *(cells[name] for name in columns))
    return table


def _columns(width: int) -> dict[str, int]:
    if width >= ROOM_FOR_NOW:
        return {"Phase": TITLE, "State": STATE, "Time": TIME, "Now": width - NUMBER - TITLE - STATE - TIME}
    if width >= ROOM_FOR_TIME:
        state = min(WIDE_STATE, max(STATE, width - NUMBER - TITLE - TIME))
        return {"Phase": min(TITLE, width - NUMBER - state - TIME), "State": state, "Time": TIME}
    state = min(STATE, max(4, width // 2))
    return {"Phase": max(2, width - NUMBER - state), "State": state}


def _state(phase: PhaseWalk, walk: Walk, room: int) -> str:
    """A sign and a word; where no column tells what came of a phase, that stands here."""
    word: str = "not started" if phase.state == "waiting" and walk.stopped else phase.state
    if phase.state == "done" and room:
        came_of_it = outcome(phase, reverse=walk.reverse)
        word = f"done, {came_of_it}" if room >= ROOM_FOR_WORD else came_of_it
    return f"{_sign(phase, walk)} {word}"


def _sign(phase: PhaseWalk, walk: Walk) -> str:
    if phase.state == "working":
        return SPINNER[int(walk.clock() * SPINS_A_SECOND) % len(SPINNER)]
    return SIGNS[phase.state]


def _time(phase: PhaseWalk, now: float) -> str:
    """Whole seconds while they run, so that the column stays calm."""
    seconds = phase.time(now)
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if phase.state == "working" else duration(seconds)


def _now(phase: PhaseWalk, walk: Walk, room: int) -> Text:
    """What happens, or what came of it. While it is cut to `room`, the seconds of a wait are kept."""
    if phase.state == "done":
        return Text(outcome(phase, reverse=walk.reverse))
    if phase.error is not None:
        return Text(plain(phase.error.what))
    what, seconds = phase.activity(walk.clock())
    if phase.state == "stopped":
        return Text(f"{what}{seconds}" if phase.wait else f"while {what}")
    text = Text(what, no_wrap=True, overflow="ellipsis")
    if room >= len(seconds) + ROOM_FOR_REASON:
        text.truncate(room - len(seconds), overflow="ellipsis")
        text.append(seconds)
    return text


def _extras(walk: Walk, width: int) -> list[RenderableType]:
    """Lines below the table: what happens now, if there was no room for it, and notices."""
    lines = [_cut(f"! {notice}") for notice in walk.notices]
    if width < ROOM_FOR_NOW:
        phase = walk.current
        lines.insert(0, _cut("→ ").append_text(_now(phase, walk, width - 2)) if phase else Text(" "))
    return list(lines)


def _last_words(walk: Walk, width: int) -> list[RenderableType]:
    """What stays on the screen below the last table, in full."""
    lines = [text(f"! {notice}", "yellow") for notice in walk.notices]
    if width < ROOM_FOR_NOW and (phase := walk.current) is not None:
        line = Text(f"{_sign(phase, walk)} {phase.title}: ", style=STYLES[phase.state])
        lines.append(line.append_text(_now(phase, walk, width)))
    return list(lines)


def _few_lines(walk: Walk, width: int) -> list[RenderableType]:
    """For a window with fewer rows than phases: the current phase, the count, what happens now."""
    done = sum(phase.state == "done" for phase in walk.phases)
    count = _cut(f"{done} of {len(walk.phases)} phases done", "dim")
    phase = walk.current
    if phase is None:
        return [count]
    state, time = _state(phase, walk, 1), _time(phase, walk.clock())
    return [_cut(f"{phase.number} {phase.title}  {state}  {time}", "bold"), count, _now(phase, walk, width)]


def _cut(line: str, style: str = "") -> Text:
    return Text(line, style=style, no_wrap=True, overflow="ellipsis")
