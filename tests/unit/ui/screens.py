"""What the tests of the screens share: consoles of fixed width, events, and a few objects to show."""

from __future__ import annotations

import io

from rich.console import Console, RenderableType

from wizard.engine.decide import Action, Kind, Seen
from wizard.engine.plan import PhasePlan, Plan, Step
from wizard.engine.progress import (
    ChangeDone,
    ChangeStarted,
    Event,
    PhaseDone,
    PhaseStarted,
)
from wizard.errors import WizardError
from wizard.identity import DeploymentId
from wizard.phases import RESOURCES
from wizard.settings.resolve import Said, resolve
from wizard.state.model import State
from wizard.ui.frame import frame
from wizard.ui.lines import PlainLines
from wizard.ui.progress_model import RunProgress

FAILURE = WizardError(
    what="Could not create the role [x].", why="You may not.", next_step="Ask [bold]your admin[/bold]."
)
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class FakeClock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def shown(
    content: RenderableType, width: int = 80, *, terminal: bool = False, encoding: str = "utf-8"
) -> str:
    """What stands on the screen, without blanks at the end of lines."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, width=width, force_terminal=terminal, color_system=None)
    console.print(content)
    file.flush()
    return "\n".join(line.rstrip() for line in raw.getvalue().decode(encoding).splitlines())


def walked(*events: Event, reverse: bool = False, clock: FakeClock | None = None) -> RunProgress:
    walk = RunProgress(reverse=reverse, clock=clock or FakeClock())
    for event in events:
        walk.hear(event)
    return walk


def lines(walk: RunProgress, width: int = 100, height: int | None = 24) -> list[str]:
    return shown(frame(walk, width, height), width).splitlines()


BUCKET_DONE = (
    PhaseStarted("bucket"),
    ChangeStarted("bucket", "bucket", "create", "S3 bucket x"),
    ChangeDone("bucket", "bucket", "create", "S3 bucket x", 0.4),
    PhaseDone("bucket", 3, 1.24),
)
ROLE_BEGUN = (PhaseStarted("lambda"), ChangeStarted("lambda", "role", "create", "execution role r"))


def plain_lines(*events: Event, reverse: bool = False) -> list[str]:
    output = io.StringIO()
    with PlainLines(Console(file=output, width=40), reverse=reverse) as listen:
        for event in events:
            listen(event)
    return output.getvalue().splitlines()


def terminal_console(output: io.StringIO, width: int = 80) -> Console:
    return Console(file=output, width=width, height=24, force_terminal=True, color_system="truecolor")


IDENTITY = DeploymentId("id", "tracker", "123456789012", "aws", "eu-central-1")
RESOLVED = resolve(
    IDENTITY,
    Said(flags={"memory_mb": "256"}, environment={"EVENTTRACK_STAGE_NAME": "dev"}),
    saved={"runtime": "python3.14", "stage_description": "[red]a[/red]"},
)


def step(key: str, kind: Kind = "nothing", *reasons: str, with_parent: bool = False) -> Step:
    """A resource that stands, titled with its key, and what is to be done about it."""
    resource = RESOURCES.get(key, RESOURCES["bucket"])
    facts = {"name": key, "arn": "arn:", "state": "Active", "last_update": "Successful"}
    return Step("", resource, key, Seen(facts), Action(kind, reasons, with_parent=with_parent))


def saved_state(**phases: object) -> State:
    return State(DeploymentId("id", "tracker", "1" * 12, "aws", "eu-central-1"), phases=phases)  # type: ignore[arg-type]


def removal(*steps: Step) -> Plan:
    """The plan of a rollback; its table goes the other way round."""
    return Plan((PhasePlan("bucket", "S3 bucket", "drift", tuple(reversed(steps))),))


IN_ORDER = Plan((PhasePlan("settings", "Function settings", "done", (step("memory"),)),))
