"""What a setup says in the end: where the endpoint is, what was proved, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wizard.options import Options
from wizard.ui.text import duration, size

NEXT = (
    ("send-test", "send a test event and see it stored"),
    ("snippet javascript", "print a client; also for python, node and curl"),
    ("token add", "make a token for one more client"),
    ("status", "compare what runs with what was set up"),
    ("rollback", "take everything back; --dry-run shows what would go"),
)


@dataclass(frozen=True)
class Result:
    """A setup that has come to its end.

    Attributes:
        url: the endpoint.
        seconds: from the first change to the last proof.
        proved: what was checked, in words.
        stored: where the test event lies (`s3://…`), as far as one was sent.
        closed: why no event can be sent, as far as the endpoint is closed.
        token_file: where the token is.
        new_token: one that was made in this run; None where there is none to show.
        local_bytes: resident memory of the embedded local AWS; None where the deployment is on AWS.
    """

    name: str
    url: str
    seconds: float
    proved: tuple[str, ...]
    stored: str | None
    closed: str | None
    token_file: Path
    new_token: str | None = None
    shows_token: bool = False
    local_bytes: int | None = None


def result_lines(result: Result, options: Options) -> Iterator[str]:
    """The lines, for standard output."""
    yield f"Deployed {result.name} in {duration(result.seconds)}."
    yield f"Endpoint: {result.url}"
    if result.closed:
        yield options.complete(result.closed)
    for proof in result.proved:
        yield f"Verified: {proof}"
    if result.stored:
        yield f"Stored test event: {result.stored}"
    if result.new_token and result.shows_token:
        yield f"Token (shown this once, kept in {result.token_file}): {result.new_token}"
    elif result.new_token:
        yield f"Token: in {result.token_file}"
    if not result.closed:
        yield f"\nSend an event:\n  {curl_line(result.url, result.token_file)}"
    yield "\nNext:"
    yield from _next_commands(options)
    if result.local_bytes is not None:
        yield (
            f"\nThe local AWS goes on running ({size(result.local_bytes)} of memory)."
            " `eventtrack-wizard local stop` stops it; what is in it is kept."
        )


def curl_line(url: str, token_file: Path) -> str:
    """A line to paste. The token goes from its file to curl through a pipe: no screen, no history and no
    list of processes shows it."""
    return (
        f"printf 'X-Auth-Token: %s' \"$(cat {shlex.quote(str(token_file))})\" | curl -X POST {url} -H @-"
        ' -H \'Content-Type: application/json\' -d \'{"event_name": "hello", "user_id": "me"}\''
    )


def _next_commands(options: Options) -> Iterator[str]:
    commands = [(options.command(words), purpose) for words, purpose in NEXT]
    width = max(len(command) for command, _purpose in commands)
    return (f"  {command:{width}}   {purpose}" for command, purpose in commands)
