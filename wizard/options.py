"""What every command is given, and how a command that a message suggests says the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

STATE_FILE = Path("eventtrack-state.json")
NAME = "eventtrack-wizard"
QUOTED_COMMAND = re.compile(rf"`{NAME} ([^`]+)`")
GLOBAL = ("--state", "--profile", "--region", "--endpoint-url")
# What a command takes besides the global options; `local` has no use for those.
TAKES: Mapping[str, tuple[str, ...]] = {
    "setup": (*GLOBAL, "--local", "--name", "--any-region"),
    "recover": (*GLOBAL, "--local", "--name", "--any-region"),
    "policy": (*GLOBAL, "--name", "--any-region"),
    "doctor": (*GLOBAL, "--local", "--name", "--any-region"),
    "list": (*GLOBAL, "--local", "--any-region"),
    "local": (),
}


@dataclass(frozen=True)
class Options:
    """The global options, and what some commands take besides.

    `local` and `name` are asked for where a deployment is born or found again; later the state says them.
    `program` is how the program is called once more.
    """

    state: Path = STATE_FILE
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    any_region: bool = False
    name: str | None = None
    token: str | None = field(default=None, repr=False)
    program: str = NAME

    def command(self, words: str) -> str:
        """The command line that runs `words` (`"setup --yes"`) as this run was asked to: same state file,
        account, place and name. The token is never in it."""
        import shlex

        taken = TAKES.get(words.split()[0], GLOBAL)
        said = set(words.split())
        given = {
            "--state": None if self.state == STATE_FILE else str(self.state),
            "--profile": self.profile,
            "--region": self.region,
            "--endpoint-url": self.endpoint_url,
            "--name": self.name,
        }
        line = [self.program, words]
        switches = {"--local": self.local, "--any-region": self.any_region}
        line += [flag for flag, is_on in switches.items() if is_on and flag in taken and flag not in said]
        for flag, value in given.items():
            if value is not None and flag in taken and flag not in said:
                line += [flag, shlex.quote(value)]
        return " ".join(line)

    def complete(self, text: str) -> str:
        """`text` with every command that it quotes (`` `eventtrack-wizard …` ``) as this run needs it.

        Where a message is born nobody need know how the run was started; where it is shown, this does."""
        return QUOTED_COMMAND.sub(lambda quoted: f"`{self.command(quoted[1])}`", text)


def program_called(called: str, found: str | None) -> str:
    """How to call the program once more: by name where a shell finds this very one, else as it was called.

    Args:
        called: `sys.argv[0]`.
        found: the file that a shell finds by the name, if any.
    """
    import shlex

    path = Path(called)
    if path.name != NAME or (found and path.exists() and path.samefile(found)):
        return NAME
    return shlex.quote(called)
