"""What a deployment costs in a month: one line a service, from traffic and settings, with its formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

from wizard.settings.prices import (
    ALWAYS_FREE,
    DAYS_A_MONTH,
    FREE_AT_FIRST,
    GB,
    MILLION,
    SECONDS_A_MONTH,
    STAND_IN,
    WITHOUT_END,
    Free,
    Prices,
    Tiers,
    prices_of,
)

# Seconds that the function takes for a request: mostly, and where somebody means harm.
USUAL_SECONDS, MOST_SECONDS = 0.06, 0.1
# START, END and REPORT, which Lambda writes for every run.
LOG_BYTES = 400
EVENT_BYTES = 300
# With a Bucket Key S3 asks KMS for up to 99 % fewer of its requests:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
KEY_REQUESTS_A_PUT = 0.01
# Bytes that Firehose rounds a record up to, and that a stream here buffers at most.
# https://aws.amazon.com/firehose/pricing/
ROUNDED_TO, BUFFER_BYTES = 5_000, 64 * 1024 * 1024
# Athena rounds a query up to whole megabytes, and to ten of them; both are powers of 1024.
# https://aws.amazon.com/athena/pricing/
SCANNED_MB, LEAST_MB, SCANNED_TB = 1024**2, 10, 1024**4


class PaidFor(Protocol):
    """The settings that change what is paid."""

    @property
    def memory_mb(self) -> int: ...
    @property
    def architecture(self) -> str: ...
    @property
    def encryption(self) -> str: ...
    @property
    def event_retention_days(self) -> int | None: ...
    @property
    def alarms(self) -> int: ...
    @property
    def ingest(self) -> str: ...
    @property
    def streams(self) -> int: ...
    @property
    def buffer_seconds(self) -> int: ...
    @property
    def versioning(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    @property
    def query_table(self) -> bool: ...
    @property
    def query_scan_limit_mb(self) -> int: ...


@dataclass(frozen=True)
class Documented:
    """The documented defaults of `PaidFor`."""

    memory_mb: int = 128
    architecture: str = "x86_64"
    encryption: str = "SSE-S3"
    event_retention_days: int | None = None
    alarms: int = 0
    ingest: str = "direct"
    streams: int = 1
    buffer_seconds: int = 300
    versioning: bool = False
    closed: bool = False
    query_table: bool = False
    query_scan_limit_mb: int = 10_000


@dataclass(frozen=True)
class Traffic:
    """What is sent.

    Attributes:
        events_a_day: on average.
        batch: events in one request, on average.
        event_bytes: size of an event as it is stored, on average.
        seconds: that the function takes for a request, on average.
        without_function: requests a day that API Gateway answers by itself: preflights, above all.
    """

    events_a_day: float
    batch: float = 1.0
    event_bytes: int = EVENT_BYTES
    seconds: float = USUAL_SECONDS
    without_function: float = 0.0

    @property
    def requests(self) -> float:
        """With events, a month."""
        return self.events_a_day * DAYS_A_MONTH / self.batch

    @property
    def requests_to_gateway(self) -> float:
        """All of them, a month."""
        return self.requests + self.without_function * DAYS_A_MONTH


@dataclass(frozen=True)
class Line:
    """What is paid for in a month, in USD.

    Attributes:
        formula: how `usd` comes about, in words and numbers.
        charged: the same with what is always free taken off.
        charged_at_first: with what is free in the first twelve months of older accounts.
    """

    service: str
    formula: str
    usd: float
    charged: float
    charged_at_first: float


@dataclass(frozen=True)
class Growth:
    """What lies in the bucket after so many months, and what that costs a month in USD."""

    months: int
    gigabytes: float
    usd: float


@dataclass(frozen=True)
class Estimate:
    """The bill of the first month, at its end.

    Attributes:
        prices_of: the region whose prices were taken.
        growth: of the stored events.
        reading_usd: what reading a month of events once costs, by `query` or `events export`.
    """

    traffic: Traffic
    prices_of: str
    lines: tuple[Line, ...]
    growth: tuple[Growth, ...]
    reading_usd: float

    @property
    def usd(self) -> float:
        """All lines together."""
        return sum(line.usd for line in self.lines)

    @property
    def charged(self) -> float:
        """With what is always free taken off."""
        return sum(line.charged for line in self.lines)

    @property
    def charged_at_first(self) -> float:
        """With what is free in the first twelve months of older accounts taken off."""
        return sum(line.charged_at_first for line in self.lines)


def estimate(traffic: Traffic, settings: PaidFor, region: str) -> Estimate:
    """What this traffic costs in this region, by its prices where they are known."""
    prices, known = prices_of(region)
    return Estimate(
        traffic,
        known,
        (*_lines(traffic, settings, prices), *_of_alarms(settings, prices)),
        tuple(_grown(months, traffic, settings, prices) for months in (1, 12)),
        reading_usd=traffic.requests / MILLION * prices.gets,
    )


def _lines(traffic: Traffic, settings: PaidFor, prices: Prices) -> Iterator[Line]:
    count = traffic.requests / MILLION
    memory = settings.memory_mb / 1024
    times = counted_in_millions(traffic.requests)
    requests = f"{times} requests"
    every = counted_in_millions(traffic.requests_to_gateway)
    to_gateway = traffic.requests_to_gateway / MILLION
    yield _line("API Gateway", f"{every} requests", to_gateway, prices.rest, attrgetter("rest"))
    yield _line("Lambda, requests", requests, count, _flat(prices.runs), attrgetter("runs"))
    yield _line(
        "Lambda, time",
        f"{times} x {traffic.seconds:.3g} s x {memory:.4g} GB",
        count * traffic.seconds * memory,
        _flat(prices.gb_seconds(settings.architecture)),
        attrgetter("gb_seconds"),
        "M GB-s",
    )
    logged = count * MILLION * LOG_BYTES / GB
    size = f"{times} x {LOG_BYTES} bytes"
    yield _line("CloudWatch Logs", size, logged, _flat(prices.logs), attrgetter("logs"), "GB")
    if settings.ingest == "buffered":
        yield from _of_streams(traffic, settings, prices)
    else:
        yield _line("S3, PUT", requests, count, _flat(prices.puts), attrgetter("puts"))
    stored = _grown(1, traffic, settings, prices).gigabytes
    size = f"{in_three_digits(stored)} GB"
    yield _line("S3, storage", size, stored, _flat(prices.storage), attrgetter("storage"), "GB")
    if settings.encryption == "SSE-KMS":
        asked = count * KEY_REQUESTS_A_PUT
        amount = f"{counted_in_millions(asked * MILLION)} requests"
        yield _line("KMS", amount, asked, _flat(prices.keys), attrgetter("keys"))


def _of_streams(traffic: Traffic, settings: PaidFor, prices: Prices) -> Iterator[Line]:
    """A record a request, and an object whenever a stream's time has passed or its buffer is full."""
    record = max(math.ceil(traffic.batch * traffic.event_bytes / ROUNDED_TO), 1) * ROUNDED_TO
    taken = traffic.requests * record / GB
    times = counted_in_millions(traffic.requests)
    amount = f"{times} x {record / 1000:g} KB"
    yield _line("Firehose", amount, taken, _flat(prices.streams), attrgetter("streams"), "GB")
    passed = settings.streams * SECONDS_A_MONTH / max(settings.buffer_seconds, 1)
    full = traffic.events_a_day * DAYS_A_MONTH * traffic.event_bytes / BUFFER_BYTES
    objects = min(passed + full, traffic.requests)
    amount = f"{counted_in_millions(objects)} objects"
    yield _line("S3, PUT", amount, objects / MILLION, _flat(prices.puts), attrgetter("puts"))


