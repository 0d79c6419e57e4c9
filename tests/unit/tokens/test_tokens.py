"""The rules of tokens, labels and rotations: no AWS here."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from wizard.errors import StateError, UsageError
from wizard.state.model import TokenDigest
from wizard.tokens import rotation as rotations
from wizard.tokens import token as tokens
from wizard.tokens.rotation import Rotation

OWN = "own-token-of-the-deployment"
OTHER = "token-of-another-client"


def known(*labels: str) -> list[TokenDigest]:
    return [tokens.digest(f"token-number-{number}", label) for number, label in enumerate(labels)]


@pytest.mark.parametrize("label", ["a", "web", "iOS-1.2_beta", "x" * 32])
def test_good_labels_pass_unchanged(label: str) -> None:
    assert tokens.checked_label(label, ()) == label


@pytest.mark.parametrize("label", ["", "x" * 33, "two words", "comma,separated", "new\nline", "grün", "a/b"])
def test_labels_that_the_functions_environment_or_a_header_cannot_carry_are_refused(label: str) -> None:
    with pytest.raises(UsageError, match="cannot be a token's label"):
        tokens.checked_label(label, ())


def test_a_label_is_given_once_because_it_tells_clients_apart() -> None:
    with pytest.raises(UsageError, match="already"):
        tokens.checked_label("web", ["web"])


@pytest.mark.parametrize(
    ("wish", "taken", "free"),
    [
        ("client", [], "client"),
        ("client", ["client"], "client-2"),
        ("client", ["client", "client-2"], "client-3"),
        ("x" * 40, [], "x" * 32),
        ("x" * 32, ["x" * 32], "x" * 30 + "-2"),
    ],
)
def test_a_free_label_is_found_and_never_too_long(wish: str, taken: list[str], free: str) -> None:
    assert tokens.free_label(wish, taken) == free
    assert tokens.checked_label(free, taken) == free


def test_revoking_takes_out_exactly_the_named_token() -> None:
    assert [token.label for token in tokens.without(known("a", "b", "c"), "b", [OWN])] == ["a", "c"]


@pytest.mark.parametrize(
    ("held", "own", "reason"),
    [
        (known("a"), None, "last token"),
        ([*known("b"), tokens.digest(OWN, "a")], OWN, "this wizard itself"),
        (known("b", "c"), None, "no token with the label"),
    ],
)
def test_tokens_that_may_not_go_stay_with_a_reason_and_a_way_out(
    held: list[TokenDigest], own: str | None, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason) as refused:
        tokens.without(held, "a", [own])

    assert "eventtrack-wizard" in refused.value.next_step


@pytest.fixture
def state_path(tmp_path: Path) -> Path:
    return tmp_path / "eventtrack-state.json"


def begun(state_path: Path, *, label: str | None = None, keep_old: bool = False) -> Rotation:
    held = [tokens.digest(OWN, "default"), tokens.digest(OTHER, "web")]
    return rotations.begin(state_path, held, OWN, label, keep_old=keep_old)


def test_the_new_token_takes_over_the_label_because_the_client_stays_the_same(state_path: Path) -> None:
    held = [tokens.digest(OWN, "default"), tokens.digest(OTHER, "web")]
    rotation = begun(state_path)

    joined = rotation.joined(held)
    finished = rotation.finished(joined)

    assert [token.label for token in joined] == ["default.old", "web", "default"]
    assert [token.sha256 for token in joined[:2]] == [token.sha256 for token in held]
    assert [token.label for token in finished] == ["web", "default"]
    assert finished[1].sha256 == tokens.digest(rotation.token).sha256


def test_a_new_token_with_a_label_of_its_own_leaves_the_old_ones_label_alone(state_path: Path) -> None:
    rotation = begun(state_path, label="summer")

    assert [t.label for t in rotation.joined([tokens.digest(OWN, "default")])] == ["default", "summer"]


def test_keeping_the_old_token_keeps_it_for_the_operator_to_revoke(state_path: Path) -> None:
    rotation = begun(state_path, keep_old=True)
    joined = rotation.joined([tokens.digest(OWN, "default")])

    assert rotation.finished(joined) == joined


def test_every_step_may_be_repeated_because_a_kill_may_come_after_any(state_path: Path) -> None:
    rotation = begun(state_path)
    once = rotation.joined([tokens.digest(OWN, "default")])

    assert rotation.joined(once) == once
    assert rotation.finished(rotation.finished(once)) == rotation.finished(once)
    assert rotation.joined(rotation.finished(once)) == rotation.finished(once), "the old one must not return"


def test_a_second_rotation_that_kept_the_first_old_token_finds_another_name_for_the_next(
    state_path: Path,
) -> None:
    first = begun(state_path, keep_old=True)
    joined = first.joined([tokens.digest(OWN, "default")])
    second = rotations.begin(state_path, joined, first.token, None, keep_old=True)

    labels = [token.label for token in second.joined(joined)]

    assert labels == ["default.old", "default.old-2", "default"]


def test_a_rotation_is_on_disk_for_its_owner_alone_before_anything_else_happens(state_path: Path) -> None:
    rotation = begun(state_path)

    assert rotations.unfinished(state_path) == rotation
    assert stat.S_IMODE(tokens.rotation_path(state_path).stat().st_mode) == 0o600
    assert rotation.token not in repr(rotation)


@pytest.mark.parametrize("own", [None, "a-token-that-nobody-knows"])
def test_without_a_token_of_this_deployment_there_is_nothing_to_rotate(
    state_path: Path, own: str | None
) -> None:
    with pytest.raises(UsageError, match="no token to replace"):
        rotations.begin(state_path, known("a"), own, None, keep_old=False)

    assert rotations.unfinished(state_path) is None


def test_a_rotation_cannot_take_the_label_of_another_client(state_path: Path) -> None:
    with pytest.raises(UsageError, match="already"):
        begun(state_path, label="web")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"token": 1}'])
def test_a_damaged_rotation_file_is_an_error_in_words_and_shows_nothing_of_it(
    state_path: Path, damage: str
) -> None:
    tokens.rotation_path(state_path).write_text(damage)

    with pytest.raises(StateError) as refused:
        rotations.unfinished(state_path)

    assert str(tokens.rotation_path(state_path)) in refused.value.what


def test_a_rollback_forgets_both_files(state_path: Path) -> None:
    tokens.write(state_path, OWN)
    begun(state_path)

    tokens.remove(state_path)
    tokens.remove(state_path)

    assert list(state_path.parent.iterdir()) == []
