"""The live table of the nine phases, for terminals. Several of them may be at work at the same time."""

from __future__ import annotations

import threading
from types import TracebackType

from rich.console import Console, RenderableType

from wizard.engine.progress import Event
from wizard.ui.frame import frame
from wizard.ui.picture import LivePicture
from wizard.ui.progress_model import RunProgress


class LiveTable:
    """Draws the nine phases while they are worked on: a context manager and a listener.

    Args:
        console: where it is drawn; a terminal.
        reverse: the run is a rollback, from the last phase to the first.
    """

    def __init__(self, console: Console, *, reverse: bool = False) -> None:
        self._run = RunProgress(reverse=reverse)
        self._lock = threading.RLock()
        self._picture = LivePicture(console, self._draw)

    def __call__(self, event: Event) -> None:
        """Take an event in; the next picture shows it. Draws nothing itself, so that it never waits."""
        with self._lock:
            self._run.hear(event)

    def _draw(self, width: int, height: int | None) -> RenderableType:
        with self._lock:
            return frame(self._run, width, height)

    def __enter__(self) -> LiveTable:
        """Begin to draw."""
        self._picture.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the last picture on the screen and give the cursor back, whatever happened."""
        with self._lock:
            self._run.stop()
        self._picture.__exit__(kind, error, traceback)
