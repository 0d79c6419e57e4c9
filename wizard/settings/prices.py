"""What a request can cost at most, so that a limit can be seen as a sum of money."""

from __future__ import annotations

# USD per million requests in us-east-1, looked up 2026-11-24. Large amounts become cheaper, which is left
# out, as is the storage of what was sent: this is what somebody pays whose token has become public.
# https://aws.amazon.com/api-gateway/pricing/ https://aws.amazon.com/lambda/pricing/
# https://aws.amazon.com/cloudwatch/pricing/ https://aws.amazon.com/s3/pricing/
USD_PER_MILLION = {
    "API Gateway, REST requests": 3.50,
    "Lambda, requests": 0.20,
    "Lambda, 0.1 s of 128 MB at 0.0000166667 a GB-second": 0.21,
    "CloudWatch Logs, START, END and REPORT: 0.4 KB at 0.50 a GB": 0.20,
    "S3, PUT requests": 5.00,
}
# AWS counts 730 hours to a month.
SECONDS_A_MONTH = 730 * 3600


def monthly_worst_case_usd(requests_a_second: float) -> float:
    """What a month costs in which somebody sends that many requests all the time, each of them stored."""
    return requests_a_second * SECONDS_A_MONTH / 1_000_000 * sum(USD_PER_MILLION.values())


def worst_case(requests_a_second: int) -> str:
    """The same in words."""
    return f"used all month by an attacker: about {monthly_worst_case_usd(requests_a_second):,.0f} USD"
