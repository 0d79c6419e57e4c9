"""What a deployment costs: the bill, and the sum of money that stands beside the limit of requests.

The sums in the comments are done by hand from AWS's price lists.
"""

from __future__ import annotations

from dataclasses import asdict

import pytest

from wizard.identity import DeploymentId
from wizard.settings.cost import (
    Documented,
    Estimate,
    Traffic,
    a_million_requests_usd,
    a_month,
    estimate,
    in_three_digits,
    monthly_worst_case_usd,
    of_a_query,
    of_alarms,
    of_queries,
    of_scan,
    worst_case,
)
from wizard.settings.prices import DAYS_A_MONTH, PRICES, SECONDS_A_MONTH
from wizard.settings.resolve import defaults

BILLION = 1_000_000_000


def monthly(events: float, batch: float = 1, region: str = "us-east-1", **settings: object) -> Estimate:
    """Of so many events of 300 bytes a month."""
    return estimate(Traffic(events / DAYS_A_MONTH, batch), Documented(**settings), region)  # type: ignore[arg-type]


def by_service(found: Estimate) -> dict[str, float]:
    return {line.service: line.usd for line in found.lines}


def test_without_a_deployment_the_defaults_of_the_settings_are_reckoned_with() -> None:
    settings = defaults(DeploymentId("", "shop", "1" * 12, "aws", "us-east-1"))
    assert asdict(Documented()) == {name: getattr(settings, name) for name in asdict(Documented())}


def test_a_million_events_one_a_request_cost_what_the_price_lists_say() -> None:
    """1 M x 3.50 + 1 M x 0.20 + 60,000 s x 0.125 GB x 0.0000166667 + 0.4 GB x 0.50 + 1,000 x 0.005 +
    0.3 GB x 0.023"""
    found = monthly(1_000_000)
    assert by_service(found) == pytest.approx(
        {
            "API Gateway": 3.50,
            "Lambda, requests": 0.20,
            "Lambda, time": 0.125,
            "CloudWatch Logs": 0.20,
            "S3, PUT": 5.00,
            "S3, storage": 0.0069,
        },
        abs=1e-4,
    )
    assert found.usd == pytest.approx(9.0319, abs=1e-4)
    assert a_million_requests_usd(Documented(), "us-east-1") == pytest.approx(9.025, abs=1e-4)


@pytest.mark.parametrize(
    ("events", "batch", "a_million"),
    [(BILLION, 1, 8.3581), (BILLION, 50, 0.1765), (100 * BILLION, 50, 0.1606)],
)
def test_large_amounts_cost_what_was_reckoned_apart_because_requests_become_cheaper(
    events: float, batch: float, a_million: float
) -> None:
    """Without logs and storage. A billion requests: 333 M x 3.50 + 667 M x 2.80 = 3,033.10, + 200 + 125 +
    5,000; in batches of 50: 70 + 4 + 2.5 + 100; two billion requests: 3,033.10 + 1,000 M x 2.38 + 400 + 250 +
    10,000."""
    bill = by_service(monthly(events, batch))
    without = sum(usd for service, usd in bill.items() if service not in ("CloudWatch Logs", "S3, storage"))
    assert without / (events / 1_000_000) == pytest.approx(a_million, abs=1e-4)


def test_buffered_ingest_costs_what_firehose_takes_by_records_and_few_objects() -> None:
    """1 M records of 5 KB x 0.029 a GB, and an object every 300 s of a month in place of 1 M."""
    bill = by_service(monthly(1_000_000, ingest="buffered"))
    assert bill["Firehose"] == pytest.approx(5 * 0.029)
    assert bill["S3, PUT"] == pytest.approx((SECONDS_A_MONTH / 300 + 300 / (64 * 1.048576)) / 1_000_000 * 5)
    batches = by_service(monthly(1_000_000, 50, ingest="buffered", streams=2))
    assert batches["Firehose"] == pytest.approx(20_000 * 15_000 / 1e9 * 0.029), (
        "15,000 bytes are three times 5 KB"
    )
    assert by_service(monthly(10, ingest="buffered"))["S3, PUT"] == pytest.approx(10 / 1e6 * 5), (
        "no more than came"
    )
    unlimited = monthly(1_000_000, ingest="buffered", buffer_seconds=0)
    assert by_service(unlimited)["S3, PUT"] <= 5.0
    assert a_million_requests_usd(Documented(ingest="buffered"), "us-east-1") < 4.25


