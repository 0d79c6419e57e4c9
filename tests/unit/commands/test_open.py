"""`open`: pages of AWS's console for what the state file says stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.in_process.workspace import make_identity
from wizard.cli.app import Page
from wizard.commands.open import PAGES, show
from wizard.errors import ExitCode, StateError, UsageError
from wizard.options import Options
from wizard.state.model import Record, State

FACTS = {
    "bucket": {"name": "shop-9fa3"},
    "function": {"name": "shop-processor"},
    "api": {"id": "a1b2", "name": "shop-api"},
    "log_group": {"name": "/aws/lambda/shop-processor"},
}


def options(folder: Path, *present: str, **identity: object) -> Options:
    """The options of a command on a deployment of which these things stand."""
    records = {key: Record("present", "created", dict(FACTS[key]), None, "") for key in present}
    records.setdefault("function", Record("creating", "created", {}, None, ""))
    state = State(replace(make_identity(), **identity), records=records)  # type: ignore[arg-type]
    (folder / "state.json").write_text(state.as_text())
    return Options(state=folder / "state.json")


def test_every_page_is_a_line_with_its_name_and_is_opened_where_somebody_looks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return True

    assert show(options(tmp_path, *FACTS), None, browse) == ExitCode.DONE

    printed = capsys.readouterr()
    lines = [line.split() for line in printed.out.splitlines()]
    assert [name for name, _url in lines] == ["bucket", "function", "api", "logs"]
    assert [url for _name, url in lines] == opened
    assert "signed in to account 123456789012" in printed.err


def test_one_page_may_be_asked_for_and_nothing_is_said_where_nothing_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(options(tmp_path, *FACTS), "api", None)
    printed = capsys.readouterr()
    assert printed.err == ""
    (line,) = printed.out.splitlines()
    assert line.startswith("api      https://us-east-1.console.aws.amazon.com/apigateway/main/apis/a1b2/")


def test_a_browser_that_does_not_start_is_not_said_to_show_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(options(tmp_path, *FACTS), None, lambda _url: False) == ExitCode.DONE
    assert capsys.readouterr().err == ""


def test_what_does_not_stand_has_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(options(tmp_path, "bucket"), None, None)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["bucket"]
    with pytest.raises(StateError) as caught:
        show(options(tmp_path, "bucket"), "api", None)
    assert "no api" in caught.value.what


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"local": True, "endpoint_url": None}, "on a local AWS"),
        ({"endpoint_url": "http://localhost:4566"}, "on an emulator, http://localhost:4566"),
        ({"partition": "aws-iso"}, "of the partition aws-iso is not known"),
    ],
)
def test_where_there_is_no_console_it_says_so(place: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        show(options(tmp_path, *FACTS, **place), None, None)
    assert words in caught.value.what


def test_the_command_line_offers_the_pages_that_there_are() -> None:
    assert [page.value for page in Page] == list(PAGES)
