"""What happens to a resource, as a table: from what is wanted, seen, written down and agreed to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

import boto3
import pytest

from tests.aws.clock import FakeClock
from tests.aws.in_process.workspace import make_deployment
from tests.aws.names import REGION
from wizard.aws.client import Aws
from wizard.engine.decide import ABSENT, Action, Consent, Kind, Seen, decide
from wizard.errors import ConflictError, CredentialsError, LostStateError, WizardError
from wizard.resources.base import AnyResource, Deployment, Resource, SubResource
from wizard.state.model import Facts, Record, RecordStatus

OURS = "saas-event-tracking.us-east-1.0a1b2c3d"
ELDER = "saas-event-tracking.us-east-1.99999999"
OTHER = "another.us-east-1.12345678"


class Thing(Resource[dict[str, Any]]):
    """Stands for itself and carries a tag."""

    key = "thing"
    labels = {"size": "the size"}

    def title(self, at: Deployment) -> str:
        return "thing"

    def desired(self, at: Deployment) -> Facts | None:
        return {"size": 1}

    def read(self, at: Deployment) -> dict[str, Any] | None:
        raise AssertionError("decide asks nobody")

    def update(
        self, at: Deployment, desired: Facts, observed: dict[str, Any], difference: frozenset[str]
    ) -> bool:
        raise AssertionError("decide changes nothing")

    def delete(self, at: Deployment, observed: dict[str, Any]) -> None:
        raise AssertionError("decide changes nothing")


class Solid(Thing):
    """Cannot be changed in place."""

    def must_recreate(self, desired: Facts, observed: dict[str, Any]) -> bool:
        return True


class NobodyElses(Thing):
    """Never adopted, because that would overwrite it."""

    adoptable = False


class AutoCreated(Thing):
    """AWS makes it by itself, without a tag."""

    auto_created = True


class Part(Thing):
    """A part of a thing; it has no tag of its own."""

    key = "part"
    parent = "thing"


class LoosePart(Part):
    """A part that has to be taken off before the thing can be deleted."""

    goes_with_parent = False


class Address(Thing):
    """Its id is in the URL that clients know."""

    in_url = True


class Setting(Part, SubResource[dict[str, Any]]):
    """Another than every new thing has."""

    def with_new_parent(self, at: Deployment) -> dict[str, Any] | None:
        return {"size": 7}


class Carried(Setting):
    """The call that creates the thing carries it."""

    plural = True

    def expected_with_new_parent(self, at: Deployment) -> Facts | None:
        return self.desired(at)


class Unset(Setting):
    """Every new thing has none of it."""

    def with_new_parent(self, at: Deployment) -> dict[str, Any] | None:
        return {"size": None}

    def is_unset(self, at: Deployment) -> bool:
        return True


class Untold(Setting):
    """Nobody knows what a new thing has."""

    def with_new_parent(self, at: Deployment) -> dict[str, Any] | None:
        return None


def ours(**facts: object) -> Seen:
    return Seen({"size": 1, "owner": OURS, **facts})


def owned_by(owner: str | None, **facts: object) -> Seen:
    return Seen({"size": 1, "owner": owner, **facts})


def part(**facts: object) -> Seen:
    return Seen({"size": 1, **facts})


def made() -> Record:
    return Record("present", "created", {})


def known_as(api_id: str) -> Record:
    return Record("present", "created", {"id": api_id})


def in_the_making(status: RecordStatus) -> Record:
    return Record(status, "created", {})


def adopted(**before: object) -> Record:
    return Record("present", "adopted", {}, before)


TAKEN = Seen(error=ConflictError(what="The name is taken.", why="It is another account's.", next_step="-"))
UNSEEN = Seen(error=WizardError(what="Could not look.", why="Access was denied.", next_step="-"))
EVENTS = "holds 3 objects with events"
WANTED: Facts = {"size": 1}
ADOPT, DELETE_EVENTS = Consent(adopt=True), Consent(delete_events=True)
STANDS = Action("nothing")
STANDS_ADOPTED = Action("nothing", origin="adopted")


@dataclass(frozen=True)
class Case:
    """`expected` are the kind, the origin, whether it is the parent's matter, and words of the reason."""

    why: str
    expected: tuple[Kind, str, bool, str]
    seen: Seen
    desired: Facts | None = None
    record: Record | None = None
    parent: Action | None = None
    consent: Consent = field(default=Consent())
    resource: AnyResource = field(default=Thing())


def created(kind: Kind, words: str = "", *, with_parent: bool = False) -> tuple[Kind, str, bool, str]:
    return kind, "created", with_parent, words


def as_adopted(kind: Kind, words: str = "") -> tuple[Kind, str, bool, str]:
    return kind, "adopted", False, words


