"""Reading stored events beside the plainest way to do the same: whole processes, one run.

    python -m tests.benchmarks.events [--objects 1000] [--each 100] [--rounds 3]

Sets up a deployment on an embedded local AWS of its own and puts so many objects of the three formats, with
so many events each, into its bucket, spread over 48 hours. The plainest way downloads all objects with boto3
and 16 threads, then counts with plain Python (first page, overview) or with DuckDB over the files (query).

Seconds are medians of the rounds, from the start of the process to its end; megabytes are its peak.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests import PROJECT
from tests.tools.local_deployment import LocalDeployment
from wizard.events import layout

FORMATS = ("json", "jsonl", "jsonl.gz")
HOURS = 48
PLAIN = "tests.benchmarks.plain_reader"
PEAK = b"peak in KB: "
# Read at the end, because getrusage would count what the parent had before the exec.
WITH_PEAK = f"""
import atexit, os, runpy, sys
def peak():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    os.write(1, {PEAK!r} + line.split()[1].encode())
atexit.register(peak)
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
SQL = "SELECT event_name, count(*), count(DISTINCT user_id) FROM events GROUP BY 1 ORDER BY 2 DESC"
# What each is compared with: a part of `plain_reader`.
COMMANDS: dict[str, tuple[list[str], str]] = {
    "events, first page": (["events"], "page"),
    "events overview": (["events", "overview"], "overview"),
    "query, cold": (["query", SQL], "query"),
    "query, warm": (["query", SQL], "query"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.events",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--each", type=int, default=100, help="events in an object")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        deployment = LocalDeployment(Path(folder))
        try:
            deployment.run("setup", "--local", "--yes")
            fill(deployment, options.objects, options.each)
            measure(deployment, options.rounds)
        finally:
            deployment.run("local", "stop")


def fill(deployment: LocalDeployment, objects: int, each: int) -> None:
    """Put the events into the bucket, as the handler would have stored them."""
    s3, dice, now = deployment.client("s3"), random.Random(1), datetime.now(UTC)

    def put(number: int) -> None:
        moment = now - timedelta(hours=HOURS) * number / objects
        form = FORMATS[number % len(FORMATS)]
        events = [_event(dice, moment, number * each + place) for place in range(each)]
        text = json.dumps(events) if form == "json" else "".join(f"{json.dumps(one)}\n" for one in events)
        content = gzip.compress(text.encode()) if form.endswith(".gz") else text.encode()
        key = f"{layout.first_key(moment, moment)}_{number:032x}.{form}"
        s3.put_object(Bucket=deployment.bucket, Key=key, Body=content, Metadata={"client-label": "web"})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(objects)))


def _event(dice: random.Random, moment: datetime, number: int) -> dict[str, Any]:
    """About 300 bytes."""
    return {
        "event_name": dice.choice(("page_view", "page_view", "page_view", "click", "signup")),
        "user_id": f"user_{dice.randrange(5000)}",
        "properties": {
            "plan": dice.choice(("free", "pro")),
            "page": f"/p/{dice.randrange(200)}",
            "more": "x" * 60,
        },
        "event_id": f"{number:08x}-0000-4000-8000-000000000000",
        "event_time": moment.isoformat(),
        "received_at": moment.isoformat(),
    }


def measure(deployment: LocalDeployment, rounds: int) -> None:
    """Each command and its plain counterpart in turns, and one line for each."""
    print(f"{'':22}{'wizard':>18}{'plainest way':>18}   ratio")
    url = deployment.client("s3").meta.endpoint_url
    for title, (arguments, part) in COMMANDS.items():
        ours, plain = [], []
        for _ in range(rounds):
            if title.endswith("cold"):
                deployment.run("query", "--clear-cache")
            ours.append(cost("wizard", arguments, deployment))
            with tempfile.TemporaryDirectory() as folder:
                plain.append(cost(PLAIN, [part, url, deployment.bucket, folder], deployment))
        ratio = statistics.median(mine[0] / other[0] for mine, other in zip(ours, plain, strict=True))
        print(f"{title:22}{_shown(ours):>18}{_shown(plain):>18}   {ratio:.2f}", flush=True)


def cost(module: str, arguments: Sequence[str], deployment: LocalDeployment) -> tuple[float, float]:
    """Seconds and peak megabytes of a process.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    environment = {**deployment.environment, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", WITH_PEAK, module, *arguments]
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=deployment.folder, env=environment, stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - begun
    return seconds, int(done.stdout.rpartition(PEAK)[2]) / 1024


def _shown(costs: Sequence[tuple[float, float]]) -> str:
    seconds, megabytes = (statistics.median(part) for part in zip(*costs, strict=True))
    return f"{seconds:.2f} s, {megabytes:.0f} MB"


if __name__ == "__main__":
    main()
