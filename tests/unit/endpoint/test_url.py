"""Where the endpoint is."""

from __future__ import annotations

from botocore.loaders import Loader

from wizard.endpoint.client import DNS_SUFFIXES


def test_every_partition_of_aws_has_the_suffix_that_botocore_knows() -> None:
    partitions = Loader().load_data("partitions")["partitions"]
    assert {one["id"]: one["outputs"]["dnsSuffix"] for one in partitions} == DNS_SUFFIXES
