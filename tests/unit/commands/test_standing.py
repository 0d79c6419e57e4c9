"""What `status` looks at, and what has a say in its exit code."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from tests.aws.in_process import Standing as Deployed
from wizard.commands.standing import Standing, standing_of
from wizard.commands.status import document
from wizard.endpoint.traffic import Traffic
from wizard.errors import ExitCode, WizardError
from wizard.options import Options
from wizard.resources.base import Deployment

NOW = datetime.now(UTC)


def besides_remarks(found: Standing) -> list[str]:
    """What is said, without what resources always say of themselves."""
    remarks = found.plan.remarks if found.plan else []
    return [sentence for sentence in found.sentences if sentence not in remarks]


def test_what_cloudwatch_says_is_no_part_of_health_because_it_says_nothing_of_what_stands(
    standing: Deployed,
) -> None:
    standing.account.calls.refuse("cloudwatch.GetMetricData", "AccessDenied", status=403)

    found = standing_of(*standing.workspace.open())

    assert found.traffic is not None and found.traffic.problem is not None
    assert (found.is_healthy, found.exit_code, besides_remarks(found)) == (True, ExitCode.DONE, [])
    error = document(found, Options(profile="work"))["traffic"]["error"]
    assert "`eventtrack-wizard policy --profile work`" in error["next_step"]
    standing.in_order = True


def test_cloudwatch_is_asked_while_everything_else_is_looked_at(standing: Deployed) -> None:
    """Each waits until the other has begun; one after the other they would wait for ever."""
    both = threading.Barrier(2, timeout=60)
    first = threading.Lock()

    def meet(_call: object) -> None:
        if first.acquire(blocking=False):
            both.wait()

    def count(_at: Deployment) -> Traffic:
        both.wait()
        return Traffic(NOW, NOW, requests=7)

    standing.account.calls.before.append(meet)

    found = standing_of(*standing.workspace.open(), count=count)

    assert found.traffic is not None and found.traffic.requests == 7
    assert found.is_healthy
    standing.in_order = True


def test_a_deployment_that_was_rolled_back_is_not_asked_about_its_traffic(standing: Deployed) -> None:
    at, store = standing.workspace.open()
    store.state.lifecycle = "rolled back"

    found = standing_of(at, store)

    assert standing.account.calls.names() == []
    told = document(found, Options())
    assert (told["traffic"], told["healthy"], found.exit_code) == (None, False, ExitCode.DRIFT)
    assert any("S3 bucket" in title for title in told["kept"])
    assert "`eventtrack-wizard setup`" in found.sentences[-1]
    standing.in_order = True


def test_one_that_has_failed_says_what_to_do(standing: Deployed) -> None:
    at, store = standing.workspace.open()
    store.state.lifecycle = "setting up"

    found = standing_of(
        at, store, count=lambda at: Traffic(NOW, NOW, problem=WizardError(what="a", why="b", next_step="c"))
    )

    assert besides_remarks(found) == [
        "Nothing differs, but the last run did not end: `eventtrack-wizard setup` ends it."
    ]
    standing.in_order = True


def test_an_alarm_that_has_gone_off_is_said_with_what_to_do_and_is_no_drift(standing: Deployed) -> None:
    cloudwatch = standing.account.look.cloudwatch
    name = "saas-event-tracking.api-errors"
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    found = standing_of(*standing.workspace.open())

    (sentence,) = besides_remarks(found)
    assert sentence.startswith(f"The alarm {name} has gone off, 20")
    assert "answered with 5XX" in sentence
    assert sentence in document(found, Options())["warnings"]
    assert (found.is_healthy, found.exit_code) == (True, ExitCode.DONE)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
    assert besides_remarks(standing_of(*standing.workspace.open())) == []
    standing.in_order = True


def test_whoever_may_not_look_at_alarms_is_told_so_once(standing: Deployed) -> None:
    standing.account.calls.refuse("cloudwatch.DescribeAlarms", "AccessDenied", status=403)

    found = standing_of(*standing.workspace.open())

    assert found.gone_off == ()
    assert found.plan is not None and found.plan.failures
    standing.in_order = True
