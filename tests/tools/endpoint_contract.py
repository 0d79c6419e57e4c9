"""What clients may rely on, asked through the public URL: of a deployment, or of a stack made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import urllib3

ORIGIN = "https://shop.example"
ASKS_FIRST = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-auth-token",
}
GOOD = b'{"event_id": "%d", "event_name": "signup", "user_id": "u1"}'
OK, WRONG = "Successfully processed", "Unauthorized"
# What is another one in every answer, and what the web server says of itself.
OF_THE_MOMENT = ("date", "x-request-id", "x-amzn-requestid", "x-amz-request-id")


@dataclass(frozen=True)
class Exchange:
    """A request, and how every endpoint answers it.

    `token` None sends none, "" the right one. `says` is a part of the answer's message.
    """

    why: str
    status: int
    says: str
    body: bytes | None = None
    token: str | None = ""
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)


CONTRACT = (
    Exchange("an event is taken", 200, f"{OK} 1 event", GOOD % 1),
    Exchange("a batch is taken", 200, f"{OK} 2 event", b"[%b, %b]" % (GOOD % 2, GOOD % 3)),
    Exchange("nobody gets in without a token", 401, WRONG, GOOD % 4, token=None),
    Exchange("nor with another one", 401, WRONG, GOOD % 5, token="not-a-token"),
    Exchange("a client with a bug must not retry", 400, "not valid JSON", b"{bad"),
    Exchange("no events are no success", 400, "no events", b"[]"),
    Exchange("an encoding that nobody knows", 415, "Encoding", GOOD % 6, headers={"Content-Encoding": "br"}),
    Exchange("a browser asks first", 200, "", None, None, "OPTIONS", ASKS_FIRST),
    Exchange(
        "the gateway refuses what has no method", 403, "Missing Authentication Token", None, None, "GET"
    ),
)
STORED = ["1", "2", "3"]
"""The ids of the events that are then stored, once each."""


@dataclass(frozen=True)
class Answered:
    """An answer without what belongs to its moment."""

    status: int
    headers: dict[str, str]
    body: Any


def prove(url: str, token: str) -> list[Answered]:
    """Ask everything, each answer as the contract has it; returns them, to be compared with another's."""
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        return [_kept(pool, exchange, url, token) for exchange in CONTRACT]


def _kept(pool: urllib3.PoolManager, exchange: Exchange, url: str, token: str) -> Answered:
    sent = token if exchange.token == "" else exchange.token
    headers = {**exchange.headers, **({"X-Auth-Token": sent} if sent else {})}
    answer = pool.request(exchange.method, url, body=exchange.body, headers=headers)
    body = json.loads(answer.data)
    found = {name.lower(): value for name, value in answer.headers.items()}
    why = f"{exchange.why}: {answer.status} {body}"
    assert answer.status == exchange.status, why
    assert exchange.says in body.get("message", ""), why
    if answer.status == 401:
        assert set(body) == {"message"}, "no echo of the request"
    assert found["access-control-allow-origin"] in ("*", ORIGIN), "or no page could read it"
    if exchange.method == "OPTIONS":
        assert "x-auth-token" in found["access-control-allow-headers"], why
    kept = {name: value for name, value in found.items() if name not in OF_THE_MOMENT}
    return Answered(answer.status, kept, body)
