"""`local start / stop / status / reset`: the embedded local AWS."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime

from wizard import local
from wizard.commands.common import nobody_answers, say
from wizard.errors import ExitCode
from wizard.local.report import LocalAwsStatus
from wizard.options import Options
from wizard.ui.output import is_interactive, messages, print_json, results
from wizard.ui.prompts import Prompts
from wizard.ui.text import long_duration, size

KILLED = "It was killed, or the machine went down, before it had saved what it held."


def start(options: Options) -> ExitCode:
    """Start it, if it does not run."""
    was_killed = local.status().killed
    running = local.start()
    results().print(running.url)
    if was_killed:
        messages().print(f"{KILLED} The `status` of a deployment says what is gone.")
    say(
        f"The local AWS runs as process {running.process_id}. Stop it with `eventtrack-wizard local stop`.",
        options,
    )
    return ExitCode.DONE


def stop() -> ExitCode:
    """Stop it."""
    stopped = local.stop()
    messages().print("The local AWS was stopped." if stopped else "The local AWS was not running.")
    if local.status().killed:
        messages().print(KILLED)
    return ExitCode.DONE


def status(*, as_json: bool) -> ExitCode:
    """Say whether and where it runs."""
    found = local.status()
    document = {name: _plain(value) for name, value in dataclasses.asdict(found).items()}
    if as_json:
        print_json(document)
    else:
        for line in _lines(found):
            results().print(line, markup=False)
    return ExitCode.DONE if found.running else ExitCode.DRIFT


def reset(*, yes: bool) -> ExitCode:
    """Forget everything in it."""
    if not yes:
        if not is_interactive():
            raise nobody_answers("There is nobody to confirm the reset.", "local reset --yes")
        if not Prompts(messages()).confirm(
            "Forget every bucket, role, function and API in it?", default=False
        ):
            return ExitCode.DONE
    local.reset()
    messages().print("The local AWS is empty.")
    return ExitCode.DONE


def _lines(found: LocalAwsStatus) -> Iterator[str]:
    """What somebody wants to know, in units that people use."""
    if found.running:
        age = "" if found.uptime_seconds is None else f" for {long_duration(found.uptime_seconds)}"
        memory = "" if found.memory_bytes is None else f", {size(found.memory_bytes)} of memory"
        yield f"The local AWS runs at {found.url}{age}{memory}."
    else:
        yield KILLED if found.killed else "The local AWS does not run."
    yield f"MiniStack {found.version or 'is not installed'}"
    yield f"Data: {found.data_folder}"
    yield f"Log: {found.log_path}"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
