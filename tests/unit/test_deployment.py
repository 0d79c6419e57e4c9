"""Opening a deployment: where it is, whatever the shell around it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.in_process import FakeClock
from tests.aws.in_process.workspace import make_identity
from wizard.aws.caller import Caller
from wizard.deployment import Account, OwnToken, connect, current_token, new_identity, own_token
from wizard.errors import UsageError
from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.state.model import State
from wizard.tokens import token as tokens

EMULATOR = "http://127.0.0.1:4566"
ON_AWS = make_identity()
THERE = replace(ON_AWS, endpoint_url=EMULATOR)


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell in which every tool of AWS is led to an emulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", EMULATOR)
    monkeypatch.delenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", raising=False)


def opened(identity: DeploymentId | None, endpoint_url: str | None = None) -> Account:
    return connect(Options(region=ON_AWS.region, endpoint_url=endpoint_url), FakeClock(), identity)


@pytest.mark.parametrize("identity", [None, THERE], ids=["a new one", "one that was set up there"])
def test_an_emulator_that_the_shell_names_is_none_of_aws_because_all_calls_go_there(
    identity: DeploymentId | None,
) -> None:
    assert opened(identity).aws.endpoint_url == EMULATOR


def test_the_flag_counts_more_than_the_shell() -> None:
    assert opened(None, endpoint_url="http://127.0.0.1:5000").aws.endpoint_url == "http://127.0.0.1:5000"


def test_a_deployment_on_aws_is_not_looked_for_in_an_emulator_where_all_of_it_would_be_missing() -> None:
    with pytest.raises(UsageError) as refused:
        opened(ON_AWS)
    assert EMULATOR in refused.value.what
    assert "Leave out the variable AWS_ENDPOINT_URL" in refused.value.next_step


def test_a_shell_that_has_botocore_ignore_it_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert opened(ON_AWS).aws.endpoint_url is None


def test_a_new_deployment_is_held_to_the_emulator_whatever_later_shells_say() -> None:
    account = Account(opened(None).aws, caller=Caller(ON_AWS.account, "aws", "arn:aws:iam::1:user/me"))
    assert new_identity(account, "shop", Options()).endpoint_url == EMULATOR


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
