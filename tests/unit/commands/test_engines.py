"""Where an engine is to be had, and what its work has cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from tests.aws.clock import FakeClock
from tests.aws.in_process.workspace import make_deployment
from wizard.aws.client import Aws
from wizard.commands.common import complete
from wizard.commands.engines import billed, refuse_without
from wizard.errors import UsageError
from wizard.options import Options
from wizard.resources.base import Deployment
from wizard.settings.cost import of_scan


def deployment(**settings: object) -> Deployment:
    aws = Aws(boto3.Session("test", "test", region_name="us-east-1"), None, FakeClock())
    return make_deployment(aws, **settings)  # type: ignore[arg-type]


def test_without_the_table_athena_reads_from_the_command_that_makes_it_is_told() -> None:
    with pytest.raises(UsageError, match="has no query table") as of_arrays:
        refuse_without("athena", deployment())
    assert "`eventtrack-wizard setup --query-table --event-format jsonl.gz`" in of_arrays.value.next_step
    with pytest.raises(UsageError, match="has no query table") as failure:
        refuse_without("athena", deployment(event_format="jsonl"))

    complete(failure.value, Options(Path("shop.json"), profile="work"))
    assert (
        "`eventtrack-wizard setup --query-table --state shop.json --profile work`" in failure.value.next_step
    )
    assert "leave out --engine athena" in failure.value.next_step


def test_the_local_aws_has_no_athena_even_where_it_has_the_table() -> None:
    at = deployment(query_table=True, event_format="jsonl.gz")
    refuse_without("athena", at)
    with pytest.raises(UsageError, match="local AWS has no Athena") as failure:
        refuse_without("athena", replace(at, identity=replace(at.identity, local=True)))

    assert "Leave out --engine athena" in failure.value.next_step


@pytest.mark.parametrize(
    ("scanned", "words"),
    [
        (1_200_000, "1.2 MB: 0.000048 USD, the least that AWS bills for a query (10 MB)."),
        (3 * 1024**3, "3.2 GB: 0.014648 USD."),
        (2 * 1024**4, "2.2 TB: 10.00 USD."),
    ],
)
def test_what_a_query_has_read_is_told_with_what_aws_bills_for_it(scanned: int, words: str) -> None:
    assert billed(of_scan(scanned, "us-east-1")) == f"Athena has read {words}"
