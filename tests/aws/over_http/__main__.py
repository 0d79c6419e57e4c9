"""Run the double by hand: python -m tests.aws.over_http --upstream URL --port N --profile real-aws."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from tests.aws.clock import ScaledClock

from .behaviours import Behaviour, NewAccountLimits, lasting_rules, real_aws
from .double import AwsDouble

PROFILES: dict[str, Callable[[], list[Behaviour]]] = {
    "plain": list,
    "rules": lasting_rules,
    "real-aws": real_aws,
    "new-account": lambda: [*real_aws(), NewAccountLimits()],
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.aws.over_http", description=__doc__)
    parser.add_argument(
        "--upstream", required=True, help="the emulator's address, such as http://127.0.0.1:4566"
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes any free one")
    parser.add_argument("--profile", choices=list(PROFILES), default="real-aws")
    parser.add_argument(
        "--time-scale", type=float, default=1.0, help="0.1 makes every delay ten times shorter"
    )
    parser.add_argument("--log-file", type=Path, help="append every call to this file as a line of JSON")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    clock = ScaledClock(options.time_scale)
    behaviours = PROFILES[options.profile]()
    with AwsDouble(
        options.upstream, behaviours, clock=clock, port=options.port, log_file=options.log_file
    ) as double:
        print(double.url, flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
