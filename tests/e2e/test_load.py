"""Many clients at once, some slow, some cut off: what was acknowledged is stored exactly once, what was
refused is not stored.
"""

from __future__ import annotations

import json
import random
import socket
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.tools.local_deployment import WITHOUT_LIMIT, LocalDeployment, deployed

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("load")]

CLIENTS = 50
EVENTS_A_CLIENT = 100
BATCH = 15


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    # As long as API Gateway waits: on a busy machine S3's answer may take half of the default.
    yield from deployed(tmp_path_factory, *WITHOUT_LIMIT, "--timeout-seconds", "29")


@dataclass
class Ledger:
    """What the clients know of their events: by the events' ids. `unavailable` counts the answers 503."""

    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    unavailable: int = 0


def events(number: int) -> list[dict[str, Any]]:
    return [{"event_id": str(uuid.uuid4()), "event_name": "load", "n": n} for n in range(number)]


def note(ledger: Ledger, status: int, expected: int, sent: list[dict[str, Any]]) -> None:
    """Enter an answer; one that is neither 200 nor expected is a surprise.

    503 asks to send again later: S3 gave no answer in time, and may have stored them all the same.
    """
    ids = [event["event_id"] for event in sent]
    if status == 503:
        ledger.unavailable += 1
        ledger.uncertain += ids
        return
    side = ledger.acknowledged if status == 200 else ledger.refused
    side += ids
    if status != expected:
        ledger.surprises.append(f"{status} instead of {expected}")


class Client:
    """One client; the seed decides how it sends what."""

    def __init__(self, deployment: LocalDeployment, ledger: Ledger, seed: int) -> None:
        self.deployment = deployment
        self.ledger = ledger
        self.random = random.Random(seed)
        self.endpoint = deployment.endpoint(connections=1)
        self.token = deployment.token

    def run(self) -> None:
        """Send all events, in one way after the other."""
        ways: tuple[Callable[[], int], ...] = (
            self.single,
            self.batch,
            self.slow,
            self.cut,
            self.bad,
            self.stranger,
        )
        left = EVENTS_A_CLIENT
        while left > 0:
            left -= self.random.choices(ways, weights=(40, 25, 2, 3, 3, 3))[0]()

    def single(self) -> int:
        """One event a request."""
        sent = events(1)
        note(self.ledger, self.endpoint.post(sent[0]).status, 200, sent)
        return 1

    def batch(self) -> int:
        """Several in one request."""
        sent = events(BATCH)
        note(self.ledger, self.endpoint.post(sent).status, 200, sent)
        return BATCH

    def bad(self) -> int:
        """A batch with a bad event is refused as a whole."""
        sent = events(BATCH)
        note(self.ledger, self.endpoint.post([*sent, 7]).status, 400, sent)
        return BATCH

    def stranger(self) -> int:
        """Without a token that is known."""
        sent = events(1)
        note(self.ledger, self.endpoint.post(sent, token="not-the-right-token").status, 401, sent)
        return 1

    def slow(self) -> int:
        """The body comes in drops."""
        sent = events(BATCH)
        body = json.dumps(sent).encode()
        with self.connection(len(body)) as connection:
            for start in range(0, len(body), 400):
                connection.sendall(body[start : start + 400])
                time.sleep(0.05)
            note(self.ledger, status_of(connection), 200, sent)
        return BATCH

    def cut(self) -> int:
        """The connection ends in the middle of the body, or after it but before the answer."""
        sent = events(BATCH)
        body = json.dumps(sent).encode()
        with self.connection(len(body)) as connection:
            connection.sendall(body[: self.random.choice((0, 1, len(body) // 2, len(body) - 1, len(body)))])
            time.sleep(self.random.choice((0, 0.01)))
        self.ledger.uncertain.extend(event["event_id"] for event in sent)
        return BATCH

    def connection(self, length: int) -> socket.socket:
        """A connection on which the request's head has been sent."""
        parts = urlsplit(self.deployment.url)
        opened = socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=60)
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-Auth-Token: {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        opened.sendall(head.encode())
        return opened


def status_of(connection: socket.socket) -> int:
    return int(connection.makefile("rb").readline().split()[1])


def test_with_50_clients_every_acknowledged_event_is_stored_exactly_once_and_no_refused_one_is(
    deployment: LocalDeployment,
) -> None:
    ledger = Ledger()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(Client(deployment, ledger, seed).run) for seed in range(CLIENTS)]:
            done.result()
    settle(deployment)

    stored = Counter(event["event_id"] for event in deployment.events())

    assert len(ledger.acknowledged) + len(ledger.refused) + len(ledger.uncertain) >= 5_000
    assert ledger.surprises == []
    assert ledger.unavailable <= 5, "of two thousand requests, on a machine that has other work"
    assert [event for event in ledger.acknowledged if stored[event] != 1] == []
    assert [event for event in ledger.refused if stored[event]] == []
    assert [event for event in ledger.uncertain if stored[event] > 1] == []
    assert min(map(len, (ledger.acknowledged, ledger.refused, ledger.uncertain))) > 100, "a way was not taken"


def settle(deployment: LocalDeployment) -> None:
    """Wait until requests whose clients have gone are through as well."""
    before = -1
    while (now := len(deployment.object_names())) != before:
        before = now
        time.sleep(0.5)
