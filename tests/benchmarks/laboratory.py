"""Where the benchmarks run: emulator, proxy, and processes whose time and memory the kernel counts.

Nothing here imports boto3 or rich: the kernel counts the memory that a process had before its exec, which is
this one's, into its peak.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.tools.ministack_server import MiniStackProcess
from wizard import package

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = "output.log"
PEAK_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Conditions:
    """Seconds that a call takes longer, and seconds after CreateRole until Lambda can assume the role."""

    latency: float = 0.0
    role_usable_after: float = 0.0


@dataclass(frozen=True)
class Cost:
    """What one process took; `wall` and `cpu` (user and system) in seconds."""

    wall: float
    cpu: float
    peak_mb: float
    calls: int = 0
    changing: int = 0


NORMAL = Conditions()


class Laboratory:
    """An emulator with the delaying proxy before it, and a folder that measured processes run in."""

    def __enter__(self) -> Laboratory:
        with ExitStack() as stack:
            self._emulator = stack.enter_context(MiniStackProcess())
            self._proxy = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.benchmarks.delay_proxy", self._emulator.url],
                    cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )  # fmt: skip
            assert self._proxy.stdout
            self.url = f"http://127.0.0.1:{int(self._proxy.stdout.readline())}"
            self._temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._environment = environment(self._temporary)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def clean(self) -> None:
        """An empty account, and an empty folder except for the function's zip."""
        urllib.request.urlopen(f"{self._emulator.url}/_ministack/reset", data=b"", timeout=60).close()
        self._folder = Path(tempfile.mkdtemp(dir=self._temporary))
        (self._folder / "function.zip").write_bytes(package.build().content)

    def run(self, arguments: Sequence[str], conditions: Conditions = NORMAL) -> Cost:
        """Run `python -m` with these arguments to its end.

        Raises:
            RuntimeError: it exits with anything but 0.
        """
        self._begin(conditions)
        log = self._folder / OUTPUT
        with log.open("wb") as output:
            begun = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self._folder, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(arguments)} exits with {process.returncode}:\n{log.read_text()}")
        counts = self._begin()
        return Cost(
            wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * PEAK_UNIT_BYTES / 2**20, **counts
        )

    def output_of(self, arguments: Sequence[str]) -> str:
        """Run a module and return what it prints."""
        self.run(arguments)
        return (self._folder / OUTPUT).read_text()

    def _begin(self, conditions: Conditions = NORMAL) -> dict[str, int]:
        """Conditions of the next run; returns the counts of the last one."""
        assert self._proxy.stdin
        assert self._proxy.stdout
        self._proxy.stdin.write(json.dumps(asdict(conditions)) + "\n")
        self._proxy.stdin.flush()
        counts: dict[str, int] = json.loads(self._proxy.stdout.readline())
        return counts

    def proxy_overhead(self) -> float:
        """Seconds that the proxy itself adds to a call: the difference of two medians."""
        self._begin()
        through, direct = (median_seconds_of_a_call(url) for url in (self.url, self._emulator.url))
        return through - direct


def environment(home: Path) -> dict[str, str]:
    """The environment of a measured process: root's keys, and nothing of the operator's own settings."""
    # An installed wizard has its bytecode beside it, and so must the one that is measured.
    unwanted = ("AWS_", "EVENTTRACK_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }


def median_seconds_of_a_call(url: str, calls: int = 200) -> float:
    """Of small reads, one after the other on one connection."""
    connection = HTTPConnection(urlsplit(url).netloc)
    seconds = []
    for _ in range(calls):
        begun = time.perf_counter()
        connection.request("GET", "/_ministack/health")
        connection.getresponse().read()
        seconds.append(time.perf_counter() - begun)
    connection.close()
    return statistics.median(seconds)
