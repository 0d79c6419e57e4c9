"""The plainest way to read stored events: download all objects, then look into the files.

python -m tests.benchmarks.plain_reader page|overview|query URL BUCKET FOLDER
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

SQL = """SELECT event_name, count(*), count(DISTINCT user_id)
    FROM (SELECT DISTINCT ON (event_id) * FROM read_json({}, union_by_name=true, ignore_errors=true))
    GROUP BY 1 ORDER BY 2 DESC"""


def download(url: str, bucket: str, folder: Path) -> list[Path]:
    """All objects, 16 at a time."""
    s3 = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=16, proxies={}),
    )  # fmt: skip
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def fetch(key: str) -> Path:
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return file

    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(fetch, keys))


def events_in(files: list[Path]) -> Iterator[dict[str, Any]]:
    """By the ends of their names."""
    for file in files:
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        yield from map(json.loads, text.splitlines()) if ".jsonl" in file.name else json.loads(text)


def main() -> None:
    """Answer one of the three questions."""
    part, url, bucket, folder = sys.argv[1:]
    files = download(url, bucket, Path(folder))
    if part == "query":
        import duckdb

        print(duckdb.sql(SQL.format([str(file) for file in files])))
    elif part == "overview":
        print(Counter(event["event_name"] for event in events_in(files)))
    else:
        newest = sorted(events_in(files), key=lambda event: str(event["received_at"]), reverse=True)
        print(*newest[:20], sep="\n")


if __name__ == "__main__":
    main()
