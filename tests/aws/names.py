"""What both doubles know of AWS: accounts, regions, and which calls change something."""

from __future__ import annotations

ACCOUNT_ID = "123456789012"
"""The account in this process."""
EMULATOR_ACCOUNT_ID = "000000000000"
"""The account of MiniStack."""
REGION = "us-east-1"
OTHER_REGION = "eu-central-1"
"""Not us-east-1, where S3 has rules of its own."""
READ_PREFIXES = (
    "Get",
    "List",
    "Head",
    "Describe",
    "Simulate",
    "Filter",
    "Lookup",
    "Select",
    "OPTIONS",
    "HEAD",
    "GET",
)


def is_changing(operation: str) -> bool:
    """Whether an operation, or a method at a deployed API, may change or run something; Invoke does."""
    return not operation.startswith(READ_PREFIXES)


RETIRED = frozenset({"role.basic_execution"})
"""Keys of resources that only deployments of earlier versions have."""
