"""What every command is given: where the state file is, and where AWS."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

STATE_FILE = Path("eventtrack-state.json")


@dataclass(frozen=True)
class Options:
    """The global options. `local` is asked for by setup alone; later the state says it."""

    state: Path
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    token: str | None = field(default=None, repr=False)
