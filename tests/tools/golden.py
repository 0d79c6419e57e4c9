"""Screens as they should look, one text file each in `tests/unit/ui/golden`, to be looked at by eye.

`python -m tests.tools.golden` draws them anew; `tests/unit/ui/test_golden.py` fails when one differs.
They show plans of a real engine in the account of this process, and events and log lines of `golden_events`.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console, RenderableType

from tests import PROJECT
from tests.aws.in_process import Account, Workspace
from tests.tools import golden_events
from wizard.commands.open import lines_of, pages_of
from wizard.engine.fleet import Region
from wizard.engine.glance import Found
from wizard.engine.plan import Plan
from wizard.errors import WizardError
from wizard.settings.cost import Documented, Traffic, estimate
from wizard.settings.resolve import Resolved, Said, resolve
from wizard.settings.table import as_text
from wizard.ui.brief import brief
from wizard.ui.cost_table import cost_table
from wizard.ui.fleet_table import fleet_table
from wizard.ui.plan_table import plan_table
from wizard.ui.rollback_table import rollback_table
from wizard.ui.status_table import status_table

FOLDER = PROJECT / "tests" / "unit" / "ui" / "golden"
STATE_FILE = Path("eventtrack-state.json")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLACE, URL = "eu-central-1", "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/events"
HALF_DONE = Found(
    f"demo.{PLACE}.00000001",
    "demo",
    PLACE,
    NOW - timedelta(hours=3),
    missing=("deployment to stage prod",),
    code="this version",
)
OF_OTHERS = Found(
    f"demo.{PLACE}.00000002",
    "demo",
    PLACE,
    NOW - timedelta(days=400),
    URL,
    unseen={"Lambda function demo-processor": "refused"},
)
CLOSED = Found(
    f"shop.{PLACE}.0a1b2c3d",
    "shop",
    PLACE,
    NOW - timedelta(days=12),
    URL,
    closed=True,
    code="another version",
)
LEFT = Found(
    f"trial.{PLACE}.0a1b2c3d", "trial", PLACE, missing=("REST API",), standing=("S3 bucket trial-9fa3880c8f",)
)
UNSEEN = WizardError(what="Could not look for deployments.", why="Nobody answers there.", next_step="")
FLEET = (
    Region(PLACE, (HALF_DONE, OF_OTHERS, CLOSED, LEFT)),
    Region("eu-south-2", off=True),
    Region("me-central-1", off=True),
    Region("eu-west-1", problem=UNSEEN),
    Region("eu-west-2", problem=UNSEEN, refused=True),
    Region("eu-west-3", problem=UNSEEN, refused=True),
    Region("us-east-1"),
)
# Escape sequences, so that an editor shows them.
ESCAPE, SHOWN_ESCAPE = "\x1b", "␛"


def on_terminal(
    content: RenderableType, width: int, *, encoding: str = "utf-8", colours: bool = False
) -> str:
    """What a terminal of this width is sent."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    system = "256" if colours else None
    Console(file=file, width=width, force_terminal=True, color_system=system).print(content)  # type: ignore[arg-type]
    file.flush()
    return raw.getvalue().decode(encoding).replace(ESCAPE, SHOWN_ESCAPE)


def in_a_log(content: RenderableType) -> str:
    """What a pipe is sent: lines as long as they are."""
    file = io.StringIO()
    Console(file=file, width=80, soft_wrap=True).print(content)
    return file.getvalue()


def resolved(workspace: Workspace, saved: Mapping[str, object]) -> Resolved:
    """The settings of the workspace, with what it overrides as flags."""
    flags = {key: as_text(value) for key, value in workspace.overrides.items()}
    at, _store = workspace.open()
    return resolve(at.identity, Said(flags=flags), saved=saved)


def screen(workspace: Workspace, plan: Plan) -> RenderableType:
    """What is shown before "Go ahead?"."""
    saved = workspace.state.settings if workspace.path.exists() else {}
    at, _store = workspace.open()
    return brief(resolved(workspace, saved), at.identity, STATE_FILE, plan, saved)


