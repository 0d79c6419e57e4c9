"""What AWS asks for: the one table of prices, by region, and what nobody pays for.

Without taxes. https://aws.amazon.com/api-gateway/pricing/ https://aws.amazon.com/lambda/pricing/
https://aws.amazon.com/cloudwatch/pricing/ https://aws.amazon.com/s3/pricing/
https://aws.amazon.com/kms/pricing/ https://aws.amazon.com/firehose/pricing/
https://aws.amazon.com/athena/pricing/ https://aws.amazon.com/free/
"""

from __future__ import annotations

from dataclasses import dataclass, replace

AS_OF = "2026-11-24"
# AWS counts 730 hours to a month.
SECONDS_A_MONTH = 730 * 3600
DAYS_A_MONTH = 730 / 24
MILLION, GB = 1_000_000, 1_000_000_000

# Up to how many millions a month, and USD for each million of them; the last row has no end.
Tiers = tuple[tuple[float, float], ...]
WITHOUT_END = float("inf")


@dataclass(frozen=True)
class Prices:
    """USD in one region, a million of what is counted, a GB of what is weighed, and one alarm.

    Large amounts of all but requests to REST APIs become cheaper, too, which is left out: nobody pays more.

    Attributes:
        rest: requests to REST APIs.
        runs: of functions, by number.
        gb_seconds: of functions, by architecture, a million of them.
        logs: log lines taken in.
        puts: requests to S3 that write or list.
        gets: requests to S3 that read.
        storage: what lies in S3 for a month.
        keys: requests to KMS.
        alarms: of one metric each, for a month.
        streams: what Firehose takes in, a GB, each record rounded up to 5 KB; known for us-east-1 alone.
        scans: what Athena reads, a TB of 1024 GB.
    """

    rest: Tiers
    logs: float
    puts: float
    gets: float
    storage: float
    runs: float = 0.20
    x86_64: float = 16.6667
    arm64: float = 13.3334
    keys: float = 3.00
    alarms: float = 0.10
    streams: float = 0.029
    scans: float = 5.00

    def gb_seconds(self, architecture: str) -> float:
        """A million GB-seconds on that architecture."""
        return self.arm64 if architecture == "arm64" else self.x86_64


_USUAL: Tiers = ((333, 3.50), (1_000, 2.80), (20_000, 2.38), (WITHOUT_END, 1.51))
_IN_THE_USA = Prices(rest=_USUAL, logs=0.50, puts=5.00, gets=0.40, storage=0.023)
PRICES: dict[str, Prices] = {
    "us-east-1": _IN_THE_USA,
    "us-east-2": _IN_THE_USA,
    "us-west-2": _IN_THE_USA,
    "eu-west-1": Prices(rest=_USUAL, logs=0.57, puts=5.00, gets=0.40, storage=0.023),
    # What becomes cheaper beyond the first 333 million is left out here.
    "eu-central-1": Prices(rest=((WITHOUT_END, 3.70),), logs=0.63, puts=5.40, gets=0.43, storage=0.0245),
}
# Whose prices stand for those of a region that has no row.
STAND_IN = "us-east-1"


def prices_of(region: str) -> tuple[Prices, str]:
    """The prices for a region, and whose they are."""
    known = region if region in PRICES else STAND_IN
    return PRICES[known], known


@dataclass(frozen=True)
class Free:
    """What an account gets each month for nothing, over all that it runs, in all regions together.

    In the units of `Prices`: millions, GB, or alarms.
    """

    rest: float = 0.0
    runs: float = 0.0
    gb_seconds: float = 0.0
    logs: float = 0.0
    puts: float = 0.0
    storage: float = 0.0
    keys: float = 0.0
    alarms: float = 0.0
    streams: float = 0.0


ALWAYS_FREE = Free(runs=1.0, gb_seconds=0.4, logs=5.0, keys=0.02, alarms=10)
# In the first twelve months of accounts that were opened before 15 July 2025; later ones get credits instead.
FREE_AT_FIRST = replace(ALWAYS_FREE, rest=1.0, puts=0.002, storage=5.0)
