"""The operator's tags: on everything from its first moment, kept, changed and taken off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.in_process import Account, Killed, Standing, Workspace, leftovers, snapshot
from tests.aws.in_process.calls import Call
from tests.aws.tagger import THINGS, Tagger
from wizard.errors import WizardError
from wizard.phases import PHASES

EVERYTHING = (*THINGS, "stage")
GIVEN = {"cost-centre": "4711", "team": "web + co"}


def tagger(account: Account, workspace: Workspace) -> Tagger:
    """On what the workspace has set up."""
    return Tagger(account.look, workspace.open()[0], workspace.state.records["api"].facts["id"])


@pytest.fixture
def tagged(account: Account, workspace: Workspace) -> Workspace:
    """A deployment that was set up with tags."""
    workspace.overrides["tags"] = GIVEN
    workspace.apply()
    return workspace


def test_everything_carries_the_tags_beside_the_owners(account: Account, tagged: Workspace) -> None:
    at, _store = tagged.open()
    found = tagger(account, tagged)
    assert at.tags.items() > GIVEN.items()
    assert {key: found.tags(key) for key in EVERYTHING} == dict.fromkeys(EVERYTHING, at.tags)
    assert tagged.plan().in_order
    tagged.rollback()
    assert leftovers(account) == []


def test_they_are_in_the_create_call_because_organizations_deny_calls_without(
    account: Account, workspace: Workspace
) -> None:
    account.organization.demanded_tag = "cost-centre"
    workspace.overrides["tags"] = GIVEN
    workspace.apply()
    assert workspace.plan().in_order


def test_what_an_organization_refuses_says_that_tags_may_be_missing_and_what_to_type(
    account: Account, workspace: Workspace
) -> None:
    account.organization.demanded_tag = "cost-centre"
    with pytest.raises(WizardError) as caught:
        workspace.apply()
    said = caught.value
    assert "policy of your organization" in said.why
    assert "service control policy: arn:aws:organizations::" in said.why, "it is named"
    assert "demand tags" in said.why
    assert "`eventtrack-wizard setup --tag KEY=VALUE`" in said.next_step
    workspace.overrides["tags"] = GIVEN
    workspace.apply()
    assert workspace.plan().in_order


def test_a_deployment_without_tags_has_none_on_its_stage(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    assert tagger(account, workspace).tags("stage") == {}
    assert "apigateway.TagResource" not in account.calls.names()


def test_changed_tags_are_said_in_values_and_put(account: Account, tagged: Workspace) -> None:
    found = tagger(account, tagged)
    tagged.overrides["tags"] = {**GIVEN, "cost-centre": "4712", "new": "x"}
    sentences = [sentence for phase in tagged.plan().phases for sentence in phase.sentences]
    assert sentences.count("tag cost-centre is 4711, should be 4712") == len(EVERYTHING)
    assert sentences.count("tag new is unset, should be x") == len(EVERYTHING)
    tagged.apply()
    assert {found.tags(key)["cost-centre"] for key in EVERYTHING} == {"4712"}
    assert {found.tags(key)["new"] for key in EVERYTHING} == {"x"}
    account.calls.clear()
    tagged.apply()
    assert account.calls.changing() == []


def test_a_tag_that_is_taken_off_goes_from_everything_and_others_stay(
    account: Account, tagged: Workspace
) -> None:
    found = tagger(account, tagged)
    for key in EVERYTHING:
        found.put(key, {"theirs": "1"})
    tagged.overrides["tags"] = {**GIVEN, "team": None}
    tagged.apply()
    at, _store = tagged.open()
    left = {**at.tags, "theirs": "1"}
    assert "team" not in left
    assert {key: found.tags(key) for key in EVERYTHING} == dict.fromkeys(EVERYTHING, left)
    assert tagged.plan().in_order
    found.put("role", {"team": "again"})
    assert "tag team is again, should be unset" in str([phase.sentences for phase in tagged.plan().phases])


@pytest.mark.parametrize("key", EVERYTHING)
def test_a_tag_that_somebody_changed_is_drift_and_exactly_that_is_repaired(
    account: Account, tagged: Workspace, key: str
) -> None:
    before = snapshot(account)
    tagger(account, tagged).put(key, {"cost-centre": "0"})
    sentences = [sentence for phase in tagged.plan().phases for sentence in phase.sentences]
    assert sentences == ["tag cost-centre is 0, should be 4711"]
    account.calls.clear()
    tagged.apply()
    changing = [name for name in account.calls.changing() if "Invoke" not in name]
    assert len(changing) == 1, changing
    assert snapshot(account) == before


def test_every_change_of_an_apis_tags_carries_the_owners_tag_as_policies_demand_it(
    account: Account, tagged: Workspace
) -> None:
    asked: list[str] = []

    def note(call: Call) -> None:
        if call.name == "apigateway.TagResource":
            asked.append(str(call.parameters["body"]))

    account.calls.before.append(note)
    tagged.overrides["tags"] = {**GIVEN, "cost-centre": "4712"}
    tagged.apply()
    assert len(asked) == 2, "the API and its stage"
    assert all("eventtrack-wizard:deployment" in body for body in asked)


@pytest.mark.parametrize("code", ["UnsupportedArgument", "MalformedXML"])
def test_a_bucket_that_takes_no_tags_at_creation_is_written_down_as_ours_before_it_stands(
    account: Account, workspace: Workspace, code: str
) -> None:
    account.bucket_tags.refused_with = code
    written: list[str] = []

    def die_when_it_stands(call: Call) -> None:
        if call.name == "s3.CreateBucket" and b"<Tag>" not in call.parameters["body"]:
            written.append(workspace.state.records["bucket"].status)
            raise Killed(call.name)

    account.calls.after.append(die_when_it_stands)
    with pytest.raises(Killed):
        workspace.apply(phases=PHASES[:1])
    assert written == ["creating untagged"]
    account.calls.clear()
    workspace.apply(phases=PHASES[:1])
    at, _store = workspace.open()
    [bucket] = snapshot(account)["buckets"].values()
    assert {tag["Key"]: tag["Value"] for tag in bucket["tags"]} == at.tags
    assert "s3.CreateBucket" not in account.calls.changing()


def test_what_was_adopted_gets_no_tags(account: Account, workspace: Workspace) -> None:
    bucket = workspace.settings.bucket_name
    account.look.s3.create_bucket(Bucket=bucket)
    theirs: Any = [{"Key": "team", "Value": "theirs"}]
    account.look.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": theirs})
    workspace.overrides["tags"] = GIVEN
    workspace.apply(adopt=True)
    assert tagger(account, workspace).tags("bucket") == {"team": "theirs"}
    assert workspace.plan().in_order
    workspace.rollback()
    assert account.look.s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == theirs


def test_a_change_of_tags_that_is_killed_anywhere_is_ended_by_the_next_setup(
    account: Account, tagged: Workspace
) -> None:
    tagged.overrides["tags"] = {"cost-centre": "4712", "team": None}
    file = tagged.path.read_text()
    with account.undone():
        tagged.apply()
        after, calls = snapshot(account), list(account.calls.made)
    puts = [call.number for call in calls if "Tag" in call.operation]
    assert len(puts) > len(EVERYTHING)
    for number in puts[::3]:
        tagged.path.write_text(file)
        with account.undone():
            account.calls.kill_after(number)
            with pytest.raises(Killed):
                tagged.apply()
            account.calls.clear()
            tagged.apply()
            assert snapshot(account) == after
            assert tagged.plan().in_order


def test_a_bucket_that_lost_everything_but_its_record_is_ours_while_tags_are_put(
    standing: Standing,
) -> None:
    """The sentence is the operator's only hint, so it is there without any other difference."""
    account, workspace = standing.account, standing.workspace
    tagger(account, workspace).take_ours_off("bucket")
    [phase] = [phase for phase in workspace.plan().phases if phase.sentences]
    assert phase.key == "bucket"
    assert phase.status == "drift"
    assert "the owner tag eventtrack-wizard:deployment is missing; setup puts it back" in phase.sentences
