"""`report`, and the files that commands write: complete or not there; opened where somebody sees it."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

from wizard.commands.report import show
from wizard.commands.result_files import refuse_existing, replaced
from wizard.errors import UsageError


def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    """A limit of the process stands for the disk."""
    file = tmp_path / "x.html"
    file.write_text("old")
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, former[1]))
    try:
        with pytest.raises(UsageError) as failure, replaced(file, overwrite=True) as temporary:
            temporary.write_text("x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        signal.signal(signal.SIGXFSZ, handler)

    assert "x.html cannot be written." in failure.value.what
    assert failure.value.why == "File too large."
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]


@pytest.mark.parametrize("name", ["nowhere/x.html", "a file/x.html", "x" * 255])
def test_a_place_where_no_file_can_be_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()

    with pytest.raises(UsageError, match="cannot be written"), replaced(tmp_path / name, overwrite=True):
        pytest.fail("nothing is read for it")

    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_what_is_there_is_replaced_only_where_that_is_said_and_a_folder_never(tmp_path: Path) -> None:
    file = tmp_path / "x.html"
    refuse_existing(file, overwrite=False)
    file.touch()
    refuse_existing(file, overwrite=True)

    with pytest.raises(UsageError, match="exists already"):
        refuse_existing(file, overwrite=False)
    with pytest.raises(UsageError, match="is a folder"):
        refuse_existing(tmp_path, overwrite=True)
    with pytest.raises(UsageError, match=r"File name too long\."):
        refuse_existing(tmp_path / ("x" * 300), overwrite=False)


def test_a_file_that_was_made_while_the_result_was_written_is_not_replaced_unasked(tmp_path: Path) -> None:
    file = tmp_path / "x.html"
    refuse_existing(file, overwrite=False)
    with (
        pytest.raises(UsageError, match=r"x\.html exists already"),
        replaced(file, overwrite=False) as temporary,
    ):
        temporary.write_text("ours")
        file.write_text("theirs")

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x.html": "theirs"}


def test_a_new_file_is_readable_by_its_owner_alone_because_events_tell_of_persons(tmp_path: Path) -> None:
    file = tmp_path / "x.html"
    with replaced(file, overwrite=False) as temporary:
        temporary.write_text("new")

    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)


def test_a_device_is_never_replaced_by_a_file_or_the_machine_would_lose_it() -> None:
    with pytest.raises(UsageError, match="is no file"):
        refuse_existing(Path("/dev/null"), overwrite=True)


def test_what_a_link_leads_to_is_replaced_and_not_the_link(tmp_path: Path) -> None:
    file, link = tmp_path / "real.html", tmp_path / "link.html"
    file.write_text("old")
    link.symlink_to(file.name)
    with replaced(link, overwrite=True) as temporary:
        temporary.write_text("new")
    assert (link.is_symlink(), file.read_text()) == (True, "new")


def test_a_link_that_leads_nowhere_but_to_itself_is_replaced(tmp_path: Path) -> None:
    loop, other = tmp_path / "a.html", tmp_path / "b.html"
    loop.symlink_to(other.name)
    other.symlink_to(loop.name)
    with replaced(loop, overwrite=True) as temporary:
        temporary.write_text("new")
    assert "new" in {path.read_text() for path in tmp_path.iterdir() if path.is_file()}


def test_the_page_is_opened_by_its_address_whatever_the_file_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return True

    show(tmp_path / "a b#c.html", browse)

    assert opened == [f"{tmp_path.as_uri()}/a%20b%23c.html"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("browse", "said"), [(None, "There is no desktop"), (lambda _url: False, "No browser could be started")]
)
def test_where_nobody_would_see_it_the_address_is_said(
    browse: None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(tmp_path / "x.html", browse)

    message = " ".join(capsys.readouterr().err.split())
    assert said in message
    assert (tmp_path / "x.html").as_uri() in message.replace(" ", "")
