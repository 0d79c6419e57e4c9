"""What came in the last 24 hours, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from wizard.ui.styles import ATTENTION, BAD, bold
from wizard.ui.text import Hanging, text

if TYPE_CHECKING:
    from wizard.endpoint.traffic import Traffic


NOT_COUNTED = "requests: not counted by the local AWS, which knows direct invocations alone"


def traffic_lines(
    traffic: Traffic, complete: Callable[[str], str], *, local: bool = False
) -> list[RenderableType]:
    """Requests and how they ended, the function, the streams; or that there was nothing, or why nobody knows.

    Args:
        complete: completes the commands that a problem names.
        local: it is the embedded local AWS.
    """
    if problem := traffic.problem:
        why = f"{problem.what} {problem.why} {complete(problem.next_step)}"
        return [text("Last 24 hours: not known.", "bold"), Hanging(text(why), 2, 2)]
    if traffic.is_none:
        return [text("No traffic in the last 24 hours.", "bold")]
    lines = (_requests(traffic, local=local), _function(traffic), _streams(traffic))
    return [text("Last 24 hours:", "bold"), *(Hanging(line, 2, 2) for line in lines if line)]


def _requests(traffic: Traffic, *, local: bool) -> Text:
    if traffic.requests is None:
        return text(NOT_COUNTED if local else "requests: CloudWatch has no figures")
    parts = [
        _part(traffic.client_errors, "refused (4XX)"),
        _part(traffic.server_errors, "failed (5XX)", bold(BAD)),
    ]
    noun = "request" if traffic.requests == 1 else "requests"
    return Text.assemble(f"{traffic.requests:,} {noun}: ", _joined(parts))


def _function(traffic: Traffic) -> Text | None:
    times = ((name, getattr(traffic, name)) for name in ("p50", "p95"))
    parts = [Text(f"{name} {_milliseconds(value)}") for name, value in times if value is not None]
    parts += [_part(traffic.throttled, "throttled", ATTENTION)] if traffic.throttled is not None else []
    return Text.assemble("function: ", _joined(parts)) if parts else None


def _streams(traffic: Traffic) -> Text | None:
    if traffic.delivery is None:
        return None
    waited = Text(f"{traffic.delivery:,.0f} s", style=ATTENTION if traffic.late_delivery else "")
    return Text.assemble("streams: an event waited ", waited, " at most")


def _part(count: int | None, what: str, style: str = "") -> Text:
    """Zero is nothing to look at."""
    return Text(f"{'?' if count is None else f'{count:,}'} {what}", style=style if count else "")


def _joined(parts: list[Text]) -> Text:
    return Text(", ").join(parts)


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 9.95 else f"{value:,.0f} ms"
