"""How a deployment stands: checked live, or from the saved state alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wizard.phase_titles import phase_mark, titles_with
from wizard.settings.table import MOST_STREAMS
from wizard.ui.styles import ATTENTION, BAD, CHANGE, GOOD, bold
from wizard.ui.text import Printable, duration, indented, plain, text, whole

if TYPE_CHECKING:
    from wizard.engine.plan import PhasePlan, Plan, Step
    from wizard.state.model import State

# State of a phase: its sign and its style.
SIGNS: dict[str, tuple[str, str]] = {
    "done": ("✓", GOOD),
    "drift": ("≠", ATTENTION),
    "incomplete": ("…", ATTENTION),
    "not started": ("·", "dim"),
    "unknown": ("?", bold(BAD)),
}
ROOM_FOR_MOMENT, ROOM_FOR_SECONDS = 60, 72
# What stands for itself, by its key in the state file: every resource that has no parent, which is known here
# without boto3. The rest is part of one of these.
WHOLES = {
    "bucket": "S3 bucket",
    "role": "execution role",
    "log_group": "log group",
    "function": "Lambda function",
    "api": "REST API",
    "buffer.role": "delivery role",
    "buffer.log_group": "delivery log group",
    **{f"buffer.stream.{number}": "stream" for number in range(1, MOST_STREAMS + 1)},
    "query.database": "query database",
    "query.workgroup": "workgroup",
    "alarms.topic": "alarm topic",
    "alarms.function_errors": "alarm",
    "alarms.function_throttles": "alarm",
    "alarms.api_errors": "alarm",
    "alarms.no_events": "alarm",
}
INTENTIONS = {
    "creating": "created",
    "creating untagged": "created",
    "updating": "changed",
    "deleting": "deleted",
}


# A row of the table: key and title of the phase, its state, when it was finished, seconds that it took.
Row = tuple[str, str, str, str | None, float | None]


def status_table(
    plan: Plan,
    url: str | None,
    *,
    head: str = "",
    note: str = "",
    traffic: Sequence[RenderableType] = (),
    redrawn: bool = False,
) -> RenderableType:
    """The nine phases as AWS shows them now, what differs in words, what stands by its name, the endpoint.

    Args:
        head: which deployment it is, and where.
        note: what is to be said of the endpoint.
        traffic: what is to be said of the last hours.
        redrawn: it is drawn over again and again: no line may be wider than the window, and what never
            changes is left out.
    """
    rows = [(phase.key, phase.title, phase.status, phase.finished_at, phase.seconds) for phase in plan.phases]
    in_order = sum(phase.status == "done" for phase in plan.phases)
    differences = [part for phase in plan.phases if phase.sentences for part in _differences(phase)]
    notes = [text(f"{note[0].upper()}{note[1:]}.", "dim") for phase in plan.phases for note in phase.notes]
    return Group(
        *([Printable(Group(text(head, "bold"), Text()))] if head else []),
        _table(rows),
        Printable(Group(*differences, Text())),
        text(f"{in_order} of {len(plan.phases)} phases are as they should be.", "bold"),
        *notes,
        Printable(
            Group(
                *([] if redrawn else _names(plan)),
                *([Text(), *traffic] if traffic else []),
                *_endpoint(url, note, folded=redrawn),
            )
        ),
    )


def head_of(state: State) -> str:
    """Which deployment it is, and where."""
    identity = state.identity
    return f"{identity.name}: {state.lifecycle}, in account {identity.account}, region {identity.region}"


def named_wholes(plan: Plan) -> list[Step]:
    """What stands for itself and is there, in the order of the phases."""
    return [step for step in plan.steps if step.key in WHOLES and step.seen.facts]


def _names(plan: Plan) -> list[RenderableType]:
    return [text(step.title, "dim") for step in named_wholes(plan)]


def offline_table(
    state: State, url: str | None = None, *, ask_with: str = "eventtrack-wizard status", note: str = ""
) -> RenderableType:
    """The nine phases as the state file remembers them; AWS was not asked, `ask_with` does."""
    rows = [
        _row_from_file(key, title, state.phases.get(key)) for key, title in titles_with(state.records).items()
    ]
    source = Text(f"From the saved state alone; AWS was not asked. `{ask_with}` asks it.", style="dim")
    return Group(
        Printable(Group(text(head_of(state), "bold"), Text())),
        _table(rows),
        Printable(Group(*_unfinished(state), *_kept(state), Text(), source, *_endpoint(url, note))),
    )


def _row_from_file(key: str, title: str, ran: object) -> Row:
    """A state file may have been edited by hand; what cannot be read is not shown."""
    if not isinstance(ran, Mapping):
        return key, title, "not started", None, None
    seconds = ran.get("seconds")
    took = seconds if isinstance(seconds, (int, float)) else None
    return key, title, "done", str(ran.get("finished_at") or ""), took


def _table(rows: Sequence[Row]) -> RenderableType:
    def fitting(width: int) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("#", justify="right")
        table.add_column("Phase", overflow="fold")
        table.add_column("State", no_wrap=True)
        if width >= ROOM_FOR_MOMENT:
            table.add_column("Finished", no_wrap=True)
        for key, title, status, finished_at, seconds in rows:
            sign, style = SIGNS.get(status, SIGNS["unknown"])
            cells = [text(title), Text(f"{sign} {plain(status)}", style=style)]
            if width >= ROOM_FOR_MOMENT:
                cells.append(text(_ran(finished_at, seconds if width >= ROOM_FOR_SECONDS else None)))
            table.add_row(phase_mark(key), *cells)
        return table

    return Printable(fitting)


def _differences(phase: PhasePlan) -> list[RenderableType]:
    sentences = [indented(text(sentence)) for sentence in phase.sentences]
    return [Text(), text(f"{phase.title}:", SIGNS[phase.status][1]), *sentences]


def _endpoint(url: str | None, note: str, *, folded: bool = False) -> list[RenderableType]:
    """On a line of its own, to be copied; below it what is to be said of it."""
    shown = text if folded else whole
    lines: list[RenderableType] = [] if url is None else [Text(), text("Endpoint:", "bold"), shown(url)]
    return [*lines, text(note, ATTENTION)] if note else lines


def _unfinished(state: State) -> list[RenderableType]:
    """What the last run was about to do when it ended."""
    return [
        text(f"{key} was being {INTENTIONS[record.status]} when the last run ended", CHANGE)
        for key, record in state.records.items()
        if record.status in INTENTIONS
    ]


def resources_of(state: State) -> list[dict[str, str | None]]:
    """What stands for itself by the state file, for `--json`."""
    found = [(key, title, state.records.get(key)) for key, title in WHOLES.items()]
    named = [(key, title, record.facts.get("name")) for key, title, record in found if record]
    return [
        {"key": key, "title": f"{title} {name or ''}".rstrip(), "name": name} for key, title, name in named
    ]


def _kept(state: State) -> list[RenderableType]:
    """What a rollback has left."""
    if state.lifecycle != "rolled back":
        return []
    titles = [str(resource["title"]) for resource in resources_of(state)]
    return [Text(), text(f"Still there: {', '.join(titles)}.")] if titles else []


def _ran(finished_at: str | None, seconds: float | None) -> str:
    if not finished_at:
        return ""
    took = "" if seconds is None else f", took {duration(seconds)}"
    return f"{_moment(finished_at)}{took}"


def _moment(iso: str) -> str:
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return plain(iso)
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