def _of_alarms(settings: PaidFor, prices: Prices) -> Iterator[Line]:
    count = settings.alarms
    if count:
        of = attrgetter("alarms")
        yield _line("CloudWatch, alarms", f"{count} alarms", count, _flat(prices.alarms), of, "alarm")


def _flat(price: float) -> Tiers:
    return ((WITHOUT_END, price),)


def _line(
    service: str, amount: str, count: float, tiers: Tiers, of: Callable[[Free], float], unit: str = "M"
) -> Line:
    """What is free comes off what is dearest, the first ones."""

    def charged(free: Free) -> float:
        return usd - sum(part * price for part, price in _parts(min(count, of(free)), tiers))

    parts = _parts(count, tiers)
    usd = sum(part * price for part, price in parts)
    formula = f"{amount} x {parts[0][1]:g}"
    if len(parts) > 1:
        formula = " + ".join(f"{in_three_digits(part)} M x {price:g}" for part, price in parts)
    return Line(service, f"{formula} USD/{unit}", usd, charged(ALWAYS_FREE), charged(FREE_AT_FIRST))


def _parts(count: float, tiers: Tiers) -> list[tuple[float, float]]:
    """How much of it has which price; at least one part, even of nothing."""
    begins = (0.0, *(end for end, _price in tiers))
    parts = [
        (min(count, end) - begin, price)
        for begin, (end, price) in zip(begins, tiers, strict=False)
        if count > begin
    ]
    return parts or [(0.0, tiers[0][1])]


