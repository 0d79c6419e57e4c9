"""The command line beside a straight boto3 script of the same steps ("raw"): whole processes, one run.

    python -m tests.benchmarks [--pairs N] [--only PART] [--jobs N,...]

    PART: fresh, no-change, status, rollback, start-up or memory

Starts an embedded local AWS of its own and a proxy before it that adds latency to each call and counts
them. A pair is the life of a deployment, once by raw and once by the wizard, each from an empty account and
an empty folder: set up, set up again with nothing to change, status, rollback. Who goes first alternates.
There are pairs without latency, with 80 ms a call, and (fresh only) with 80 ms and a role that Lambda can
assume after 8 s.

Seconds, calls and megabytes are medians; a ratio is the median of the pairs' ratios, wizard to raw, so that
it holds on a busy machine too: below 1, the wizard takes less. CPU is user and system time of the process
alone. Raw has no status; its look at what stands (no change) is set beside it. With `--jobs 1,4` the wizard
takes part once with each value, and has a line for each.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison import (
    FAR,
    INSTANT,
    SLOW_ROLE,
    STEPS,
    Comparison,
    Contestant,
    commands_that_take_jobs,
    raw,
    wizard,
)
from .laboratory import Laboratory
from .start_up import print_start_ups

START_UPS_A_PAIR = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pairs", type=int, default=5, help=f"pairs a figure; {START_UPS_A_PAIR} times as many for start-up"
    )
    parser.add_argument("--only", choices=[*STEPS, "start-up", "memory"], help="measure this alone")
    parser.add_argument("--jobs", default="", help="values of the wizard's own option --jobs, such as 1,2,4")
    options = parser.parse_args()
    with Laboratory() as laboratory:
        take_jobs = commands_that_take_jobs(laboratory) if options.jobs else frozenset()
        if options.jobs and "setup" not in take_jobs:
            parser.error("this wizard's setup has no option --jobs")
        wizards = [wizard(laboratory.url, jobs, take_jobs) for jobs in options.jobs.split(",")]
        if options.only != "start-up":
            compare(laboratory, [raw(laboratory.url), *wizards], options.pairs, options.only)
        if options.only in (None, "start-up"):
            print_start_ups(laboratory, wizards[0].commands["fresh"], options.pairs * START_UPS_A_PAIR)


def compare(laboratory: Laboratory, contestants: Sequence[Contestant], pairs: int, only: str | None) -> None:
    """Measure and print the steps and the memory, or the one of them that was asked for."""
    print(f"The proxy itself adds {laboratory.proxy_overhead() * 1000:.1f} ms to a call.\n", flush=True)
    if only == "memory":
        comparison = Comparison(contestants, ["fresh"])
        comparison.measure(laboratory, pairs, [INSTANT])
    else:
        comparison = Comparison(contestants, [only] if only else STEPS)
        slow_role = [SLOW_ROLE] if "fresh" in comparison.steps else []
        comparison.measure(laboratory, pairs, [INSTANT, FAR, *slow_role])
        comparison.print_steps()
    if only in (None, "memory"):
        comparison.print_memory()


if __name__ == "__main__":
    main()