def test_the_formula_names_every_price_that_was_taken_because_a_sum_alone_cannot_be_checked() -> None:
    lines = {line.service: line.formula for line in monthly(1_217_000_000).lines}
    assert lines["API Gateway"] == "333 M x 3.5 + 667 M x 2.8 + 217 M x 2.38 USD/M"
    assert lines["Lambda, time"] == "1,217 M x 0.06 s x 0.125 GB x 16.6667 USD/M GB-s"
    assert lines["CloudWatch Logs"] == "1,217 M x 400 bytes x 0.5 USD/GB"
    assert next(line.formula for line in monthly(304).lines) == "304 requests x 3.5 USD/M"


def test_what_is_free_of_charge_is_taken_off_where_aws_takes_it_off() -> None:
    """3 M requests: of Lambda one million and 400,000 GB-s are free for ever, of the rest nothing."""
    found = monthly(3_000_000)
    charged = {line.service: (line.charged, line.charged_at_first) for line in found.lines}
    assert charged["Lambda, requests"] == pytest.approx((0.40, 0.40))
    assert charged["Lambda, time"] == (0, 0)  # 22,500 GB-s
    assert charged["CloudWatch Logs"] == (0, 0)  # 1.2 of 5 GB
    assert charged["API Gateway"] == pytest.approx((10.50, 7.00))
    assert charged["S3, PUT"] == pytest.approx((15.00, 14.99))
    assert charged["S3, storage"] == pytest.approx((0.0207, 0), abs=1e-4)
    assert found.charged == pytest.approx(sum(pair[0] for pair in charged.values()))
    assert found.charged_at_first == pytest.approx(sum(pair[1] for pair in charged.values()))


def test_settings_that_cost_are_counted() -> None:
    usual = by_service(monthly(1_000_000))
    assert by_service(monthly(1_000_000, memory_mb=256))["Lambda, time"] == 2 * usual["Lambda, time"]
    arm = by_service(monthly(1_000_000, architecture="arm64"))["Lambda, time"]
    assert arm == pytest.approx(0.8 * usual["Lambda, time"], abs=1e-4)
    # One request to KMS for 100 objects, 0.03 USD for 10,000 of them.
    assert by_service(monthly(1_000_000, encryption="SSE-KMS"))["KMS"] == pytest.approx(0.03)


def test_preflights_cost_what_api_gateway_asks_and_nothing_else() -> None:
    """As many as events, as browsers send them: 1 M x 3.50 more."""
    day = 1_000_000 / DAYS_A_MONTH
    with_preflights = estimate(Traffic(day, without_function=day), Documented(), "us-east-1")
    assert with_preflights.usd - monthly(1_000_000).usd == pytest.approx(3.50)


def test_storage_grows_until_events_are_deleted() -> None:
    """10 M events of 300 bytes a month are 3 GB; in 90 of 30.4 days 8.88 GB."""
    assert [growth.gigabytes for growth in monthly(10_000_000).growth] == pytest.approx([3, 36])
    kept = monthly(10_000_000, event_retention_days=90).growth
    assert [growth.gigabytes for growth in kept] == pytest.approx([3, 8.877], abs=1e-3)
    assert kept[1].usd == pytest.approx(0.2042, abs=1e-4)


def test_a_region_has_its_own_prices_and_an_unknown_one_says_whose_were_taken() -> None:
    """In Frankfurt: 3.70 + 0.20 + 0.125 + 0.4 x 0.63 + 5.40."""
    assert a_million_requests_usd(Documented(), "eu-central-1") == pytest.approx(9.677, abs=1e-4)
    assert monthly(1, region="eu-central-1").prices_of == "eu-central-1"
    assert monthly(1, region="ap-southeast-1").prices_of == "us-east-1"


def test_every_list_of_prices_ends_without_an_end_because_any_amount_has_a_price() -> None:
    for prices in PRICES.values():
        ends = [end for end, _price in prices.rest]
        assert ends == sorted(ends) and ends[-1] == float("inf")


