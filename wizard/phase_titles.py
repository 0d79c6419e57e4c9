"""The names of the phases, for screens that must not wait for boto3: the nine documented ones, and below them
what the operator may wish for besides.
"""

from __future__ import annotations

from collections.abc import Iterable

PHASE_TITLES: dict[str, str] = {
    "bucket": "S3 bucket",
    "lambda": "Lambda function",
    "iam": "IAM permissions",
    "env vars": "Environment variables",
    "settings": "Function settings",
    "test": "Function test",
    "api": "API Gateway",
    "cors": "CORS",
    "deploy": "Deployment",
}
# Shown only where the operator wants them; the keys of their resources begin with theirs and a dot.
OPTIONAL_TITLES: dict[str, str] = {
    "buffer": "Buffered ingest",
    "query": "Query table",
    "alarms": "Alarms",
}
UNNUMBERED = "·"
TITLES = {**PHASE_TITLES, **OPTIONAL_TITLES}


def phase_mark(key: str) -> str:
    """The number of a phase as the guide counts, from 1; a dot for one that the guide does not know."""
    numbers = {known: str(number) for number, known in enumerate(PHASE_TITLES, 1)}
    return numbers.get(key, UNNUMBERED)


def phase_of_all(key: str) -> str:
    """The same with how many there are: 3/9."""
    mark = phase_mark(key)
    return mark if mark == UNNUMBERED else f"{mark}/{len(PHASE_TITLES)}"


def titles_with(resources: Iterable[str]) -> dict[str, str]:
    """The phases to show where these resources are written down."""
    keys = {resource.partition(".")[0] for resource in resources}
    return PHASE_TITLES | {key: title for key, title in OPTIONAL_TITLES.items() if key in keys}
