"""What was typed after `setup`, and the command lines that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.in_process.workspace import make_identity
from wizard.commands.setup_request import Request, equivalent
from wizard.options import Options
from wizard.settings.resolve import Said, resolve
from wizard.state import answers

IDENTITY = make_identity(region="eu-west-1")


@pytest.fixture(autouse=True)
def _nothing_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "EVENTTRACK_NAME", "EVENTTRACK_MEMORY_MB"):
        monkeypatch.delenv(name, raising=False)


def line(
    request: Request,
    *,
    name: str | None = None,
    asked: Mapping[str, str] | None = None,
    saved: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """The equivalent command line of what a request and answers lead to."""
    identity = replace(IDENTITY, name=name) if name else IDENTITY
    resolved = resolve(
        identity,
        Said(asked=asked or {}, flags=request.flags, environment=environment or {}),
        saved=saved or {},
    )
    return equivalent(request, identity, resolved, saved or {})


def test_the_equivalent_command_names_what_differs_from_the_defaults_and_where() -> None:
    asked = {"memory_mb": "256", "timeout_seconds": "10", "versioning": "yes", "api_name": "a b"}
    assert line(Request(Options()), asked=asked) == (
        "eventtrack-wizard setup --yes --versioning --memory-mb 256 --api-name 'a b' --region eu-west-1"
    )
    assert line(Request(Options()), name="shop").endswith("setup --yes --region eu-west-1 --name shop")


def test_files_of_answers_are_replaced_by_what_they_say_and_the_token_stays_out() -> None:
    request = Request(
        Options(token="t0ken", state=Path("s.json")), answers=Path("a.toml"), save_answers=Path("b.toml"),
        reconfigure=True, adopt=True, jobs=2,
    )  # fmt: skip
    assert line(request) == (
        "eventtrack-wizard setup --yes --adopt --jobs 2 --state s.json --region eu-west-1"
    )


def test_what_the_state_file_would_say_otherwise_is_named_even_where_it_is_the_default() -> None:
    saved = {"memory_mb": 256, "timeout_seconds": 20, "closed": True}
    asked = {"memory_mb": "128", "closed": "no"}
    assert line(Request(Options()), asked=asked, saved=saved) == (
        "eventtrack-wizard setup --yes --memory-mb 128 --timeout-seconds 20 --open --region eu-west-1"
    )


def test_so_is_what_the_environment_would_say_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTTRACK_MEMORY_MB", "256")
    monkeypatch.setenv("EVENTTRACK_NAME", "from-environment")
    said = line(Request(Options()), asked={"memory_mb": "128"})
    assert "--memory-mb 128" in said
    assert f"--name {IDENTITY.name}" in said


def test_a_timeout_that_was_insisted_on_is_insisted_on_again() -> None:
    assert "--insist" in line(Request(Options()), asked={"timeout_seconds": "60"})


def test_a_local_deployment_needs_no_region() -> None:
    identity = replace(IDENTITY, local=True)
    resolved = resolve(identity)
    said = equivalent(Request(Options(local=True)), identity, resolved, {})
    assert said == "eventtrack-wizard setup --yes --local"


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_places_of_an_answers_file_come_after_flags_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(answers.written("shop", "eu-west-1", True, {"memory_mb": 256}))
    request = Request(Options(), answers=path)
    read = request.with_answers()
    assert read.options == Options(name="shop", region="eu-west-1", local=True)
    assert read.said.texts == {"memory_mb": "256"}
    typed = replace(request, options=Options(name="typed", region="us-east-2")).with_answers().options
    assert (typed.name, typed.region) == ("typed", "us-east-2")
    monkeypatch.setenv(variable, "sa-east-1")
    assert request.with_answers().options.region is None, "the environment says it"


def test_without_an_answers_file_nothing_is_read() -> None:
    request = Request(Options())
    assert request.with_answers() is request
