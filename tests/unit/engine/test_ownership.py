"""Whose a thing is, and what may therefore be done to it, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.aws.in_process import Workspace
from wizard.engine.decide import Action, Consent, Kind, Seen, decide
from wizard.engine.ownership import Ownership, is_still_ours, ownership_of
from wizard.errors import ConflictError
from wizard.phases import RESOURCES
from wizard.resources.base import Deployment
from wizard.state.model import Origin, Record

OURS = "saas-event-tracking.us-east-1.0a1b2c3d"
ABROAD = "saas-event-tracking.eu-west-1.99999999"
ELDER = "saas-event-tracking.us-east-1.99999999"
OTHER = "another-12345678"
WAS: dict[str, Any] = {"name": "x", "owner": None, "tags": {}}
CREATED = Ownership("created")


@dataclass(frozen=True)
class Case:
    """A thing with this owner, these records, this consent: ours how, or refused with which words."""

    why: str
    key: str
    expected: Ownership | str
    owner: str | None = None
    is_part: bool = False
    adopt: bool = False
    records: dict[str, Origin] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What a read shows."""
        return {"name": "x"} if self.is_part else {"name": "x", "owner": self.owner, "tags": {}}

    def record(self, key: str | None) -> Record | None:
        """What the state file says of a resource."""
        origin = self.records.get(key or "")
        return Record("present", origin, {}, {"was": 1} if origin == "adopted" else None) if origin else None

    @property
    def of_parent(self) -> Origin:
        """How its parent came to us."""
        parent = self.record(RESOURCES[self.key].parent)
        return parent.origin if parent else "created"

    def decided(self, at: Deployment) -> Action:
        """What becomes of it while it is desired."""
        resource = RESOURCES[self.key]
        return decide(
            resource,
            at,
            desired=resource.desired(at),
            seen=Seen(self.facts),
            record=self.record(self.key),
            parent=Action("nothing", origin=self.of_parent),
            consent=Consent(adopt=self.adopt),
        )


CASES = (
    Case("our tag is proof, even without a record", "bucket", CREATED, OURS),
    Case("our tag is proof beside our record", "bucket", CREATED, OURS, records={"bucket": "created"}),
    Case("without a tag it is somebody's", "bucket", "does not carry this deployment's tag"),
    Case("a record keeps it ours once somebody took the tag away", "bucket", CREATED, records={"bucket": "created"}),
    Case("a record does not make ours what another deployment tagged", "bucket", OTHER, OTHER, records={"bucket": "created"}),
    Case("with consent it is adopted and remembered as it was", "bucket", Ownership("adopted", WAS), adopt=True),
    Case("what was adopted stays so without asking again", "bucket", Ownership("adopted", {"was": 1}), records={"bucket": "adopted"}),
    Case("consent does not cover another deployment's things", "bucket", OTHER, OTHER, adopt=True),
    Case("an elder deployment of our name is recovered", "bucket", "another state file", ELDER, adopt=True),
    Case("a deployment of another region is not a lost one: roles are known in all regions", "role", "It belongs to the deployment", ABROAD),
    Case("a role is adopted like a bucket", "role", Ownership("adopted", WAS), adopt=True),
    Case("a function is never adopted", "function", "overwrite what it does now", adopt=True),
    Case("a log group that Lambda made is used without asking, and stays", "log_group", Ownership("adopted", WAS)),
    Case("a log group that Lambda made again after ours was deleted is ours", "log_group", CREATED, records={"log_group": "created"}),
    Case("a log group of another deployment is not ours", "log_group", OTHER, OTHER),
    Case("a part of our bucket is ours", "bucket.encryption", CREATED, is_part=True, records={"bucket": "created"}),
    Case("a part of an adopted bucket is adopted with it", "bucket.encryption", Ownership("adopted", {"name": "x"}), is_part=True, records={"bucket": "adopted"}),
    Case("a part that we added to an adopted role is ours", "policy", CREATED, is_part=True, records={"role": "adopted", "policy": "created"}),
    Case("a part keeps what it was before", "bucket.encryption", Ownership("adopted", {"was": 1}), is_part=True, records={"bucket": "adopted", "bucket.encryption": "adopted"}),
)  # fmt: skip

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)


@every_case
def test_whose_it_is(workspace: Workspace, case: Case) -> None:
    at, _store = workspace.open()
    found = ownership_of(
        RESOURCES[case.key], at, case.facts, case.record(case.key), case.of_parent, adopt=case.adopt
    )
    assert found == (None if isinstance(case.expected, str) else case.expected)


@every_case
def test_what_is_not_ours_is_a_conflict_with_its_reason_and_what_is_ours_is_written_down_as_that(
    workspace: Workspace, case: Case
) -> None:
    at, _store = workspace.open()
    action = case.decided(at)
    if isinstance(case.expected, Ownership):
        assert (action.origin, action.before) == (case.expected.origin, case.expected.before)
        assert action.error is None
        assert (action.kind == "adopt") == (action.origin == "adopted" and case.record(case.key) is None)
        return
    assert action.kind == "conflict"
    assert isinstance(action.error, ConflictError)
    assert case.expected in f"{action.error.what} {action.error.why}"
    assert action.error.next_step


STILL_OURS = pytest.mark.parametrize(
    ("key", "facts", "kind"),
    [
        ("bucket", {"owner": OURS}, "delete"),
        ("bucket", {"owner": None}, "delete"),
        ("bucket", {"owner": OTHER}, "keep"),
        ("log_group", {"owner": None}, "delete"),
        ("log_group", {"owner": OTHER}, "keep"),
        ("bucket.encryption", {}, "delete"),
    ],
)


@STILL_OURS
def test_only_what_nobody_else_has_tagged_is_deleted(
    workspace: Workspace, key: str, facts: dict[str, Any], kind: Kind
) -> None:
    at, _store = workspace.open()
    record = Record("present", "created")
    assert is_still_ours(RESOURCES[key], at, facts, record) is (kind == "delete")
    action = decide(RESOURCES[key], at, desired=None, seen=Seen(facts), record=record)
    assert action.kind == kind


@pytest.mark.parametrize(
    ("owner", "kind"), [(OURS, "delete"), (None, "nothing"), (OTHER, "nothing"), (ELDER, "nothing")]
)
def test_what_no_record_knows_is_deleted_by_our_tag_alone(
    workspace: Workspace, owner: str | None, kind: Kind
) -> None:
    at, _store = workspace.open()
    seen = Seen({"name": "x", "owner": owner})
    assert decide(RESOURCES["bucket"], at, desired=None, seen=seen, record=None).kind == kind


def test_in_the_local_aws_a_lost_tag_is_no_sign_of_somebody_else_because_a_kill_loses_tags(
    workspace: Workspace,
) -> None:
    at, _store = workspace.open()
    at = replace(at, identity=replace(at.identity, local=True))
    bucket, untagged, record = RESOURCES["bucket"], {"name": "x", "owner": None}, Record("present", "created")

    assert ownership_of(bucket, at, untagged, record, "created", adopt=False) == CREATED
    assert decide(bucket, at, desired=None, seen=Seen(untagged), record=record).kind == "delete"
    unknown = decide(bucket, at, desired=bucket.desired(at), seen=Seen(untagged), record=None)
    assert unknown.error is not None
    assert "the local AWS was killed" in unknown.error.why and "local reset" in unknown.error.next_step