def test_nothing_sent_costs_nothing() -> None:
    assert (monthly(0).usd, monthly(0).charged) == (0, 0)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0"), (0.00004, "< 0.001"), (0.0304, "0.0304"), (3.04, "3.04"), (304.2, "304"), (3042, "3,042")],
)
def test_numbers_are_as_exact_as_an_estimate_can_be(amount: float, shown: str) -> None:
    assert in_three_digits(amount) == shown


def test_a_million_stored_requests_costs_what_the_pages_say_at_most() -> None:
    assert monthly_worst_case_usd(1_000_000 / SECONDS_A_MONTH) == pytest.approx(9.108, abs=1e-3)


def test_the_default_limit_is_a_sum_that_can_be_borne_and_no_limit_one_that_cannot() -> None:
    """131.4 M requests x 9.1083; 26,280 M requests: 333 x 3.50 + 667 x 2.80 + 19,000 x 2.38 + 6,280 x 1.51 +
    26,280 x 5.6083."""
    assert worst_case(50) == "used all month by an attacker: about 1,197 USD"
    assert worst_case(10_000) == "used all month by an attacker: about 205,123 USD"


def test_a_closed_stage_costs_nothing() -> None:
    assert monthly_worst_case_usd(0) == 0


def test_what_a_month_costs_is_said_at_a_rate_and_at_the_limit_with_the_deployments_own_prices() -> None:
    assert a_month(50, Documented(), "us-east-1") == (
        "about 9 USD per million events and 0 without any; at most 1,197 USD a month, at 50 requests a second"
    )
    # 131.4 x (9.1083 + 0.2083): the second half of the memory.
    assert "at most 1,224 USD" in a_month(50, Documented(memory_mb=256), "us-east-1")
    far = a_month(50, Documented(), "ap-southeast-1")
    assert far.endswith("at 50 requests a second; by the prices of us-east-1")


def test_alarms_are_paid_by_the_piece_and_the_first_ten_of_an_account_are_free() -> None:
    """4 x 0.10, of a bill without traffic; they come with no million of events."""
    found = monthly(0, alarms=4)
    assert by_service(found)["CloudWatch, alarms"] == pytest.approx(0.40)
    assert found.usd == pytest.approx(0.40)
    assert found.charged == 0
    assert monthly(0, alarms=12).charged == pytest.approx(0.20)
    assert a_million_requests_usd(Documented(alarms=4), "us-east-1") == pytest.approx(
        a_million_requests_usd(Documented(), "us-east-1")
    )
    assert of_alarms(Documented(alarms=4), "us-east-1") == (
        "; 4 alarms: 0.40 USD a month beyond the 10 of an account that are free"
    )
    assert of_alarms(Documented(), "us-east-1") == ""


def test_the_query_table_costs_what_is_read_and_the_limit_says_how_much_a_query_can_cost() -> None:
    """5 USD for 1024 GB: 10 GB are 0.045."""
    said = of_queries(Documented(query_table=True), "us-east-1")
    assert said == "; queries: 5 USD for each TB read, at most 0.045 USD a query"
    assert of_queries(Documented(), "us-east-1") == ""
    assert of_a_query(100_000) == "at most 0.45 USD a query"
    assert of_a_query(10) == "at most 0.001 USD a query", "which is not nothing"


@pytest.mark.parametrize(
    ("scanned", "usd", "is_least"),
    [
        (0, 0.0000477, True),  # 10 / 1,048,576 TB x 5
        (1_200_000, 0.0000477, True),
        (10 * 1024**2, 0.0000477, False),
        (10 * 1024**2 + 1, 0.0000525, False),  # 11 MB
        (1024**4, 5.0, False),
    ],
)
def test_a_query_of_athena_is_billed_by_whole_megabytes_ten_of_them_at_least(
    scanned: int, usd: float, is_least: bool
) -> None:
    found = of_scan(scanned, "eu-central-1")

    assert found.usd == pytest.approx(usd, rel=1e-3)
    assert (found.scanned, found.is_least) == (scanned, is_least)
