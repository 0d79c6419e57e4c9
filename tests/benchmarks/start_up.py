"""Start-up of commands that ask nothing of AWS, beside a program with two commands."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from .comparison import median_ratio
from .laboratory import Cost, Laboratory

# The wizard's command, and what the two-command program does beside it.
BESIDE = {
    ("--help",): ("--help",),
    ("--version",): ("table",),
    ("status", "--offline"): ("table",),
    ("setup", "--help"): ("--help",),
}


def print_start_ups(laboratory: Laboratory, setup: Sequence[str], pairs: int) -> None:
    """Measure them in the folder of a deployment, and print the table."""
    laboratory.clean()
    laboratory.run(setup)
    print("| start-up | beside the two-command program's | wall | CPU |")
    print("|---|---|---|---|")
    for own, other in BESIDE.items():
        costs = _measure(laboratory, (["wizard", *own], ["tests.benchmarks.two_commands", *other]), pairs)
        cells = (_cell(*costs, figure) for figure in ("wall", "cpu"))
        print("|", " | ".join((" ".join(own), " ".join(other), *cells)), "|")


def _measure(
    laboratory: Laboratory, commands: tuple[list[str], list[str]], pairs: int
) -> tuple[list[Cost], list[Cost]]:
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    for pair in range(pairs):
        for index in (1, 0) if pair % 2 else (0, 1):
            costs[index].append(laboratory.run(commands[index]))
    return costs


def _cell(costs: Sequence[Cost], others: Sequence[Cost], figure: str) -> str:
    seconds = statistics.median(getattr(cost, figure) for cost in costs)
    return f"{seconds:.3f} s = {median_ratio(costs, others, figure):.2f}x"
