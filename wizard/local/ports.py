"""Which port on this machine is free."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
# Where people expect a local AWS; the next free one is taken if it is in use.
FIRST_PORT = 4566
PORTS_TO_TRY = 100
RELEASE_SECONDS = 0.3


def free_ports(*desired: int | None) -> Iterator[int]:
    """The desired ports that are free or become so, then the free ones from the first on."""
    known = dict.fromkeys(port for port in desired if port is not None)
    yield from (port for port in known if _becomes_free(port))
    others = (port for port in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY) if port not in known)
    yield from (port for port in others if is_free(port))


def is_free(port: int) -> bool:
    """Whether we could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just closed counts as free
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            return False
    return True


def _becomes_free(port: int) -> bool:
    """Give a process that is just ending a moment to let go: moving would change saved URLs."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(RELEASE_SECONDS / 10)
    return True
