"""What AWS makes a command wait for that draws no picture: a line each, where it is more than a moment."""

from __future__ import annotations

from collections.abc import Callable

from wizard.ui.output import messages

MOMENT_SECONDS = 2.0


def wait_reporter() -> Callable[[str, float, float], None]:
    """An `OnWait` that says each reason once."""
    said: set[str] = set()

    def say(reason: str, elapsed: float, timeout: float) -> None:
        if elapsed >= MOMENT_SECONDS and reason not in said:
            said.add(reason)
            messages().print(f"{reason}: waiting, at most {timeout:.0f} s …", style="dim", markup=False)

    return say