def screens(account: Account, folder: Path) -> Iterator[tuple[str, str]]:
    """Every screen with the name of its file. Changes the account, which is empty before."""
    yield from golden_events.screens(on_terminal, in_a_log)
    workspace = Workspace(account, folder)
    plan = workspace.plan()
    fresh = screen(workspace, plan)
    yield "fresh 80", on_terminal(fresh, 80)
    yield "fresh 60", on_terminal(fresh, 60)
    yield "fresh 120", on_terminal(fresh, 120)
    yield "fresh 80 ascii", on_terminal(fresh, 80, encoding="ascii")
    yield "fresh 80 colours", on_terminal(fresh, 80, colours=True)
    yield "fresh piped", in_a_log(fresh)
    yield "fresh verbose plan 80", on_terminal(plan_table(plan), 80)
    # The longest names of all regions.
    far = Workspace(account, folder, region="ap-southeast-1")
    yield "fresh far away 80", on_terminal(screen(far, far.plan()), 80)
    unusual = Workspace(account, folder, name="shop", memory_mb=512, throttle_rate=20, versioning=True)
    yield "unusual 80", on_terminal(screen(unusual, unusual.plan()), 80)
    account.look.s3.create_bucket(Bucket=unusual.settings.bucket_name)
    yield "conflict 80", on_terminal(screen(unusual, unusual.plan()), 80)
    yield "adoption 80", on_terminal(screen(unusual, unusual.plan(adopt=True)), 80)

    workspace.apply()
    workspace.overrides["closed"] = True
    yield "closing 80", on_terminal(screen(workspace, workspace.plan()), 80)
    workspace.overrides.clear()
    workspace.overrides["memory_mb"] = 512
    yield "changed memory 80", on_terminal(screen(workspace, workspace.plan()), 80)
    workspace.overrides.clear()

    function = workspace.settings.function_name
    account.look.functions.update_function_configuration(FunctionName=function, Timeout=3)
    account.look.s3.delete_public_access_block(Bucket=workspace.settings.bucket_name)
    yield "repair 80", on_terminal(screen(workspace, workspace.plan()), 80)
    yield "repair 80 colours", on_terminal(screen(workspace, workspace.plan()), 80, colours=True)
    workspace.apply()

    yield "rollback 80", on_terminal(rollback_table(workspace.plan(remove=True)), 80)
    yield "rollback 80 colours", on_terminal(rollback_table(workspace.plan(remove=True)), 80, colours=True)

    listed = fleet_table("123456789012", FLEET, {CLOSED.id: "shop.json"}, NOW)
    yield "list 80", on_terminal(listed, 80)
    yield "list 60 ascii", on_terminal(listed, 60, encoding="ascii")
    yield "list 80 colours", on_terminal(listed, 80, colours=True)
    yield "list piped", in_a_log(listed)
    yield "list of nothing 80", on_terminal(fleet_table("123456789012", FLEET[-1:], {}, NOW), 80)

    yield "open piped", f"{lines_of(pages_of(workspace.state))}\n"

    for region in ("eu-central-1", "ap-southeast-1"):
        paid = Documented(encryption="SSE-KMS", event_retention_days=90, versioning=True)
        bill = estimate(Traffic(1_000_000, batch=10), paid, region)
        costs = cost_table(bill, paid, region=region, source="as given")
        yield f"cost in {region} 80", on_terminal(costs, 80)
    yield "cost 60", on_terminal(costs, 60)
    yield "cost 120 ascii", on_terminal(costs, 120, encoding="ascii")
    yield "cost piped", in_a_log(costs)

    account.look.apigateway.delete_rest_api(restApiId=workspace.state.records["api"].facts["id"])
    replaced = workspace.plan()
    yield "replaced api 80", on_terminal(screen(workspace, replaced), 80)
    yield "replaced api 60", on_terminal(screen(workspace, replaced), 60)
    timeless = replace(
        replaced, phases=tuple(replace(phase, finished_at=None, seconds=None) for phase in replaced.phases)
    )
    yield "status of a replaced api 80", on_terminal(status_table(timeless, None), 80)


def path_of(name: str) -> Path:
    """The file of a screen."""
    return FOLDER / f"{name.replace(' ', '-')}.txt"


def main() -> None:
    """Draw all of them anew."""
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    account = Account()
    with account.opened(), tempfile.TemporaryDirectory() as folder:
        for name, text in screens(account, Path(folder)):
            path_of(name).write_text(text, encoding="utf-8")
    account.close()


if __name__ == "__main__":
    main()
