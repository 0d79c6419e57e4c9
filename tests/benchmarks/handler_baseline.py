"""The plain way to write the handler, as the implementation guide does: boto3 and one pass through json.

Only the benchmark uses it. It does a fraction of what the real handler does.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import Any

import boto3

s3 = boto3.client("s3")
BUCKET_NAME = os.environ["BUCKET_NAME"]
TOKEN = os.environ["BASELINE_TOKEN"]


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Check the token, fill in the time, store the batch."""
    if event["headers"].get("x-auth-token") != TOKEN:
        return {"statusCode": 401, "body": json.dumps({"message": "Unauthorized"})}
    body = json.loads(event["body"])
    events = body if isinstance(body, list) else [body]
    for one in events:
        if "event_time" not in one:
            one["event_time"] = datetime.now(UTC).replace(tzinfo=None).isoformat()
    s3.put_object(
        Bucket=BUCKET_NAME,
        Key=f"events/{datetime.now(UTC):year=%Y/month=%m/day=%d/hour=%H}/events_{time.time_ns()}.json",
        Body=json.dumps(events),
        ContentType="application/json",
    )
    message = f"Successfully processed {len(events)} event(s)"
    return {
        "statusCode": 200,
        "headers": {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"},
        "body": json.dumps({"message": message, "events_count": len(events)}),
    }
