"""How the extra `local` is added: by the tool that installed the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.extras import install_command, requirements


@pytest.mark.parametrize(
    ("receipt", "begins"),
    [
        (None, "/p/python -m pip install "),
        ("uv-receipt.toml", "uv pip install --python '{prefix}' "),
        ("pipx_metadata.json", "pipx inject eventtrack-wizard "),
    ],
)
def test_the_command_adds_it_to_the_installation_that_runs_and_not_to_another(
    receipt: str | None, begins: str, tmp_path: Path
) -> None:
    prefix = tmp_path / "an environment"
    prefix.mkdir()
    if receipt:
        (prefix / receipt).touch()
    command = install_command("local", str(prefix), "/p/python")
    assert command.startswith(begins.format(prefix=prefix))


def test_what_is_added_is_what_the_project_itself_asks_for() -> None:
    (requirement,) = requirements("local")
    assert requirement.startswith("ministack")
