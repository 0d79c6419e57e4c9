"""The addresses of AWS's console."""

from __future__ import annotations

import pytest

from wizard.aws.console import Console


def test_every_thing_has_its_page_in_its_region() -> None:
    console = Console("aws", "eu-central-1")
    base = "https://eu-central-1.console.aws.amazon.com"
    assert console.bucket("shop-9fa3") == f"{base}/s3/buckets/shop-9fa3?region=eu-central-1"
    assert console.function("shop") == f"{base}/lambda/home?region=eu-central-1#/functions/shop"
    assert console.api("a1b2") == f"{base}/apigateway/main/apis/a1b2/resources?api=a1b2&region=eu-central-1"


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_other_partitions_have_consoles_of_their_own(partition: str, region: str, host: str) -> None:
    assert Console(partition, region).bucket("b") == f"https://{host}/s3/buckets/b?region={region}"


def test_names_of_log_groups_are_written_as_cloudwatch_reads_them_or_it_shows_no_group() -> None:
    page = Console("aws", "us-east-1").logs("/aws/lambda/a_b.c#d")
    assert page.endswith("#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fa_b.c$2523d")
