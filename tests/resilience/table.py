"""The figures of the matrices, printed at the end of a run of the tests, however many processes ran them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]
HARM = ("orphans", "duplicates", "foreign changes", "events lost")


def lines(properties: Iterable[tuple[str, object]]) -> list[str]:
    """Of all user properties of all tests; empty when no matrix was among them."""
    found: dict[str, list[Row]] = {
        "crash matrix": [],
        "fault matrix": [],
        "real kills": [],
        "real faults": [],
    }
    for name, value in properties:
        if name in found and isinstance(value, dict):
            found[name].append(value)
    parts = [_crashes(found["crash matrix"]), _real_kills(found["real kills"])]
    parts += [_faults(found["fault matrix"], "in process"), _faults(found["real faults"], "real")]
    harm: Counter[str] = Counter()
    for rows in found.values():
        for row in rows:
            harm.update(row["harm"])
    total = [", ".join(f"{kind}: {harm[kind]}" for kind in HARM)] if any(parts) else []
    return [line for part in parts for line in part] + total


def _crashes(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    shape = "{:<30} {:<12} {:<16} {:>5} {:>12} {:>16} {:>10}"
    head = shape.format(
        "killed in", "then", "workers", "calls", "crash points", "different worlds", "made good"
    )
    return [head] + [
        shape.format(
            row["scenario"],
            row["follow_up"],
            row["workers"],
            row["calls"],
            row["crash_points"],
            row["different_worlds"],
            row["exact"],
        )
        for row in sorted(rows, key=lambda row: (row["scenario"], row["follow_up"], row["workers"]))
    ]


def _real_kills(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    shape = "{:<30} {:<12} {:>5} {:>12} {:>16} {:>10}"
    head = shape.format("really killed (SIGKILL) in", "", "calls", "crash points", "run again: exact", "gone")
    return [head] + [
        shape.format(
            row["scenario"], "", row["calls"], row["crash_points"], row["resumed"], row["rolled_back"]
        )
        for row in sorted(rows, key=lambda row: str(row["scenario"]))
    ]


def _faults(rows: list[Row], where: str) -> list[str]:
    if not rows:
        return []
    shape = "{:<14} {:<20} {:<16} {:>6}  {}"
    head = shape.format(
        f"faults {where}", "at every call" if where == "in process" else "", "workers", "cases", "ended in"
    )
    return [head] + [
        shape.format(
            row["scenario"],
            row["kind"],
            row.get("workers", ""),
            row["cases"],
            ", ".join(f"{ending}: {count}" for ending, count in sorted(row["endings"].items())),
        )
        for row in _merged(rows)
    ]


def _merged(rows: list[Row]) -> list[Row]:
    """One row a scenario, kind and workers."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in sorted(rows, key=lambda row: (str(row["scenario"]), str(row["kind"]))):
        key = (row["scenario"], row["kind"], row.get("workers", ""))
        same = found.setdefault(key, {**row, "cases": 0, "endings": Counter[str]()})
        same["cases"] += row["cases"]
        same["endings"].update(row["endings"])
    return list(found.values())
