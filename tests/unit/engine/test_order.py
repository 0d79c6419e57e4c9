"""What waits for what: read off the table, and true of every way in which steps may follow each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from graphlib import TopologicalSorter
from itertools import combinations
from typing import Any

import pytest

from tests.aws.in_process import Workspace
from tests.aws.in_process.workspace import make_identity, make_settings
from tests.aws.names import ALARMS, BUFFER, OPTIONAL, QUERY_TABLE
from wizard.engine.decide import ABSENT, Action
from wizard.engine.graph import Threads, walk
from wizard.engine.order import Order, final_looks, leaving, outdated_checks, setup_order
from wizard.engine.plan import PhasePlan, Plan, Step
from wizard.engine.removal_order import removal_order
from wizard.phases import PHASES, RESOURCES, Phase
from wizard.resources.base import Check, Deployment, Resource
from wizard.state.model import Facts

CHECKS = {check.key: check for phase in PHASES for check in phase.checks}
CHAINS = sorted({resource.chain for resource in RESOURCES.values() if resource.chain})


def all_before(order: Order, key: str) -> set[str]:
    """Everything that has ended when `key` begins, whatever the hands do."""
    found: set[str] = set()
    todo = [key]
    while todo:
        for before in order.get(todo.pop(), ()):
            if before in order and before not in found:
                found.add(before)
                todo.append(before)
    return found


def waits(order: Order, key: str, others: Iterable[str]) -> set[str]:
    """Which of `others` `key` waits for."""
    return all_before(order, key) & set(others)


def keys_of(chain: str) -> list[str]:
    return [key for key, resource in RESOURCES.items() if resource.chain == chain]


# Setup.


def test_every_resource_and_every_check_is_there_once_in_the_order_of_the_table() -> None:
    expected = [
        key
        for phase in PHASES
        for key in (*(item.key for item in phase.resources), *(item.key for item in phase.checks))
    ]
    assert list(setup_order(PHASES)) == expected


def test_nothing_waits_for_what_stands_below_it_so_that_the_plain_order_is_one_of_the_orders() -> None:
    """What is below the phases stands there for who reads."""
    order = setup_order(PHASES)
    list(TopologicalSorter(order).static_order())
    for key in order:
        above = list(order)[: list(order).index(key)]
        assert all_before(order, key) - BUFFER <= set(above), key


def test_what_is_not_wanted_any_more_goes_when_nobody_uses_it_any_more() -> None:
    order = setup_order(PHASES, BUFFER)
    assert not waits(order, "function.environment", BUFFER)
    assert "function.environment" in all_before(order, "buffer.stream.1")
    assert "buffer.stream.1" in all_before(order, "buffer.policy")
    assert "buffer.policy" in all_before(order, "buffer.role")


def test_whatever_leaves_makes_no_circle_and_a_link_of_a_chain_keeps_its_place(at: Deployment) -> None:
    """Without TLS there is no bucket policy, and the next link of its chain needs it."""
    closed = replace(at, settings=replace(at.settings, ingest="direct"))
    for gone in (leaving(PHASES, closed), {key for key in RESOURCES if RESOURCES[key].chain is None}):
        list(TopologicalSorter(setup_order(PHASES, gone)).static_order())
    assert not [key for key in leaving(PHASES, closed) if RESOURCES[key].chain]
    assert "buffer.stream.1" in leaving(PHASES, closed)


def test_what_leaves_makes_no_proof_due_again_unless_that_is_about_it() -> None:
    """It goes after the proof, that the function works without it."""
    outdated = outdated_checks(PHASES, {*BUFFER, "role.basic_execution"})
    assert outdated["buffer.stream.1"] == ()
    assert "test.invoke" in outdated["role.basic_execution"]


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda resource: resource.key)
def test_everything_waits_for_what_it_needs_and_is_part_of(resource: Any) -> None:
    before = all_before(setup_order(PHASES), resource.key)
    parents = {resource.parent} if resource.parent else set()
    assert {*resource.needs, *parents, *resource.ids_of} <= before


def test_the_bucket_the_function_and_the_api_are_chains() -> None:
    assert CHAINS == ["api", "bucket", "function"]
    assert {"api", "api.resource", "api.method", "cors.preflight", "stage"} <= set(keys_of("api"))
    assert {"function", "function.settings", "api.permission"} <= set(keys_of("function"))
    assert set(keys_of("bucket")) == {key for key in RESOURCES if key.startswith("bucket")}


@pytest.mark.parametrize("chain", CHAINS)
def test_no_two_changes_of_one_chain_can_be_made_at_a_time(chain: str) -> None:
    """S3 answers 409, Lambda ResourceConflictException, API Gateway ConflictException."""
    order = setup_order(PHASES)
    for one, other in combinations(keys_of(chain), 2):
        assert one in all_before(order, other), f"{other} may be changed while {one} is"


@pytest.mark.parametrize("key", [*keys_of("bucket"), *keys_of("api"), "log_group", "log_group.retention"])
def test_what_does_not_need_the_role_does_not_wait_until_iam_has_spread_it(key: str) -> None:
    if key == "api.permission":
        return
    assert not waits(setup_order(PHASES), key, ["role", "role.own_logs", "policy", "function"])


def test_the_managed_policy_goes_once_the_function_can_write_its_logs_without_it() -> None:
    """It alone lets the function make a log group that is missing."""
    assert all_before(setup_order(PHASES), "role.basic_execution") >= {"role.own_logs", "log_group"}


def test_what_is_at_the_beginning_waits_for_nothing() -> None:
    order = setup_order(PHASES)
    assert [key for key in order if not order[key]] == [
        "bucket", "role", "log_group", "api", "buffer.role", "buffer.log_group",
        "query.database", "query.workgroup", "alarms.topic",
    ]  # fmt: skip


def test_a_chain_that_fails_holds_up_no_other_chain() -> None:
    """Whatever happens to the API before its permission, bucket and role are finished in the same run."""
    order = setup_order(PHASES)
    for key in (*keys_of("bucket"), "role.own_logs", "policy", "function.settings"):
        assert not waits(order, key, keys_of("api")), key


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.key)
def test_a_check_comes_after_everything_that_it_proves(check: Check) -> None:
    assert set(check.needs) <= all_before(setup_order(PHASES), check.key)


def test_the_endpoint_is_tried_when_really_everything_stands() -> None:
    before = all_before(setup_order(PHASES), "deploy.endpoint")
    assert before == {*RESOURCES, "test.invoke"} - ALARMS - QUERY_TABLE


def test_a_table_of_some_phases_counts_the_others_as_done() -> None:
    some = [phase for phase in PHASES if phase.key == "settings"]
    order = setup_order(some)
    found = walk(order, lambda _step: None, Threads(2))
    assert set(found.done) == {"function.settings", "function.concurrency"}


# The last looks.


def test_the_last_look_comes_after_all_changes_and_after_the_look_whose_answer_it_shares() -> None:
    looks = final_looks(PHASES)
    assert list(looks) == [f"look at {key}" for key in RESOURCES]
    for key, resource in RESOURCES.items():
        assert set(RESOURCES) <= set(looks[f"look at {key}"])
        if resource.answer_of:
            assert f"look at {resource.answer_of}" in looks[f"look at {key}"]
    list(TopologicalSorter({**setup_order(PHASES), **looks}).static_order())


def test_the_last_looks_do_not_wait_for_the_checks_beside_which_they_are_made() -> None:
    order = {**setup_order(PHASES), **final_looks(PHASES)}
    for key in RESOURCES:
        assert not waits(order, f"look at {key}", CHECKS), key


# Rollback.


@pytest.fixture(scope="module")
def at() -> Deployment:
    """Nobody calls anything on its account."""
    nobody: Any = None
    return Deployment(nobody, make_identity(), make_settings())


def planned(at: Deployment, **kinds: str) -> Plan:
    """Everything of ours goes; `kinds` are those of single wholes, which their parts follow."""
    actions: dict[str, Action] = {}
    for key, resource in RESOURCES.items():
        kind: Any = kinds.get(key, "delete")
        parent = actions.get(resource.parent or "")
        if parent is not None and parent.kind in ("keep", "unknown"):
            actions[key] = Action("keep", with_parent=True)
        elif parent is not None and resource.goes_with_parent and parent.kind == "delete":
            actions[key] = Action("delete", with_parent=True)
        else:
            actions[key] = Action(kind)
    phases = [
        PhasePlan(
            phase.key,
            phase.title,
            "drift",
            tuple(
                Step(phase.key, resource, resource.title(at), ABSENT, actions[resource.key])
                for resource in phase.resources
            ),
        )
        for phase in PHASES
    ]
    return Plan(tuple(phases))


@pytest.mark.parametrize(
    ("earlier", "later", "why"),
    [
        ("function", "log_group", "late lines bring it back"),
        ("function", "role", "a function without its role cannot even be looked into"),
        ("function", "bucket", "somebody may write until it is gone"),
        ("policy", "role", "IAM deletes no role with policies"),
        ("role.own_logs", "role", "IAM deletes no role with policies"),
        ("role.basic_execution", "role", "IAM deletes no role with policies"),
        ("role.basic_execution", "log_group", "with the managed policy late lines bring it back"),
    ],
)
def test_a_rollback_goes_the_other_way(at: Deployment, earlier: str, later: str, why: str) -> None:
    assert earlier in all_before(removal_order(planned(at)), later), why


@pytest.mark.parametrize("key", RESOURCES)
def test_nothing_is_removed_while_something_stands_that_needs_it(at: Deployment, key: str) -> None:
    """What goes with its parent needs no call, so it stands for its parent here."""
    order, plan = removal_order(planned(at)), planned(at)
    carried: dict[str, str] = {}
    for step in plan.steps:
        if step.action.with_parent and (parent := step.resource.parent):
            carried[step.key] = carried.get(parent, parent)
    only_named = RESOURCES[key].ids_of if key in carried else ()
    needs = [need for need in RESOURCES[key].needs if need not in only_named]
    needed = {carried.get(need, need) for need in needs} - {carried.get(key, key)}
    for need in needed:
        assert carried.get(key, key) in all_before(order, str(need)), need


def test_a_rollback_is_no_circle_and_begins_with_the_function_and_beside_it_the_api(at: Deployment) -> None:
    """A part of the function that only names the API's id is no reason to let the public URL stand."""
    order = removal_order(planned(at))
    list(TopologicalSorter(order).static_order())
    wholes = [key for key in order if key in RESOURCES.keys() - OPTIONAL and not RESOURCES[key].parent]
    assert [key for key in wholes if not order[key]] == ["api", "function"]


