"""Standard streams that are closed or full, as cron jobs, pipes and full disks leave them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

WIZARD = f"{sys.executable} -m wizard"
CANNOT_WRITE = "error: The output could not be written: No space left on device. What was done is saved.\n"


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "EVENTTRACK_LOCAL_HOME": str(folder / "local-aws")}  # where nothing runs
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", ["--version", "status --help", "local status --json"])
def test_a_full_disk_behind_the_output_is_said_in_one_line_so_that_a_script_knows_its_file_is_not_whole(
    command: str, tmp_path: Path
) -> None:
    done = shell(f"{WIZARD} {command} > /dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (1, CANNOT_WRITE)


def test_when_even_the_message_cannot_be_written_the_exit_code_still_tells(tmp_path: Path) -> None:
    done = shell(f"{WIZARD} --version > /dev/full 2> /dev/full", tmp_path)
    assert done.returncode == 1


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing_about_what_a_command_does(closed: str, tmp_path: Path) -> None:
    done = shell(f"{WIZARD} local status --json {closed}", tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode == 3
