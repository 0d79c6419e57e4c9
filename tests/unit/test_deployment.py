"""Opening a deployment: its own token."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.in_process.workspace import make_identity
from wizard.deployment import OwnToken, current_token, own_token
from wizard.errors import UsageError
from wizard.options import Options
from wizard.state.model import State
from wizard.tokens import token as tokens

ON_AWS = make_identity()


class TestOwnToken:
    """The token that the deployment has, or will have."""

    GOOD, OTHER = "a-token-of-enough-characters", "another-one-of-enough-characters"

    def own(self, folder: Path, in_file: str | None, *, knows: str | None = None) -> OwnToken:
        options = Options(folder / "state.json")
        if in_file is not None:
            tokens.token_path(options.state).write_text(in_file)
        known = [tokens.digest(knows)] if knows else []
        return own_token(options, State(ON_AWS, tokens=known))

    @pytest.mark.parametrize("text", ["x", "a token with blanks in it"])
    def test_what_somebody_wrote_into_the_tokens_file_is_let_in_by_nobody_unless_it_is_a_secret(
        self, tmp_path: Path, text: str
    ) -> None:
        with pytest.raises(UsageError, match=r"state\.token") as refused:
            self.own(tmp_path, text, knows=self.GOOD)
        assert text not in f"{refused.value.why} {refused.value.next_step}"

    def test_a_token_that_is_in_force_is_not_judged_anew(self, tmp_path: Path) -> None:
        assert self.own(tmp_path, "short", knows="short").added is None

    def test_a_good_one_joins_those_that_there_are_under_a_label_of_its_own(self, tmp_path: Path) -> None:
        added = self.own(tmp_path, self.OTHER, knows=self.GOOD).added
        assert added is not None
        assert added.label == "default-2"

    @pytest.mark.parametrize("said_by", ["--token", "EVENTTRACK_TOKEN"])
    def test_a_bad_one_is_told_with_the_place_where_it_stands(
        self, monkeypatch: pytest.MonkeyPatch, said_by: str
    ) -> None:
        if said_by == "EVENTTRACK_TOKEN":
            monkeypatch.setenv(said_by, "short")
        options = Options(token="short" if said_by == "--token" else None)
        with pytest.raises(UsageError, match=said_by):
            current_token(options)
