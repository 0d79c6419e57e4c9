"""What the tests' double of AWS costs: a small read through it, beside the same read without it.

    python -m tests.benchmarks.double [--calls N]

Prints the fastest of N calls each way in milliseconds, their difference and their ratio. The two ways take
turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

from tests.aws.lab import Clients, Lab
from tests.tools.ministack_server import MiniStackProcess


def seconds_of_a_call(clients: Clients) -> float:
    """Of sts:GetCallerIdentity, on a connection that stands."""
    begun = time.perf_counter()
    clients.sts.get_caller_identity()
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.double",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    with ExitStack() as stack:
        emulator = stack.enter_context(MiniStackProcess())
        lab = Lab(emulator.url, stack)
        ways = (lab.direct, lab.through())
        seconds = [[seconds_of_a_call(way) for way in ways] for _ in range(options.calls + 1)][1:]
    direct, through = (min(column) * 1000 for column in zip(*seconds, strict=True))
    print(
        f"direct {direct:.2f} ms, through the double {through:.2f} ms: "
        f"{through - direct:.2f} ms more, {through / direct:.2f} times"
    )


if __name__ == "__main__":
    main()