def test_every_deletion_is_followed_by_a_look_whether_it_is_gone(at: Deployment) -> None:
    """The policies of a role that is gone are gone, too."""
    order = removal_order(planned(at))
    looks = {key for key in order if key.startswith("look at ")}
    assert looks == {f"look at {key}" for key, resource in RESOURCES.items() if resource.parent is None}
    for look in looks:
        assert order[look] == (look.removeprefix("look at "),)


def test_nobody_waits_for_the_look_so_that_the_next_deletion_begins_at_once(at: Deployment) -> None:
    order = removal_order(planned(at))
    assert not any(before.startswith("look at ") for needed in order.values() for before in needed)


@pytest.mark.parametrize("kept", ["bucket", "role", "log_group", "function", "api"])
def test_what_stays_with_its_parts_makes_no_circle(at: Deployment, kept: str) -> None:
    order = removal_order(planned(at, **{kept: "keep"}))
    list(TopologicalSorter(order).static_order())
    assert f"look at {kept}" not in order


@pytest.mark.parametrize("gone", ["bucket", "role", "log_group", "function", "api"])
def test_what_is_nothing_is_left_out_with_everything_that_waited_for_it(at: Deployment, gone: str) -> None:
    order = removal_order(planned(at, **{gone: "nothing"}))
    list(TopologicalSorter(order).static_order())
    assert gone not in order
    assert gone not in {before for needed in order.values() for before in needed}


