"""The wizard without a clone: built as a wheel, installed into an empty environment, used from there."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling import build as hatchling

from tests import PROJECT
from tests.tools.local_deployment import SECONDS_FOR_A_COMMAND, LocalDeployment
from wizard import package

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("installed")]


def built(folder: Path, monkeypatch: pytest.MonkeyPatch, *, editable: bool = False) -> Path:
    """The wheel of this project, made without a download."""
    monkeypatch.chdir(PROJECT)
    build = hatchling.build_editable if editable else hatchling.build_wheel
    return folder / build(str(folder))


def top_level(wheel: Path) -> set[str]:
    """What the wheel puts into site-packages, without its own metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name.split("/")[0] for name in archive.namelist() if ".dist-info/" not in name}


class Installed(LocalDeployment):
    """The command line of an environment into which nothing but the wheel was installed."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        super().__init__(folder)
        self.venv = folder / "venv"
        venv.create(self.venv, symlinks=True)
        self.python = self.venv / "bin" / "python"
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)

    @property
    def environment(self) -> dict[str, str]:
        kept = super().environment
        del kept["PYTHONPATH"]
        return kept

    def finds(self, module: str) -> bool:
        """Whether its Python can import something of this name."""
        asked = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        done = subprocess.run([self.python, "-c", asked], cwd=self.folder, env=self.environment, check=False)
        return done.returncode == 0

    def borrow_dependencies(self) -> None:
        """Let it find the libraries of the Python that runs the tests: what an index would give it."""
        (site,) = self.venv.glob("lib/python*/site-packages")
        libraries = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (site / "dependencies.pth").write_text("\n".join(libraries))

    def run(self, *arguments: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.venv / "bin" / "eventtrack-wizard", *arguments],
            cwd=self.folder, env=self.environment, timeout=SECONDS_FOR_A_COMMAND,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == exit_code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as monkeypatch:
        wheel = built(folder, monkeypatch)
    deployment = Installed(folder, wheel)
    yield deployment
    if deployment.home.exists():
        deployment.run("local", "stop")


def test_the_handler_is_no_package_of_its_own_in_everybodys_site_packages(installed: Installed) -> None:
    assert top_level(next(installed.folder.glob("*.whl"))) == {"wizard"}
    assert installed.finds("wizard")
    for name in ("lambda_code", "lambda_function", "tests"):
        assert not installed.finds(name), name


def test_an_editable_install_holds_no_copy_of_the_handler_which_would_grow_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {Path(name).suffix for name in top_level(built(tmp_path, monkeypatch, editable=True))} == {".pth"}


@pytest.mark.local
def test_a_wheel_deploys_the_very_code_that_a_clone_deploys(installed: Installed) -> None:
    pytest.importorskip("ministack", reason="the extra `local` is not installed")
    installed.borrow_dependencies()
    installed.run("setup", "--local", "--yes")
    assert "Stored in s3://" in installed.run("send-test").stdout
    function = installed.client("lambda").get_function_configuration(
        FunctionName=installed.state["settings"]["function_name"]
    )
    assert function["CodeSha256"] == package.build().sha256
    assert package.CODE_FOLDER == PROJECT / "lambda_code", "this process compares with the clone's"
    installed.run("rollback", "--yes", "--delete-events")
