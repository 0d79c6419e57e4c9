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


ALARMS = frozenset(
    {
        "alarms.topic",
        "alarms.topic.email",
        "alarms.function_errors",
        "alarms.function_throttles",
        "alarms.api_errors",
        "alarms.no_events",
    }
)
STREAMS = tuple(f"buffer.stream.{number}" for number in range(1, 21))
BUFFER = frozenset(
    {
        "buffer.role",
        "buffer.log_group",
        "buffer.log_group.retention",
        "buffer.log_group.stream",
        "buffer.policy",
        *STREAMS,
        "buffer.right",
    }
)
QUERY_TABLE = frozenset(
    {"query.database", "query.table", "query.events_raw", "query.events", "query.workgroup"}
)
SPARE_STREAMS = frozenset(STREAMS[2:])
"""Streams are alike: where every option is on, two of the ten stand."""
OPTIONAL = frozenset({"bucket.event_retention"}) | ALARMS | BUFFER | QUERY_TABLE
"""Keys of resources that are there only if the operator wants them."""
RETIRED = frozenset({"role.basic_execution"})
"""Keys of resources that only deployments of earlier versions have."""