def _grown(months: int, traffic: Traffic, settings: PaidFor, prices: Prices) -> Growth:
    """No event stays longer than its retention."""
    days = min(months * DAYS_A_MONTH, settings.event_retention_days or WITHOUT_END)
    gigabytes = traffic.events_a_day * days * traffic.event_bytes / GB
    return Growth(months, gigabytes, gigabytes * prices.storage)


def in_three_digits(amount: float) -> str:
    """The first three digits, of whole numbers all of them: 0.0304, 3.04, 304, 3,042."""
    if amount >= 100 or amount == 0:
        return f"{amount:,.0f}"
    return f"{amount:.3g}" if amount >= 0.001 else "< 0.001"


def counted_in_millions(count: float) -> str:
    """A number of requests: "304", "3.04 M"."""
    return f"{in_three_digits(count / MILLION)} M" if count >= 100_000 else f"{count:,.0f}"


def a_million_requests_usd(settings: PaidFor, region: str, seconds: float = USUAL_SECONDS) -> float:
    """A million stored requests, without the storage of what was sent."""
    return _stored_requests_usd(MILLION, settings, region, seconds)


def monthly_worst_case_usd(
    requests_a_second: float, settings: PaidFor | None = None, region: str = STAND_IN
) -> float:
    """A month in which somebody sends that many requests all the time, each of them stored; without the
    storage of what was sent: this is what somebody pays whose token has become public."""
    requests = requests_a_second * SECONDS_A_MONTH
    return _stored_requests_usd(requests, settings or Documented(), region, MOST_SECONDS)


def _stored_requests_usd(requests: float, settings: PaidFor, region: str, seconds: float) -> float:
    traffic = Traffic(requests / DAYS_A_MONTH, event_bytes=0, seconds=seconds)
    return sum(line.usd for line in _lines(traffic, settings, prices_of(region)[0]))


def worst_case(requests_a_second: int) -> str:
    """The same in words, with the documented settings."""
    return f"used all month by an attacker: about {monthly_worst_case_usd(requests_a_second):,.0f} USD"


def a_month(requests_a_second: int, settings: PaidFor, region: str) -> str:
    """What a deployment with this limit costs, in words."""
    usual = a_million_requests_usd(settings, region)
    most = monthly_worst_case_usd(requests_a_second, settings, region)
    _prices, known = prices_of(region)
    whose = "" if known == region else f"; by the prices of {known}"
    return (
        f"about {usual:.0f} USD per million events and 0 without any;"
        f" at most {most:,.0f} USD a month, at {requests_a_second} requests a second{whose}"
    )


def of_alarms(settings: PaidFor, region: str) -> str:
    """What its alarms cost, in words; nothing where there are none."""
    if not settings.alarms:
        return ""
    usd = settings.alarms * prices_of(region)[0].alarms
    free = f"beyond the {ALWAYS_FREE.alarms:.0f} of an account that are free"
    return f"; {settings.alarms} alarms: {usd:.2f} USD a month {free}"


@dataclass(frozen=True)
class Scan:
    """What a query of Athena costs.

    Attributes:
        scanned: bytes that it has read.
        is_least: AWS bills more than that, the least of every query.
    """

    scanned: int
    is_least: bool
    usd: float


def of_scan(scanned: int, region: str) -> Scan:
    """What AWS bills for a query that has read so many bytes."""
    megabytes = max(math.ceil(scanned / SCANNED_MB), LEAST_MB)
    usd = megabytes * SCANNED_MB / SCANNED_TB * prices_of(region)[0].scans
    return Scan(scanned, scanned < LEAST_MB * SCANNED_MB, usd)


def of_a_query(megabytes: int, region: str = STAND_IN) -> str:
    """What a query may cost at most that reads so much, in words; what it asks S3 for comes on top."""
    usd = of_scan(megabytes * MILLION, region).usd
    return f"at most {usd:.2g} USD a query" if usd >= 0.001 else "at most 0.001 USD a query"


def of_queries(settings: PaidFor, region: str) -> str:
    """What the query table costs, in words; nothing where there is none."""
    if not settings.query_table:
        return ""
    usd = prices_of(region)[0].scans
    return f"; queries: {usd:g} USD for each TB read, {of_a_query(settings.query_scan_limit_mb, region)}"
