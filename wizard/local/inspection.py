"""What the operating system says about a process: /proc where there is one, else `ps`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def process_started(process_id: int) -> str | None:
    """When the process began, as text that only equals itself."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[19]  # field 22, counted behind the name in parentheses
    except (OSError, IndexError):
        return _ask_ps(process_id, "lstart=") or None


def command_line(process_id: int) -> list[str]:
    """The words the process was started with; empty if there is no such process."""
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return _ask_ps(process_id, "command=").split()


def memory_bytes(process_id: int) -> int | None:
    """Resident memory of the process, or None where the system does not tell."""
    try:
        pages = Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        kibibytes = _ask_ps(process_id, "rss=")
        return int(kibibytes) * 1024 if kibibytes.isdigit() else None


def _ask_ps(process_id: int, column: str) -> str:
    """One column of `ps`, for systems without /proc; empty if there is no answer."""
    try:
        answer = subprocess.run(  # noqa: S603  a number and a constant
            ["ps", "-o", column, "-p", str(process_id)],  # noqa: S607  its place differs between systems
            capture_output=True, text=True, check=False,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},  # the same time, told the same way at every call
        )  # fmt: skip
    except OSError:
        return ""
    return answer.stdout.strip()
