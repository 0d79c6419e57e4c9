"""Whose a thing is, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.aws.in_process import Account, Workspace
from wizard.engine.ownership import Claim, claim, is_ours_to_delete
from wizard.errors import ConflictError
from wizard.phases import RESOURCES
from wizard.state.model import Origin, Record

OURS = "saas-event-tracking.us-east-1.0a1b2c3d"
ABROAD = "saas-event-tracking.eu-west-1.99999999"
ELDER = "saas-event-tracking.us-east-1.99999999"
OTHER = "another-12345678"
WAS = {"name": "x", "owner": None}


@dataclass(frozen=True)
class Case:
    """A thing with this owner, these records, this consent: ours how, or refused with which words."""

    why: str
    key: str
    expected: Claim | str
    owner: str | None = None
    is_part: bool = False
    adopt: bool = False
    records: dict[str, Origin] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What a read shows."""
        return {"name": "x"} if self.is_part else {"name": "x", "owner": self.owner}


def created(before: dict[str, Any] | None = None) -> Claim:
    return Claim("created", before)


CASES = (
    Case("our tag is proof, even without a record", "bucket", created(), OURS),
    Case("our tag is proof beside our record", "bucket", created(), OURS, records={"bucket": "created"}),
    Case("without a tag it is somebody's", "bucket", "does not carry this deployment's tag"),
    Case("a record does not make it ours once the tag is gone", "bucket", "does not carry", records={"bucket": "created"}),
    Case("with consent it is adopted and remembered as it was", "bucket", Claim("adopted", WAS), adopt=True),
    Case("what was adopted stays so without asking again", "bucket", Claim("adopted", {"was": 1}), records={"bucket": "adopted"}),
    Case("consent does not cover another deployment's things", "bucket", OTHER, OTHER, adopt=True),
    Case("an elder deployment of our name is recovered", "bucket", "another state file", ELDER, adopt=True),
    Case("a deployment of another region is not a lost one: roles are known in all regions", "role", "It belongs to the deployment", ABROAD),
    Case("a role is adopted like a bucket", "role", Claim("adopted", WAS), adopt=True),
    Case("a function is never adopted", "function", "overwrite what it does now", adopt=True),
    Case("a log group that Lambda made is used without asking, and stays", "log_group", Claim("adopted", WAS)),
    Case("a log group that Lambda made again after ours was deleted is ours", "log_group", created(), records={"log_group": "created"}),
    Case("a log group of another deployment is not ours", "log_group", OTHER, OTHER),
    Case("a part of our bucket is ours", "bucket.encryption", created(), is_part=True, records={"bucket": "created"}),
    Case("a part of an adopted bucket is adopted with it", "bucket.encryption", Claim("adopted", {"name": "x"}), is_part=True, records={"bucket": "adopted"}),
    Case("a part that we added to an adopted role is ours", "policy", created(), is_part=True, records={"role": "adopted", "policy": "created"}),
    Case("a part keeps what it was before", "bucket.encryption", Claim("adopted", {"was": 1}), is_part=True, records={"bucket": "adopted", "bucket.encryption": "adopted"}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_whose_it_is(account: Account, folder: Path, case: Case) -> None:
    context, store = Workspace(account, folder).open()
    for key, origin in case.records.items():
        before = {"was": 1} if origin == "adopted" else None
        store.state.records[key] = Record("present", origin, {}, before)
    if isinstance(case.expected, Claim):
        assert claim(RESOURCES[case.key], case.facts, context, store, adopt=case.adopt) == case.expected
        return
    with pytest.raises(ConflictError) as caught:
        claim(RESOURCES[case.key], case.facts, context, store, adopt=case.adopt)
    assert case.expected in f"{caught.value.what} {caught.value.why}"
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("key", "facts", "deletable"),
    [
        ("bucket", {"owner": OURS}, True),
        ("bucket", {"owner": None}, False),
        ("bucket", {"owner": OTHER}, False),
        ("log_group", {"owner": None}, True),
        ("log_group", {"owner": OTHER}, False),
        ("bucket.encryption", {}, True),
    ],
)
def test_only_what_still_carries_our_tag_is_deleted(
    workspace: Workspace, key: str, facts: dict[str, Any], deletable: bool
) -> None:
    context, _store = workspace.open()
    assert is_ours_to_delete(RESOURCES[key], facts, context) is deletable