WANTED_CASES = (
    Case("what is missing is created", created("create", "thing is missing"), ABSENT, WANTED),
    Case("what somebody deleted is created again", created("create", "missing"), ABSENT, WANTED, made()),
    Case("an adopted one that is gone is made by us the next time", created("create", "missing"), ABSENT, WANTED, adopted(size=2)),
    Case("ours and as desired: nothing to do", created("nothing"), ours(), WANTED, made()),
    Case("our tag is enough when a kill took the record", created("nothing"), ours(), WANTED),
    Case("what differs is changed, and the difference is the reason", created("update", "the size is 2, should be 1"), ours(size=2), WANTED, made()),
    Case("ours by its tag alone is repaired, too", created("update", "the size is 2"), ours(size=2), WANTED),
    Case("what nobody wants to know of it is no difference", created("nothing"), ours(colour="red"), WANTED, made()),
    Case("what cannot be changed is made anew", created("recreate", "the size is 2"), ours(size=2), WANTED, made(), resource=Solid()),
    Case("what cannot be changed but is right stays", created("nothing"), ours(), WANTED, made(), resource=Solid()),
    Case("without our tag it is somebody's, and in the way", created("conflict", "not this deployment's"), owned_by(None), WANTED),
    Case("a record keeps it ours when somebody took our tag away", created("nothing"), owned_by(None), WANTED, made()),
    Case("the mere intention to create it does not make ours what has no tag", created("conflict", "not this deployment's"), owned_by(None), WANTED, in_the_making("creating")),
    Case("where AWS takes no tags at creation the intention makes it ours", created("nothing"), owned_by(None), WANTED, in_the_making("creating untagged")),
    Case("a record keeps ours what is never adopted", created("update", "the size is 2"), owned_by(None, size=2), WANTED, made(), resource=NobodyElses()),
    Case("a record does not make ours what carries another tag now", created("conflict", "not this deployment's"), owned_by(OTHER), WANTED, made()),
    Case("with consent it is adopted, as it is", as_adopted("adopt"), owned_by(None), WANTED, consent=ADOPT),
    Case("with consent it is adopted and changed", as_adopted("adopt", "the size is 2"), owned_by(None, size=2), WANTED, consent=ADOPT),
    Case("what was adopted needs no consent any more", as_adopted("nothing"), owned_by(None), WANTED, adopted(size=2)),
    Case("what was adopted and changed behind our back is repaired", as_adopted("update", "the size is 3"), owned_by(None, size=3), WANTED, adopted(size=2)),
    Case("consent does not cover another deployment's", created("conflict", "there already"), owned_by(OTHER), WANTED, consent=ADOPT),
    Case("consent does not cover what adopting would overwrite", created("conflict", "there already"), owned_by(None), WANTED, consent=ADOPT, resource=NobodyElses()),
    Case("an elder one of our name is to be recovered", created("conflict", ELDER), owned_by(ELDER), WANTED, consent=ADOPT),
    Case("what AWS made by itself is used without asking, and given back", as_adopted("adopt"), owned_by(None), WANTED, resource=AutoCreated()),
    Case("what AWS made again in the place of ours is ours", created("nothing"), owned_by(None), WANTED, made(), resource=AutoCreated()),
    Case("a name that is taken is in the way", created("conflict", "The name is taken"), TAKEN, WANTED, made()),
    Case("what could not be looked at is decided by nobody", created("unknown", "Access was denied"), UNSEEN, WANTED, made()),
    Case("a part of ours is ours without a tag", created("update", "the size is 2"), part(size=2), WANTED, parent=STANDS, resource=Part()),
    Case("a part of what was adopted is adopted with it", as_adopted("adopt", "the size is 2"), part(size=2), WANTED, parent=STANDS_ADOPTED, resource=Part()),
    Case("a part that we added to an adopted one stays ours", created("nothing"), part(), WANTED, made(), STANDS_ADOPTED, resource=Part()),
    Case("a part that is missing on an adopted one is created", created("create", "missing"), ABSENT, WANTED, None, STANDS_ADOPTED, resource=Part()),
    Case("a setting that a new thing is created with is no change of its own", created("create", "thing are missing", with_parent=True), ABSENT, WANTED, None, Action("create"), resource=Carried()),
    Case("a setting that a new thing does not have is one", created("create", "thing is missing"), ABSENT, WANTED, None, Action("create"), resource=Setting()),
    Case("a setting of which nobody knows is counted", created("create", "missing"), ABSENT, WANTED, None, Action("create"), resource=Untold()),
    Case("a setting that should be unset, as a new thing has it, is nothing", created("nothing"), ABSENT, {"size": None}, None, Action("create"), resource=Unset()),
    Case("a part of what is made anew is made anew", created("create", "missing"), part(), WANTED, made(), Action("recreate"), resource=Part()),
    Case("a loose part of what is made anew stands", created("nothing"), part(), WANTED, made(), Action("recreate"), resource=LoosePart()),
    Case("a setting comes again with what is made anew", created("create", with_parent=True), part(), WANTED, made(), Action("recreate"), resource=Carried()),
    Case("what clients know by its id is replaced, not merely missing", created("create", "must be replaced: the URL changes, clients have to be told"), ABSENT, WANTED, known_as("a"), resource=Address()),
    Case("of another one in its place it is said, too", created("nothing", "another one than before: the URL changes"), ours(id="b"), WANTED, known_as("a"), resource=Address()),
)  # fmt: skip

