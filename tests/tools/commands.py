"""The real command line as a process of its own, without the half second in which Python loads it; so is a
program on a terminal.

A server loads everything once and forks for every command: its child has its own arguments, folder,
environment and standard streams, its own id to be killed by, and ends as any interpreter ends, or nearly
(`Ending`). What a start itself costs and loads is tested with `python -m wizard`
(`tests/e2e/test_start_up.py`).
"""

from __future__ import annotations

import atexit
import builtins
import fcntl
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import IO, Any

from tests import PROJECT
from tests.aws.names import REGION

LENGTH_BYTES = 4


class Command:
    """A command that runs or has run; the part of `subprocess.Popen` that tests use.

    Attributes:
        stdout, stderr: what it prints, as text.
    """

    def __init__(self, args: list[str], reply: socket.socket, stdout: IO[str], stderr: IO[str]) -> None:
        self.args = args
        self.stdout, self.stderr = stdout, stderr
        self._reply = reply.makefile("r")
        self._socket = reply
        self.pid = int(self._reply.readline())
        self.returncode: int | None = None
        self._waiting = threading.Lock()  # the double may wait for the process that it kills, beside us

    def poll(self) -> int | None:
        """The exit code, as far as it has ended."""
        try:
            return self.wait(timeout=0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative when a signal has ended it."""
        with self._waiting:
            if self.returncode is None:
                if not select.select([self._socket], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
                self.returncode = os.waitstatus_to_exitcode(int(self._reply.readline()))
                self._reply.close()
                self._socket.close()
            return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it prints, when it has ended."""
        texts = ["", ""]

        def read(number: int, stream: IO[str]) -> None:
            texts[number] = stream.read()

        streams = (self.stdout, self.stderr)
        readers = [threading.Thread(target=read, args=pair, daemon=True) for pair in enumerate(streams)]
        for reader in readers:
            reader.start()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        for reader, stream in zip(readers, streams, strict=True):
            reader.join()
            stream.close()
        return texts[0], texts[1]

    def send_signal(self, number: int) -> None:
        """As `os.kill`; nothing happens to one that has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def start(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> Command:
    """Start `eventtrack-wizard ARGUMENTS` in a folder, without standard input."""
    pipes = [os.pipe(), os.pipe()]
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a descriptor is what is needed
        request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        reply = _ask_for(request, [nothing.fileno(), pipes[0][1], pipes[1][1]])
    for _read, write in pipes:
        os.close(write)
    out, errors = (os.fdopen(read, encoding="utf-8") for read, _write in pipes)
    return Command(["eventtrack-wizard", *arguments], reply, out, errors)


def start_on_terminal(
    source: str, terminal: int, environment: Mapping[str, str], *, shows_output: bool
) -> Command:
    """Start Python source in a session of its own with a terminal as its standard input and error.

    Args:
        terminal: the file descriptor of the end that programs use.
        shows_output: standard output is the terminal as well, not a pipe.
    """
    read, write = os.pipe()
    request = {"source": source, "folder": str(Path.cwd()), "environment": dict(environment)}
    reply = _ask_for(request, [terminal, terminal if shows_output else write, terminal])
    os.close(write)
    return Command(["python", "-c", source], reply, os.fdopen(read, encoding="utf-8"), io.StringIO())


def _ask_for(request: Mapping[str, Any], streams: list[int]) -> socket.socket:
    """A process; returned is what tells its id and its end."""
    reply, its_reply = socket.socketpair()
    body = json.dumps(request).encode()
    server = _server()
    socket.send_fds(server, [len(body).to_bytes(LENGTH_BYTES)], [*streams, its_reply.fileno()])
    server.sendall(body)
    its_reply.close()
    return reply


def run(
    arguments: list[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """The same, to its end.

    Raises:
        subprocess.TimeoutExpired: it took longer than `timeout` seconds.
    """
    command = start(arguments, folder, environment)
    output, errors = command.communicate(timeout)
    return subprocess.CompletedProcess(command.args, command.wait(), output, errors)


@cache
def _server() -> socket.socket:
    """The way to the server of this process, which ends when this end is closed."""
    ours, its = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tools.commands", str(its.fileno())],
        cwd=PROJECT, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
    )  # fmt: skip
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Fork for every command; returns its request in the child, and None in the server at the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks for the ends of supervisors
    while True:
        head, files, _flags, _address = socket.recv_fds(control, LENGTH_BYTES, 4)
        if not head:
            return None
        body = b""
        while len(body) < int.from_bytes(head):
            body += control.recv(int.from_bytes(head) - len(body))
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _supervise(files)
            return dict(json.loads(body))
        for file in files:
            os.close(file)


def _supervise(files: list[int]) -> None:
    """Fork the command, tell its id and its end; returns in the command alone, with its streams in place."""
    stdin, stdout, stderr, reply = files
    command = os.fork()
    if command:
        for file in (stdin, stdout, stderr):
            os.close(file)
        os.write(reply, f"{command}\n".encode())
        _, status = os.waitpid(command, 0)
        os.write(reply, f"{status}\n".encode())
        os._exit(0)
    os.close(reply)
    for number, file in enumerate((stdin, stdout, stderr)):
        os.dup2(file, number)
        os.close(file)


def load_everything() -> None:
    """All modules of the wizard, and with them the libraries that they load at once."""
    import wizard

    for module in pkgutil.walk_packages(wizard.__path__, "wizard."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    import questionary  # noqa: F401  loaded by the first question

    _make_keys_once()
    _make_clients_once()

    gc.collect()
    gc.freeze()  # what is shared is not copied, as it would be by looking for garbage in it


def _make_keys_once() -> None:
    """The keys that prompt_toolkit knows, those of vi among them: every question makes them all anew, a fifth
    of the time of an interview. They hold nothing of a question, they ask for the one that runs.
    """
    from prompt_toolkit.application import application

    make: Any = cache(vars(application)["load_key_bindings"])
    make()
    vars(application)["load_key_bindings"] = make


def _make_clients_once() -> None:
    """What botocore reads of its files and works out for the first client of a service, and which takes a
    third of a command.
    """
    from tests.tools.worked_out_once import work_out_once
    from wizard.aws.client import Aws
    from wizard.aws.session import Keys, open_session
    from wizard.clock import SystemClock

    work_out_once()
    aws = Aws(open_session(None, REGION, Keys("none", "none")), "http://127.0.0.1:9", SystemClock())
    for name, member in vars(Aws).items():
        if isinstance(member, property):
            getattr(aws, name)


def become(request: Mapping[str, Any]) -> None:
    """The process that the request asks for, just before its first line."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["eventtrack-wizard", *request.get("arguments", ())]
    sys.modules["__main__"].__package__ = ""  # or Click would call the program by this module's name
    if "source" in request:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # Ctrl-C reaches a program only on its controlling terminal
        warnings.simplefilter("error")
        _open_streams(request["environment"].get("PYTHONIOENCODING", "utf-8"))


def _open_streams(encoding: str) -> None:
    """As Python opens them at its start; those that it has opened here led nowhere at that time."""
    sys.stdin = os.fdopen(0, encoding=encoding, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding=encoding, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding=encoding, errors="backslashreplace", closefd=False)


def _run(request: Mapping[str, Any]) -> None:
    if "source" in request:
        program = compile(request["source"], "<string>", "exec")
        FunctionType(program, {"__name__": "__main__", "__builtins__": builtins})()
    else:
        from wizard.__main__ import main

        main()


class Ending:
    """How a command ends: as any interpreter, which waits for threads and calls what wants to be called at
    the end. But that it would take apart all that was loaded takes longer than most commands, and is left
    out where it shows nothing: where no thread still runs, every stream takes the rest, and nothing was
    raised but an exit code.
    """

    def __init__(self) -> None:
        self._code: int | None = None
        atexit.register(self._end)  # before anybody else does, so it is called last

    def of(self, work: Callable[[], None]) -> None:
        """Do the work of the command, and remember how it ended."""
        try:
            work()
        except SystemExit as ended:
            self._code = ended.code if isinstance(ended.code, int) else None
            raise
        self._code = 0

    def _end(self) -> None:
        if self._code is not None and threading.active_count() == 1:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(self._code)


if __name__ == "__main__":
    ending = Ending()
    load_everything()
    if request := serve(socket.socket(fileno=int(sys.argv[1]))):
        become(request)
        ending.of(partial(_run, request))
