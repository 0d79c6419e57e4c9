"""The background process: start it detached, see whether it lives, end it and only it."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from wizard.local.errors import LocalAwsError
from wizard.local.folder import DataFolder, Record, unusable
from wizard.local.inspection import command_line, process_started
from wizard.local.ports import LOOPBACK

# MiniStack waits up to 3 seconds for open connections and then saves its state.
STOP_TIMEOUT_SECONDS = 20.0
KILL_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 0.02

_INHERITED_VARIABLES = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV",
)  # fmt: skip
# MiniStack hands its whole environment to the functions it runs. So it gets this short list and nothing
# else: no AWS_* of the operator, no token.

_LAUNCH_SCRIPT = '"$@" & echo "$!" >"$0"'
# The shell, not we, writes the process id: a wizard killed at this very moment leaves it behind all the
# same. As the shell's background child MiniStack also ignores Ctrl-C and never becomes our zombie.


def require_installed(find_spec: Callable[[str], object | None] = importlib.util.find_spec) -> None:
    """Refuse early and in words when the optional extra is missing.

    Args:
        find_spec: looks a module up without importing it.
    """
    if find_spec("ministack") is None:
        from wizard.extras import install_command

        raise LocalAwsError(
            what="The embedded local AWS is not installed.",
            why="It comes with the optional extra `local`.",
            next_step=f"Add it with: {install_command('local')}",
        )


def launch(folder: DataFolder, record: Record) -> str | None:
    """Start MiniStack detached from this terminal; returns when it began, in the kernel's words.

    Args:
        record: written down as soon as the folder counts as alive.
    """
    folder.process_id_path.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        alive = _open_for(stack, os.open(folder.alive_path, os.O_RDWR))
        log = _open_for(stack, folder.open_log())
        fcntl.flock(alive, fcntl.LOCK_EX)
        # Not before: a record that nobody lives to is what a killed one leaves (`losses.ended_unsaved`).
        folder.write_record(record)
        subprocess.run(  # noqa: S603  our own interpreter and a constant script
            ["/bin/sh", "-c", _LAUNCH_SCRIPT, folder.process_id_path, sys.executable, "-m", "ministack"],
            env=_environment(folder, record, os.environ),
            cwd=folder.path,  # keeps the operator's folder free and out of the import path
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(alive,),
            umask=0o077,
            check=True,
        )
    process_id = folder.read_process_id()
    return None if process_id is None else process_started(process_id)


def is_alive(folder: DataFolder) -> bool:
    """Whether MiniStack runs on this folder, healthy or not: it holds the lock as long as it lives."""
    with contextlib.ExitStack() as stack:
        try:
            alive = _open_for(stack, os.open(folder.alive_path, os.O_RDONLY))
            # A shared lock, so that two who look at once do not take each other for MiniStack.
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unusable(folder.path, error) from error
    return False


def end(folder: DataFolder, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
    """End the living process: politely, so that it saves its state, and by force as the last resort.

    Args:
        timeout_seconds: how long it may take to save its state.

    Raises:
        LocalAwsError: the process is not the one we started, or does not end.
    """
    for sent, seconds in ((signal.SIGTERM, timeout_seconds), (signal.SIGKILL, KILL_TIMEOUT_SECONDS)):
        process_id = _own_process_id(folder)
        if process_id is None and is_alive(folder):
            break
        if process_id is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, sent)
        if wait_until_gone(folder, seconds):
            folder.process_id_path.unlink(missing_ok=True)
            return
    raise LocalAwsError(
        what="The embedded local AWS does not stop.",
        why=f"A process still holds {folder.alive_path}, and {folder.process_id_path} does not name it, "
        "or it does not end.",
        next_step=f"Find it with `lsof {folder.alive_path}`, end it, and run the command again.",
    )


def _environment(folder: DataFolder, record: Record, environment: Mapping[str, str]) -> dict[str, str]:
    return {
        **{name: environment[name] for name in _INHERITED_VARIABLES if name in environment},
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(folder.temporary_path),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "GATEWAY_PORT": str(record.port),
        "MINISTACK_EDITION": record.instance,  # free text that the health answer repeats
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.state_path),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder.objects_path),
        "LAMBDA_EXECUTOR": "local",
        # Other listeners off, and no Docker daemon: MiniStack would remove containers there at every start.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder.path}/no-docker.sock",
        # A function must not find the operator's own profile through HOME.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _own_process_id(folder: DataFolder) -> int | None:
    """The id to signal, or None if whoever has that id now is not what we started."""
    process_id = folder.read_process_id()
    record = folder.read_record()
    if process_id is None or not is_alive(folder):
        return None
    if record is not None and record.process_started not in (None, process_started(process_id)):
        return None
    return process_id if "ministack" in command_line(process_id) else None


def wait_until_gone(folder: DataFolder, timeout_seconds: float) -> bool:
    """Whether the process has ended within this time."""
    deadline = time.monotonic() + timeout_seconds
    while is_alive(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _open_for(stack: contextlib.ExitStack, descriptor: int) -> int:
    stack.callback(os.close, descriptor)
    return descriptor
