"""The names of the nine documented phases, for screens that must not wait for boto3."""

from __future__ import annotations

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


def phase_number(key: str) -> int:
    """The number of a phase as the guide counts, from 1; 0 for one that the guide does not know."""
    return next((number for number, known in enumerate(PHASE_TITLES, 1) if known == key), 0)
