"""Files beside the state file that git would take with the next `git add`: a token is a secret."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from wizard.state.files import beside

SECONDS_FOR_GIT = 10


def exposed(state_path: Path) -> tuple[str, ...]:
    """The lines for `.gitignore` of the state file's folder that would hide what git does not ignore yet:
    token file and unfinished rotation, state file with its copy, lock and holder.

    Nothing outside of a git work tree, and nothing where git is not installed or does not answer.
    """
    token, rotation = beside(state_path, ".token"), beside(state_path, ".rotation")
    hidden_by = {token: _line(token), rotation: _line(rotation), state_path: _line(state_path) + "*"}
    ignored = _ignored(state_path.parent, [path.name for path in hidden_by])
    if ignored is None:
        return ()
    return tuple(line for path, line in hidden_by.items() if path.name not in ignored)


def ignore(folder: Path, lines: tuple[str, ...]) -> None:
    """Append lines to the folder's `.gitignore`.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / ".gitignore"
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    begin = "" if not known or known.endswith("\n") else "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(begin + "".join(f"{line}\n" for line in lines))


def _line(path: Path) -> str:
    """The pattern that means this name in this folder alone; what git reads as a wildcard is escaped."""
    return "/" + "".join("\\" + sign if sign in "\\*?[" else sign for sign in path.name)


def _ignored(folder: Path, names: list[str]) -> set[str] | None:
    """Which of the names git ignores; None where this is no work tree, or git cannot be asked."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  names of files, and no pattern among them
            [git, "check-ignore", "-z", "--stdin"], input="\0".join(names),
            cwd=folder, capture_output=True, text=True, timeout=SECONDS_FOR_GIT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    # 0: some are ignored; 1: none is; 128: this is no work tree.
    if done.returncode not in (0, 1):
        return None
    return set(done.stdout.split("\0"))
