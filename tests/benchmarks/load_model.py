"""What buffered ingest does under load, by simulation: the real handler before streams with AWS's quotas.

    python -m tests.benchmarks.load_model [--rates 100,10000,100000] [--batch 50] [--seconds 120]

Arrivals are steady, a day's wave (between a fifth and nine fifths of the rate) or a spike (ten seconds of
twenty times the rate). Each request goes through the handler's own code in simulated time. The double of
Firehose refuses above the quota of a stream (2,000 requests and 5 MiB a second in the large regions), keeps
what it takes for 60 seconds, and gives no answer to one of a hundred records, half of which it has taken: the
handler has to take that for a refusal. The streams are planned for the wave; of a spike the handler stores
itself what they refuse.

Above 20,000 requests a case is thinned: one of every so many is run, against a quota that is as many times
smaller, and its counts are multiplied again. Events have about 300 bytes. USD are those of a million accepted
events at us-east-1's first prices, without what they cost as long as they lie in S3.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, cast

import tests.lambda_code.conftest  # noqa: F401  the handler's modules import each other flat
from tests.aws.firehose import LARGE_QUOTA, Configuration, DeliveryStream, Quota, RefusedError
from tests.lambda_code.doubles import DIGEST, TOKEN, Context, request
from wizard.settings.cost import EVENT_BYTES, ROUNDED_TO, Documented, a_million_requests_usd
from wizard.settings.prices import GB, MILLION, STAND_IN, prices_of

MOST_REQUESTS = 20_000
BEGIN = 1_767_355_200.0
UNANSWERED = 0.01
BUFFER_SECONDS = 60.0
IDS = re.compile(rb'"event_id":"(\d+)-')
# What a stream is planned for, so that chance does not make it refuse.
HEADROOM = 0.7
SPIKE, SPIKE_SECONDS = 20.0, 10


@dataclass(frozen=True)
class Case:
    """Events a second on average, how they arrive, and in how many streams."""

    rate: int
    arrival: str
    streams: int


@dataclass
class Outcome:
    """Counts of events, but for `objects`; `usd` is for a million of them."""

    accepted: int = 0
    refused: int = 0
    spilled: int = 0
    twice: int = 0
    lost: int = 0
    objects: int = 0
    usd: float = 0.0


class Simulated:
    """AWS around one handler: streams and bucket, in simulated time. `seen` counts the stored events of each
    request, `delivered` the objects of streams, `stored` those of the handler."""

    def __init__(self, case: Case, thinned: int, dice: random.Random) -> None:
        from configuration import Configuration as Settings
        from lambda_function import Application
        from streams import Streams

        self.now = BEGIN
        self.seen: Counter[bytes] = Counter()
        self.delivered = self.stored = 0
        self._dice = dice
        quota = Quota(LARGE_QUOTA.requests / thinned, LARGE_QUOTA.size / thinned)
        buffering = Configuration("events/events_", compressed=False, seconds=BUFFER_SECONDS)
        self._streams = {
            name: DeliveryStream(name, buffering, self._deliver, lambda: self.now, quota)
            for name in (f"stream-{number}" for number in range(case.streams))
        }
        settings = Settings(
            bucket="bucket", token_digests=(DIGEST,), event_format="jsonl.gz", streams=tuple(self._streams)
        )
        buffer = Streams(settings, service=cast("Any", self))
        self.application = Application(settings, self, lambda: int(self.now * 1e9), buffer)

    def pass_to(self, moment: float) -> None:
        """Let time pass, in seconds from the beginning."""
        self.now = BEGIN + moment
        for stream in self._streams.values():
            stream.advance()

    def head(self, _method: str, _path: str, _fields: dict[str, str], _content: bytes) -> bytes:
        """Nothing goes through a network."""
        return b""

    def exchange(self, _head: bytes, content: bytes, _deadline: float) -> tuple[int, bytes]:
        """PutRecord."""
        document, is_unanswered = json.loads(content), self._dice.random() < UNANSWERED
        if is_unanswered and self._dice.random() < 0.5:
            raise TimeoutError
        try:
            self._streams[document["DeliveryStreamName"]].put(b64decode(document["Record"]["Data"]))
        except RefusedError as refused:
            return refused.status, json.dumps({"__type": refused.code}).encode()
        if is_unanswered:
            raise TimeoutError
        return 200, b"{}"

    def put(self, _name: str, content: bytes | bytearray, *_more: Any) -> None:
        """The handler stores an object."""
        self.stored += 1
        self.seen.update(IDS.findall(gzip.decompress(content)))

    def _deliver(self, _key: str, content: bytes) -> None:
        self.delivered += 1
        self.seen.update(IDS.findall(content))


def run(case: Case, batch: int, seconds: int, most_requests: int = MOST_REQUESTS) -> Outcome:
    """Simulate a case to the end of the last delivery; above so many requests thinned."""
    from lambda_function import handle

    thinned = max(1, round(case.rate / batch * seconds / most_requests))
    aws, context = Simulated(case, thinned, random.Random(f"{case}")), Context()
    answers: list[dict[str, Any]] = []
    for number, moment in enumerate(_moments(case, batch * thinned, seconds, random.Random(1))):
        aws.pass_to(moment)
        with redirect_stdout(StringIO()):  # a line for each request that a stream has refused
            answer = handle(request(_body(number, batch), TOKEN), context, aws.application)
        answers.append(json.loads(answer["body"]) if answer["statusCode"] == 200 else {})
    aws.pass_to(seconds + BUFFER_SECONDS)

    promised = [number for number, answer in enumerate(answers) if answer]
    stored = sum(answer.get("durability") == "stored" for answer in answers)
    found = [aws.seen[b"%d" % number] for number in promised]
    return Outcome(
        accepted=len(promised) * batch * thinned,
        refused=(len(answers) - len(promised)) * batch * thinned,
        spilled=stored * batch * thinned,
        twice=sum(max(0, count - batch) for count in found) * thinned,
        lost=sum(max(0, batch - count) for count in found) * thinned,
        objects=aws.delivered + aws.stored * thinned,
        usd=_usd(len(promised) - stored, stored, batch) / max(1, len(promised) * batch) * MILLION,
    )


def _usd(buffered: int, stored: int, batch: int) -> float:
    """Of so many requests."""
    prices, _known = prices_of(STAND_IN)
    direct = a_million_requests_usd(Documented(), STAND_IN) / MILLION
    record = math.ceil(batch * EVENT_BYTES / ROUNDED_TO) * ROUNDED_TO / GB * prices.streams
    return (buffered + stored) * direct + buffered * (record - prices.puts / MILLION)


def _moments(case: Case, events_a_request: int, seconds: int, dice: random.Random) -> Iterator[float]:
    """Seconds at which requests arrive, at random within each second."""
    rest = 0.0
    for second in range(seconds):
        rest += case.rate * ARRIVALS[case.arrival](second, seconds) / events_a_request
        count, rest = int(rest), rest - int(rest)
        yield from sorted(second + dice.random() for _ in range(count))


def _spike(second: int, seconds: int) -> float:
    return SPIKE if 0 <= second - seconds // 2 < SPIKE_SECONDS else 1.0


def _wave(second: int, seconds: int) -> float:
    return 1.0 + 0.8 * math.sin(2 * math.pi * second / seconds)


ARRIVALS: dict[str, Callable[[int, int], float]] = {
    "steady": lambda _second, _seconds: 1.0,
    "wave": _wave,
    "spike": _spike,
}


def _body(number: int, batch: int) -> str:
    filler = "x" * (EVENT_BYTES - 120)
    events = (
        f'{{"event_name":"page_view","user_id":"u{place}","properties":{{"more":"{filler}"}},'
        f'"event_id":"{number}-{place}"}}'
        for place in range(batch)
    )
    return f"[{','.join(events)}]"


def streams_for(rate: int, batch: int) -> int:
    """How many streams take that many events a second, with room for a wave."""
    highest = rate * 1.8
    by_requests = highest / batch / LARGE_QUOTA.requests
    by_bytes = highest * EVENT_BYTES / LARGE_QUOTA.size
    return max(1, math.ceil(max(by_requests, by_bytes) / HEADROOM))


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.load_model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rates", default="100,10000,100000", help="events a second")
    parser.add_argument("--batch", type=int, default=50, help="events a request")
    parser.add_argument("--seconds", type=int, default=120)
    options = parser.parse_args()
    titles = ("accepted", "refused", "spilled", "twice", "lost", "objects")
    head = "".join(f"{title:>13}" for title in titles)
    print(f"{'events/s':>9}  {'arrival':<8}{'streams':>8}{head}{'USD':>8}")
    for rate in map(int, options.rates.split(",")):
        for arrival in ARRIVALS:
            case = Case(rate, arrival, streams_for(rate, options.batch))
            outcome = run(case, options.batch, options.seconds)
            counts = "".join(f"{getattr(outcome, title):>13,}" for title in titles)
            print(f"{rate:>9,}  {arrival:<8}{case.streams:>8}{counts}{outcome.usd:>8.3f}", flush=True)


if __name__ == "__main__":
    main()