REMOVED_CASES = (
    Case("what we made is deleted", created("delete", "was made by this deployment"), ours(), record=made()),
    Case("what carries our tag is deleted although a kill took the record", created("delete"), ours()),
    Case("what we never had is nobody's business of ours", created("nothing"), owned_by(None)),
    Case("what is neither there nor known is nothing", created("nothing"), ABSENT),
    Case("what is taken and was never ours is nothing", created("nothing"), TAKEN),
    Case("what somebody deleted is forgotten", created("forget", "no longer there"), ABSENT, record=made()),
    Case("what lost our tag is deleted, because the record knows that we made it", created("delete"), owned_by(None), record=made()),
    Case("what was made untagged is deleted before it got our tag", created("delete"), owned_by(None), record=in_the_making("creating untagged")),
    Case("what stands untagged where we only meant to create stays", created("keep", "tag any more"), owned_by(None), record=in_the_making("creating")),
    Case("what carries another tag now stays", created("keep", "tag any more"), owned_by(OTHER), record=made()),
    Case("what is another account's by now stays", created("keep", "another account"), TAKEN, record=made()),
    Case("what AWS made again in the place of ours goes", created("delete"), owned_by(None), record=made(), resource=AutoCreated()),
    Case("events stay", created("keep", EVENTS), Seen({"owner": OURS}, EVENTS), record=made()),
    Case("events go when the operator said so", created("delete"), Seen({"owner": OURS}, EVENTS), record=made(), consent=DELETE_EVENTS),
    Case("consent to delete events does not cover what is not ours any more", created("keep", "tag any more"), Seen({"owner": OTHER}, EVENTS), record=made(), consent=DELETE_EVENTS),
    Case("what stood there before gets its settings back", as_adopted("restore", "former settings"), owned_by(None), record=adopted(size=2)),
    Case("what stood there before and is as it was is given back", as_adopted("forget", "as it was"), owned_by(None, size=2), record=adopted(size=2)),
    Case("what nobody may have changed is not restored", as_adopted("forget", "as it was"), owned_by(None, colour="red"), record=adopted(size=1, colour="blue")),
    Case("what stood there before and is gone is forgotten", created("forget", "no longer there"), ABSENT, record=adopted(size=2)),
    Case("what stood there before and holds events is given back, never deleted", as_adopted("forget"), Seen({"size": 2, "owner": None}, EVENTS), record=adopted(size=2), consent=DELETE_EVENTS),
    Case("what could not be looked at is not touched", created("unknown", "Access was denied"), UNSEEN, record=made()),
    Case("a part goes with what we made", created("delete", "goes with", with_parent=True), part(), record=made(), parent=Action("delete"), resource=Part()),
    Case("a part stays with what stays", created("keep", "stays with", with_parent=True), part(), record=made(), parent=Action("keep"), resource=Part()),
    Case("a part stays with what could not be looked at", created("keep", "stays with", with_parent=True), part(), record=made(), parent=Action("unknown"), resource=Part()),
    Case("a part of what is gone is gone", created("forget", "goes with", with_parent=True), ABSENT, record=made(), parent=Action("forget"), resource=Part()),
    Case("a part that blocks the deletion is taken off first", created("delete", "was made by"), part(), record=made(), parent=Action("delete"), resource=LoosePart()),
    Case("a loose part of what stays, stays", created("keep", with_parent=True), part(), record=made(), parent=Action("keep"), resource=LoosePart()),
    Case("a loose part of what is gone is gone", created("forget", with_parent=True), ABSENT, record=made(), parent=Action("forget"), resource=LoosePart()),
    Case("a part that we added to what stood there before goes", created("delete", "was made by"), part(), record=made(), parent=Action("restore", origin="adopted"), resource=Part()),
    Case("a part that we added goes even where the rest is as it was", created("delete"), part(), record=made(), parent=Action("forget", origin="adopted"), resource=Part()),
    Case("a part of what stood there before is restored by itself", as_adopted("restore", "former settings"), part(), record=adopted(size=2), parent=Action("forget", origin="adopted"), resource=Part()),
    Case("a part that was switched off goes although its parent stands", created("delete", "was made by"), part(), record=made(), parent=STANDS, resource=Part()),
    Case("a part without a record is left to its parent", created("nothing"), part(), parent=Action("delete"), resource=Part()),
)  # fmt: skip
CASES = WANTED_CASES + REMOVED_CASES