def test_the_plan_of_a_real_rollback_has_the_same_order(workspace: Workspace) -> None:
    workspace.apply()
    order = removal_order(workspace.plan(remove=True))
    for later in ("role", "log_group", "bucket"):
        assert "function" in all_before(order, later)


# Proofs that a change ends.


def test_a_change_of_what_a_check_needs_directly_or_not_makes_it_due_again() -> None:
    outdated = outdated_checks(PHASES)
    assert set(outdated) == set(RESOURCES)
    for key in ("role", "policy", "bucket", "function", "function.environment"):
        assert set(outdated[key]) == {"test.invoke", "deploy.endpoint"}, key
    for key in ("api", "api.method", "stage", "api.permission"):
        assert outdated[key] == ("deploy.endpoint",), key


def test_no_change_leaves_the_proof_of_the_whole_standing() -> None:
    checks = outdated_checks(PHASES)
    assert {key for key in RESOURCES if "deploy.endpoint" not in checks[key]} == ALARMS | QUERY_TABLE


class _Link(Resource[dict[str, Any]]):
    """One of a row of things of which each needs the one before."""

    def title(self, at: Deployment) -> str:
        return self.key

    def desired(self, at: Deployment) -> Facts | None:
        return {}

    def read(self, at: Deployment) -> dict[str, Any] | None:
        return {}

    def update(
        self, at: Deployment, desired: Facts, observed: dict[str, Any], difference: frozenset[str]
    ) -> bool:
        return True

    def delete(self, at: Deployment, observed: dict[str, Any]) -> None:
        pass


class _First(_Link):
    key = "first"


class _Second(_Link):
    key = "second"
    needs = ("first",)


class _Third(_Link):
    key = "third"
    needs = ("second",)


class _Aside(_Link):
    key = "aside"


class _Proof(Check):
    key = "proof"
    needs = ("third",)

    def title(self, at: Deployment) -> str:
        return "it works"

    def run(self, at: Deployment) -> Facts:
        return {}


class _LaterProof(_Proof):
    key = "later proof"
    needs = ("proof",)


def test_a_proof_that_rests_on_another_one_falls_with_it_however_far_away_the_change_is() -> None:
    table = [
        Phase("one", "One", (_First(), _Second(), _Third(), _Aside()), (_Proof(),)),
        Phase("two", "Two", (), (_LaterProof(),)),
    ]
    outdated = outdated_checks(table)
    for key in ("first", "second", "third"):
        assert set(outdated[key]) == {"proof", "later proof"}
    assert outdated["aside"] == ()
