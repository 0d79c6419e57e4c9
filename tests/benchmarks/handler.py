"""What a request costs in our handler and in a plain boto3 one. Run by hand:

    python -m tests.benchmarks.handler [--runs 6] [--repeats 30] [--sizes 1,50,1000]
        [--beside FOLDER | --buffered]

Starts a MiniStack of its own. Every measurement is a fresh process, and both handlers take turns, so that the
ratios hold on a busy machine too. Prints medians; a ratio above 1 is in favour of ours. With --beside the
other handler is the `lambda_function` in that folder, such as the one of an earlier version:

    git archive COMMIT lambda_code | tar -x -C FOLDER

With --buffered both are ours: the other one stores each request, ours hands it to a stream.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3

from tests.aws.names import EMULATOR_ACCOUNT_ID
from tests.tools.ministack_server import MiniStackProcess

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "benchmark-token"
STREAM = "benchmark"
Handler = tuple[Path, str]
"""Folder and module."""
PLAIN: Handler = (ROOT / "tests" / "benchmarks", "handler_baseline")
OURS: Handler = (ROOT / "lambda_code", "lambda_function")
FIGURES = {"cold": "first request, CPU ms", "warm": "later request, CPU ms", "peak": "peak memory, MB"}
# The peak is read from /proc because getrusage would count the parent's memory of before the exec.
CHILD = """
import importlib, json, sys, time
folder, name, repeats, event = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.load(sys.stdin)
sys.path.insert(0, folder)
def post():
    answer = handler(dict(event), None)
    assert answer["statusCode"] == 200, answer
started = time.process_time()
handler = importlib.import_module(name).lambda_handler
post()
cold = time.process_time() - started
started = time.process_time()
for _ in range(repeats):
    post()
warm = (time.process_time() - started) / repeats
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"cold": cold * 1000, "warm": warm * 1000, "peak": peak / 1024}))
"""


def request(events: int) -> dict[str, Any]:
    """A gateway request with that many page views."""
    body = [
        {
            "event_name": "page_view",
            "user_id": f"user-{number}",
            "properties": {
                "path": f"/article/{number}",
                "referrer": "https://example.com/",
                "variant": number % 5,
            },
        }
        for number in range(events)
    ]
    headers = {"Content-Type": "application/json", "x-auth-token": TOKEN}
    return {"httpMethod": "POST", "path": "/events", "headers": headers, "body": json.dumps(body)}


def measure(handler: Handler, events: int, repeats: int, environment: dict[str, str]) -> dict[str, float]:
    """The figures of one fresh process."""
    folder, module = handler
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), module, str(repeats)],
        input=json.dumps(request(events)),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def environment_at(url: str) -> dict[str, str]:
    """The function's environment, with a bucket that was just made there."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    ).create_bucket(Bucket="benchmark")
    return {
        **os.environ,
        **credentials,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "BUCKET_NAME": "benchmark",
        "BUCKET_OWNER": EMULATOR_ACCOUNT_ID,
        "BASELINE_TOKEN": TOKEN,
        "AUTH_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest(),
        "AUTH_TOKEN_LABELS": "benchmark",
        "ALLOW_BEACON": "true",
        "CORS_ALLOW_ORIGIN": "https://a.example,https://b.example",
    }


def with_stream(environment: dict[str, str]) -> dict[str, str]:
    """The same with a stream, which was just made there."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    session.client("firehose", endpoint_url=environment["AWS_ENDPOINT_URL"]).create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{EMULATOR_ACCOUNT_ID}:role/benchmark",
            "BucketARN": "arn:aws:s3:::benchmark",
        },
    )
    return {**environment, "FIREHOSE_STREAMS": STREAM}


def report(size: int, results: list[list[dict[str, float]]]) -> None:
    """Print one line a figure: the other handler, ours, the ratio."""
    for figure, title in FIGURES.items():
        other, ours = (statistics.median(run[figure] for run in runs) for runs in results)
        print(f"{size:>6}  {title:<24}{other:>10.2f}{ours:>10.2f}{other / ours:>8.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=6, help="processes a figure; an even number is fair")
    parser.add_argument("--repeats", type=int, default=30, help="warm requests a process")
    parser.add_argument("--sizes", default="1,50,1000", help="events a request")
    parser.add_argument("--beside", type=Path, help="folder of another lambda_function")
    parser.add_argument("--buffered", action="store_true", help="ours with a stream beside ours without")
    options = parser.parse_args()
    other = (options.beside.resolve(), "lambda_function") if options.beside else PLAIN
    print(f"{'events':>6}  {'':<24}{'other':>10}{'ours':>10}{'ratio':>8}")
    with MiniStackProcess() as ministack:
        environments = [environment_at(ministack.url)] * 2
        if options.buffered:
            other = OURS
            direct = environments[0] | {"EVENT_FORMAT": "jsonl.gz"}
            environments = [direct, with_stream(direct)]
        for size in map(int, options.sizes.split(",")):
            results: list[list[dict[str, float]]] = [[], []]
            sides = list(zip((other, OURS), environments, results, strict=True))
            for _ in range(options.runs):
                for handler, environment, runs in sides:
                    runs.append(measure(handler, size, options.repeats, environment))
                sides.reverse()  # who goes second finds the emulator in another state than who goes first
            report(size, results)


if __name__ == "__main__":
    main()
