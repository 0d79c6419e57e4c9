"""`status --watch`: it goes on whatever a look meets, shows what it knows, and ends when it is asked to."""

from __future__ import annotations

import gc
import io
import json
import weakref
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import EndpointConnectionError
from rich.console import Console
from typer.testing import CliRunner

from tests.aws.clock import FakeClock
from tests.aws.in_process import Standing as Deployed
from tests.aws.in_process import Workspace
from wizard.cli.app import app
from wizard.commands.standing import Standing, standing_of
from wizard.commands.watch import Look, OnceAMinute, Waiting, document, picture, print_block, watch
from wizard.endpoint.traffic import Traffic
from wizard.errors import ExitCode, Interrupted, WizardError
from wizard.options import Options
from wizard.resources.base import Deployment

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OPTIONS = Options(profile="work")


@pytest.fixture
def stands(standing: Deployed) -> Standing:
    """What a look finds."""
    found = standing_of(*standing.workspace.open(), count=lambda at: Traffic(NOW, NOW, requests=7))
    standing.in_order = True
    return found


def failure() -> WizardError:
    return WizardError(what="No way.", why="Because.", next_step="`eventtrack-wizard doctor`")


class Looks:
    """Answers one look after the other, then the operator stops."""

    def __init__(self, *answers: Standing | Exception) -> None:
        self._answers = list(answers)

    def __call__(self) -> Standing:
        if not self._answers:
            raise Interrupted
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_look_that_fails_is_shown_beside_the_last_good_one_and_the_next_one_comes(stands: Standing) -> None:
    shown: list[Look] = []
    clock = FakeClock()
    cut = EndpointConnectionError(endpoint_url="https://lambda")

    code = watch(Looks(failure(), cut, stands), Look(NOW, stands, NOW), shown.append, clock, 10)

    assert code == ExitCode.DONE
    assert [look.problem and look.problem.what for look in shown] == [
        None,
        "No way.",
        "Could not look at the deployment.",
        None,
    ]
    assert [look.found_at == NOW for look in shown] == [True, True, True, False]
    assert all(look.at > NOW for look in shown[1:])
    assert clock.naps == [10] * 4


def test_what_a_look_leaves_behind_is_gone_before_the_next_one_or_a_day_of_watching_fills_the_memory(
    stands: Standing,
) -> None:
    """Clients of boto3 know each other; the command line lets the collector come by rarely."""
    left: list[weakref.ref[Clients]] = []

    def look() -> Standing:
        assert [ref for ref in left if ref() is not None] == []
        if len(left) == 3:
            raise Interrupted
        left.append(weakref.ref(Clients()))
        return stands

    gc.disable()
    try:
        watch(look, Look(NOW, stands, NOW), lambda look: None, FakeClock(), 10)
    finally:
        gc.enable()

    assert len(left) == 3


class Clients:
    """Know each other."""

    def __init__(self) -> None:
        self.each_other = self


def test_a_stop_while_nothing_happens_ends_it_as_well(stands: Standing) -> None:
    def stop(_seconds: float) -> None:
        raise Interrupted

    clock = FakeClock()
    clock.on_sleep = stop

    assert watch(Looks(), Look(NOW, stands, NOW), lambda look: None, clock, 10) == ExitCode.DONE


def test_cloudwatch_is_asked_once_a_minute_because_it_counts_by_the_minute_and_charges(
    workspace: Workspace,
) -> None:
    at, _store = workspace.open()
    clock, asked = FakeClock(), list[float]()

    def count(_at: Deployment) -> Traffic:
        asked.append(clock.now)
        return Traffic(NOW, NOW, problem=failure() if len(asked) == 1 else None)

    counting = OnceAMinute(clock, count)
    for _ in range(10):
        counting(at)
        clock.sleep(20)

    assert asked == [0, 20, 80, 140], "at once again where it is not known"


def test_a_line_of_json_has_what_status_says_and_the_moment(stands: Standing) -> None:
    good = document(Look(NOW, stands, NOW), OPTIONS)
    bad = document(Look(NOW, stands, NOW, failure()), OPTIONS)

    assert (good["at"], good["healthy"]) == ("2026-01-02T03:04:05+00:00", True)
    assert set(bad) == {"at", "error"}
    assert "`eventtrack-wizard doctor --profile work`" in json.dumps(bad)


def drawn(look: Look, waiting: str = "") -> str:
    output = io.StringIO()
    Console(file=output, width=60, height=24, force_terminal=True, color_system=None).print(
        picture(look, OPTIONS, 5, waiting)
    )
    return output.getvalue()


def test_the_picture_says_when_and_leaves_out_what_never_changes(stands: Standing) -> None:
    text = drawn(Look(NOW, stands, NOW))

    assert text.startswith("2026-01-02 03:04:05 UTC; looked at every 5 s, Ctrl-C ends.\n\n")
    assert "7 requests" in text and "Endpoint:" in text
    assert "execution role" not in text


def test_what_failed_stands_first_so_that_a_small_window_shows_it(stands: Standing) -> None:
    lines = drawn(Look(NOW + timedelta(seconds=9), stands, NOW, failure())).splitlines()

    place = {
        text: number
        for number, line in enumerate(lines)
        for text in ("No way.", "How it stood", "# Phase")
        if text in line
    }
    assert 0 < place["No way."] < place["How it stood"] < place["# Phase"]
    assert "How it stood at 2026-01-02 03:04:05 UTC:" in lines
    assert any("doctor --profile work" in line for line in lines)


def test_what_a_look_waits_for_is_said_while_it_waits(stands: Standing) -> None:
    waiting, seen = Waiting(), []

    with waiting:
        waiting("AWS cannot be reached", 3.2, 60)
        seen.append(drawn(Look(NOW, stands, NOW), waiting.words).splitlines()[1])
    seen.append(drawn(Look(NOW, stands, NOW), waiting.words).splitlines()[1])

    assert seen == ["Waiting: AWS cannot be reached (3 s of at most 60 s).", ""]


def test_in_a_pipe_a_block_follows_the_other_and_errors_do_not_stand_among_them(
    stands: Standing, capsys: pytest.CaptureFixture[str]
) -> None:
    print_block(Look(NOW, stands, NOW), OPTIONS)
    print_block(Look(NOW, stands, NOW, failure()), OPTIONS)

    printed = capsys.readouterr()
    assert printed.out.startswith("2026-01-02 03:04:05 UTC:\nsaas-event-tracking: deployed")
    assert printed.out.count("# Phase") == 1 and printed.out.endswith("\n\n")
    assert "\x1b" not in printed.out and "No way." not in printed.out
    assert "\nerror: No way.\n" in f"\n{printed.err}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--watch", "--offline"], "--watch cannot be used with --offline"),
        (["--every", "5"], "--every needs --watch"),
        (["--watch", "--every", "1"], "greater than or equal to 2"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["status", *arguments])

    assert done.exit_code == ExitCode.USAGE
    assert said in " ".join(done.output.split())


def test_a_first_look_that_fails_ends_it_as_it_ends_status() -> None:
    done = CliRunner().invoke(app, ["status", "--watch", "--state", "/nowhere/s.json"])

    assert done.exit_code == ExitCode.FAILED
    assert "There is no deployment here" in done.output