@pytest.fixture(scope="module")
def at() -> Deployment:
    """Nobody calls anything on its account."""
    return make_deployment(Aws(boto3.Session(region_name=REGION), None, FakeClock()))


def decided(case: Case, at: Deployment) -> Action:
    return decide(
        case.resource,
        at,
        desired=case.desired,
        seen=case.seen,
        record=case.record,
        parent=case.parent,
        consent=case.consent,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_what_happens(at: Deployment, case: Case) -> None:
    action = decided(case, at)
    *expected, words = case.expected
    assert [action.kind, action.origin, action.with_parent] == expected
    assert words in " ".join(action.reasons)


def test_the_table_has_every_kind_and_no_reason_twice() -> None:
    assert {case.expected[0] for case in CASES} == set(get_args(Kind))
    assert len({case.why for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_an_action_says_why_unless_nothing_is_to_be_done(at: Deployment, case: Case) -> None:
    """`rollback --json` and the tables show the first reason."""
    action = decided(case, at)
    silent = (action.kind == "nothing" and not action.changes_url) or (
        action.kind == "adopt" and not action.difference
    )
    assert bool(action.reasons) is not silent


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_what_is_in_the_way_is_no_change_and_carries_its_error(at: Deployment, case: Case) -> None:
    action = decided(case, at)
    assert (action.error is not None) is (action.kind in ("conflict", "unknown"))
    if action.error is not None:
        assert not action.is_change
        assert action.error.next_step


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.record and case.record.before], ids=lambda case: case.why
)
def test_what_an_adopted_one_was_is_never_lost_while_it_stands(at: Deployment, case: Case) -> None:
    action = decided(case, at)
    assert case.record is not None
    if action.origin == "adopted":
        assert action.before == case.record.before


def test_what_is_adopted_is_remembered_as_it_was_seen(at: Deployment) -> None:
    seen = owned_by(None, size=2)
    action = decide(Thing(), at, desired=WANTED, seen=seen, record=None, consent=ADOPT)
    assert action.before == seen.facts
    assert action.difference == {"size"}


def test_a_restore_names_only_what_a_setup_may_have_changed(at: Deployment) -> None:
    action = decide(
        Thing(), at, desired=None, seen=owned_by(None, colour="red"), record=adopted(size=2, colour="blue")
    )
    assert action.kind == "restore"
    assert action.difference == {"size"}


@pytest.mark.parametrize(
    ("resource", "record", "found", "changes_url"),
    [
        (Address(), known_as("a"), None, True),
        (Address(), known_as("a"), {"id": "b"}, True),
        (Address(), known_as("a"), {"id": "a"}, False),
        (Address(), None, None, False),
        (Address(), made(), None, False),
        (Thing(), known_as("a"), None, False),
    ],
    ids=["gone", "another one", "the same", "never there", "only begun", "in no URL"],
)
def test_clients_have_to_be_told_when_what_their_url_leads_to_is_another_one(
    at: Deployment, resource: AnyResource, record: Record | None, found: Facts | None, changes_url: bool
) -> None:
    seen = ours(**found) if found else ABSENT
    action = decide(resource, at, desired=WANTED, seen=seen, record=record)
    assert action.changes_url is changes_url


def test_a_lost_deployment_is_told_from_a_stranger_because_recover_helps_there_only(at: Deployment) -> None:
    lost = decide(Thing(), at, desired=WANTED, seen=owned_by(ELDER), record=None)
    strange = decide(Thing(), at, desired=WANTED, seen=owned_by(OTHER), record=None)
    assert isinstance(lost.error, LostStateError)
    assert not isinstance(strange.error, LostStateError)


def test_dead_credentials_while_looking_decide_nothing(at: Deployment) -> None:
    dead = CredentialsError(what="The session has expired.", why="-", next_step="-")
    for desired in (WANTED, None):
        action = decide(Thing(), at, desired=desired, seen=Seen(error=dead), record=made())
        assert (action.kind, action.error) == ("unknown", dead)


@pytest.mark.parametrize(
    ("action", "is_change"),
    [
        (Action("create"), True),
        (Action("update"), True),
        (Action("recreate"), True),
        (Action("delete"), True),
        (Action("restore"), True),
        (Action("delete", with_parent=True), False),
        (Action("adopt", difference=frozenset({"size"})), True),
        (Action("adopt"), False),
        (Action("keep"), False),
        (Action("forget"), False),
        (Action("nothing"), False),
        (Action("conflict"), False),
        (Action("unknown"), False),
    ],
    ids=str,
)
def test_what_asks_aws_for_a_change(action: Action, is_change: bool) -> None:
    assert action.is_change is is_change
