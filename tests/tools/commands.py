"""The real command line as a process of its own, without the half second in which Python loads it.

A server loads everything once and forks for every command: its child has its own arguments, folder,
environment and standard streams, its own id to be killed by, and ends as any interpreter ends. What a start
itself costs and loads is tested with `python -m wizard` (`tests/e2e/test_start_up.py`).
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from tests import PROJECT

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
    reply, its_reply = socket.socketpair()
    pipes = [os.pipe(), os.pipe()]
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a descriptor is what is needed
        request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        body = json.dumps(request).encode()
        server = _server()
        files = [nothing.fileno(), pipes[0][1], pipes[1][1], its_reply.fileno()]
        socket.send_fds(server, [len(body).to_bytes(LENGTH_BYTES)], files)
        server.sendall(body)
    its_reply.close()
    for _read, write in pipes:
        os.close(write)
    out, errors = (os.fdopen(read, encoding="utf-8") for read, _write in pipes)
    return Command(["eventtrack-wizard", *arguments], reply, out, errors)


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


def become(request: Mapping[str, Any]) -> None:
    """The process that the request asks for, just before its first line."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["eventtrack-wizard", *request["arguments"]]
    sys.modules["__main__"].__package__ = ""  # or Click would call the program by this module's name


if __name__ == "__main__":
    load_everything()
    if request := serve(socket.socket(fileno=int(sys.argv[1]))):
        become(request)
        from wizard.__main__ import main

        main()
