"""What a setup says in the end: where the endpoint is, what was proved, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wizard.identity import DeploymentId
from wizard.options import Options
from wizard.ui import ndjson
from wizard.ui.text import duration, size

SEND = ("send-test", "send a test event and see it stored")
OPEN = ("setup --open", "open the endpoint, and prove it anew")
NEXT = (
    ("snippet javascript", "a client; also in python, node, curl"),
    ("token add", "make a token for one more client"),
    ("status", "compare what runs with what was set up"),
    ("rollback", "take all back; --dry-run only shows it"),
)


@dataclass(frozen=True)
class Result:
    """A setup that has come to its end.

    Attributes:
        url: the endpoint; None as long as there is none.
        seconds: from the first change to the last proof.
        proved: what was checked in this run, in words.
        proved_before: what an earlier run has checked, and nothing was changed since of what it needs.
        stored: where the test event lies (`s3://…`), as far as one was sent.
        closed: why no event can be sent, as far as the endpoint is closed.
        token_file: where the token is.
        new_token: one that was made in this run; None where there is none to show.
        former_url: the one that clients were told before; None where it is the same.
        remarks: what the operator should know, or do, besides.
        local_bytes: resident memory of the embedded local AWS; None where the deployment is on AWS.
    """

    name: str
    url: str | None
    seconds: float
    proved: tuple[str, ...]
    stored: str | None
    closed: str | None
    token_file: Path
    new_token: str | None = None
    shows_token: bool = False
    former_url: str | None = None
    local_bytes: int | None = None
    remarks: tuple[str, ...] = ()
    proved_before: tuple[str, ...] = ()


def result_lines(result: Result, options: Options, width: int | None = None) -> Iterator[str]:
    """The lines, for standard output.

    Args:
        width: columns of the terminal; None where lines may be as long as they are.
    """
    yield f"Deployed {result.name} in {duration(result.seconds)}."
    yield from endpoint_lines(result, options)
    for proof in result.proved:
        yield f"Verified: {proof}"
    for proof in result.proved_before:
        yield f"Verified before: {proof}"
    if result.stored:
        yield f"Stored test event: {result.stored}"
    if result.new_token and result.shows_token:
        yield f"Token (shown this once, kept in {result.token_file}): {result.new_token}"
    elif result.new_token:
        yield f"Token: in {result.token_file}"
    if not result.closed:
        yield f"\nSend an event:\n  {curl_line(result.url, result.token_file)}"
    yield "\nNext:"
    yield from _next_commands((OPEN if result.closed else SEND, *NEXT), options, width)
    if result.local_bytes is not None:
        yield options.complete(
            f"\nThe local AWS goes on running ({size(result.local_bytes)} of memory).\n"
            "`eventtrack-wizard local stop` stops it; what is in it is kept."
        )


def endpoint_lines(result: Result, options: Options) -> Iterator[str]:
    """Where the endpoint is, and what clients have to be told of it."""
    yield f"Endpoint: {result.url}"
    if result.former_url:
        yield f"The URL has changed, tell the clients: {result.former_url} → {result.url}"
    if result.closed:
        yield options.complete(result.closed)
    for remark in result.remarks:
        yield options.complete(remark)


def as_line(
    result: Result, identity: DeploymentId, changes: int = 0, *, dry_run: bool = False
) -> ndjson.SetUp:
    """The last line of `setup --json`; the token's file is named, never the token."""
    return ndjson.SetUp(
        deployment=result.name,
        account=identity.account,
        region=identity.region,
        dry_run=dry_run,
        endpoint=result.url,
        former_endpoint=result.former_url,
        closed=result.closed is not None,
        changes=changes,
        verified=(*result.proved_before, *result.proved),
        stored=result.stored,
        token_file=str(result.token_file),
        seconds=result.seconds,
    )


def curl_line(url: str | None, token_file: Path) -> str:
    """A line to paste. The token goes from its file to curl through a pipe: no screen, no history and no
    list of processes shows it."""
    return (
        f"printf 'X-Auth-Token: %s' \"$(cat {shlex.quote(str(token_file))})\" | curl -X POST {url} -H @-"
        ' -H \'Content-Type: application/json\' -d \'{"event_name": "hello", "user_id": "me"}\''
    )


def _next_commands(following: Sequence[tuple[str, str]], options: Options, room: int | None) -> Iterator[str]:
    """Side by side, or, where that would be too wide (a path before the program), one above the other."""
    commands = [(options.command(words), purpose) for words, purpose in following]
    width = max(len(command) for command, _purpose in commands)
    lines = [f"  {command:{width}}   {purpose}" for command, purpose in commands]
    if room is None or max(map(len, lines)) <= room:
        yield from lines
        return
    for command, purpose in commands:
        yield f"  {command}"
        yield f"      {purpose}"
