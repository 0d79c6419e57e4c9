"""An upgrade of the function's code, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.in_process import Account, Workspace
from wizard import package
from wizard.errors import UsageError
from wizard.package import packed
from wizard.phases import RESOURCES
from wizard.uploads import Uploads


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "code")


@pytest.fixture
def former(account: Account, workspace: Workspace, uploads: Uploads) -> str:
    """An earlier version has uploaded its code; returns its digest."""
    workspace.apply(uploads=uploads)
    old = packed(package.build().content + b"an earlier version")
    uploads.keep(old)
    functions, name = account.look.functions, workspace.settings.function_name
    functions.update_function_code(FunctionName=name, ZipFile=old.content)
    return old.sha256


def newest(folder: Path) -> bytes:
    """What was kept last."""
    return max((folder / "code").iterdir(), key=lambda path: int(path.stem)).read_bytes()


def standing(account: Account, workspace: Workspace) -> str:
    name = workspace.settings.function_name
    return account.look.functions.get_function_configuration(FunctionName=name)["CodeSha256"]


def test_every_upload_is_kept_because_the_next_version_will_want_to_go_back_to_it(
    account: Account, workspace: Workspace, uploads: Uploads, tmp_path: Path
) -> None:
    workspace.apply(uploads=uploads)
    assert newest(tmp_path) == package.build().content

    uploads.keep(packed(b"another version"))
    functions, name = account.look.functions, workspace.settings.function_name
    functions.update_function_code(FunctionName=name, ZipFile=package.build().content + b"another version")
    workspace.apply(uploads=uploads)
    assert newest(tmp_path) == package.build().content


def test_an_upgrade_changes_the_code_and_nothing_else_and_there_is_a_way_back_and_forth(
    account: Account, workspace: Workspace, uploads: Uploads, former: str
) -> None:
    ours = package.build().sha256
    for previous, expected in ((False, ours), (True, former), (False, ours)):
        workspace.overrides["previous_code"] = previous
        account.calls.clear()
        workspace.apply(uploads=uploads)

        assert account.calls.changing() == ["lambda.UpdateFunctionCode", "lambda.Invoke"], "and its proof"
        assert standing(account, workspace) == expected
        account.calls.clear()
        workspace.apply(uploads=uploads)
        assert account.calls.changing() == [], "a second time there is nothing to do"


def test_the_former_code_is_put_back_where_somebody_has_deleted_the_function(
    account: Account, workspace: Workspace, uploads: Uploads, former: str
) -> None:
    workspace.apply(uploads=uploads)
    workspace.overrides["previous_code"] = True
    workspace.apply(uploads=uploads)
    account.look.functions.delete_function(FunctionName=workspace.settings.function_name)
    account.calls.clear()
    workspace.apply(uploads=uploads)

    assert "lambda.UpdateFunctionCode" not in account.calls.changing(), "it is created with it"
    assert standing(account, workspace) == former


def test_where_there_is_no_former_code_nothing_is_changed(account: Account, workspace: Workspace) -> None:
    workspace.apply()
    workspace.overrides["previous_code"] = True
    account.calls.clear()

    with pytest.raises(UsageError, match="no former code"):
        workspace.apply()
    assert account.calls.changing() == []


def test_a_former_code_that_another_machine_has_uploaded_is_no_drift(
    account: Account, workspace: Workspace, uploads: Uploads, former: str
) -> None:
    workspace.apply(uploads=uploads)
    workspace.overrides["previous_code"] = True
    workspace.apply(uploads=uploads)
    account.calls.clear()
    workspace.apply(uploads=Uploads())

    assert account.calls.changing() == []


def test_without_a_former_code_nothing_is_said_of_one(workspace: Workspace) -> None:
    workspace.apply()
    at, _store = workspace.open()

    assert RESOURCES["function"].remark(at, at.known["function"]) is None


def test_what_runs_and_the_way_from_it_is_said(workspace: Workspace, uploads: Uploads, former: str) -> None:
    def said() -> str | None:
        at, _store = workspace.open(uploads=uploads)
        return RESOURCES["function"].remark(at, at.known["function"])

    workspace.apply(uploads=uploads)
    assert "setup --previous-code" in str(said())
    workspace.overrides["previous_code"] = True
    workspace.apply(uploads=uploads)
    assert "setup --current-code" in str(said())
