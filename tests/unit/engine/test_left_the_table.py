"""Resources that are not desired any more, or that this version does not know at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.aws.in_process import Account, Workspace, leftovers, snapshot
from tests.tools.local_deployment import LocalDeployment, deployed
from wizard.engine.decide import Consent
from wizard.engine.plan import make_plan
from wizard.engine.progress import ChangeDone
from wizard.phases import PHASES, Phase
from wizard.resources.base import Deployment, Resource
from wizard.resources.role import BucketAccessPolicy
from wizard.state.model import Facts, Record

GROUP = "/our/extra"


class Extra(Resource[dict[str, Any]]):
    """A log group of its own that an option switches on: that of the class, for the tests."""

    key = "extra"
    wanted = True

    def title(self, at: Deployment) -> str:
        return f"extra log group {GROUP}"

    def desired(self, at: Deployment) -> Facts | None:
        return {"days": 7} if self.wanted else None

    def read(self, at: Deployment) -> dict[str, Any] | None:
        found = at.aws.logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
        if not found:
            return None
        tags = at.aws.logs.list_tags_for_resource(resourceArn=found[0]["arn"].removesuffix(":*"))["tags"]
        return {"days": found[0].get("retentionInDays"), "owner": tags.get("eventtrack-wizard:deployment")}

    def create(self, at: Deployment, desired: Facts) -> None:
        at.aws.logs.create_log_group(logGroupName=GROUP, tags=at.tags)

    def update(
        self, at: Deployment, desired: Facts, observed: dict[str, Any], difference: frozenset[str]
    ) -> bool:
        if desired["days"] is None:
            at.aws.logs.delete_retention_policy(logGroupName=GROUP)
        else:
            at.aws.logs.put_retention_policy(logGroupName=GROUP, retentionInDays=desired["days"])
        return True

    def delete(self, at: Deployment, observed: dict[str, Any]) -> None:
        at.aws.logs.delete_log_group(logGroupName=GROUP)


class SwitchedOff(Extra):
    """The option is off."""

    wanted = False


class PolicySwitchedOff(BucketAccessPolicy):
    """A part of the role that no option wants."""

    def desired(self, at: Deployment) -> Facts | None:
        return None


def table(extra: Extra) -> tuple[Phase, ...]:
    """The nine phases, with one more resource in the first."""
    first = replace(PHASES[0], resources=(*PHASES[0].resources, extra))
    return (first, *PHASES[1:])


ON, OFF = table(Extra()), table(SwitchedOff())


def changed(workspace: Workspace) -> list[tuple[str, str]]:
    done = [event for event in workspace.events if isinstance(event, ChangeDone)]
    return [(event.resource, event.change) for event in done if event.change != "check"]


def announced(workspace: Workspace, phases: tuple[Phase, ...], *, remove: bool = False) -> dict[str, str]:
    at, store = workspace.open()
    plan = make_plan(at, store, phases=phases, remove=remove)
    return {step.key: step.action.kind for step in plan.steps if step.action.kind != "nothing"}


def roll_back(workspace: Workspace, phases: tuple[Phase, ...]) -> None:
    at, store = workspace.open()
    workspace.engine(at, store, phases=phases).roll_back()


def test_what_is_switched_off_is_deleted_by_the_next_setup_and_nothing_else(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    without = snapshot(account)
    workspace.apply(phases=ON)
    assert f"log groups: {GROUP}" in leftovers(account)
    assert announced(workspace, OFF) == {"extra": "delete"}
    workspace.apply(phases=OFF)
    assert changed(workspace) == [("extra", "delete")]
    assert snapshot(account) == without
    assert "extra" not in workspace.state.records
    assert workspace.state.lifecycle == "deployed"
    assert announced(workspace, OFF) == {}


def test_what_is_switched_off_goes_with_a_rollback(account: Account, workspace: Workspace) -> None:
    workspace.apply(phases=ON)
    assert announced(workspace, OFF, remove=True)["extra"] == "delete"
    roll_back(workspace, OFF)
    assert leftovers(account) == []
    assert workspace.state.records == {}


def test_a_part_that_is_switched_off_is_taken_off_while_its_whole_stands(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply()
    off = (PHASES[0], PHASES[1], replace(PHASES[2], resources=(PolicySwitchedOff(),)))
    at, store = workspace.open()
    workspace.engine(at, store, phases=off).apply_phases()
    assert changed(workspace) == [("policy", "delete")]
    role = workspace.settings.role_name
    assert account.look.iam.list_role_policies(RoleName=role)["PolicyNames"] == ["LambdaBasicExecution"]


def test_nobody_asks_for_a_part_that_is_neither_desired_nor_written_down(
    account: Account, workspace: Workspace
) -> None:
    """A retired part costs a new deployment no call, neither in the plan nor in the last look."""
    workspace.apply()
    workspace.plan()
    assert "iam.ListAttachedRolePolicies" not in account.calls.names()


def test_what_is_switched_off_and_gone_already_is_forgotten(account: Account, workspace: Workspace) -> None:
    workspace.apply(phases=ON)
    account.look.logs.delete_log_group(logGroupName=GROUP)
    workspace.apply(phases=OFF)
    assert changed(workspace) == []
    assert "extra" not in workspace.state.records


def test_somebody_elses_of_that_name_is_not_touched_and_never_becomes_ours(
    account: Account, workspace: Workspace
) -> None:
    """Written down as ours, the next setup would delete it."""
    account.look.logs.create_log_group(logGroupName=GROUP)
    workspace.apply(phases=OFF)
    workspace.apply(phases=OFF)
    assert "extra" not in workspace.state.records
    roll_back(workspace, OFF)
    assert leftovers(account) == [f"log groups: {GROUP}"]


def test_an_adopted_one_that_is_switched_off_gets_its_settings_back_and_is_let_go(
    account: Account, workspace: Workspace
) -> None:
    account.look.logs.create_log_group(logGroupName=GROUP)
    workspace.apply(phases=ON, adopt=True)
    workspace.apply(phases=OFF)
    assert changed(workspace) == [("extra", "restore")]
    [group] = account.look.logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert "retentionInDays" not in group
    assert "extra" not in workspace.state.records
    assert announced(workspace, OFF) == {}


def test_one_that_somebody_else_has_tagged_is_kept_and_does_not_hold_up_the_setup(
    account: Account, workspace: Workspace
) -> None:
    workspace.apply(phases=ON)
    theirs = {"eventtrack-wizard:deployment": "another.us-east-1.12345678"}
    account.look.logs.tag_log_group(logGroupName=GROUP, tags=theirs)
    workspace.overrides = {"memory_mb": 512}
    workspace.apply(phases=OFF)
    assert changed(workspace) == [("function.settings", "update")]
    assert f"log groups: {GROUP}" in leftovers(account)
    assert workspace.state.lifecycle == "deployed"


# Records of a later version.

LATER = Record("present", "created", {"name": "stream", "owner": "x"})


def test_a_record_that_nobody_knows_is_kept_by_every_command_and_named_in_every_plan(
    workspace: Workspace,
) -> None:
    workspace.apply()
    at, store = workspace.open()
    store.state.records["stream.firehose"] = LATER
    store.save()
    for remove in (False, True):
        assert workspace.plan(remove=remove).unknown_keys == ("stream.firehose",)
    assert workspace.plan().in_order
    workspace.apply()
    assert workspace.state.records["stream.firehose"] == LATER
    at, store = workspace.open()
    plan = workspace.engine(at, store, Consent()).roll_back()
    assert plan.unknown_keys == ("stream.firehose",)
    assert workspace.state.records == {"stream.firehose": LATER}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    yield from deployed(tmp_path_factory)


@pytest.mark.local
@pytest.mark.slow
@pytest.mark.xdist_group("records of a later version")
def test_on_the_command_line_it_is_named_and_kept_and_never_a_traceback(standing: LocalDeployment) -> None:
    path = standing.folder / "eventtrack-state.json"
    document = standing.state
    document["records"]["stream.firehose"] = vars(LATER)
    path.write_text(json.dumps(document))

    status = standing.run("status", "--json")
    assert json.loads(status.stdout)["unknown"] == ["stream.firehose"]
    assert "stream.firehose" in standing.run("status").stderr
    assert "nothing to do" in standing.run("setup", "--local", "--yes").stderr

    rollback = standing.run("rollback", "--yes", "--json")
    answer = json.loads(rollback.stdout.splitlines()[-1])
    assert answer["unknown"] == ["stream.firehose"]
    assert "stream.firehose" in rollback.stderr
    assert list(standing.state["records"]) == ["stream.firehose"]

    again = standing.run("rollback", "--yes")
    assert "stream.firehose stays" in again.stdout
    assert "Nothing of this deployment is left" not in again.stdout
    after = standing.run("status", "--json", exit_code=3)
    assert any("stream.firehose" in line for line in json.loads(after.stdout)["kept"])
    standing.run("setup", "--local", "--yes")
    assert standing.state["records"]["stream.firehose"] == vars(LATER)
