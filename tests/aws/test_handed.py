"""Clients without a connection hear from the double what those with one hear."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from tests.aws.lab import Lab, create_bucket, create_function, create_role, error_of
from tests.aws.names import OTHER_REGION
from tests.aws.over_http.faults import lost
from tests.aws.over_http.handed import HandedAws
from tests.aws.quick_clients import session_of
from wizard.clock import SystemClock

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("aws_double")]

BUCKET, KEY = "bucket-of-ours", "a folder/with ü & more"


def heard(clients: Any) -> list[Any]:
    """What a client is told of what stands: contents, listings, errors with a body and without one."""
    s3 = clients.s3
    function = clients.functions.get_function(FunctionName="tracker")["Configuration"]
    return [
        s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read(),
        s3.head_object(Bucket=BUCKET, Key=KEY)["ContentLength"],
        error_of(lambda: s3.head_object(Bucket=BUCKET, Key="missing")),
        error_of(lambda: s3.get_object(Bucket=BUCKET, Key="missing")),
        [role["RoleName"] for role in clients.iam.list_roles()["Roles"]],
        error_of(lambda: clients.iam.get_role(RoleName="missing")),
        function["Environment"],
        error_of(lambda: clients.logs.delete_log_group(logGroupName="missing")),
        error_of(lambda: clients.apigateway.get_rest_api(restApiId="missing")),
    ]


def test_a_client_without_a_connection_hears_the_same(lab: Lab) -> None:
    double = lab.double()
    session = session_of(("test", "test"), OTHER_REGION)
    handed = HandedAws(session, double.answer, double.url, SystemClock())
    create_bucket(lab.direct)
    create_role(lab.direct)
    create_function(lab.direct)
    handed.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"stored")

    assert heard(handed) == heard(lab.clients(double.url)) == heard(lab.direct)
    assert double.names().count("s3.GetObject") == 4


def test_an_answer_that_is_lost_is_a_connection_that_ends(lab: Lab) -> None:
    double = lab.double()
    handed = HandedAws(session_of(("test", "test"), OTHER_REGION), double.answer, double.url, SystemClock())
    double.faults[:] = [lost(operation="s3.CreateBucket")]

    with pytest.raises(ConnectionClosedError):
        create_bucket(handed)  # type: ignore[arg-type]
    assert [bucket["Name"] for bucket in lab.direct.s3.list_buckets()["Buckets"]] == [BUCKET]
